"""Records of one shape differ in their numbers only: where those lie, the next record is read by one gather.

A record that was read carefully teaches its layout (`nbframes.export.nats.learning`). From then on a record whose every other byte is
the same can only be the same program with other numbers, and these are gathered at once. Whatever differs goes the careful way.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from nbframes.export.containers.pickles.runs import gathered

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbframes.export.nats.check import Oddity
    from nbframes.export.nats.shape import Shape

HoleKind = Literal["index", "short text", "long text", "reference", "scalar"]

_BIG, _LITTLE, _NUMBER = np.dtype(">f8"), np.dtype("<f8"), np.dtype("<u4")
_DOUBLE = struct.Struct("<d")
_SHORT_TEXT, _LONG_TEXT = 0x8C, ord("X")
_LONGEST_SCALAR: Final = 16


class Hole(NamedTuple):
    """Opcodes of a program whose length differs from record to record."""

    start: int
    stop: int
    kind: HoleKind
    """The record's own index or string, written or referred to, or a number of numpy, whose bytes protocol 2 writes as text."""


class Context(NamedTuple):
    """What is known of a record before it is read."""

    arch: int
    """Its index."""
    first_object: int = 0
    """Number that the memo gives to the record's first object."""
    memo: Callable[[int], Any] | None = None
    """Gives the objects of lower numbers."""


class Found(NamedTuple):
    """A record that has a layout."""

    arch_str: str
    values: NDArray[np.float64]
    end: int
    """Where its program ends."""


class Layout(NamedTuple):
    """Where the numbers of a record lie in the program that builds it."""

    holes: tuple[tuple[int, HoleKind], ...]
    """Where holes are, as offsets in the program without them."""
    mask: NDArray[np.uint8]
    fixed: NDArray[np.uint8]
    """The program without its holes and without what the mask leaves out: floats and numbers of the memo."""
    floats: NDArray[np.intp]
    """Where each value of the record lies."""
    little: NDArray[np.intp]
    """Values that numpy wrote, in little-endian order."""
    scalars: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Values that stand in holes, and in which of them."""
    memo_numbers: NDArray[np.intp]
    """Where numbers of the record's own objects lie."""
    ordinals: NDArray[np.uint32]
    """Which object each of them means, counted from the record's first."""
    memo: list[tuple[Any, ...]]
    """What the record's objects leave in the memo of a pickle of many records, in its pieces."""
    own_texts: tuple[int, ...]
    """Which of them are the record's own string."""
    shape: Shape
    oddities: tuple[Oddity, ...]

    def read(self, data: bytes, start: int, context: Context) -> Found | None:
        """Read the record that begins at ``start``, or return None if it is not of this layout.

        Parameters
        ----------
        data
            Opcodes without heads of frames.
        start
            Where those of the record begin.
        context
            What is known of the record.
        """
        filled = self._holes_filled(data, start, context)
        if filled is None:
            return None
        view, text, scalars, end = filled
        if len(view) != len(self.fixed) or not np.array_equal(view & self.mask, self.fixed):
            return None
        numbers = gathered(view, self.memo_numbers, _NUMBER)
        if not np.array_equal(numbers, self.ordinals + np.uint32(context.first_object)):
            return None
        values = gathered(view, self.floats, _BIG)
        if self.little.size:
            values[self.little] = gathered(view, self.floats[self.little], _LITTLE)
        if scalars:
            places, which = self.scalars
            values[places] = np.array(scalars)[which]
        try:
            return Found(text.decode(), values, end)
        except UnicodeDecodeError:
            return None

    def _holes_filled(
        self, data: bytes, start: int, context: Context
    ) -> tuple[NDArray[np.uint8], bytes, list[float], int] | None:
        """The program without its holes, what they hold, and where it ends."""
        parts: list[bytes] = []
        scalars: list[float] = []
        texts: set[bytes] = set()
        before = 0
        for offset, kind in self.holes:
            end = start + offset - before
            parts.append(data[start:end])
            hole = _hole(data, end, kind, context)
            if hole is None:
                return None
            start, found = hole
            if isinstance(found, float):
                scalars.append(found)
            elif found is not None:
                texts.add(found)
            before = offset
        end = start + len(self.fixed) - before
        parts.append(data[start:end])
        return (np.frombuffer(b"".join(parts), np.uint8), texts.pop(), scalars, end) if len(texts) == 1 else None


def deframed(data: bytes) -> bytes | None:
    """Return the pickle without its FRAME opcodes, or None where they do not simply follow each other.

    A frame only tells a reader how much to read ahead; where it begins depends on the length of what stands before it.
    """
    if data[2:3] != b"\x95":
        return data
    parts, position = [data[:2]], 2
    while data[position : position + 1] == b"\x95":
        start = position + 9
        position = start + int.from_bytes(data[position + 1 : start], "little")
        parts.append(data[start:position])
    return b"".join(parts) if position == len(data) else None


def scalar_text(value: float) -> bytes:
    """Opcode by which protocol 2 writes the bytes of a number of numpy."""
    raw = _DOUBLE.pack(value).decode("latin1").encode()
    return struct.pack("<BI", _LONG_TEXT, len(raw)) + raw


def _hole(data: bytes, start: int, kind: HoleKind, context: Context) -> tuple[int, bytes | float | None] | None:
    """Where the hole at ``start`` ends and what it holds besides the index; None if there is no such hole."""
    if kind == "index":
        opcode = _integer(context.arch)
        return (start + len(opcode), None) if data.startswith(opcode, start) else None
    if kind == "reference":
        return _referred(data, start, context)
    head = 2 if kind == "short text" else 5
    if start + head > len(data) or data[start] != (_SHORT_TEXT if head == 2 else _LONG_TEXT):
        return None
    stop = start + head + int.from_bytes(data[start + 1 : start + head], "little")
    text = data[start + head : stop]
    if kind != "scalar":
        return stop, text
    raw = text.decode("utf-8", "ignore").encode("latin1", "ignore") if len(text) <= _LONGEST_SCALAR else b""
    if len(raw) != _DOUBLE.size or raw.decode("latin1").encode() != text:
        return None
    return stop, float(_DOUBLE.unpack(raw)[0])


def _integer(number: int) -> bytes:
    """Opcode by which an index is written."""
    return struct.pack("<BB", ord("K"), number) if number < 1 << 8 else struct.pack("<BH", ord("M"), number & 0xFFFF)


def _referred(data: bytes, start: int, context: Context) -> tuple[int, bytes] | None:
    """Where the reference at ``start`` ends, and the text that it means."""
    stop = start + {ord("h"): 2, ord("j"): 5}.get(data[start] if start < len(data) else -1, 0)
    number = int.from_bytes(data[start + 1 : stop], "little")
    if context.memo is None or stop == start or stop > len(data) or number >= context.first_object:
        return None
    try:
        text = context.memo(number)
    except (LookupError, ValueError):
        return None
    return (stop, text.encode("utf-8", "surrogatepass")) if type(text) is str else None
