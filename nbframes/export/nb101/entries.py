"""Entries of NASBenchAPI's NAS-Bench-101 pickle, streamed: one regular expression reads a whole entry.

The pickle machine reads any pickle, one opcode after the other. This pickle consists of five million dicts that differ in
six numbers and a text; `EntryMachine` takes those that look as usual at once and leaves all others to the machine.
"""

from __future__ import annotations

import json
import re
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.export.containers.pickles.memo import FORGOTTEN, Memo
from nbframes.export.containers.pickles.stream import StreamMachine
from nbframes.export.nb101.runs import DERIVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTRIES: Final = "entries_by_arch"
FIELDS: Final = ("epoch", "adjacency_str", "operations_str", "metrics_b64", "derived")
"""Keys of an entry, in the order in which they are pickled."""

_NAN = float("nan")
_KEY_LENGTH = 31

# Opcodes: `}` empty dict, \x94 memoise, `(` mark, h and j get from the memo, K M J integers, G float, \x8c short text, u set items.
_GET = rb"(?:h.|j.{4})"
_INT = rb"(?:K.|M..|J.{4})"
_FLOAT = rb"G(.{8})"
_OLD_OR_NEW = rb"(" + _GET + rb"|\x8c.[0-9a-z,-]+\x94)"
_BASE64 = rb"\x8c(.[A-Za-z0-9+/=\n]+)\x94"
_VALUE = rb"(?:" + _INT + rb"|G.{8})"
_ANY = re.compile(
    rb"\}\x94\((%b)%b(%b)%b(%b)%b(%b)%b(%b)\}\x94\(((?:%b%b)+)uu"
    % (_GET, _INT, _GET, _OLD_OR_NEW, _GET, _OLD_OR_NEW, _GET, _BASE64, _GET, _GET, _VALUE),
    re.DOTALL,
)
_DERIVED = re.compile(rb"(%b)(%b)" % (_GET, _VALUE), re.DOTALL)


class Entry(NamedTuple):
    """One record: its row as in a TFRecord file, and what ``derived`` says."""

    epoch: Any
    adjacency: Any
    operations: Any
    metrics: Any
    derived: tuple[float, ...]
    """The numbers of `DERIVED`, NaN where absent."""

    @classmethod
    def of(cls, found: Any) -> Entry:
        """Make an entry of an unpickled one, whatever that may be."""
        if isinstance(found, Entry):
            return found
        fields = found if isinstance(found, dict) else {}
        derived = fields.get("derived")
        told = [derived.get(name) if isinstance(derived, dict) else None for name in DERIVED]
        numbers = tuple(map(_told, told))
        epoch, adjacency, operations, metrics = map(fields.get, FIELDS[:-1])
        return cls(epoch, adjacency, operations, metrics, numbers)

    def row(self, hash: str) -> bytes:
        """Write the record as the official file writes it."""
        text = f'["{hash}", {self.epoch}, "{self.adjacency}", "{self.operations}", "{self.metrics}"]'
        texts = type(self.adjacency) is type(self.operations) is type(self.metrics) is str and type(self.epoch) is int
        if texts and text.isascii() and text.isprintable() and "\\" not in text and text.count('"') == 8:
            return text.encode()
        return json.dumps([hash, *self[:-1]], default=str).encode()


class EntriesEnd(Exception):  # noqa: N818 - not an error: what follows in the pickle is not needed
    """All entries have been read."""


class EntryMachine(StreamMachine):
    """Yields the lists of entries by hash; usual entries are of type `Entry`, others what they were pickled as."""

    def __init__(self, read: Callable[[int], bytes], where: str) -> None:
        super().__init__(read, where, key=ENTRIES)
        self._memo: _KeyMemo = _KeyMemo()
        self._usual: re.Pattern[bytes] | None = None
        self._places: list[int] = []
        self._begun = False
        self.ended = False
        """Whether the pickle was read to its end, because nothing large follows its entries."""

    def entries(self) -> Iterator[tuple[Any, Any]]:
        """Hash and list of entries of each cell."""
        with suppress(EntriesEnd):
            yield from self.run()
            self.ended = True

    def _mark(self) -> None:
        if self._begun and not self._depth and not self._fills_streamed():
            raise EntriesEnd
        super()._mark()
        self._begun |= self._depth > 0

    def _take_runs(self) -> None:
        if len(self._frames) == self._depth + 1 > 1:
            self._take_entries()
        else:
            super()._take_runs()

    def _take_entries(self) -> None:
        """Read the usual entries that begin here."""
        while True:
            self._look_ahead()
            pattern = self._usual or self._learn()
            found = pattern.match(self._data, self._pos) if pattern else None
            if found is None or not self._push(found):
                return
            self._pos = found.end()

    def _learn(self) -> re.Pattern[bytes] | None:
        """Pattern of entries whose keys are those of the entry that begins here."""
        found = _ANY.match(self._data, self._pos)
        if found is None:
            return None
        *keys, derived = found.group(1, 2, 4, 6, 8, 9)
        numbers = _DERIVED.findall(derived)
        names = [self._got(key) for key, _ in numbers]
        if tuple(map(self._got, keys)) != FIELDS or not set(DERIVED) <= set(names):
            return None
        self._places = [names.index(name) for name in DERIVED]
        kinds = (b"(" + _INT + b")" if value[:1] in b"KMJ" else _FLOAT for _, value in numbers)
        inner = b"".join(re.escape(key) + kind for (key, _), kind in zip(numbers, kinds, strict=True))
        values = (b"(" + _INT + b")", _OLD_OR_NEW, _OLD_OR_NEW, _BASE64, rb"\}\x94\(" + inner + b"uu")
        outer = b"".join(re.escape(key) + value for key, value in zip(keys, values, strict=True))
        self._usual = re.compile(rb"\}\x94\(" + outer, re.DOTALL)
        return self._usual

    def _push(self, found: re.Match[bytes]) -> bool:
        epoch, adjacency, operations, metrics, *derived = found.groups()
        if metrics[0] != len(metrics) - 1:
            return False
        memo = self._memo
        memo.skip()
        cell = self._old_or_new(adjacency), self._old_or_new(operations)
        memo.skip()
        memo.skip()
        numbers = tuple(_number(derived[place]) for place in self._places)
        self._stack.append(Entry(_integer(epoch), *cell, metrics[1:].decode(), numbers))
        return True

    def _old_or_new(self, operation: bytes) -> Any:
        """Value of a GET, or of a new text that is memoised."""
        if operation[0] != 0x8C:
            return self._got(operation)
        if operation[1] != len(operation) - 3:
            self._broken("a text has not the length that stands before it")
        text = operation[2:-1].decode()
        self._memo.add(text)
        return text

    def _got(self, operation: bytes) -> Any:
        """Value of a GET."""
        return self._memo.get(int.from_bytes(operation[1:], "little"))


class _KeyMemo(Memo):
    """A memo that keeps of finished items only texts as short as keys."""

    def skip(self) -> None:
        """Number a value that nothing refers to."""
        self._recent.append(FORGOTTEN)

    def _fold(self) -> None:
        recent = self._recent
        recent[:] = [value if type(value) is not str or len(value) <= _KEY_LENGTH else FORGOTTEN for value in recent]
        super()._fold()


def _told(value: Any) -> float:
    """Return a number that a float can hold; NaN for anything else."""
    fits = isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 1024)
    return float(value) if fits else _NAN


def _integer(operation: bytes) -> int:
    return int.from_bytes(operation[1:], "little", signed=operation[0] == 0x4A)


def _number(raw: bytes) -> float:
    """Number of a float's eight bytes or of an integer operation, which has at most five."""
    return float(struct.unpack(">d", raw)[0]) if len(raw) == 8 else float(_integer(raw))
