"""The records of one huge pickle, streamed: those of a known layout are read at once, the others opcode by opcode."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.export.containers.pickles.machine import Item
from nbframes.export.containers.pickles.runs import NumberDict
from nbframes.export.containers.pickles.stream import StreamMachine
from nbframes.export.nats.layout import Context
from nbframes.export.nats.learning import Program
from nbframes.export.nats.record import NATS, Dialect, Record
from nbframes.export.nats.record_reader import Layouts

if TYPE_CHECKING:
    from collections.abc import Callable

INFOS: Final = "arch2infos"
"""Key of the records by index."""

_AHEAD: Final = 1 << 20
"""Bytes to have ahead where a record begins: several times those of a published one."""
_HEAD: Final = b"\x80\x02}("
_TAIL: Final = b"."
"""What makes a pickle of the items of one dict."""


class _Begun(NamedTuple):
    """A record that is being read carefully: where its items begin, for its layout to be learned."""

    data: bytes
    start: int
    position: int
    first_object: int


class RecordMachine(StreamMachine):
    """Yields the records of a benchmark: a `Record` where the layout is known, otherwise what was pickled.

    Parameters
    ----------
    read, where, options
        As for `nbframes.export.containers.pickles.machine.Machine`.
    dialect
        What the records may hold.
    """

    def __init__(self, read: Callable[[int], bytes], where: str, *, dialect: Dialect = NATS, **options: Any) -> None:
        super().__init__(read, where, key=INFOS, numbers=True, **options)
        self._options = options
        self._layouts = Layouts(dialect)
        self._begun: _Begun | None = None
        self._end = 0
        self._finished: Program | None = None

    def learn(self, record: Record) -> None:
        """Learn from the item that was yielded last, which is this record."""
        if self._finished is not None:
            self._layouts.learn(self._finished, record)
            self._finished = None

    def _mark(self) -> None:
        if len(self._frames) != self._depth or not self._depth:
            super()._mark()
            return
        self._hand_over(partly=True)
        self._begun = None
        if self._begins_record():
            self._look_ahead(_AHEAD)
            if self._take_record():
                return
            self._begun = _Begun(self._data, self._pos, self.position, self._memo.next_number)
        super()._mark()

    def _begins_record(self) -> bool:
        """Whether the items of a record begin here: its index and an empty dict are all that is on the stack."""
        if len(self._stack) != 2 or type(self._stack[0]) is not int or self._stack[0] < 0:
            return False
        record = self._stack[1]
        return type(record) in (dict, OrderedDict, NumberDict) and not record and not getattr(record, "runs", ())

    def _take_record(self) -> bool:
        """Read the record that begins here at once, if its layout is known."""
        index, memo = self._stack[0], self._memo
        known = self._layouts.find(self._data, self._pos, Context(index, memo.next_number, memo.get))
        if known is None:
            return False
        layout, found = known
        self._memo.repeat(layout.memo, dict.fromkeys(layout.own_texts, found.arch_str))
        self._pos = found.end
        self._stack = []
        self._ready.append(Item(index, Record(index, found.arch_str, layout.shape, found.values, layout.oddities)))
        self._count += 1
        return True

    def _closed(self) -> list[Any]:
        items = super()._closed()
        if len(self._frames) == self._depth:
            self._end = self.position
        return items

    def _hand_over(self, *, partly: bool) -> None:
        before = self._count
        super()._hand_over(partly=partly)
        if self._count == before:
            return
        begun, self._finished = self._begun, None
        if begun is not None and self._count == before + 1:
            stop = begun.start + self._end - begun.position
            if stop <= len(begun.data):
                opcodes = _HEAD + begun.data[begun.start : stop] + _TAIL
                self._finished = Program(opcodes, len(_HEAD), len(_TAIL), begun.first_object, self._memo, self._options)
