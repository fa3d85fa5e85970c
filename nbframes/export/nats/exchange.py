"""How the numbers of records come from worker processes: through files, which costs a third of pickling them."""

from __future__ import annotations

import tempfile
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from types import TracebackType

    from nbframes.export.nats.record import Record

_NONE = np.empty(0)


class Exchange:
    """A temporary folder in which workers leave numbers; within one process there is none and records come whole."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._folder: Path | None = None
        self._waiting: deque[str] = deque()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._jobs > 1:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="nbframes-")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def place(self, number: int) -> str | None:
        """File for the numbers of a task; tasks are fetched in the order in which they get their places."""
        if self._folder is None:
            return None
        self._waiting.append(str(self._folder / str(number)))
        return self._waiting[-1]

    def fetched(self, records: list[Record]) -> list[Record]:
        """Records of the next task, with their numbers."""
        if self._folder is None:
            return records
        path = Path(self._waiting.popleft())
        values = np.fromfile(path)
        path.unlink()
        ends = np.cumsum([record.shape.size for record in records])[:-1]
        return [record._replace(values=part) for record, part in zip(records, np.split(values, ends), strict=True)]


def put(records: list[Record], place: str) -> list[Record]:
    """Leave the numbers of records at a place; return the records without them."""
    with Path(place).open("wb") as file:
        file.writelines(record.values.data for record in records)
    return [record._replace(values=_NONE) for record in records]
