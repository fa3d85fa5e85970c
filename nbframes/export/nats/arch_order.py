"""Records that come in any order, handed on in the order of their architectures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbframes.export.nats.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from nbframes.export.nats.check import Oddity
    from nbframes.export.nats.shape import Shape


class _Held(NamedTuple):
    arch_str: str
    shape: Shape
    oddities: tuple[Oddity, ...]
    offset: int
    length: int


class Ordered:
    """Hands on each record once all architectures before it have been; what comes too early waits in a file.

    The numbers of a record take about 150 kB there, so that even half a benchmark that waits costs no memory.

    Parameters
    ----------
    file
        An empty file to write and read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._next = 0
        self._held: dict[int, _Held | None] = {}

    def take(self, arch: int, record: Record | None) -> Iterator[Record]:
        """Take the record of an architecture, None for one left out, and give those whose turn it is."""
        if arch != self._next:
            self._held[arch] = self._hold(record) if record is not None else None
            return
        self._next += 1
        if record is not None:
            yield record
        while self._next in self._held:
            yield from self._released(self._next)
            self._next += 1

    def rest(self) -> Iterator[Record]:
        """Give what still waits, where architectures before it are missing."""
        for arch in sorted(self._held):
            yield from self._released(arch)

    def _hold(self, record: Record) -> _Held:
        self._file.seek(0, os.SEEK_END)
        held = _Held(record.arch_str, record.shape, record.oddities, self._file.tell(), len(record.values))
        self._file.write(record.values.tobytes())
        return held

    def _released(self, arch: int) -> Iterator[Record]:
        held = self._held.pop(arch)
        if held is None:
            return
        self._file.seek(held.offset)
        values = np.frombuffer(self._file.read(8 * held.length), np.float64)
        yield Record(arch, held.arch_str, held.shape, values, held.oddities)
