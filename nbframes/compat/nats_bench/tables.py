"""What the views need of a store: runs by architecture, and single values out of dense arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from nbframes import spaces
from nbframes.errors import NBFramesError
from nbframes.lookup_table import Lookup, lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from nbframes.store import Store

DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
"""Datasets in the order of upstream's records."""


class Run(NamedTuple):
    """One training run: its key in the tables and its costs."""

    arch: int
    dataset: str
    schedule: int
    seed: int
    params: int
    mflops: float
    latencies: list[float] | None
    train_time: float


class _EpochTimes(NamedTuple):
    """Seconds by architecture, seed and epoch, and which runs have those of all epochs; flat, for single runs are asked for."""

    seconds: Any
    whole: Any
    seeds: dict[int, int]
    epochs: int

    @classmethod
    def of(cls, table: Lookup, schedule: int) -> _EpochTimes:
        import numpy as np

        try:
            budgets = table.budgets
        except NBFramesError:  # none were published
            return cls((), (), {}, schedule)
        complete = budgets == list(range(1, schedule + 1))
        seeds = {seed: index for index, seed in enumerate(table.seeds)} if complete else {}
        whole: NDArray[np.bool_] = np.logical_not(np.any(table.mask, axis=2))
        return cls(memoryview(table.array.reshape(-1).data), memoryview(whole.reshape(-1).data), seeds, schedule)

    def row(self, run: Run) -> int | None:
        """Number of a run among all if its times are whole."""
        seed = self.seeds.get(run.seed)
        if seed is None:
            return None
        row = run.arch * len(self.seeds) + seed
        return row if row < len(self.whole) and self.whole[row] else None


class Tables:
    """The tables of one NATS-Bench space, read on demand.

    Parameters
    ----------
    store
        A store that holds the benchmark.
    benchmark
        ``"nats-tss"`` or ``"nats-sss"``.
    """

    def __init__(self, store: Store, benchmark: str) -> None:
        self.store = store
        self.benchmark = benchmark
        self._lookups: dict[tuple[str, str, str, int, bool], Lookup] = {}
        self._pairs: dict[tuple[str, str, int, bool], tuple[Lookup, Lookup]] = {}
        self._epoch_times: dict[tuple[str, str, int], _EpochTimes] = {}

    @cached_property
    def arch_strings(self) -> list[str]:
        """Upstream's ``meta_archs``: of the whole space, also where the store lacks the results of some."""
        archs = self.store.scan_archs(self.benchmark).select("arch", "arch_str").sort("arch").collect()
        if archs["arch"].to_list() != list(range(archs.height)):
            space = spaces.tss if self.benchmark == "nats-tss" else spaces.sss
            archs = space.enumerate().select("arch", "arch_str").update(archs, on="arch").sort("arch")
        return archs["arch_str"].to_list()

    @cached_property
    def _runs(self) -> pl.DataFrame:
        order = pl.col("dataset").cast(pl.String).replace_strict(dict(zip(DATASETS, range(4), strict=True)))
        runs = self.store.scan_runs(self.benchmark).sort("arch", "schedule", order, "seed")
        return runs.select(Run._fields).with_columns(pl.col("dataset").cast(pl.String)).collect()

    @cached_property
    def _bounds(self) -> dict[int, tuple[int, int]]:
        counts = self._runs.group_by("arch", maintain_order=True).agg(pl.len())
        ends = counts["len"].cum_sum().to_list()
        return dict(zip(counts["arch"].to_list(), zip([0, *ends], ends, strict=False), strict=True))

    @property
    def evaluated(self) -> set[int]:
        """Architectures that have runs."""
        return set(self._bounds)

    @property
    def schedules(self) -> list[int]:
        """Schedules of all runs, ascending."""
        return self._runs["schedule"].unique().sort().to_list()

    def runs(self, arch: int) -> Iterator[Run]:
        """Runs of an architecture, by schedule, then dataset and seed."""
        start, end = self._bounds[arch]
        return map(Run._make, self._runs[start:end].iter_rows())

    @property
    def all_runs(self) -> pl.DataFrame:
        """Runs of all architectures, with the columns of `Run`."""
        return self._runs

    def lookup(self, metric: str, dataset: str, split: str, schedule: int, *, final: bool = False) -> Lookup:
        """Values of one metric, read when the first is asked for."""
        key = (metric, dataset, split, schedule, final)
        if key not in self._lookups:
            self._lookups[key] = lookup(
                self.store,
                benchmark=self.benchmark,
                dataset=dataset,
                split=split,
                metric=metric,
                schedule=schedule,
                final=final,
            )
        return self._lookups[key]

    def loss_and_accuracy(self, split: str, run: Run, epoch: int) -> tuple[float, float]:
        """Both values of a run after an epoch (counted from 0).

        Raises
        ------
        UnknownNameError
            If one of them was not published.
        """
        arch, dataset, schedule, seed, *_ = run
        budget = epoch + 1
        key = (dataset, split, schedule, budget == schedule)
        pair = self._pairs.get(key)
        if pair is None:
            losses, accuracies = (self.lookup(metric, *key[:3], final=key[3]) for metric in ("loss", "accuracy"))
            pair = self._pairs[key] = losses, accuracies
        return pair[0].value(arch, seed, budget), pair[1].value(arch, seed, budget)

    def epoch_times(self, split: str, run: Run, count: int) -> list[float] | None:
        """Seconds of each of the first epochs of a run; None unless those of all its epochs were published."""
        times = self._epoch_times.get((run.dataset, split, run.schedule)) or self._times(split, run)
        row = times.row(run)
        if row is None:
            return None
        start = row * times.epochs
        published: list[float] = times.seconds[start : start + count].tolist()
        return published

    def has_epoch_times(self, split: str, run: Run) -> bool:
        """Whether the seconds of all epochs of a run were published."""
        return self._times(split, run).row(run) is not None

    def _times(self, split: str, run: Run) -> _EpochTimes:
        key = (run.dataset, split, run.schedule)
        if key not in self._epoch_times:
            self._epoch_times[key] = _EpochTimes.of(self.lookup("epoch_time", *key), run.schedule)
        return self._epoch_times[key]

    def curve(self, metric: str, split: str, run: Run) -> dict[int, float]:
        """Published values of a run by epoch (counted from 0)."""
        table = self.lookup(metric, run.dataset, split, run.schedule)
        if run.seed not in table.seeds or run.arch >= len(table.array):
            return {}
        seed = table.seeds.index(run.seed)
        values, gone = table.array[run.arch, seed].tolist(), table.mask[run.arch, seed].tolist()
        return {budget - 1: v for budget, v, masked in zip(table.budgets, values, gone, strict=True) if not masked}
