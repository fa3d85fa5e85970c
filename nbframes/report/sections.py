"""What the report says: the tables and figures of the whole store and of each benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from nbframes import benchmarks, expr
from nbframes.analysis import (
    best_archs,
    compare,
    learning_curves,
    pareto_front,
    rank_correlation,
    seed_noise,
    summarize,
    with_costs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from nbframes.store import Store

_BEST = 10
_MOST_CURVES = 7


class Table(NamedTuple):
    """A table with its caption."""

    caption: str
    frame: pl.DataFrame


class Figure(NamedTuple):
    """A figure with its caption; drawn when the page is made, so that one figure at a time is in memory."""

    caption: str
    draw: Callable[[], Axes]


@dataclass
class Section:
    """A part of the page."""

    title: str
    notes: list[str] = field(default_factory=list)
    content: list[Table | Figure] = field(default_factory=list)


def overview(store: Store) -> Section:
    """What is in the store, and all benchmarks in one figure."""
    from nbframes import plot

    manifests = [store.manifest(name) for name in store.benchmarks()]
    contents = pl.DataFrame(
        {
            "benchmark": [m.benchmark for m in manifests],
            "version": [m.version for m in manifests],
            "origin": ["exported" if m.official else "own results" for m in manifests],
            "architectures": [m.rows("archs") for m in manifests],
            "runs": [m.rows("runs") for m in manifests],
            "values": [m.rows() for m in manifests],
            "MB": [round(m.size() / 1e6, 1) for m in manifests],
            "written": [m.created[:10] for m in manifests],
        }
    )
    section = Section("Contents", content=[Table("Benchmarks of the store", contents)])
    names = [m.benchmark for m in manifests if m.benchmark in benchmarks.full_schedules() and m.rows("runs")]
    if names:
        comparison = compare(store.scan(*names), store.scan_runs(*names), dataset="cifar10", split="test")
        caption = "Final test accuracy on CIFAR-10: all published benchmarks of the store asked the same questions"
        section.content.append(Figure(caption, lambda: plot.compare(comparison)[0]))
    return section


def benchmark_section(store: Store, name: str) -> Section:
    """Coverage, accuracies, best architectures, curves, correlations, trade-offs and noise of one benchmark."""
    manifest = store.manifest(name)
    section = Section(name)
    if not manifest.official:
        section.notes.append("Not exported from upstream's files: these results were written with write_results.")
    if manifest.skipped:
        section.notes.append(
            f"{len(manifest.skipped):,} records were skipped at export; `nbframes info {name}` lists them."
        )
    accuracy = store.scan(name).filter(pl.col("metric") == "accuracy")
    final = _full(accuracy.filter(expr.final()), name).collect()
    if manifest.rows("runs"):
        section.content.append(Table("Coverage: architectures by their number of runs", _coverage(store, name)))
    if final.is_empty():
        section.notes.append("No final accuracies of the longest schedule: nothing further to show.")
        return section
    section.content += [*_population(final), *_best(store, name, final), *_curves(accuracy, name)]
    section.content += [*_agreement(final), *_tradeoff(store, name, final), *_noise(final)]
    return section


def _full(rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """Rows of the benchmark's own full schedule; for benchmarks without a published one, of the longest."""
    if (epochs := benchmarks.full_schedules().get(name)) is not None:
        return rows.filter(expr.schedule(epochs))
    return rows.filter(pl.col("schedule") == pl.col("schedule").max())


def _coverage(store: Store, name: str) -> pl.DataFrame:
    runs = store.scan_runs(name).group_by("dataset", "schedule", "arch").len("runs per architecture")
    counts = runs.group_by("dataset", "schedule", "runs per architecture").len("architectures")
    return counts.with_columns(pl.col("dataset").cast(pl.String)).sort(pl.all()).collect()


def _population(final: pl.DataFrame) -> list[Table | Figure]:
    table = summarize(final).drop("benchmark", "metric", "sem", strict=False)
    return [Table("Final accuracy in percent, means over seeds", table)]


def _main(final: pl.DataFrame) -> pl.DataFrame:
    """Rows of the dataset and split by which architectures are ranked: a test set if there is one."""
    for split in ("test", "valtest", "val", "train"):
        rows = final.filter(pl.col("split") == split)
        for dataset in ("cifar10", "cifar10-valid", *sorted(map(str, rows["dataset"].unique()))):
            chosen = rows.filter(pl.col("dataset") == dataset)
            if not chosen.is_empty():
                return chosen
    return final.clear()


def _label(rows: pl.DataFrame) -> str:
    return f"{rows['dataset'][0]}, {rows['split'][0]}"


def _best(store: Store, name: str, final: pl.DataFrame) -> list[Table | Figure]:
    rows = _main(final)
    best = best_archs(rows, k=_BEST).select("rank", "arch", "value", "runs")
    if store.manifest(name).rows("archs"):
        archs = store.scan_archs(name)
        if "arch_str" in archs.collect_schema():
            text = archs.select("arch", architecture="arch_str").collect()
            best = best.join(text, on="arch", how="left", maintain_order="left")
    return [Table(f"The {_BEST} best by mean accuracy ({_label(rows)})", best)]


def _curves(accuracy: pl.LazyFrame, name: str) -> list[Table | Figure]:
    from nbframes import plot

    curves = learning_curves(_full(accuracy, name), over=("seed", "arch")).collect()
    keys = ["dataset", "split"]
    long = curves.group_by(keys).len().filter(pl.col("len") > 2)
    curves = curves.join(long.filter(pl.col("dataset").cast(pl.String) != "cifar10-valid"), on=keys, how="semi")
    if curves.is_empty() or curves.select(keys).n_unique() > _MOST_CURVES:
        curves = curves.filter(pl.col("split") != "train")
    if curves.is_empty() or curves.select(keys).n_unique() > _MOST_CURVES:
        return []
    caption = "Learning curves: mean over architectures, band of one standard deviation"
    return [Figure(caption, lambda: plot.learning_curves(curves))]


def _agreement(final: pl.DataFrame) -> list[Table | Figure]:
    from nbframes import plot

    evaluated = final.filter(pl.col("split") != "train").drop("budget")
    if evaluated.select("dataset", "split").n_unique() < 2:
        return []
    correlation = rank_correlation(evaluated, ("dataset", "split"))
    caption = "Agreement of rankings: Kendall's tau-b of final accuracies"
    if correlation.height == 1:
        return [Table(caption, correlation.drop("benchmark", "metric", strict=False))]
    return [Figure(caption, lambda: plot.rank_correlation(correlation))]


def _tradeoff(store: Store, name: str, final: pl.DataFrame) -> list[Table | Figure]:
    from nbframes import plot

    if not store.manifest(name).rows("runs") or "params" not in store.scan_runs(name).collect_schema():
        return []
    rows = _main(final)
    costs = with_costs(rows, store.scan_runs(name).collect()).drop_nulls("params")
    if costs.height < 2:
        return []
    front = pareto_front(costs, maximise="value", minimise="params")
    caption = f"Accuracy ({_label(rows)}) against parameters: {front.height} architectures are on the front"
    return [Figure(caption, lambda: plot.pareto_front(front, maximise="value", minimise="params", cloud=costs))]


def _noise(final: pl.DataFrame) -> list[Table | Figure]:
    from nbframes import plot

    rows = _main(final)
    if rows.group_by("arch").len()["len"].max() == 1:
        return []
    noise = seed_noise(rows, bins=10)
    return [Figure(f"Spread over seeds by accuracy ({_label(rows)})", lambda: plot.seed_noise(noise))]
