"""All runs of NAS-Bench-301, put in order: architectures and run numbers assigned, batches cut."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes.export.frames import runs_table
from nbframes.export.nb301.chunk import BEST_COLUMNS, COUNTS
from nbframes.export.nb301.run import CURVES
from nbframes.export.reader import Batch, Rows
from nbframes.schema import ARCHS, RUNS, Partition
from nbframes.spaces import darts
from nbframes.store.spill import first_not_increasing, joined, sorted_windows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from numpy.typing import NDArray

_ARCHS_PER_BATCH: Final = 2048
_SCALARS: Final = {"test_accuracy": ("accuracy", "test"), "train_time": ("time", "train")}
"""Metric and split of the numbers that a run publishes once, at the end of its schedule."""
_IDENTITY: Final = ["arch_str", "layers", "init_channels"]


def release_root(paths: Iterable[str]) -> str:
    """Folder that holds the whole release, with a slash: runs lie in a folder per optimizer below it.

    In the older layout they lie two folders deep, in ``run_*/results_fidelity_N``.
    """
    above = []
    for path in {path.rpartition("/")[0] for path in paths}:
        parts = path.split("/") if path else []
        levels = 2 if parts and re.fullmatch(r"results_fidelity_\d+", parts[-1]) else 1
        above.append(parts[:-levels])
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*above, strict=False))
    return "".join(f"{parts[0]}/" for parts in shared)


def in_order(runs: pl.DataFrame, broken: list[str], root: str) -> pl.DataFrame:
    """Give the runs their path below the release root, ``entry``, ``arch`` and ``seed``; sort them by the last two.

    Architectures are numbered by first appearance in bytewise order of the path, the runs of one by the same order. A run
    whose source does not number it has its place among all paths, broken ones included, as ``entry``.
    """
    runs = runs.sort("path", "entry", maintain_order=True)
    gaps = np.searchsorted(np.array(sorted(broken), dtype=object), runs["path"].to_numpy()) if broken else 0
    places = pl.Series(np.arange(runs.height) + gaps, dtype=pl.Int32)
    archs = runs.select(_IDENTITY).unique(maintain_order=True).with_columns(arch=pl.int_range(pl.len(), dtype=pl.Int32))
    return (
        runs.with_columns(pl.col("entry").fill_null(places), pl.col("path").str.strip_prefix(root))
        .join(archs, on=_IDENTITY, how="left", maintain_order="left")
        .with_columns(seed=pl.int_range(pl.len(), dtype=pl.Int32).over("arch"))
        .sort("arch", "seed")
    )


def batches(runs: pl.DataFrame, values: NDArray[np.float64]) -> Generator[Batch]:
    """Cut ordered runs and the values of their curves into batches of whole architectures."""
    arch = runs["arch"].to_numpy()
    for first in range(0, int(arch[-1]) + 1, _ARCHS_PER_BATCH):
        start, stop = np.searchsorted(arch, [first, first + _ARCHS_PER_BATCH])
        part = runs[int(start) : int(stop)]
        rows = []
        for (dataset,), group in part.filter(~pl.col("failed")).group_by("dataset", maintain_order=True):
            rows += [*_curve_rows(str(dataset), group, values), *_scalar_rows(str(dataset), group)]
        yield Batch(rows, _archs(part), _runs(part), 0)


def _curve_rows(dataset: str, runs: pl.DataFrame, values: NDArray[np.float64]) -> Iterator[Rows]:
    points = runs.select(COUNTS).to_numpy().astype(np.int64)
    first_value = runs["offset"].to_numpy()[:, None] + np.cumsum(points, axis=1) - points
    epochs = [(row, np.array(given, dtype=np.int32)) for row, given in enumerate(runs["epochs"]) if given is not None]
    for k, (metric, split) in enumerate(CURVES.values()):
        count = points[:, k]
        if not count.any():
            continue
        first_row = np.cumsum(count) - count
        position = np.arange(count.sum()) - np.repeat(first_row, count)
        budget = (position + 1).astype(np.int32)
        for row, given in epochs:
            budget[first_row[row] :][: count[row]] = given[: count[row]]
        final = position == np.repeat(count - 1, count)
        columns = {name: np.repeat(runs[name].to_numpy(), count) for name in ("arch", "schedule", "seed")}
        value = np.asarray(values[np.repeat(first_value[:, k], count) + position])
        partition = Partition(metric, dataset, split)
        yield _sorted_rows(partition, ~final, columns | {"budget": budget, "value": value}, final=False)
        yield _sorted_rows(partition, final, columns | {"budget": budget, "value": value}, final=True)


def _scalar_rows(dataset: str, runs: pl.DataFrame) -> Iterator[Rows]:
    for name, (metric, split) in _SCALARS.items():
        published = runs.filter(pl.col(name).is_not_null())
        columns = {key: published[key].to_numpy() for key in ("arch", "schedule", "seed")}
        columns |= {"budget": columns["schedule"], "value": published[name].to_numpy()}
        yield _sorted_rows(Partition(metric, dataset, split), slice(None), columns, final=True)


def _sorted_rows(partition: Partition, chosen: Any, columns: dict[str, NDArray[Any]], *, final: bool) -> Rows:
    columns = {name: column[chosen] for name, column in columns.items()}
    if first_not_increasing(columns, final=False) is not None:
        columns = joined(sorted_windows(columns, final=False))
    return Rows(partition, final, **columns)


def _archs(runs: pl.DataFrame) -> pl.DataFrame:
    archs = runs.unique("arch", keep="first", maintain_order=True)
    common = archs.select("arch", pl.col("arch").alias("position"), "arch_str").with_columns(
        darts.hash(archs["arch_str"])
    )
    encoding = darts.parse(archs["arch_str"])
    return common.select(ARCHS.keys()).hstack(encoding).hstack(archs.select("layers", "init_channels"))


def _runs(runs: pl.DataFrame) -> pl.DataFrame:
    own = ("entry", "optimizer", "path", "dataset_path", *BEST_COLUMNS, "config")
    return runs_table(runs.with_columns(pl.col("dataset").cast(RUNS["dataset"])), *own)
