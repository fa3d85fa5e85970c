"""Records of one shape differ in their numbers only: learn where the numbers lie, and read the next record by one gather.

A record is read carefully once. A copy of it in which every float is replaced by its ordinal is then read the same careful way: what
comes out in place of the numbers tells which float goes where. From then on a record whose every other byte is the same can only be
the same program with other floats, and its numbers are gathered at once. Whatever differs goes the careful way.
"""

from __future__ import annotations

import pickletools
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbframes.errors import SourceError
from nbframes.export.containers import pickles
from nbframes.export.containers.pickles.runs import gathered
from nbframes.export.nats.record import Record, checked_counts, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nbframes.export.nats.check import Oddity
    from nbframes.export.nats.shape import Shape

_MOST_LAYOUTS = 64
_BIG, _LITTLE = np.dtype(">f8"), np.dtype("<f8")


class RecordReader:
    """Reads pickled records ``{hp: state}``, fast where it has seen their like."""

    def __init__(self) -> None:
        self._layouts: list[_Layout] = []

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
        own = _own_opcodes(arch, arch_str)
        for place, layout in enumerate(self._layouts):
            values = None if program is None else layout.values(program, own)
            if values is not None:
                self._layouts.insert(0, self._layouts.pop(place))
                return checked_counts(Record(arch, arch_str, layout.shape, values, layout.oddities), where)
        record = flatten(pickles.load(data, where, numbers=True), where, arch=arch)
        if record.arch_str != arch_str:
            msg = f"{where}: holds architecture {record.arch_str!r}, where the index of the benchmark has {arch_str!r}"
            raise SourceError(msg)
        if program is not None:
            self._learn(program, own, record)
        return record

    def _learn(self, program: bytes, own: tuple[bytes, bytes], record: Record) -> None:
        layout = _layout(program, own, record)
        if layout is not None:
            self._layouts.insert(0, layout)
            del self._layouts[_MOST_LAYOUTS:]


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


def _own_opcodes(arch: int, arch_str: str) -> tuple[bytes, bytes]:
    """Opcodes by which a record writes its own index and string."""
    text = arch_str.encode()
    index = struct.pack("<BB", ord("K"), arch) if arch < 1 << 8 else struct.pack("<BH", ord("M"), arch & 0xFFFF)
    return index, struct.pack("<BB", 0x8C, len(text) & 0xFF) + text


class _Layout(NamedTuple):
    own: tuple[tuple[int, int], ...]
    """Where the record writes its own index (0) or string (1), as offsets in the program without them."""
    mask: NDArray[np.uint8]
    fixed: NDArray[np.uint8]
    floats: NDArray[np.intp]
    little: NDArray[np.intp]
    """Places in the result that numpy wrote, in little-endian order."""
    shape: Shape
    oddities: tuple[Oddity, ...]

    def values(self, program: bytes, own: tuple[bytes, bytes]) -> NDArray[np.float64] | None:
        """Numbers of a program of this layout, or None if it is not of this layout."""
        if len(program) != len(self.fixed) + sum(len(own[which]) for _, which in self.own):
            return None
        parts, start, taken = [], 0, 0
        for offset, which in self.own:
            end = start + offset - taken
            parts.append(program[start:end])
            start, taken = end + len(own[which]), offset
            if program[end:start] != own[which]:
                return None
        parts.append(program[start:])
        view = np.frombuffer(b"".join(parts), np.uint8)
        if not np.array_equal(view & self.mask, self.fixed):
            return None
        values = gathered(view, self.floats, _BIG)
        values[self.little] = gathered(view, self.floats[self.little], _LITTLE)
        return values


def _layout(program: bytes, own: tuple[bytes, bytes], record: Record) -> _Layout | None:
    """Layout of a record that was read carefully; None if its numbers are not all floats of their own."""
    floats, little, own_places = _places(program, own, record)
    numbered = bytearray(program)
    for ordinal, (place, swapped) in enumerate(zip(floats, little, strict=True)):
        struct.pack_into("<d" if swapped else ">d", numbered, place, float(ordinal))
    try:
        ordinals = flatten(
            pickles.load(bytes(numbered), "", numbers=True), "", arch=record.arch, whole_counts=False
        ).values
    except SourceError:
        return None
    if not np.isin(ordinals, np.arange(len(floats))).all():
        return None
    order = ordinals.astype(np.intp)
    keep, starts, position = [], [], 0
    for place, which in own_places:
        keep.append(np.arange(position, place))
        starts.append((sum(map(len, keep)), which))
        position = place + len(own[which])
    keep.append(np.arange(position, len(program)))
    kept = np.concatenate(keep)
    where = np.searchsorted(kept, np.array(floats, np.intp))
    mask = np.full(len(kept), 0xFF, np.uint8)
    mask[where[:, None] + np.arange(8)] = 0
    fixed = np.frombuffer(program, np.uint8)[kept] & mask
    numpys = np.flatnonzero(np.array(little)[order])
    layout = _Layout(tuple(starts), mask, fixed, where[order], numpys, record.shape, record.oddities)
    values = layout.values(program, own)
    return layout if values is not None and values.tobytes() == record.values.tobytes() else None


def _places(
    program: bytes, own: tuple[bytes, bytes], record: Record
) -> tuple[list[int], list[bool], list[tuple[int, int]]]:
    """Byte offsets of all floats and whether they are little-endian; offsets of the record's own index and string."""
    floats, little, own_places = [], [], []
    key: Any = None
    memo: list[Any] = []
    for name, argument, place in _opcodes(program):
        if name == "BINFLOAT":
            floats.append(place + 1)
            little.append(False)
        elif name == "SHORT_BINBYTES" and len(argument) == 8:
            floats.append(place + 2)
            little.append(True)
        elif key == "arch_index" and program.startswith(own[0], place):
            own_places.append((place, 0))
        elif argument == record.arch_str and program.startswith(own[1], place):
            own_places.append((place, 1))
        if name == "MEMOIZE":
            memo.append(key)
        else:
            key = memo[argument] if name in ("BINGET", "LONG_BINGET") and argument < len(memo) else argument
    return floats, little, own_places


def _opcodes(program: bytes) -> Iterator[tuple[str, Any, int]]:
    for opcode, argument, place in pickletools.genops(program):
        yield opcode.name, argument, place or 0
