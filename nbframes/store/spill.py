"""Rows on their way to a sorted file: the orders of the two kinds of files, and rows put aside until they can be sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Columns = dict[str, "NDArray[Any]"]
"""Rows as arrays of one length, named and typed as in `nbframes.schema.RESULT_FILE`; ``final`` is constant in a file."""

DTYPES = {"arch": np.int32, "schedule": np.int32, "budget": np.int32, "seed": np.int32, "value": np.float64}

_FINAL_ORDER = ("schedule", "arch", "seed", "budget")
_CURVE_ORDER = ("arch", "schedule", "budget", "seed")

ROW_GROUP = 131_072
"""Rows that are sorted, encoded and skipped together."""


class Spill:
    """Rows put aside on disk until all are there and can be sorted.

    Final rows lie apart by schedule: an export delivers them by arch, so that each part is in order and the sorted file is
    one part after the other.
    """

    def __init__(self, path: Path, *, final: bool) -> None:
        self._path = path
        self._final = final
        self._parts: dict[int, _Part] = {}

    def append(self, columns: Columns) -> None:
        """Put rows aside."""
        schedules = columns["schedule"]
        if not len(schedules):
            return
        if not self._final or schedules.min() == schedules.max():
            self._part(int(schedules[0]) if self._final else 0).append(columns)
            return
        order = np.argsort(schedules, kind="stable")
        grouped = {name: column[order] for name, column in columns.items()}
        starts = np.flatnonzero(np.diff(grouped["schedule"], prepend=0))
        for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
            self._part(int(grouped["schedule"][start])).append(window_of(grouped, int(start), int(stop)))

    def close(self) -> None:
        """Remove what was put aside."""
        for part in self._parts.values():
            part.close()
        self._parts = {}

    def sorted_rows(self) -> Iterator[Columns]:
        """Give the rows in the order of the file."""
        parts = [self._parts[schedule] for schedule in sorted(self._parts)]
        if all(part.in_order for part in parts):
            for part in parts:
                yield from part.chunks()
            return
        rows = joined([chunk for part in parts for chunk in part.chunks()])
        order = sorted_order(rows, final=self._final)
        for start in range(0, len(order), ROW_GROUP):
            window = order[start : start + ROW_GROUP]
            yield {name: column[window] for name, column in rows.items()}

    def _part(self, schedule: int) -> _Part:
        if schedule not in self._parts:
            self._parts[schedule] = _Part(self._path.with_suffix(f".{schedule}"), final=self._final)
        return self._parts[schedule]


class _Part:
    """A file of rows, column by column in the chunks in which they came."""

    def __init__(self, path: Path, *, final: bool) -> None:
        self.in_order = True
        self._final = final
        self._path = path
        self._file = path.open("wb")
        self._counts: list[int] = []
        self._last: Columns | None = None

    def append(self, columns: Columns) -> None:
        border = columns if self._last is None else joined([self._last, window_of(columns, 0, 1)])
        wrong = (first_not_increasing(rows, final=self._final) for rows in (border, columns))
        self.in_order = self.in_order and all(index is None for index in wrong)
        self._last = {name: column[-1:].copy() for name, column in columns.items()}
        self._counts.append(len(columns["value"]))
        for name, dtype in DTYPES.items():
            self._file.write(np.ascontiguousarray(columns[name], dtype).data)

    def chunks(self) -> Iterator[Columns]:
        self._file.flush()
        with self._path.open("rb") as file:
            for count in self._counts:
                yield {name: np.fromfile(file, dtype, count) for name, dtype in DTYPES.items()}

    def close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def joined(parts: list[Columns]) -> Columns:
    """Rows of all parts, one after the other."""
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


def sorted_order(columns: Columns, *, final: bool) -> NDArray[np.intp]:
    """Positions of the rows in the order of the file."""
    return np.lexsort(_sort_keys(columns, final=final)[::-1])


def first_not_increasing(columns: Columns, *, final: bool) -> int | None:
    """Index of the first row whose successor does not come strictly after it."""
    major, minor = _sort_keys(columns, final=final)
    fine = major[1:] > major[:-1]
    fine |= (major[1:] == major[:-1]) & (minor[1:] > minor[:-1])
    return None if fine.all() else int(np.argmin(fine))


def window_of(columns: Columns, start: int, stop: int) -> Columns:
    """Rows from ``start`` to before ``stop``."""
    return {name: column[start:stop] for name, column in columns.items()}
