"""Reads pickled records, fast where it has seen their like."""

from __future__ import annotations

from typing import Final

from nbframes.errors import SourceError
from nbframes.export.containers import pickles
from nbframes.export.nats.layout import Context, Found, Layout, deframed
from nbframes.export.nats.learning import Program, learned
from nbframes.export.nats.record import NATS, Dialect, Record, checked_counts, flatten

MOST: Final = 64
"""Layouts that are remembered."""
_ATTEMPTS: Final = 256
"""Records that are tried to learn from."""


class Layouts:
    """Layouts that were learned, the last one met first."""

    def __init__(self, dialect: Dialect = NATS) -> None:
        self._dialect = dialect
        self._known: list[Layout] = []
        self._attempts = _ATTEMPTS

    def __len__(self) -> int:
        return len(self._known)

    def find(self, data: bytes, start: int, context: Context) -> tuple[Layout, Found] | None:
        """Layout of the record that begins at ``start`` and what it holds, if it is known; see `Layout.read`."""
        for place, layout in enumerate(self._known):
            found = layout.read(data, start, context)
            if found is not None:
                self._known.insert(0, self._known.pop(place))
                return layout, found
        return None

    def learn(self, program: Program, record: Record) -> None:
        """Learn from a record that was read carefully."""
        if not self._attempts:
            return
        self._attempts -= 1
        layout = learned(program, record, self._dialect)
        if layout is not None:
            self._known.insert(0, layout)
            del self._known[MOST:]


class RecordReader:
    """Reads pickles of one record each, ``{hp: state}``."""

    def __init__(self) -> None:
        self._layouts = Layouts()

    def read(self, data: bytes, where: str, *, arch: int, arch_str: str) -> Record:
        """Record of one architecture, which must be the expected one.

        Raises
        ------
        SourceError
            If the record is corrupt, or of another architecture.
        UnsafePickleError
            If its pickle names a global that is not on the allow-list.
        """
        program = deframed(data)
        if program is not None and (known := self._layouts.find(program, 0, Context(arch))) is not None:
            layout, found = known
            if found.arch_str == arch_str and found.end == len(program):
                return checked_counts(Record(arch, arch_str, layout.shape, found.values, layout.oddities), where)
        record = flatten(pickles.load(data, where, numbers=True), where, arch=arch)
        if record.arch_str != arch_str:
            msg = f"{where}: holds architecture {record.arch_str!r}, where the index of the benchmark has {arch_str!r}"
            raise SourceError(msg)
        if program is not None:
            self._layouts.learn(Program(program), record)
        return record
