"""From decoded NAS-Bench-101 records to the training runs of whole cells: identity, run numbers, surplus records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError
from nbframes.export.nb101_bulk import SEPARATOR, Decoded, decode, texts
from nbframes.export.nb101_record import EPOCHS, VALUES
from nbframes.spaces import nb101

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]

REPEATS: Final = 3
"""Runs of each cell at each number of epochs."""

_FINAL_TIME = VALUES.index("final_training_time")


class Records(NamedTuple):
    """All records of some cells."""

    data: bytes
    start: Offsets
    """Where each payload begins in ``data``."""
    stop: Offsets
    cell: Offsets
    """Position in ``hashes`` of each record's cell, ascending; within a cell file order."""
    hashes: list[str]


class Runs(NamedTuple):
    """The runs of some cells, sorted by cell, epochs, run number."""

    archs: pl.DataFrame
    """One row per cell: ``arch_str``, ``hash`` and the encoding columns."""
    count: Offsets
    """Runs of each cell, one or more."""
    schedule: NDArray[np.uint16]
    seed: NDArray[np.uint16]
    params: NDArray[np.int64]
    """-1 where absent."""
    values: NDArray[Any]
    """Shape (8, runs): `VALUES`, NaN where absent; float32 if that loses nothing."""
    record: Offsets
    """Position of each run among the records."""
    broken: dict[int, str]
    """Records that are left out, and why."""
    identical: int
    """Runs whose numbers all equal those of an earlier run of the same cell and epochs."""
    repeats: dict[tuple[int, ...], int]
    """Number of cells by their runs of 4, 12, 36 and 108 epochs."""


def read_runs(records: Records) -> Runs:
    """Decode records and sort them into the runs of their cells.

    Notes
    -----
    As in the official reader, runs of one cell and number of epochs are numbered in file order, and two runs with the
    same numbers are two runs. A fourth run is none: it is left out as a copy if it equals an earlier record byte for
    byte; otherwise all runs of that cell and number of epochs are left out, since nothing says which one is surplus.
    Where a hash names two different cells, all its records are left out.
    """
    decoded = decode(records.data, records.start, records.stop)
    archs = _name_cells(decoded, records)
    order = _order(decoded, records.cell)
    if _drop_surplus(decoded, records, order):
        order = _order(decoded, records.cell)
    cell, schedule = records.cell[order], decoded.epochs[order]
    present, count = np.unique(cell, return_counts=True)
    values = decoded.values[:, order]
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    return Runs(
        archs=archs.filter(pl.Series(np.isin(archs["cell"].to_numpy(), present))).drop("cell"),
        count=count,
        schedule=schedule,
        seed=_number(cell, schedule).astype(np.uint16),
        params=decoded.params[order],
        values=narrow if np.array_equal(narrow, values, equal_nan=True) else values,
        record=order,
        broken=decoded.broken,
        identical=_count_identical(cell, schedule, values),
        repeats=_count_repeats(cell, schedule),
    )


def _name_cells(decoded: Decoded, records: Records) -> pl.DataFrame:
    """Name and encode the cells; records of contradictory or impossible cells become broken."""
    intact = _intact(decoded)
    cell = records.cell[intact]
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    leader = np.repeat(intact[first], np.diff(first, append=len(cell)))
    differs = _differing_text(decoded, intact, leader)
    names = [_name(decoded, record) for record in intact[first].tolist()]
    faults: dict[int, str] = {}
    for at in np.flatnonzero(differs).tolist():
        name, other = _name(decoded, int(leader[at])), _name(decoded, int(intact[at]))
        faults[int(cell[at])] = f"module_hash {records.hashes[cell[at]]} names two cells, {name!r} and {other!r}"
    archs = pl.DataFrame({"cell": cell[first], "arch_str": names}, schema_overrides={"arch_str": pl.String})
    valid = nb101.is_valid(archs["arch_str"])
    for number, name in archs.filter(~valid).select("cell", "arch_str").iter_rows():
        faults[number] = _offence(name)
    for record, of in zip(intact.tolist(), cell.tolist(), strict=True) if faults else ():
        if of in faults:
            decoded.broken[record] = faults[of]
    archs = archs.filter(valid)
    hashes = pl.Series("hash", [records.hashes[number] for number in archs["cell"]], pl.String)
    return pl.concat([archs.with_columns(hashes), nb101.parse(archs["arch_str"])], how="horizontal")


def _differing_text(decoded: Decoded, record: Offsets, other: Offsets) -> NDArray[np.bool_]:
    """Whether the cell of each record is written differently from that of another."""
    start, stop = decoded.text
    size = stop - start
    differs = size[record] != size[other]
    for width in np.unique(size[record]).tolist():
        rows = np.flatnonzero(~differs & (size[record] == width))
        view = texts(decoded.data, width)
        differs[rows] = view[start[record[rows]]] != view[start[other[rows]]]
    return differs


def _name(decoded: Decoded, record: int) -> str:
    """Upstream's text form of a record's cell."""
    start, stop = decoded.text
    text = decoded.data[start[record] : stop[record]]
    return text.decode(errors="backslashreplace").replace(SEPARATOR.decode(), "|")


def _offence(name: str) -> str:
    try:
        nb101.validate(name)
    except InvalidArchitectureError as error:
        return str(error)
    return f"{name!r} is not a cell of NAS-Bench-101"


def _intact(decoded: Decoded) -> Offsets:
    """Positions of the records that are not broken."""
    intact = np.ones(len(decoded.epochs), np.bool_)
    intact[list(decoded.broken)] = False
    return np.flatnonzero(intact)


def _order(decoded: Decoded, cell: Offsets) -> Offsets:
    """Positions of the intact records, sorted by cell, epochs and file order."""
    intact = _intact(decoded)
    key = cell[intact] << 16 | decoded.epochs[intact]
    return intact if (key[1:] >= key[:-1]).all() else intact[np.argsort(key, kind="stable")]


def _number(cell: Offsets, schedule: NDArray[np.uint16]) -> Offsets:
    """Position of each run among those of its cell and number of epochs."""
    first = np.flatnonzero((np.diff(cell, prepend=-1) != 0) | (np.diff(schedule, prepend=0) != 0))
    return np.arange(len(cell)) - np.repeat(first, np.diff(first, append=len(cell)))


def _drop_surplus(decoded: Decoded, records: Records, order: Offsets) -> bool:
    """Mark what is beyond three runs of a cell and number of epochs as broken; say whether there is any."""
    number = _number(records.cell[order], decoded.epochs[order])
    last = np.flatnonzero(np.diff(number, append=0) <= 0)
    crowded = last[number[last] >= REPEATS].tolist()
    for end in crowded:
        group = order[end - number[end] : end + 1].tolist()
        distinct: dict[bytes, int] = {}
        for record in group:
            payload = records.data[records.start[record] : records.stop[record]]
            if distinct.setdefault(payload, record) != record:
                decoded.broken[record] = f"a copy of another record: {_excess(decoded, records, group)}"
        if len(distinct) > REPEATS:
            decoded.broken.update(dict.fromkeys(distinct.values(), _excess(decoded, records, group)))
    return bool(crowded)


def _excess(decoded: Decoded, records: Records, group: list[int]) -> str:
    cell, epochs = records.hashes[records.cell[group[0]]], decoded.epochs[group[0]]
    return f"{len(group)} runs of {epochs} epochs of cell {cell}, which can have {REPEATS}"


def _count_identical(cell: Offsets, schedule: NDArray[np.uint16], values: NDArray[np.float64]) -> int:
    """Count runs that repeat all numbers of an earlier run of their cell and number of epochs."""
    identical = np.zeros(len(cell), np.bool_)
    for apart in range(1, REPEATS):
        now, before = slice(apart, None), slice(None, -apart)
        rows = np.flatnonzero(values[_FINAL_TIME, now] == values[_FINAL_TIME, before])
        same = (cell[now][rows] == cell[before][rows]) & (schedule[now][rows] == schedule[before][rows])
        same &= (values[:, now][:, rows] == values[:, before][:, rows]).all(axis=0)
        identical[now][rows] |= same
    return int(identical.sum())


def _count_repeats(cell: Offsets, schedule: NDArray[np.uint16]) -> dict[tuple[int, ...], int]:
    position = np.unique(cell, return_inverse=True)[1]
    counts = np.bincount(position * len(EPOCHS) + np.searchsorted(EPOCHS, schedule))
    counts = np.pad(counts, (0, -len(counts) % len(EPOCHS))).reshape(-1, len(EPOCHS))
    patterns, cells = np.unique(counts, axis=0, return_counts=True)
    return dict(zip(map(tuple, patterns.tolist()), cells.tolist(), strict=True))
