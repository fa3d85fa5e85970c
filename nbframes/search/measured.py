"""Values and costs of measured architectures as dense arrays, one row for each architecture of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import FrameError, NBFramesError
from nbframes.lookup_table import lookup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from nbframes.search.view import Level, View
    from nbframes.store import Store

    Floats = NDArray[np.float64]


class Runs(NamedTuple):
    """Training runs that may be queried, those of an architecture side by side from the first column on."""

    number: NDArray[np.int64]
    """Number of runs of each architecture."""
    value: Floats
    """Shape (architectures, runs)."""
    cost: Floats
    """Shape (architectures, runs): seconds, or evaluations."""

    @property
    def archs(self) -> NDArray[np.bool_]:
        """Which architectures have one."""
        return np.asarray(self.number > 0)


class _Table(NamedTuple):
    """One number for each architecture and seed, NaN where there is none."""

    seeds: list[int]
    values: Floats

    def column(self, seed: int, rows: int) -> Floats:
        return resized(self.values[:, self.seeds.index(seed)] if seed in self.seeds else np.empty(0), rows)


class Measurements:
    """Reads what a view needs from a store.

    Parameters
    ----------
    store, benchmark
        Where the values are.
    held
        Metric, dataset, split and schedule of all that the store has of the benchmark.
    """

    def __init__(self, store: Store, benchmark: str, held: AbstractSet[tuple[str, str, str, int]]) -> None:
        self._store, self._benchmark, self._held = store, benchmark, held
        self._times: dict[tuple[View, str, str, int], dict[int, _Table]] = {}

    def runs(self, view: View, level: Level, clock: str) -> Runs:
        """Runs of a view at one of its levels, with their costs.

        Raises
        ------
        FrameError
            If the clock counts seconds and the store has no times there.
        """
        values = self._values(view.dataset, view.split, view.metrics[0], level)
        costs = self.seconds(view, level) if clock == "seconds" else None
        share = level.budget / view.levels[-1].budget
        return _packed(view, values, costs, share)

    def seconds(self, view: View, level: Level) -> _Table:
        """Training up to the budget, and one evaluation on the observed split where its time is published."""
        training = self._training(view, level)
        if training is None:
            msg = (
                f"{self._benchmark} has no training times of {view.dataset} after {level.budget} of {level.schedule} epochs, "
                "which the clock 'seconds' counts\n\nHint: use clock='evaluations'"
            )
            raise FrameError(msg)
        evaluation = self._summed(view, view.split, level)
        if evaluation is None:
            return training
        rows = len(training.values)
        once = [evaluation.column(seed, rows) / level.budget for seed in training.seeds]
        return _Table(training.seeds, training.values + np.stack(once, axis=1))

    def counts_evaluation(self, view: View) -> bool:
        """Whether the costs in seconds hold evaluation, or training alone."""
        return ("epoch_time", view.dataset, view.split, view.levels[-1].schedule) in self._held

    def mean(self, view: View) -> Floats:
        """Mean over seeds, or value of the seed, of each architecture at the last level; NaN where there is none."""
        values = self._values(view.dataset, view.split, view.metrics[0], view.levels[-1])
        return _mean(values.values) if view.seed == "mean" else values.column(int(view.seed), len(values.values))

    def objective(self, metric: str, view: View) -> Floats:
        """Another objective: a metric that was attached, or a cost in ``runs``; mean of each architecture."""
        level = view.levels[-1]
        has_runs = bool(self._store.manifest(self._benchmark).tables.get("runs"))
        if has_runs and metric in self._store.scan_runs(self._benchmark).collect_schema().names():
            rows = self._store.scan_runs(self._benchmark).filter(
                pl.col("dataset") == view.dataset, pl.col("schedule") == level.schedule
            )
            means = rows.group_by("arch").agg(pl.col(metric).mean().cast(pl.Float64).alias("value")).collect()
        else:
            means = self._attached(metric, view, level)
        if means.is_empty():
            msg = f"{self._benchmark} has no {metric!r} of {view.dataset}"
            raise FrameError(msg)
        arch = means["arch"].to_numpy().astype(np.int64)
        values = np.full(int(arch.max()) + 1, np.nan)
        values[arch] = means["value"].to_numpy()
        return values

    def _attached(self, metric: str, view: View, level: Level) -> pl.DataFrame:
        """Values of no split, else those measured where the first objective is."""
        rows = self._store.scan(self._benchmark).filter(pl.col("metric") == metric, pl.col("dataset") == view.dataset)
        loose = rows.filter(pl.col("split").cast(pl.String) == "none")
        along = rows.filter(
            pl.col("split") == view.split, pl.col("schedule") == level.schedule, pl.col("budget") == level.budget
        )
        for found in (loose, along):
            means = found.group_by("arch").agg(pl.col("value").mean()).collect()
            if means.height:
                break
        return means

    def _values(self, dataset: str, split: str, metric: str, level: Level) -> _Table:
        results = self._store.scan(self._benchmark).filter(pl.col("budget") == level.budget)
        table = lookup(
            results, benchmark=self._benchmark, dataset=dataset, split=split, metric=metric, schedule=level.schedule
        )
        return _Table(table.seeds, table.array[:, :, 0])

    def _training(self, view: View, level: Level) -> _Table | None:
        if ("epoch_time", view.dataset, "train", level.schedule) in self._held:
            return self._summed(view, "train", level)
        if ("time", view.dataset, "train", level.schedule) not in self._held:
            return None
        try:
            return self._values(view.dataset, "train", "time", level)
        except NBFramesError:  # there are times, but none at this budget
            return None

    def _summed(self, view: View, split: str, level: Level) -> _Table | None:
        """Times of the epochs up to the budget, added in their order as upstream does; read once for all levels of a schedule."""
        part = view.dataset, split, level.schedule
        if ("epoch_time", *part) not in self._held:
            return None
        if (view, *part) not in self._times:
            budgets = [other.budget for other in view.levels if other.schedule == level.schedule]
            self._times[view, *part] = self._sums(*part, budgets)
        return self._times[view, *part].get(level.budget)

    def _sums(self, dataset: str, split: str, schedule: int, budgets: Sequence[int]) -> dict[int, _Table]:
        """Sums up to each of the budgets before which no epoch is missing."""
        results = self._store.scan(self._benchmark).filter(pl.col("budget") <= max(budgets))
        table = lookup(
            results, benchmark=self._benchmark, dataset=dataset, split=split, metric="epoch_time", schedule=schedule
        )
        whole = next((place for place, epoch in enumerate(table.budgets) if epoch != place + 1), len(table.budgets))
        sums = np.cumsum(table.array, axis=2)
        return {budget: _Table(table.seeds, sums[:, :, budget - 1].copy()) for budget in budgets if budget <= whole}


def resized(values: Floats, rows: int) -> Floats:
    """Values of the first architectures, NaN of those behind them."""
    found = np.full(rows, np.nan)
    found[: len(values)] = values[:rows]
    return found


def _packed(view: View, values: _Table, costs: _Table | None, share: float) -> Runs:
    """The runs that a view may draw: all of an architecture, its mean, or the run of one seed."""
    rows, seeds = len(values.values), values.seeds
    if costs is None:
        cost = np.where(np.isnan(values.values), np.nan, share)
    else:
        cost = np.stack([costs.column(seed, rows) for seed in seeds], axis=1)
    value = np.where(np.isnan(cost), np.nan, values.values)
    cost = np.where(np.isnan(value), np.nan, cost)
    if view.seed == "mean":
        value, cost = _mean(value)[:, None], _mean(cost)[:, None]
    elif view.seed != "random":
        value, cost = (_Table(seeds, table).column(int(view.seed), rows)[:, None] for table in (value, cost))
    there = ~np.isnan(value)
    order = np.argsort(~there, axis=1, kind="stable")
    return Runs(there.sum(axis=1), np.take_along_axis(value, order, 1), np.take_along_axis(cost, order, 1))


def _mean(values: Floats) -> Floats:
    """Mean of the numbers of each row, added from left to right; NaN where there are none."""
    there = ~np.isnan(values)
    total = np.cumsum(np.where(there, values, 0.0), axis=1)[:, -1]
    count = there.sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))
