"""From decoded NAS-Bench-101 records to the training runs of whole cells: identity, run numbers, surplus records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from nbframes.export.nb101.bulk import SEPARATOR, Decoded, Decoder, texts
from nbframes.export.nb101.record import EPOCHS, VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]

REPEATS: Final = 3
"""Runs of each cell at each number of epochs."""

DERIVED: Final = ("trainable_parameters", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
"""The rows of `Records.derived`."""

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
    derived: NDArray[np.float64] | None = None
    """Shape (5, records): params and the final numbers as another part of the source has them, NaN where it has not."""


class Runs(NamedTuple):
    """The runs of some cells, sorted by cell, epochs, run number."""

    names: list[str]
    """Each cell that has runs, in upstream's text form ``adjacency|operations``."""
    hashes: list[str]
    counts: Offsets
    """Runs of each cell, one or more."""
    schedule: NDArray[np.uint16]
    seed: NDArray[np.uint16]
    params: NDArray[np.int32]
    """-1 where absent."""
    values: NDArray[Any]
    """Shape (8, runs): `VALUES`, NaN where absent; float32 if that loses nothing."""
    broken: dict[int, str]
    """Records that are left out, and why."""
    identical: int
    """Runs whose numbers all equal those of an earlier run of the same cell and epochs."""
    repeats: Counter[tuple[int, ...]]
    """Number of cells by their runs of 4, 12, 36 and 108 epochs."""


def read_runs(records: Records, decoder: Decoder, impossible: Mapping[str, str]) -> Runs:
    """Decode records and sort them into the runs of their cells.

    Parameters
    ----------
    records
        All records of some cells.
    decoder
        What decodes them; given again for the next records it knows the layouts of these.
    impossible
        Cells, by their text form, that are no cells of NAS-Bench-101, and why.

    Notes
    -----
    As in the official reader, runs of one cell and number of epochs are numbered in file order, and two runs with the
    same numbers are two runs. A fourth run is none: it is left out as a copy if it equals an earlier record byte for
    byte; otherwise all runs of that cell and number of epochs are left out, since nothing says which one is surplus.
    Where a hash names two different cells, all its records are left out.
    """
    decoded = decoder.decode(records.data, records.start, records.stop)
    if records.derived is not None:
        _check_derived(decoded, records.derived)
    names = _name_cells(decoded, records, impossible)
    order = _order(decoded, records.cell)
    if _drop_surplus(decoded, records, order):
        order = _order(decoded, records.cell)
    cell, schedule = records.cell[order], decoded.epochs[order]
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    present = cell[first].tolist()
    values = decoded.values[:, order]
    return Runs(
        names=[names[number] for number in present],
        hashes=[records.hashes[number] for number in present],
        counts=np.diff(first, append=len(cell)),
        schedule=schedule,
        seed=_number(cell, schedule).astype(np.uint16),
        params=decoded.params[order],
        values=_narrowed(values),
        broken=decoded.broken,
        identical=_count_identical(cell, schedule, values),
        repeats=_count_repeats(cell, schedule),
    )


def _check_derived(decoded: Decoded, derived: NDArray[np.float64]) -> None:
    """Mark records whose metrics are not what another part of the source says they are as broken."""
    params = np.where(decoded.params < 0, np.nan, decoded.params)
    for name, told, read in zip(DERIVED, derived, [params, *decoded.values[len(VALUES) // 2 :]], strict=True):
        for record in np.flatnonzero(~np.isnan(told) & (told != read)).tolist():
            reason = f"{name} is {told[record]} in 'derived' but {read[record]} in the metrics"
            decoded.broken.setdefault(record, reason)


def _name_cells(decoded: Decoded, records: Records, impossible: Mapping[str, str]) -> dict[int, str]:
    """Text form of each cell; records of contradictory or impossible cells become broken."""
    intact = _intact(decoded)
    cell = records.cell[intact]
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    leader = intact[first]
    names = dict(zip(cell[first].tolist(), _names(decoded, records.data, leader), strict=True))
    followers = np.repeat(leader, np.diff(first, append=len(cell)))
    faults: dict[int, str] = {}
    for at in np.flatnonzero(_differ(decoded, records.data, intact, followers)).tolist():
        number, (other,) = int(cell[at]), _names(decoded, records.data, intact[[at]])
        faults[number] = f"module_hash {records.hashes[number]} names two cells, {names[number]!r} and {other!r}"
    if impossible:
        faults |= {number: impossible[name] for number, name in names.items() if name in impossible}
    if faults:
        for record, number in zip(intact.tolist(), cell.tolist(), strict=True):
            if number in faults:
                decoded.broken[record] = faults[number]
    return names


def _names(decoded: Decoded, data: bytes, records: Offsets) -> list[str]:
    """Text form of the cells of some records."""
    start, stop = decoded.text[:, records].tolist()
    found = [data[a:b] for a, b in zip(start, stop, strict=True)]
    if decoded.odd_texts:
        found = [decoded.odd_texts.get(record, text) for record, text in zip(records.tolist(), found, strict=True)]
    return [text.replace(SEPARATOR, b"|").decode(errors="backslashreplace") for text in found]


def _differ(decoded: Decoded, data: bytes, records: Offsets, others: Offsets) -> NDArray[np.bool_]:
    """Whether the cell of each record is written differently from that of another."""
    these, those = decoded.text[:, records], decoded.text[:, others]
    size = these[1] - these[0]
    differ: NDArray[np.bool_] = size != those[1] - those[0]
    # Texts of 32 k to 32 k + 31 bytes are compared together: their first and last 16 k + 16 bytes cover each of them.
    similar = np.where(size < 32, -size, size >> 5)
    for group in filter(None, np.unique(similar).tolist()):
        rows = np.flatnonzero(~differ & (similar == group))
        if not rows.size:
            continue
        width = -group if group < 0 else 16 * (group + 1)
        view = texts(data, width)
        for edge, shift in ((0, 0), (1, -width)):
            differ[rows] |= _unequal(view[these[edge, rows] + shift], view[those[edge, rows] + shift])
    if decoded.odd_texts:
        odd = list(decoded.odd_texts)
        rows = np.flatnonzero(np.isin(records, odd) | np.isin(others, odd))
        pairs = zip(_names(decoded, data, records[rows]), _names(decoded, data, others[rows]), strict=True)
        differ[rows] = [name != other for name, other in pairs]
    return differ


def _unequal(left: NDArray[np.bytes_], right: NDArray[np.bytes_]) -> NDArray[np.bool_]:
    """Whether strings differ, NUL bytes included; many bytes at once are compared faster than as strings."""
    unit = np.uint8 if left.dtype.itemsize % 8 else np.uint64
    return np.asarray((left.view(unit) != right.view(unit)).reshape(len(left), -1).any(axis=1))


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


def _narrowed(values: NDArray[np.float64]) -> NDArray[Any]:
    """Values as float32 if that loses nothing."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    return narrow if (narrow.astype(np.float64).view(np.int64) == values.view(np.int64)).all() else values


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


def _count_repeats(cell: Offsets, schedule: NDArray[np.uint16]) -> Counter[tuple[int, ...]]:
    """Count cells by their runs of each number of epochs, of which none has more than `REPEATS`."""
    position = np.cumsum(np.diff(cell, prepend=-1) != 0) - 1
    weight = (REPEATS + 1) ** np.searchsorted(EPOCHS, schedule)
    codes, cells = np.unique(np.bincount(position, weight).astype(np.int64), return_counts=True)
    digits = codes[:, None] // (REPEATS + 1) ** np.arange(len(EPOCHS)) % (REPEATS + 1)
    return Counter(dict(zip(map(tuple, digits.tolist()), cells.tolist(), strict=True)))
