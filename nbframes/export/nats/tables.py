"""Records of architectures become one batch of rows."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, SourceError
from nbframes.export.reader import Batch, Rows
from nbframes.schema import ARCHS, RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbframes.export.nats.record import Record
    from nbframes.export.nats.shape import Shape
    from nbframes.schema import Partition
    from nbframes.spaces.base import Space


def batch(records: Sequence[Record], archs: pl.DataFrame, progress: int) -> Batch:
    """Rows, archs and runs of records in ascending order of their architectures.

    Parameters
    ----------
    records
        At least one record.
    archs
        Their rows of ``archs``.
    progress
        Units of the source that were read for them.
    """
    return Batch(_rows(records), archs, _runs(records), progress)


def arch_frame(archs: Sequence[int], strings: Sequence[str], space: Space) -> pl.DataFrame:
    """Table ``archs`` of these architectures; ``space`` is `nbframes.spaces.tss` or `nbframes.spaces.sss`."""
    index = pl.Series("arch", archs, ARCHS["arch"])
    texts = pl.Series("arch_str", strings, ARCHS["arch_str"])
    return pl.DataFrame([index, index.alias("position"), texts, space.hash(texts).alias("hash")]).hstack(
        space.parse(texts)
    )


def checked_arch_frame(archs: Sequence[int], strings: Sequence[str], space: Space, where: str) -> pl.DataFrame:
    """Table ``archs`` of architectures that a source names.

    Raises
    ------
    SourceError
        If one of the strings is not of the space.
    """
    try:
        return arch_frame(archs, strings, space)
    except (InvalidArchitectureError, UnicodeEncodeError) as error:
        msg = f"{where}: {error}"
        raise SourceError(msg) from error


class _Cut(NamedTuple):
    """The part of a record that belongs to one partition, and its keys."""

    place: slice
    schedule: NDArray[np.int32]
    budget: NDArray[np.int32]
    seed: NDArray[np.int32]


def _rows(records: Sequence[Record]) -> list[Rows]:
    shapes = {id(record.shape): _cuts(record.shape) for record in records}
    cuts = [shapes[id(record.shape)] for record in records]
    blocks = dict.fromkeys(block for shape in shapes.values() for block in shape)
    return [_block_rows(block, records, cuts) for block in blocks]


def _cuts(shape: Shape) -> dict[tuple[Partition, bool], _Cut]:
    keys = shape.schedule, shape.budget, shape.seed
    return {
        (partition, final): _Cut(slice(start, stop), *(key[start:stop] for key in keys))
        for partition, final, start, stop in shape.blocks
    }


def _block_rows(
    block: tuple[Partition, bool], records: Sequence[Record], cuts: list[dict[tuple[Partition, bool], _Cut]]
) -> Rows:
    parts = [(record, found[block]) for record, found in zip(records, cuts, strict=True) if block in found]
    archs = np.array([record.arch for record, _ in parts], np.int32)
    return Rows(
        *block,
        np.repeat(archs, [len(cut.seed) for _, cut in parts]),
        np.concatenate([cut.schedule for _, cut in parts]),
        np.concatenate([cut.budget for _, cut in parts]),
        np.concatenate([cut.seed for _, cut in parts]),
        np.concatenate([record.values[cut.place] for record, cut in parts]),
    )


def _runs(records: Sequence[Record]) -> pl.DataFrame:
    keys = [run for record in records for run in record.shape.runs]
    tails = [np.split(record.values[len(record.shape.seed) :], _ends(record.shape)) for record in records]
    params, mflops, latencies = (np.concatenate(parts) for parts in zip(*tails, strict=True))
    counts = np.array([count for record in records for count in record.shape.latencies], np.int64)
    measured = _lists(latencies, counts)
    columns: dict[str, Any] = {
        "arch": np.repeat(
            np.array([record.arch for record in records], np.int32), [len(r.shape.runs) for r in records]
        ),
        "dataset": [run.dataset for run in keys],
        "schedule": np.array([run.schedule for run in keys], np.int32),
        "seed": np.array([run.seed for run in keys], np.int32),
        "params": np.rint(params * 1e6).astype(np.int64),
        "mflops": mflops,
        "latency": _means(measured, latencies, counts),
        "latencies": measured,
        "train_time": [total for record in records for total in _train_times(record)],
    }
    return pl.DataFrame(columns, schema=RUNS)


def _ends(shape: Shape) -> list[int]:
    return [len(shape.runs), 2 * len(shape.runs)]


def _lists(values: NDArray[np.float64], counts: NDArray[np.int64]) -> pl.Series:
    """Series of lists with ``counts`` values each."""
    import pyarrow as pa

    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
    lists = pl.Series(pa.LargeListArray.from_arrays(offsets, pa.array(values)))
    return lists.cast(RUNS["latencies"])


def _means(lists: pl.Series, values: NDArray[np.float64], counts: NDArray[np.int64]) -> Any:
    """Mean of each list, summed from left to right; null for an empty one."""
    if (counts == 1).all():
        return values
    return [reduce(add, found) / len(found) if found else None for found in lists.to_list()]


def _train_times(record: Record) -> list[float | None]:
    """Total training time of each run, its epochs summed from left to right (``np.sum`` would add in pairs)."""
    totals: list[float | None] = [None] * len(record.shape.runs)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = [np.add.accumulate(record.values[places], axis=1)[:, -1] for _, places in record.shape.train_times]
    for (runs, _), found in zip(record.shape.train_times, sums, strict=True):
        for run, total in zip(runs.tolist(), found.tolist(), strict=True):
            totals[run] = total
    return totals
