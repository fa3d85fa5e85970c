"""``find_best`` over whole spaces at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.compat.nats_bench.results import consistent, mean
from nbframes.compat.nats_bench.tables import SETS

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.tables import Tables


def find_best(
    tables: Tables,
    indexes: list[int],
    *,
    dataset: str,
    metric_on_set: str,
    schedule: int,
    flop_max: float | None,
    param_max: float | None,
) -> tuple[int, float | None]:
    """Find the first of the architectures with the highest mean accuracy within the caps.

    Raises
    ------
    KeyError
        If there is no such dataset, or no such values.
    """
    dataset, split = _dataset_and_split(dataset, metric_on_set)
    results = tables.store.scan(tables.benchmark).filter(
        pl.col("metric") == "accuracy",
        pl.col("dataset") == dataset,
        pl.col("split") == split,
        pl.col("schedule") == schedule,
        pl.col("final"),
    )
    # Python's builtin sum decides below; Polars only finds who comes into question.
    rows = results.select("arch", "seed", "value").filter(pl.col("arch").is_in(indexes)).collect()
    if rows.is_empty() and indexes:
        raise KeyError(str(schedule) if dataset in SETS else dataset)
    if flop_max is not None or param_max is not None:
        rows = rows.join(_within(tables, dataset, schedule, flop_max, param_max), on="arch", how="semi")
    means = rows.group_by("arch").agg(pl.col("value").mean().alias("mean"))
    near = rows.join(means.filter(pl.col("mean") >= pl.col("mean").max() - 1e-6), on="arch", how="semi")
    best: tuple[int, float | None] = (-1, None)
    for (arch,), runs in near.sort("arch", "seed").group_by("arch", maintain_order=True):
        accuracy = mean(runs["value"].to_list())
        if best[1] is None or best[1] < accuracy:
            best = (arch, accuracy)
    return best


def _within(
    tables: Tables, dataset: str, schedule: int, flop_max: float | None, param_max: float | None
) -> pl.DataFrame:
    """Architectures whose costs, by upstream's rule, are not above the caps."""
    runs = tables.all_runs.filter(pl.col("dataset") == dataset, pl.col("schedule") == schedule)
    grouped = runs.group_by("arch", maintain_order=True).agg("seed", "mflops", "params")
    kept = [
        arch
        for arch, seeds, flops, params in grouped.iter_rows()
        if (flop_max is None or mean(consistent(flops, seeds)) <= flop_max)
        and (param_max is None or mean(consistent([count / 1e6 for count in params], seeds)) <= param_max)
    ]
    return pl.DataFrame({"arch": kept}, schema={"arch": pl.Int32})


def _dataset_and_split(dataset: str, metric_on_set: str) -> tuple[str, str]:
    """What upstream's names of a dataset and a set mean."""
    if dataset not in SETS:
        raise KeyError(dataset)
    if metric_on_set == "train":
        return dataset, "train"
    if (dataset, metric_on_set) == ("cifar10", "valid"):
        return "cifar10-valid", "val"
    plain = {"valid": "val", "test": "test", "valtest": "valtest"}
    splits = SETS[dataset] | {name: split for name, split in plain.items() if split in SETS[dataset].values()}
    if metric_on_set not in splits:
        raise KeyError(metric_on_set)
    return dataset, splits[metric_on_set]
