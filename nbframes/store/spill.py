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

DTYPES = {"arch": np.uint32, "schedule": np.uint16, "budget": np.uint16, "seed": np.uint16, "value": np.float64}

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
        order = np.lexsort(_sort_keys(rows, final=self._final)[::-1])
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
    arch, schedule = columns["arch"].astype(np.uint64), columns["schedule"].astype(np.uint64)
    if final:
        return (schedule << np.uint64(48)) | (arch << np.uint64(16)) | columns["seed"], columns["budget"]
    return (arch << np.uint64(32)) | (schedule << np.uint64(16)) | columns["budget"], columns["seed"]


def first_not_increasing(columns: Columns, *, final: bool) -> int | None:
    """Index of the first row whose successor does not come strictly after it."""
    major, minor = _sort_keys(columns, final=final)
    fine = major[1:] > major[:-1]
    fine |= (major[1:] == major[:-1]) & (minor[1:] > minor[:-1])
    return None if fine.all() else int(np.argmin(fine))


def window_of(columns: Columns, start: int, stop: int) -> Columns:
    """Rows from ``start`` to before ``stop``."""
    return {name: column[start:stop] for name, column in columns.items()}
