"""The memo of a pickle that is too large to be remembered whole."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.export import limits
from nbframes.export.containers.pickles.globals import Global

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHUNK = 64
_RANGES: Final = 1 << 10
_ROOM: Final = 6
"""What the texts that are kept may take, in records of the largest size; those of published files take less than one."""
_TEXT_COST: Final = 64
"""Bytes of a text beside its characters."""


class Forgotten:
    """Stands in the memo for a value of a finished item."""


FORGOTTEN: Final = Forgotten()


class Memo:
    """Objects by number, in the order in which a pickler numbers them.

    `forget` drops the containers of finished items. Texts and keys like ``("cifar10", 777)`` are kept, because later items may
    refer to them: in chunks of which equal ones are stored once, so that items of one shape cost a few pointers each.
    """

    def __init__(self) -> None:
        self._recent: list[Any] = []
        self._base = 0
        self._pinned: dict[int, Any] = {}
        self._carried: dict[int, Any] = {}
        self._starts: list[int] = []
        self._segments: list[list[tuple[Any, ...]]] = []
        self._chunks: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._volatile: list[int] = []
        self._ranges: dict[tuple[int, int], tuple[str, ...]] = {}
        self._room = _ROOM * limits.current().record_bytes

    @property
    def next_number(self) -> int:
        """Number of the next value."""
        return self._base + len(self._recent)

    def add(self, value: Any) -> None:
        """Number the next value."""
        if type(value) is not str:
            self._volatile.append(len(self._recent))
        self._recent.append(value)

    def add_texts(self, texts: Sequence[str], first: int | None = None) -> None:
        """Number the next values, all of them texts; ``first`` is the number the pickle gives to the first of them."""
        if first is not None:
            self._check_next(first)
        self._recent.extend(texts)

    def put(self, number: int, value: Any) -> None:
        """Number a value explicitly, as protocols 2 and 3 do; picklers count up."""
        self._check_next(number)
        self.add(value)

    def _check_next(self, number: int) -> None:
        if number != self.next_number:
            msg = f"the memo jumps to number {number}; picklers count up"
            raise ValueError(msg)

    def get(self, number: int) -> Any:
        """Value of a number."""
        place = number - self._base
        if place >= 0:
            return self._recent[place]
        value = self._carried.get(number, self._pinned.get(number, FORGOTTEN))
        return self._old(number) if value is FORGOTTEN else value

    def get_all(self, numbers: list[int]) -> tuple[Any, ...]:
        """Values of many numbers, often consecutive ones."""
        first, count = numbers[0], len(numbers)
        if numbers[-1] - first != count - 1 or numbers != list(range(first, first + count)):
            return tuple(map(self.get, numbers))
        if first >= self._base:
            found = tuple(self._recent[first - self._base : first - self._base + count])
            if len(found) == count:
                return found
        return self._old_range(first, count)

    def _old_range(self, first: int, count: int) -> tuple[Any, ...]:
        """Values of consecutive numbers; items that share their keys ask for the same ones again and again."""
        found = self._ranges.get((first, count))
        if found is None:
            found = tuple(map(self.get, range(first, first + count)))
            if first + count <= self._base and all(type(value) is str for value in found):
                self._ranges[first, count] = found
            if len(self._ranges) > _RANGES:
                self._ranges.clear()
        return found

    def pin(self) -> None:
        """Keep everything numbered so far for good."""
        self._carried.clear()
        for place in self._volatile:
            self._pinned[self._base + place] = self._recent[place]
        self._fold()

    def forget(self, unfinished: Sequence[Any]) -> None:
        """Drop all values but texts, tuples of texts and integers, globals, dtypes, single bytes and the ``unfinished`` ones."""
        live = set(map(id, unfinished))
        self._carried = {number: value for number, value in self._carried.items() if id(value) in live}
        for place in self._volatile:
            value = self._recent[place]
            if is_pinned(value):
                self._pinned[self._base + place] = value
            elif id(value) in live:
                self._carried[self._base + place] = value
        self._fold()

    def repeat(self, pieces: list[tuple[Any, ...]], own: dict[int, str]) -> None:
        """Number the objects of an item that is like an earlier one.

        Parameters
        ----------
        pieces
            What the earlier one left here, as `cut` gives it; given as the same list again and again it costs nothing.
        own
            Texts in which this one differs, by their places among its objects.
        """
        self.forget(())
        for place, text in own.items():
            self._pinned[self._base + place] = text
            self._spend(text)
        self._check_room()
        self._starts.append(self._base)
        self._segments.append(pieces)
        self._base += sum(map(len, pieces))

    def _fold(self) -> None:
        recent = self._recent
        for place in self._volatile:
            if not is_kept(recent[place]):
                recent[place] = FORGOTTEN
        chunks = self._chunks
        pieces = cut(recent)
        for piece in pieces:
            if piece not in chunks:
                chunks[piece] = piece
                for value in piece:
                    if type(value) is str:
                        self._spend(value)
        self._check_room()
        self._starts.append(self._base)
        self._segments.append([chunks[piece] for piece in pieces])
        self._base += len(recent)
        self._recent = []
        self._volatile = []

    def _spend(self, text: str) -> None:
        self._room -= _TEXT_COST + len(text)

    def _check_room(self) -> None:
        if self._room < 0:
            raise ValueError(limits.exceeded("record_bytes", "its records have more strings of their own"))

    def _old(self, number: int) -> Any:
        if number < 0:
            msg = f"the memo has no number {number}"
            raise ValueError(msg)
        segment = bisect_right(self._starts, number) - 1
        place = number - self._starts[segment]
        value = self._segments[segment][place // _CHUNK][place % _CHUNK]
        if value is FORGOTTEN:
            msg = f"number {number} of the memo belongs to an item that is finished; such a pickle cannot be read as a stream"
            raise ValueError(msg)
        self._pinned[number] = value
        return value


def cut(values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Values in the pieces in which a memo stores them."""
    return [tuple(values[start : start + _CHUNK]) for start in range(0, len(values), _CHUNK)]


def is_pinned(value: Any) -> bool:
    """Whether every item may refer to a value: globals, dtypes, and what Python has only one of, as numpy's ``b"b"``."""
    return isinstance(value, (Global, np.dtype)) or (type(value) is bytes and len(value) < 2)


def is_kept(value: Any) -> bool:
    """Whether later items may refer to a value of an item that is finished: texts and tuples of texts and numbers."""
    return type(value) is str or (
        type(value) is tuple and all(type(part) is str or type(part) is int for part in value)
    )
