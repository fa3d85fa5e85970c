"""Facts about the published tables, computed without nbframes: ``python tests/tools/published_facts.py DATA FACTS.json``.

Accuracies are turned back into counts of correctly classified images, so that means, ties and ranks are exact.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import kendalltau

TABLES = ("measured/nats_measured_long.parquet", "measured/nats_tss_val_200.parquet")
NB301 = "nb301/rs_val_accuracy.parquet"

IMAGES = {
    ("cifar10-valid", "val"): 25_000,
    ("cifar10", "val"): 10_000,
    ("cifar10", "test"): 10_000,
    ("cifar100", "val"): 5_000,
    ("cifar100", "test"): 5_000,
    ("cifar100", "valtest"): 10_000,
    ("ImageNet16-120", "val"): 3_000,
    ("ImageNet16-120", "test"): 3_000,
    ("ImageNet16-120", "valtest"): 6_000,
}
"""Images behind an accuracy; a published accuracy is a count of them, in percent, with noise of float32."""


def rows(data: Path) -> pl.DataFrame:
    """All published values in long format."""
    nb301 = pl.read_parquet(data / NB301).select(
        pl.lit("nb301").alias("benchmark"),
        pl.int_range(pl.len()).alias("arch"),
        pl.lit("cifar10").alias("dataset"),
        pl.lit("val").alias("split"),
        pl.lit(100).alias("schedule"),
        pl.lit(100).alias("budget"),
        pl.lit(0).alias("seed"),
        pl.lit("best_accuracy").alias("metric"),
        pl.col("val_accuracy_percent").alias("value"),
    )
    tables = [pl.read_parquet(data / name).select(nb301.columns) for name in TABLES]
    integers = ("arch", "schedule", "budget", "seed")
    return pl.concat([table.with_columns(pl.col(*integers).cast(pl.Int64)) for table in [*tables, nb301]])


def facts(data: Path) -> dict[str, list[dict[str, object]]]:
    """Totals of every group of values, the best architectures, rank correlations."""
    table = rows(data)
    means = _exact_means(table)
    return {"groups": _groups(table), "best": _best(means), "kendall": _kendall(means)}


def _groups(table: pl.DataFrame) -> list[dict[str, object]]:
    keys = ["benchmark", "metric", "dataset", "split", "schedule", "seed"]
    groups = table.group_by(keys).agg(
        pl.len().alias("rows"),
        pl.col("arch").n_unique().alias("archs"),
        pl.col("value").min().alias("min"),
        pl.col("value").max().alias("max"),
        pl.col("value"),
    )
    return [row | {"value": math.fsum(row["value"])} for row in groups.sort(keys).iter_rows(named=True)]


def _exact_means(table: pl.DataFrame) -> pl.DataFrame:
    """Mean over runs of the correctly classified images, times six: a whole number for one, two or three runs."""
    accuracies = table.filter(pl.col("metric") != "time")
    images = pl.DataFrame([(*key, n) for key, n in IMAGES.items()], schema=["dataset", "split", "images"], orient="row")
    counted = accuracies.join(images, on=["dataset", "split"], how="left", validate="m:1").with_columns(
        count=pl.col("value") / 100 * pl.col("images")
    )
    off = (counted["count"] - counted["count"].round()).abs().max()
    assert off < 0.01, f"an accuracy lies {off} images from a whole count"
    keys = ["benchmark", "dataset", "split", "schedule", "arch"]
    return (
        counted.with_columns(pl.col("count").round().cast(pl.Int64))
        .group_by(keys)
        .agg(
            (pl.col("count").sum() * 6 // pl.len()).alias("sixfold"),
            pl.len().alias("runs"),
            pl.col("images").first(),
        )
    )


def _best(means: pl.DataFrame) -> list[dict[str, object]]:
    keys = ["benchmark", "dataset", "split", "schedule"]
    ranked = means.sort(*keys, "sixfold", "arch", descending=[False] * 4 + [True, False])
    top = ranked.group_by(keys, maintain_order=True).head(3)
    return top.select(*keys, "arch", "runs", mean=pl.col("sixfold") / 6 / pl.col("images") * 100).to_dicts()


def _kendall(means: pl.DataFrame) -> list[dict[str, object]]:
    found = []
    for (benchmark,), part in means.sort("benchmark").group_by("benchmark", maintain_order=True):
        groups = part.sort("dataset", "split", "schedule", "arch").partition_by(
            ["dataset", "split", "schedule"], as_dict=True, maintain_order=True
        )
        for (a, left), (b, right) in itertools.combinations(groups.items(), 2):
            assert np.array_equal(left["arch"], right["arch"])
            tau = kendalltau(left["sixfold"].to_numpy(), right["sixfold"].to_numpy()).statistic
            found.append({"benchmark": benchmark, "a": a, "b": b, "n": left.height, "tau": tau})
    return found


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(
        "{\n"
        + ",\n".join(
            f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in entries) + "\n]"
            for name, entries in facts(Path(sys.argv[1])).items()
        )
        + "\n}\n"
    )
