"""The published values of the package as plain tables, so that tests of real numbers need nothing beside the repository."""

from __future__ import annotations

from functools import cache

import polars as pl

import nbframes as nbf

_NAMES = ("benchmark", "metric", "dataset", "split")


@cache
def measured() -> pl.DataFrame:
    """Accuracies and times of NATS-Bench in long format, texts as texts; at 200 epochs valtest of CIFAR-100 and ImageNet16-120, without their val."""
    rows = nbf.published.store().scan("nats-tss", "nats-sss").with_columns(pl.col(_NAMES).cast(pl.String)).drop("final")
    second = (pl.col("schedule") == 200) & (pl.col("split") == "val") & (pl.col("dataset") != "cifar10-valid")
    return rows.filter(~second).collect()


@cache
def tss_archs() -> pl.DataFrame:
    """Official index, text and parameters (millions, of the first run) of the topology space."""
    store = nbf.published.store()
    first = store.scan_runs("nats-tss").filter(nbf.seed(777)).with_columns(pl.col("dataset").cast(pl.String)).collect()
    millions = pl.Series("params", first["params"].to_numpy() / 1e6)  # divided as upstream did; Polars rounds otherwise
    params = first.with_columns(millions).pivot("dataset", index="arch", values="params")
    names = {name: f"params_{name.removesuffix('-valid')}" for name in params.columns if name != "arch"}
    archs = store.scan_archs("nats-tss").select(pl.lit("nats-tss").alias("benchmark"), "arch", "arch_str").collect()
    return archs.join(params.rename(names), on="arch", how="left", maintain_order="left")


@cache
def nb301() -> pl.DataFrame:
    """Cells of NAS-Bench-301 with a validation accuracy (percent) each, in the order of the source."""
    store = nbf.published.store()
    values = store.scan("nb301").select("arch", val_accuracy_percent="value")
    halves = pl.col("arch_str").str.split_exact("|", 1).struct.rename_fields(["genotype_normal", "genotype_reduce"])
    cells = (
        store.scan_archs("nb301")
        .select("arch", pl.col("position").alias("nbsz_id"), halves.alias("cell"))
        .unnest("cell")
    )
    return values.join(cells, on="arch").sort("arch").drop("arch").collect()
