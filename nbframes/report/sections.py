"""What the report says: the tables and figures of the whole store and of each benchmark."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from nbframes import benchmarks, expr
from nbframes.analysis import (
    compare,
    learning_curves,
    pareto_front,
    rank_correlation,
    seed_noise,
    summarize,
    with_costs,
)
from nbframes.analysis.protocols import meant_pairs, partitions_of, usual_protocol
from nbframes.analysis.query import QueryTable, query_table
from nbframes.errors import FrameError, NBFramesError, listed
from nbframes.report import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes

    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_BEST = 10
_MOST_CURVES = 7


class Table(NamedTuple):
    """A table with its caption."""

    caption: str
    frame: pl.DataFrame


class Figure(NamedTuple):
    """A figure with its caption, and in words what is seen; drawn when the page is made: one at a time is in memory."""

    caption: str
    seen: str
    draw: Callable[[], Axes]


@dataclass
class Section:
    """A part of the page."""

    title: str
    synthetic: bool = False
    notes: list[str] = field(default_factory=list)
    content: list[Table | Figure] = field(default_factory=list)

    def add(self, panel: str, make: Callable[[], Sequence[Table | Figure]]) -> None:
        """Add a panel, or a sentence that says why there is none."""
        try:
            self.content += make()
        except NBFramesError as error:
            self.notes.append(f"{panel}: not shown; {str(error).splitlines()[0]}.")


def overview(store: Store) -> Section:
    """What is in the store, and all benchmarks in one figure."""
    manifests = [store.manifest(name) for name in store.benchmarks()]
    contents = pl.DataFrame(
        {
            "benchmark": [m.benchmark for m in manifests],
            "version": [m.version for m in manifests],
            "origin": [m.origin() for m in manifests],
            "architectures": [m.rows("archs") for m in manifests],
            "runs": [m.rows("runs") for m in manifests],
            "values": [m.rows() for m in manifests],
            "MB": [round(m.size() / 1e6, 1) for m in manifests],
            "written": [m.created[:10] for m in manifests],
        }
    )
    section = Section("Contents", synthetic=any(m.synthetic for m in manifests))
    section.content.append(Table("Benchmarks of the store", contents))
    section.add("All benchmarks in one figure", lambda: _comparison(store, manifests, section.notes))
    return section


def benchmark_section(store: Store, name: str) -> Section:
    """Coverage, values, best architectures, curves, correlations, trade-offs and noise of one benchmark."""
    manifest = store.manifest(name)
    section = Section(name, synthetic=manifest.synthetic, notes=_origin(manifest))
    section.add("Coverage", lambda: _coverage(store, name))
    try:
        best = query_table(store, name, top=_BEST)
    except NBFramesError as error:
        section.notes.append(f"Nothing further to show: {str(error).splitlines()[0]}.")
        return section
    values = store.scan(name).filter(store.metric(best.metric), expr.schedule(best.schedule))
    final = values.filter(expr.final()).collect()
    ranking = final.filter(best.where(store))
    section.add("Population", lambda: _population(final, best))
    section.add("Best architectures", lambda: _best(best))
    section.add("Learning curves", lambda: _curves(values, best))
    section.add("Agreement of rankings", lambda: _agreement(final, best))
    section.add("Trade-off with parameters", lambda: _tradeoff(store, ranking, best))
    section.add("Spread over seeds", lambda: _noise(ranking, best))
    return section


def _origin(manifest: Manifest) -> list[str]:
    notes = []
    if manifest.synthetic:
        notes.append("SYNTHETIC: these numbers are made up; nothing was trained.")
    elif not manifest.official:
        notes.append("Not exported from upstream's files.")
    if manifest.skipped:
        name, count = manifest.benchmark, len(manifest.skipped)
        notes.append(f"{count:,} records were skipped at export; `nbframes info {name}` lists them.")
    return notes


def _comparison(store: Store, manifests: Sequence[Manifest], notes: list[str]) -> list[Table | Figure]:
    from nbframes import plot

    known = [m.benchmark for m in manifests if m.benchmark in benchmarks.full_schedules() and m.rows("runs")]
    held = {
        name: set(meant_pairs(partitions_of(found), "accuracy"))
        for name, found in zip(known, store.catalogue.each(known), strict=True)
    }
    counts = Counter(pair for pairs in held.values() for pair in pairs)
    if not counts:
        msg = "no benchmark of the store has final accuracies and costs of runs"
        raise FrameError(msg)
    most = max(counts.values())
    dataset, split = usual_protocol([pair for pair, count in counts.items() if count == most])
    named = [name for name in known if (dataset, split) in held[name]]
    if absent := [m.benchmark for m in manifests if m.benchmark not in named]:
        notes.append(
            f"Without {listed(absent)} in the figure of all benchmarks: no accuracy on {dataset} {split} or no costs there."
        )
    against = "val" if split != "val" else "test"
    comparison = compare(store.scan(*named), store.scan_runs(*named), dataset=dataset, split=split, against=against)
    caption = f"Final accuracy on {dataset} {split}: the benchmarks of the store asked the same questions"
    return [Figure(caption, words.comparison(comparison), lambda: plot.compare(comparison)[0])]


def _coverage(store: Store, name: str) -> list[Table | Figure]:
    runs = store.scan_runs(name).group_by("dataset", "schedule", "arch").len("runs per architecture")
    counts = runs.group_by("dataset", "schedule", "runs per architecture").len("architectures")
    table = counts.with_columns(pl.col("dataset").cast(pl.String)).sort(pl.all()).collect()
    return [Table("Coverage: architectures by their number of runs", table)]


def _population(final: pl.DataFrame, asked: QueryTable) -> list[Table | Figure]:
    table = summarize(final).drop("benchmark", "metric", "sem", strict=False)
    caption = f"Final {asked.metric} ({asked.unit}) after {asked.schedule} epochs, means over seeds"
    return [Table(caption, table)]


def _best(best: QueryTable) -> list[Table | Figure]:
    if best.better is None:
        msg = f"nothing says which end of {best.metric} is better"
        raise FrameError(msg)
    return [
        Table(
            f"The {best.frame.height} best; {best.title()}",
            best.frame.rename({"arch_str": "architecture"}, strict=False),
        )
    ]


def _curves(values: pl.LazyFrame, asked: QueryTable) -> list[Table | Figure]:
    from nbframes import plot

    curves = learning_curves(values, over=("seed", "arch")).collect()
    keys = ["dataset", "split"]
    long = curves.group_by(keys).len().filter(pl.col("len") > 2)
    if long.is_empty():
        msg = "runs have values at no more than two epochs"
        raise FrameError(msg)
    curves = curves.join(
        long.filter(~pl.col("dataset").cast(pl.String).is_in(list(benchmarks.HELD_OUT))), on=keys, how="semi"
    )
    if curves.is_empty() or curves.select(keys).n_unique() > _MOST_CURVES:
        curves = curves.filter(pl.col("split") != "train")
    if curves.is_empty() or curves.select(keys).n_unique() > _MOST_CURVES:
        msg = f"there are more than {_MOST_CURVES} of them, too many for one figure"
        raise FrameError(msg)
    caption = f"Learning curves of {asked.metric}: mean over architectures, band of one standard deviation"
    return [Figure(caption, words.curves(curves), lambda: plot.learning_curves(curves))]


def _agreement(final: pl.DataFrame, asked: QueryTable) -> list[Table | Figure]:
    from nbframes import plot

    evaluated = final.filter(pl.col("split") != "train").drop("budget")
    if evaluated.select("dataset", "split").n_unique() < 2:
        msg = "there is only one dataset and split"
        raise FrameError(msg)
    correlation = rank_correlation(evaluated, ("dataset", "split"))
    caption = f"Agreement of rankings: Kendall's tau-b of final {asked.metric}"
    if correlation.height == 1:
        return [Table(caption, correlation.drop("benchmark", "metric", strict=False))]
    draw = partial(plot.rank_correlation, correlation, method="kendall")
    return [Figure(caption, words.correlations(correlation), draw)]


def _tradeoff(store: Store, ranking: pl.DataFrame, asked: QueryTable) -> list[Table | Figure]:
    from nbframes import plot

    runs = store.scan_runs(asked.benchmark)
    if "params" not in runs.collect_schema() or asked.better is None:
        msg = "the runs have no parameters" if asked.better else f"nothing says which end of {asked.metric} is better"
        raise FrameError(msg)
    costs = with_costs(ranking, runs.collect()).drop_nulls("params")
    if costs.height < 2:
        msg = "fewer than two architectures have parameters"
        raise FrameError(msg)
    up, down = (("value",), ("params",)) if asked.better == "max" else ((), ("value", "params"))
    front = pareto_front(costs, maximise=up, minimise=down)
    where = f"{asked.dataset}, {asked.split}"
    caption = f"{asked.metric} ({where}) against parameters: {front.height} architectures are on the front"
    draw = partial(plot.pareto_front, front, maximise=up, minimise=down, cloud=costs)
    return [Figure(caption, words.front(front, costs.height), draw)]


def _noise(ranking: pl.DataFrame, asked: QueryTable) -> list[Table | Figure]:
    from nbframes import plot

    if ranking.group_by("arch").len()["len"].max() == 1:
        msg = "every architecture has one run"
        raise FrameError(msg)
    noise = seed_noise(ranking, bins=10)
    caption = f"Spread over seeds by {asked.metric} ({asked.dataset}, {asked.split})"
    return [Figure(caption, words.noise(noise), lambda: plot.seed_noise(noise))]
