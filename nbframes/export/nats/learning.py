"""How the layout of a record is learned: by building it twice from one program, with its numbers and with their ordinals.

What comes out in place of the numbers says which float of the program goes where.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbframes.errors import SourceError
from nbframes.export.containers.pickles.globals import Global
from nbframes.export.containers.pickles.machine import Machine
from nbframes.export.containers.pickles.memo import FORGOTTEN, Memo, cut, is_kept, is_pinned
from nbframes.export.nats.layout import Context, Hole, HoleKind, Layout, scalar_text
from nbframes.export.nats.record import NATS, Dialect, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbframes.export.nats.record import Record

_SCALAR = 8
"""Bytes of a number of numpy."""


class Program(NamedTuple):
    """Opcodes that build one record."""

    opcodes: bytes
    """A whole pickle, without heads of frames."""
    head: int = 0
    """Opcodes in front that the layout leaves out."""
    tail: int = 0
    """Opcodes behind that it leaves out."""
    first_object: int = 0
    """Number that the memo gives to the record's first object."""
    memo: Memo | None = None
    """Where objects of lower numbers are."""
    options: Mapping[str, Any] = {}
    """What else the machine that reads it is told."""

    def context(self, arch: int) -> Context:
        """What is known of the record before it is read."""
        return Context(arch, self.first_object, self.memo.get if self.memo else None)


def learned(program: Program, record: Record, dialect: Dialect = NATS) -> Layout | None:
    """Layout of a record that was read carefully; None if its numbers are not all floats of their own."""
    try:
        recorder = _Recorder(program, record)
        recorder.build()
        layout = _layout(program, recorder, record, dialect)
    except SourceError:
        return None
    if layout is None:
        return None
    opcodes = program.opcodes[: len(program.opcodes) - program.tail]
    found = layout.read(opcodes, program.head, program.context(record.arch))
    same = found is not None and found.values.tobytes() == record.values.tobytes() and found.end == len(opcodes)
    return layout if same and found is not None and found.arch_str == record.arch_str else None


class _BodyMemo(Memo):
    """The memo of one record, in front of that of the pickle it stands in."""

    def __init__(self, first: int, outer: Memo | None) -> None:
        super().__init__()
        self._base = first
        self._outer = outer

    @property
    def values(self) -> list[Any]:
        """The record's own objects."""
        return self._recent

    def get(self, number: int) -> Any:
        if number < self._base and self._outer is not None:
            return self._outer.get(number)
        return super().get(number)


class _Builder(Machine):
    """Builds one record, opcode by opcode."""

    _memo: _BodyMemo

    def __init__(self, program: Program, opcodes: bytes) -> None:
        whole: Iterator[bytes] = iter((opcodes,))
        super().__init__(lambda _size: next(whole, b""), "", numbers=True, **program.options)
        self._memo = _BodyMemo(program.first_object, program.memo)

    def build(self) -> Any:
        for _ in self.run():
            pass
        return self.result


class _Recorder(_Builder):
    """Notes where floats, numbers of the memo and holes lie while it builds a record."""

    def __init__(self, program: Program, record: Record) -> None:
        super().__init__(program, program.opcodes)
        self.first = program.first_object
        self._record = record
        self._texts: dict[int, tuple[str, Hole]] = {}
        self.big: list[int] = []
        self.little: list[int] = []
        self.scalars: list[Hole] = []
        self.own: list[Hole] = []
        self.memo_numbers: list[tuple[int, int]] = []
        self.scalar_texts: list[str] = []
        self.fits = True
        """Whether another record can be like this one."""

    @property
    def objects(self) -> list[Any]:
        """The record's own objects, in the order of their numbers."""
        return self._memo.values

    def _take_runs(self) -> None:
        """Read every opcode by itself."""

    def _float(self) -> None:
        self.big.append(self.position)
        super()._float()

    def _bytes1(self) -> None:
        start = self.position + 1
        super()._bytes1()
        if len(self._stack[-1]) == _SCALAR:
            self.little.append(start)

    def _int1(self) -> None:
        self._index(super()._int1)

    def _int2(self) -> None:
        self._index(super()._int2)

    def _index(self, push: Any) -> None:
        start = self.position - 1
        named = bool(self._stack) and type(self._stack[-1]) is str and self._stack[-1] == "arch_index"
        push()
        if named and self._stack[-1] == self._record.arch:
            self.own.append(Hole(start, self.position, "index"))

    def _text1(self) -> None:
        start = self.position - 1
        super()._text1()
        self._note_text(start, "short text")

    def _text4(self) -> None:
        start = self.position - 1
        super()._text4()
        self._note_text(start, "long text")

    def _note_text(self, start: int, kind: HoleKind) -> None:
        text = self._stack[-1]
        if text == self._record.arch_str:
            self.own.append(Hole(start, self.position, kind))
        elif kind == "long text" and len(text) == _SCALAR:
            self._texts[id(text)] = text, Hole(start, self.position, "scalar")

    def _reduce(self) -> None:
        called, arguments = self._stack[-2:]
        if isinstance(called, Global) and called.name == "_codecs.encode" and type(arguments) is tuple and arguments:
            text, hole = self._texts.pop(id(arguments[0]), ("", None))
            if hole is not None:
                self.scalars.append(hole)
                self.scalar_texts.append(text)
        super()._reduce()

    def _persistent_value(self, identifier: Any) -> None:
        self.fits = False
        super()._persistent_value(identifier)

    def _put1(self) -> None:
        self.fits &= not self.first
        super()._put1()

    def _get1(self) -> None:
        start = self.position - 1
        super()._get1()
        number = self._data[self._pos - 1]
        if number >= self.first:
            self.fits &= not self.first
        elif self._means_record():
            self.own.append(Hole(start, self.position, "reference"))

    def _put4(self) -> None:
        super()._put4()
        self._note_number()

    def _get4(self) -> None:
        super()._get4()
        if not self._note_number() and self._means_record():
            self.own.append(Hole(self.position - 5, self.position, "reference"))

    def _note_number(self) -> bool:
        """Note the number that was read, if it is that of one of the record's own objects."""
        number = int.from_bytes(self._data[self._pos - 4 : self._pos], "little")
        if number >= self.first:
            self.memo_numbers.append((self.position - 4, number - self.first))
        return number >= self.first

    def _means_record(self) -> bool:
        """Whether the record's own string is on top of the stack."""
        return type(self._stack[-1]) is str and self._stack[-1] == self._record.arch_str


def _layout(program: Program, recorder: _Recorder, record: Record, dialect: Dialect) -> Layout | None:
    order = _order(program, recorder, record, dialect)
    memo = _remembered(recorder)
    if order is None or memo is None or not recorder.fits or not recorder.big:
        return None
    holes = sorted([*recorder.own, *recorder.scalars])
    end = len(program.opcodes) - program.tail
    edges = [program.head, *(edge for hole in holes for edge in hole[:2]), end]
    kept = np.concatenate([np.arange(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)])
    floats = np.searchsorted(kept, np.array(recorder.big + recorder.little, np.intp))
    # In a pickle of its own a record's objects have the same numbers every time: they are fixed bytes like all others.
    numbers = np.array(recorder.memo_numbers if program.first_object else [], np.intp).reshape(-1, 2)
    places = np.searchsorted(kept, numbers[:, 0])
    mask = np.full(len(kept), 0xFF, np.uint8)
    mask[floats[:, None] + np.arange(8)] = 0
    mask[places[:, None] + np.arange(4)] = 0
    rank = np.argsort(np.argsort([hole.start for hole in recorder.scalars]))
    in_hole = np.flatnonzero(order >= len(floats))
    return Layout(
        tuple((int(np.searchsorted(kept, hole.start)), hole.kind) for hole in holes),
        mask,
        np.frombuffer(program.opcodes, np.uint8)[kept] & mask,
        floats[np.where(order < len(floats), order, 0)],
        np.flatnonzero((order >= len(recorder.big)) & (order < len(floats))),
        (in_hole, rank[order[in_hole] - len(floats)] if in_hole.size else in_hole),
        places,
        numbers[:, 1].astype(np.uint32),
        cut(memo),
        tuple(place for place, value in enumerate(memo) if type(value) is str and value == record.arch_str),
        record.shape,
        record.oddities,
    )


def _order(program: Program, recorder: _Recorder, record: Record, dialect: Dialect) -> Any:
    """Which float of the program each value of the record is: big-endian ones first, then numpy's, then those in holes."""
    numbered = bytearray(program.opcodes)
    count = len(recorder.big)
    for ordinal, place in enumerate(recorder.big):
        struct.pack_into(">d", numbered, place, float(ordinal))
    for ordinal, place in enumerate(recorder.little, count):
        struct.pack_into("<d", numbered, place, float(ordinal))
    count += len(recorder.little)
    by_place = sorted(enumerate(recorder.scalars, count), key=lambda item: -item[1].start)
    for ordinal, hole in by_place:
        numbered[hole.start : hole.stop] = scalar_text(float(ordinal))
    states = _Builder(program, bytes(numbered)).build()
    ordinals = flatten(states, "", arch=record.arch, dialect=dialect, whole_counts=False).values
    known = np.isin(ordinals, np.arange(count + len(recorder.scalars))).all()
    return ordinals.astype(np.intp) if known else None


def _remembered(recorder: _Recorder) -> tuple[Any, ...] | None:
    """What records of the layout leave in the memo; None if it is more than texts and keys."""
    objects, forgettable = recorder.objects, set(map(id, recorder.scalar_texts))
    if recorder.first and any(map(is_pinned, objects)):
        return None
    return tuple(value if is_kept(value) and id(value) not in forgettable else FORGOTTEN for value in objects)
