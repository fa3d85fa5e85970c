"""Where the numbers of a record belong: their partitions, epochs and runs, in the order of the tables."""

from __future__ import annotations

import reprlib
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from nbframes.benchmarks.shared import NATS_SETS
from nbframes.schema import Partition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

TRAIN_FIELDS: Final = {
    "train_acc1es": "accuracy",
    "train_acc5es": "accuracy_top5",
    "train_losses": "loss",
    "train_times": "epoch_time",
}
"""Our metric of upstream's curves by epoch."""

EVAL_FIELDS: Final = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "epoch_time"}
"""Our metric of upstream's curves by ``"set@epoch"``."""


class Block(NamedTuple):
    """Consecutive rows of one partition, all final or all not."""

    partition: Partition
    final: bool
    start: int
    stop: int


class RunKey(NamedTuple):
    """One training run."""

    dataset: str
    schedule: int
    seed: int


class TrainTimes(NamedTuple):
    """Places of the training times of runs of one length."""

    runs: NDArray[np.intp]
    places: NDArray[np.intp]
    """A row for each run, its epochs in order."""


class Shape(NamedTuple):
    """What the numbers of a record are.

    The numbers are: the rows of all blocks, each block sorted by schedule, budget, seed; then params (millions), then flop (millions),
    of every run; then the latencies (seconds) of all runs.
    """

    blocks: tuple[Block, ...]
    schedule: NDArray[np.int32]
    budget: NDArray[np.int32]
    seed: NDArray[np.int32]
    runs: tuple[RunKey, ...]
    latencies: tuple[int, ...]
    """Number of latencies measured of each run."""
    train_times: tuple[TrainTimes, ...]

    @property
    def size(self) -> int:
        """Numbers of a record of this shape."""
        return len(self.seed) + 2 * len(self.runs) + sum(self.latencies)


class Curve(NamedTuple):
    """Field and keys of one curve."""

    field: str
    keys: tuple[Any, ...]


class RunShape(NamedTuple):
    """What was measured of one run."""

    key: RunKey
    latencies: int
    curves: tuple[Curve, ...]


class _Row(NamedTuple):
    partition: Partition
    final: bool
    schedule: int
    budget: int
    seed: int


@lru_cache(maxsize=256)
def arranged(runs: tuple[RunShape, ...]) -> tuple[Shape, NDArray[np.intp]]:
    """Shape of a record with these runs, and the order that sorts its numbers into it.

    The numbers come as they were found: all curves of all runs, params of all runs, flop of all runs, latencies of all runs.

    Raises
    ------
    ValueError
        If a key is not an epoch or set, or two numbers have the same key.
    """
    found = [row for run in runs for curve in run.curves for row in _rows(run.key, curve)]
    order = sorted(range(len(found)), key=found.__getitem__)
    rows = [found[place] for place in order]
    for before, after in pairwise(rows):
        if before == after:
            msg = f"two values for {'/'.join(before.partition)}, budget {before.budget}, seed {before.seed}"
            raise ValueError(msg)
    keys = np.array([row[2:] for row in rows], np.int32).reshape(-1, 3)
    schedule, budget, seed = (np.ascontiguousarray(column) for column in keys.T)
    latencies = tuple(run.latencies for run in runs)
    shape = Shape(
        _blocks(rows), schedule, budget, seed, tuple(run.key for run in runs), latencies, _train_times(rows, runs)
    )
    tail = np.arange(len(rows), len(rows) + 2 * len(runs) + sum(latencies))
    return shape, np.concatenate([np.array(order, np.intp), tail])


def _rows(run: RunKey, curve: Curve) -> Iterator[_Row]:
    for key in curve.keys:
        if curve.field in TRAIN_FIELDS:
            metric, split, epoch = TRAIN_FIELDS[curve.field], "train", key
        else:
            metric = EVAL_FIELDS[curve.field]
            split, epoch = _evaluated(run.dataset, curve.field, key)
        if type(epoch) is not int or not 0 <= epoch < run.schedule:
            msg = f"{curve.field} has the key {reprlib.repr(key)}, which is not an epoch of {run.schedule}"
            raise ValueError(msg)
        partition = Partition(metric, run.dataset, split)
        yield _Row(partition, epoch + 1 == run.schedule, run.schedule, epoch + 1, run.seed)


def _evaluated(dataset: str, field: str, key: Any) -> tuple[str, int]:
    """Split and epoch of upstream's ``"set@epoch"``."""
    name, _, epoch = key.partition("@") if type(key) is str else ("", "", "")
    if name not in NATS_SETS[dataset] or not (epoch.isascii() and epoch.isdigit()) or str(int(epoch)) != epoch:
        msg = f"{field} of {dataset} has the key {reprlib.repr(key)}; its sets are {', '.join(NATS_SETS[dataset])}"
        raise ValueError(msg)
    return NATS_SETS[dataset][name], int(epoch)


def _blocks(rows: list[_Row]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for place, row in enumerate(rows):
        if not blocks or (blocks[-1].partition, blocks[-1].final) != (row.partition, row.final):
            blocks.append(Block(row.partition, row.final, place, place))
        blocks[-1] = blocks[-1]._replace(stop=place + 1)
    return tuple(blocks)


def _train_times(rows: list[_Row], runs: tuple[RunShape, ...]) -> tuple[TrainTimes, ...]:
    places: dict[RunKey, list[tuple[int, int]]] = {run.key: [] for run in runs}
    for place, row in enumerate(rows):
        if row.partition.metric == "epoch_time" and row.partition.split == "train":
            places[RunKey(row.partition.dataset, row.schedule, row.seed)].append((row.budget, place))
    by_length: dict[int, list[tuple[int, list[int]]]] = {}
    for run, found in enumerate(places.values()):
        if found:
            by_length.setdefault(len(found), []).append((run, [place for _, place in sorted(found)]))
    return tuple(
        TrainTimes(np.array([run for run, _ in group], np.intp), np.array([times for _, times in group], np.intp))
        for group in by_length.values()
    )
