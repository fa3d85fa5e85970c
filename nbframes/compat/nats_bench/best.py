"""``find_best`` over whole spaces at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.benchmarks.shared import NATS_SETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbframes.compat.nats_bench.results import ArchResults
    from nbframes.compat.nats_bench.tables import Tables

Best = tuple[int, Any]
"""Index and mean accuracy; -1 and None if there is none."""


def remap_dataset_set_names(dataset: str, metric_on_set: str, verbose: bool = False) -> tuple[str, str]:
    """Dataset and set of the records that upstream's short names mean."""
    if verbose:
        asked = f"dataset={dataset} and metric_on_set={metric_on_set}"
        print(f"Call internal function _remap_dataset_set_names with {asked}")
    found = (dataset, metric_on_set)
    if dataset == "cifar10":
        found = {"valid": ("cifar10-valid", "x-valid"), "test": ("cifar10", "ori-test")}.get(metric_on_set, found)
    elif dataset in ("cifar100", "ImageNet16-120"):
        found = (dataset, {"valid": "x-valid", "test": "x-test"}.get(metric_on_set, metric_on_set))
    if verbose:
        print(f"  return dataset={found[0]} and metric_on_set={found[1]}")
    return found


def best_of_each(
    infos: Mapping[int, Mapping[str, ArchResults]],
    indexes: Iterable[int],
    dataset: str,
    name: str,
    hp: str,
    caps: tuple[float | None, float | None],
) -> Best:
    """Ask the architectures one by one, as upstream does: the first with the highest mean accuracy within the caps."""
    best: Best = (-1, None)
    for index in indexes:
        results = infos[index][hp]
        costs = results.get_compute_costs(dataset)
        if _above(costs["flops"], caps[0]) or _above(costs["params"], caps[1]):
            continue
        accuracy = results.get_metrics(dataset, name)["accuracy"]
        if best[0] == -1 or best[1] < accuracy:
            best = (index, accuracy)
    return best


def best_of_table(
    tables: Tables,
    kind: type[ArchResults],
    indexes: list[int],
    dataset: str,
    name: str,
    hp: str,
    caps: tuple[float | None, float | None],
) -> Best | None:
    """Give the same from whole columns; None where only asking one by one tells what upstream would answer.

    That is so where an architecture lacks the schedule, the dataset or a value, or has costs that contradict each other.
    """
    split = "train" if name == "train" else NATS_SETS.get(dataset, {}).get(name)
    schedule = int(hp) if hp.isdecimal() else -1
    runs = tables.all_runs.filter(
        pl.col("dataset") == dataset, pl.col("schedule") == schedule, pl.col("arch").is_in(indexes)
    )
    if split is None or runs["arch"].n_unique() != len(indexes) or _contradicting(runs, kind):
        return None
    if caps != (None, None):
        runs = runs.filter(pl.col("arch").is_in(_within(runs, kind, caps)))
    values = tables.store.scan(tables.benchmark).filter(
        pl.col("metric").is_in(["accuracy", "loss"]),
        pl.col("dataset") == dataset,
        pl.col("split") == split,
        pl.col("schedule") == schedule,
        pl.col("final"),
    )
    found = values.select("metric", "arch", "seed", "value").collect().join(runs, on=["arch", "seed"], how="semi")
    if found.height != 2 * runs.height:
        return None
    # Python's builtin sum decides below; Polars only finds who comes into question.
    rows = found.filter(pl.col("metric") == "accuracy").sort("arch", "seed")
    means = rows.group_by("arch", maintain_order=True).agg(pl.col("value").mean().alias("mean"))
    if means.is_empty():
        return -1, None
    if means["mean"].is_nan()[0]:  # nothing is above it
        return means.row(0)
    near = means.filter(pl.col("mean").is_not_nan()).filter(pl.col("mean") >= pl.col("mean").max() - 1e-6)
    best: Best = (-1, None)
    for (arch,), of in rows.join(near, on="arch", how="semi").group_by("arch", maintain_order=True):
        accuracy = kind.mean(of["value"].to_list())
        if best[0] == -1 or best[1] < accuracy:
            best = (arch, accuracy)
    return best


def _contradicting(runs: pl.DataFrame, kind: type[ArchResults]) -> bool:
    """Whether runs of an architecture disagree about costs and none is the one that upstream believes."""
    costs = (pl.col("mflops"), pl.col("params") / 1e6)
    spread = [cost.max() - cost.min() > 1e-6 for cost in costs]
    doubtful = runs.group_by("arch").agg(pl.any_horizontal(spread).alias("doubtful"), "seed", "mflops", "params")
    for seeds, flops, params in doubtful.filter("doubtful").select("seed", "mflops", "params").iter_rows():
        try:
            kind.consistent(flops, seeds)
            kind.consistent([count / 1e6 for count in params], seeds)
        except ValueError:
            return True
    return False


def _within(runs: pl.DataFrame, kind: type[ArchResults], caps: tuple[float | None, float | None]) -> list[int]:
    """Architectures whose costs, by upstream's rule, are not above the caps."""
    grouped = runs.sort("arch", "seed").group_by("arch", maintain_order=True).agg("seed", "mflops", "params")
    return [
        arch
        for arch, seeds, flops, params in grouped.iter_rows()
        if not _above(kind.mean(kind.consistent(flops, seeds)), caps[0])
        and not _above(kind.mean(kind.consistent([count / 1e6 for count in params], seeds)), caps[1])
    ]


def _above(cost: Any, cap: float | None) -> bool:
    return cap is not None and bool(cost > cap)
