"""Rows on their way to a sorted file: the orders of the two kinds of files, and rows put aside until they can be sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Columns = dict[str, "NDArray[Any]"]
"""Rows as arrays of one length, named and typed as in `nbframes.schema.RESULT_FILE`; ``final`` is constant in a file."""

DTYPES: Final = {"arch": np.int32, "schedule": np.int32, "budget": np.int32, "seed": np.int32, "value": np.float64}

ROW_GROUP: Final = 131_072
"""Rows that are encoded and skipped together."""

_FINAL_ORDER: Final = ("schedule", "arch", "seed", "budget")
_CURVE_ORDER: Final = ("arch", "schedule", "budget", "seed")
_BLOCK: Final = 16_384
"""Rows that are read together from each run while runs are merged."""
_MANY: Final = 64
"""Schedules that have a file of their own; the rows of further ones share one."""
_REST: Final = -1
_SMALL: Final = 1_000
_FEW: Final = 8
"""So many schedules below `_SMALL` are looked for one by one."""


class Spill:
    """Rows put aside on disk until all are there, in sorted runs that are merged at the end.

    Rows that arrive in order are written as they come. Others wait in memory until `flush` sorts them into a run. Final
    rows lie apart by schedule: an export delivers them by arch, so that each part is in order and the sorted file is one
    part after the other.
    """

    def __init__(self, path: Path, *, final: bool) -> None:
        self._path = path
        self._final = final
        self._parts: dict[int, _Part] = {}
        self._few: list[Columns] = []
        self._few_rows = 0

    @property
    def waiting(self) -> int:
        """Rows in memory."""
        return self._few_rows + sum(part.waiting for part in self._parts.values())

    def append(self, columns: Columns) -> None:
        """Put rows aside; a few wait for others, since looking at a thousand takes as long as looking at ten."""
        self._few.append(columns)
        self._few_rows += len(columns["value"])
        if self._few_rows >= _BLOCK:
            self._settle()

    def flush(self) -> None:
        """Sort the rows in memory and put them on disk."""
        self._settle()
        for part in self._parts.values():
            part.flush()

    def _settle(self) -> None:
        """Tell the rows that waited for others where they belong."""
        if not self._few_rows:
            return
        columns = self._few[0] if len(self._few) == 1 else joined(self._few)
        self._few, self._few_rows = [], 0
        if not self._final:
            self._part(0).append(columns)
            return
        parts = list(by_schedule(columns, columns))
        if len(parts) > _MANY:
            parts = [(_REST, columns)]
        for schedule, rows in parts:
            self._part(schedule).append(rows)

    def sorted_rows(self) -> Iterator[Columns]:
        """Give the rows in the order of the file."""
        self.flush()
        parts = [self._parts[schedule] for schedule in sorted(self._parts)]
        for together in [parts] if _REST in self._parts else [[part] for part in parts]:
            yield from _merged([run for part in together for run in part.runs()], final=self._final)

    def close(self) -> None:
        """Remove what was put aside."""
        for part in self._parts.values():
            part.close()
        self._parts, self._few, self._few_rows = {}, [], 0

    def _part(self, schedule: int) -> _Part:
        if schedule not in self._parts:
            if len(self._parts) >= _MANY:
                schedule = _REST
            if schedule not in self._parts:
                self._parts[schedule] = _Part(self._path.with_suffix(f".{schedule}"), final=self._final)
        return self._parts[schedule]


class _Part:
    """A file of sorted runs, each in blocks of rows, column by column."""

    def __init__(self, path: Path, *, final: bool) -> None:
        self.waiting = 0
        self._final = final
        self._path = path
        self._file = path.open("w+b")
        self._end = 0
        self._unsorted: list[Columns] = []
        self._runs: list[list[tuple[int, int]]] = []
        self._last: Columns | None = None

    def append(self, columns: Columns) -> None:
        if self._continues(columns):
            self._write(columns)
        else:
            self._unsorted.append(columns)
            self.waiting += len(columns["value"])

    def flush(self) -> None:
        if not self.waiting:
            return
        rows = joined(self._unsorted)
        self._unsorted, self.waiting, self._last = [], 0, None
        for window in sorted_windows(rows, final=self._final):
            self._write(window)

    def runs(self) -> list[Iterator[Columns]]:
        self._file.flush()
        return [self._blocks(run) for run in self._runs]

    def close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _continues(self, columns: Columns) -> bool:
        """Whether rows are in order and come after the last run; the first rows begin one if they are in order."""
        if self._last is None and (self._runs or self._unsorted):
            return False
        border = columns if self._last is None else joined([self._last, window_of(columns, 0, 1)])
        return all(first_not_increasing(rows, final=self._final) is None for rows in (border, columns))

    def _write(self, columns: Columns) -> None:
        """Write rows to the current run, or to a new one if there is none."""
        if self._last is None:
            self._runs.append([])
        count = len(columns["value"])
        self._last = {name: column[-1:].copy() for name, column in columns.items()}
        for start in range(0, count, _BLOCK):
            block = window_of(columns, start, start + _BLOCK)
            self._runs[-1].append((self._end, len(block["value"])))
            for name, dtype in DTYPES.items():
                self._end += self._file.write(np.ascontiguousarray(block[name], dtype).data)

    def _blocks(self, run: list[tuple[int, int]]) -> Iterator[Columns]:
        for offset, count in run:
            self._file.seek(offset)
            yield {name: np.fromfile(self._file, dtype, count) for name, dtype in DTYPES.items()}


class _Cursor:
    """A place in a sorted run."""

    def __init__(self, blocks: Iterator[Columns], *, final: bool) -> None:
        self._blocks = blocks
        self._final = final
        self._rows: Columns = {}
        self._keys: tuple[NDArray[Any], NDArray[Any]]
        self.more = True
        self._load()

    @property
    def last(self) -> tuple[int, int]:
        """Key of the last row of the block at hand."""
        return int(self._keys[0][-1]), int(self._keys[1][-1])

    def take(self, until: tuple[int, int]) -> Columns:
        """Rows of the block at hand up to a key, which is included."""
        (first, second), (major, minor) = self._keys, until
        low, high = (int(np.searchsorted(first, major, side)) for side in ("left", "right"))
        stop = low + int(np.searchsorted(second[low:high], minor, "right"))
        taken = window_of(self._rows, 0, stop)
        if stop == len(first):
            self._load()
        else:
            self._rows = window_of(self._rows, stop, len(first))
            self._keys = first[stop:], second[stop:]
        return taken

    def _load(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            self.more = False
            return
        self._rows = block
        self._keys = _sort_keys(block, final=self._final)


def _merged(runs: list[Iterator[Columns]], *, final: bool) -> Iterator[Columns]:
    """Merge sorted runs: up to where the first of the blocks at hand ends, everything is there and can be sorted."""
    cursors = [_Cursor(run, final=final) for run in runs]
    while len(cursors) > 1:
        until = min(cursor.last for cursor in cursors)
        rows = joined([cursor.take(until) for cursor in cursors])
        yield from sorted_windows(rows, final=final, runs=True)
        cursors = [cursor for cursor in cursors if cursor.more]
    for cursor in cursors:
        while cursor.more:
            yield cursor.take(cursor.last)


def joined(parts: Iterable[Columns]) -> Columns:
    """Rows of all parts, one after the other."""
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in DTYPES}


def _sort_keys(columns: Columns, *, final: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """The order of a file as two integers a row, most significant first."""
    first, second, third, fourth = _FINAL_ORDER if final else _CURVE_ORDER
    return _paired(columns[first], columns[second]), _paired(columns[third], columns[fourth])


def _paired(major: NDArray[Any], minor: NDArray[Any]) -> NDArray[Any]:
    pair = major.astype(np.int64)
    pair <<= 32
    pair |= minor
    return pair


def sorted_windows(columns: Columns, *, final: bool, runs: bool = False) -> Iterator[Columns]:
    """Give rows in the order of the file, a row group at a time; rows of one key stay in the order in which they came.

    Parameters
    ----------
    columns
        The rows.
    final
        Whether they are final.
    runs
        Whether they are a few sorted runs one after the other, which are merged in a tenth of the time of sorting.
    """
    names = _FINAL_ORDER if final else _CURVE_ORDER
    count = len(columns["value"])
    widths = {name: int(columns[name].max(initial=0)).bit_length() for name in names}
    place = count.bit_length()
    if sum(widths.values()) + place > 63:
        order = np.lexsort(_sort_keys(columns, final=final)[::-1])
        for start in range(0, count, ROW_GROUP):
            yield {name: column[order[start : start + ROW_GROUP]] for name, column in columns.items()}
        return
    # Key and position in one integer: sorting those is several times as fast as sorting positions by keys.
    packed = np.zeros(count, np.int64)
    for name, width in widths.items():
        packed <<= width
        packed |= columns[name]
    packed <<= place
    packed |= np.arange(count)
    packed.sort(kind="stable" if runs else None)
    for start in range(0, count, ROW_GROUP):
        keys = packed[start : start + ROW_GROUP]
        rows = {"value": columns["value"][keys & ((1 << place) - 1)]}
        keys >>= place
        for name, width in reversed(widths.items()):
            rows[name] = (keys & ((1 << width) - 1)).astype(np.int32)
            keys >>= width
        yield rows


def first_not_increasing(columns: Columns, *, final: bool) -> int | None:
    """Index of the first row whose successor does not come strictly after it."""
    fine = np.zeros(max(len(columns["arch"]) - 1, 0), np.bool_)
    for name in reversed(_FINAL_ORDER if final else _CURVE_ORDER):
        after, before = columns[name][1:], columns[name][:-1]
        fine &= after == before
        fine |= after > before
    return None if fine.all() else int(np.argmin(fine))


def by_schedule(columns: Columns, names: Iterable[str]) -> Iterator[tuple[int, Columns]]:
    """Some columns of the rows of each schedule, in order of schedules; rows of one stay in the order in which they came."""
    schedules = columns["schedule"]
    if schedules.min() == schedules.max():
        yield int(schedules[0]), {name: columns[name] for name in names}
        return
    for schedule, places in _places(schedules):
        yield schedule, {name: columns[name][places] for name in names}


def _places(schedules: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Where each schedule is; a few small numbers, as published schedules are, need not be sorted."""
    if schedules.max() < _SMALL and len(few := np.flatnonzero(np.bincount(schedules))) <= _FEW:
        yield from ((schedule, schedules == schedule) for schedule in few.tolist())
        return
    order = np.argsort(schedules, kind="stable")
    starts = np.flatnonzero(np.diff(schedules[order], prepend=-1))
    yield from ((int(schedules[places[0]]), places) for places in np.split(order, starts[1:]))


def window_of(columns: Columns, start: int, stop: int) -> Columns:
    """Rows from ``start`` to before ``stop``."""
    return {name: column[start:stop] for name, column in columns.items()}
