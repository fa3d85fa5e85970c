"""The protobuf wire format, without protobuf classes: fields by number and wire type."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbframes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = range(6)
"""Wire types."""

_FIXED = {FIXED64: 8, FIXED32: 4}
_VARINT_BYTES = 10


class Field(NamedTuple):
    """One field of a message: where its value stands, to be read according to its wire type."""

    number: int
    wire: int
    start: int
    """Offset of the first byte of the value, behind tag and length."""
    stop: int
    """Offset behind the value."""


def fields(message: bytes, start: int = 0, stop: int | None = None) -> Iterator[Field]:
    """Walk over the fields of a message, known or not.

    Raises
    ------
    SourceError
        If the bytes are not in the wire format.

    Notes
    -----
    Values are delimited by wire type alone, so that a field added later is stepped over like any other
    (Protocol Buffers documentation, "Encoding").

    Examples
    --------
    >>> list(fields(bytes([0x10, 0x96, 0x01])))
    [Field(number=2, wire=0, start=1, stop=3)]
    """
    position, end = start, len(message) if stop is None else stop
    while position < end:
        tag, begin = varint(message, position, end)
        field = Field(tag >> 3, tag & 7, *_value(message, tag, begin, end))
        yield field
        position = field.stop


def varint(message: bytes, position: int, stop: int) -> tuple[int, int]:
    """Read a base-128 number; return it and the offset behind it.

    Examples
    --------
    >>> varint(bytes([0x96, 0x01]), 0, 2)
    (150, 2)
    """
    result = 0
    for index, byte in enumerate(message[position : min(stop, position + _VARINT_BYTES)]):
        result |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return result, position + index + 1
    msg = f"the metrics end within a number at byte {position}"
    raise SourceError(msg)


def _value(message: bytes, tag: int, position: int, stop: int) -> tuple[int, int]:
    """Offsets of the value that follows ``tag``."""
    wire = tag & 7
    if tag >> 3 == 0 or wire > FIXED32 or wire == GROUP_END:
        msg = f"the metrics hold an invalid field tag {tag:#x} before byte {position}"
        raise SourceError(msg)
    if wire == VARINT:
        end = varint(message, position, stop)[1]
    elif wire == BYTES:
        size, position = varint(message, position, stop)
        end = position + size
    elif wire == GROUP:
        end = _group_end(message, tag, position, stop)
    else:
        end = position + _FIXED[wire]
    if end > stop:
        msg = f"the metrics end within field {tag >> 3}"
        raise SourceError(msg)
    return position, end


def _group_end(message: bytes, tag: int, position: int, stop: int) -> int:
    """Offset behind the tag that closes the group opened by ``tag``."""
    while position < stop:
        inner, begin = varint(message, position, stop)
        if inner == (tag & ~7 | GROUP_END):
            return begin
        position = _value(message, inner, begin, stop)[1]
    msg = f"the metrics end within group {tag >> 3}"
    raise SourceError(msg)
