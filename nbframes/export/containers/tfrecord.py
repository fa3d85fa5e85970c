"""TFRecord framing: length, checksum of the length, payload, checksum of the payload; no TensorFlow."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import google_crc32c
import numpy as np

from nbframes.export import limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

HEAD = 12
"""Bytes before a payload: its length (u64, little endian) and the masked crc32c of these eight bytes."""
FOOT = 4
"""Bytes after a payload: its masked crc32c."""

_LENGTH = struct.Struct("<Q")
_SUM = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8
_PROBE = 1 << 13
_WINDOW = 1 << 20


class Damage(NamedTuple):
    """A stretch of bytes that could not be read, and why."""

    start: int
    stop: int
    reason: str


class Frames(NamedTuple):
    """Whole frames whose two checksums hold, in file order."""

    start: NDArray[np.int64]
    """Offset of each frame."""
    length: NDArray[np.int64]
    """Bytes of each payload."""


def masked_crc32c(data: bytes) -> int:
    """Checksum of ``data`` as TFRecord stores it.

    Notes
    -----
    The mask (rotation right by 15 bits, then a constant added) is TensorFlow's: it keeps the checksum of
    data that contain checksums from degenerating.

    Examples
    --------
    >>> hex(masked_crc32c(b"123456789"))
    '0xc78ab0e5'
    """
    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


_EMPTY = _LENGTH.pack(0) + _SUM.pack(masked_crc32c(_LENGTH.pack(0)))
"""Head of an empty record; zeros, which a hole in a file reads as, would be many of another checksum."""


def frame(payload: bytes) -> bytes:
    """Put ``payload`` into a frame.

    Examples
    --------
    >>> start, damages = scan(frame(b"one") + frame(b"two"))
    >>> start.length.tolist(), damages
    ([3, 3], [])
    """
    head = _LENGTH.pack(len(payload))
    return head + _SUM.pack(masked_crc32c(head)) + payload + _SUM.pack(masked_crc32c(payload))


def begins_with_head(data: bytes) -> bool:
    """Whether data begin with the length of a record and its checksum."""
    return len(data) >= HEAD and _SUM.unpack_from(data, _LENGTH.size)[0] == masked_crc32c(data[: _LENGTH.size])


def scan(data: bytes) -> tuple[Frames, list[Damage]]:
    """Find all frames of ``data`` and check both checksums of each.

    A frame with a wrong payload is left out by itself. Where a length is wrong nothing says how far the frame
    reaches: everything up to the next frame with two right checksums is left out as one stretch.
    """
    starts: list[int] = []
    sums: list[int] = []
    damages: list[Damage] = []
    position = 0
    while position < len(data):
        known = len(starts)
        position = _walk(data, position, starts, sums)
        wrong = np.flatnonzero(~_right_heads(data, np.array(starts[known:], np.int64)))
        if wrong.size:
            position = starts[known + int(wrong[0])]
            del starts[known + int(wrong[0]) :], sums[known + int(wrong[0]) :]
        if position < len(data):
            following = find_frame(data, position + 1)
            stop = len(data) if following is None else following
            damages.append(Damage(position, stop, _reason(data, position)))
            position = stop
    start = np.array(starts, np.int64)
    length = _at(data, "<i8", start)
    intact = _masked(np.array(sums, np.uint32)) == _at(data, "<u4", start + HEAD + length)
    for left, size in zip(start[~intact].tolist(), length[~intact].tolist(), strict=True):
        reason = "the checksum of the payload does not match: bytes of the record were changed"
        damages.append(Damage(left, left + HEAD + size + FOOT, reason))
    return Frames(start[intact], length[intact]), sorted(damages)


def find_frame(data: bytes, position: int = 0) -> int | None:
    """Offset of the first frame at or after ``position`` whose two checksums hold; None if there is none.

    Both checksums together match by chance once in 2**64 positions, so that reading may start here.
    """
    for begin in range(position, len(data) - HEAD - FOOT + 1, _WINDOW):
        found = _frame_within(data, begin, min(_WINDOW, len(data) - HEAD - FOOT + 1 - begin))
        if found is not None:
            return found
    return None


def _frame_within(data: bytes, begin: int, size: int) -> int | None:
    """Offset of the first frame that begins at one of ``size`` places; none is larger than 4 GB."""
    view = np.frombuffer(data, np.uint8)[begin:]
    if not view[: size + HEAD].any():  # a hole, as downloads in parts leave them
        return None
    likely = np.ones(size, bool)
    for byte in range(4, 8):
        likely &= view[byte : byte + size] == 0
    starts = np.flatnonzero(likely) + begin
    starts = starts[_right_heads(data, starts)]
    lengths = _at(data, "<i8", starts)
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        stop = start + HEAD + length
        if stop + FOOT <= len(data) and _SUM.unpack_from(data, stop)[0] == masked_crc32c(data[start + HEAD : stop]):
            return int(start)
    return None


def pieces(path: Path, *, size: int) -> Iterator[tuple[int, int]]:
    """Cut a file at frame boundaries into byte ranges of about ``size``, to be scanned independently.

    Where no frame begins for as long as a record may be, the file is damaged, and is cut anywhere.
    """
    largest = max(limits.current().record_bytes, 2 * size)
    total = path.stat().st_size
    begin = 0
    with path.open("rb") as file:
        for target in range(size, total, size):
            file.seek(target)
            found = find_frame(file.read(_PROBE))
            if found is None and target - begin >= largest:
                found = 0
            if found is not None:
                yield begin, target + found
                begin = target + found
    yield begin, total


def read_range(path: Path, start: int, stop: int) -> bytes:
    """Bytes ``start`` to ``stop`` of a file."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        return file.read(stop - start)


def _walk(data: bytes, position: int, starts: list[int], sums: list[int]) -> int:
    """Append start and payload checksum of the frames from ``position`` on; return where no whole frame follows."""
    checksum, length_at = google_crc32c.value, _LENGTH.unpack_from
    last = len(data) - FOOT
    while position + HEAD <= last:
        body = position + HEAD
        stop = body + length_at(data, position)[0]
        if stop > last or (stop == body and data[position:body] != _EMPTY):
            break
        starts.append(position)
        sums.append(checksum(data[body:stop]))
        position = stop + FOOT
    return position


def _right_heads(data: bytes, starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether lengths that do not exceed the data, and their checksums, stand at ``starts``."""
    lengths = _at(data, "<u8", starts)
    right = lengths <= len(data)
    lengths = np.where(right, lengths, 0).astype(np.int64)
    distinct = np.flatnonzero(np.bincount(lengths))
    sums = np.zeros(int(lengths.max(initial=0)) + 1, np.uint32)
    sums[distinct] = [masked_crc32c(_LENGTH.pack(length)) for length in distinct.tolist()]
    right &= _at(data, "<u4", starts + 8) == sums[lengths]
    return right


def _reason(data: bytes, position: int) -> str:
    """Why no frame can be read at ``position``."""
    head = data[position : position + HEAD]
    if len(head) < HEAD:
        return "cut short: the file ends within the length of a record"
    if _SUM.unpack_from(head, 8)[0] != masked_crc32c(head[:8]):
        return "the checksum of the record's length does not match: bytes were changed, or this is not a TFRecord file"
    left = len(data) - position - HEAD
    return f"cut short: {_LENGTH.unpack(head[:8])[0]} bytes and a checksum should follow, {left} bytes are left"


def _masked(crc: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(_MASK_DELTA)


def _at(data: bytes, dtype: str, offsets: NDArray[np.int64]) -> NDArray[Any]:
    """Values of ``dtype`` at any byte offsets of ``data``."""
    kind = np.dtype(dtype)
    everywhere: NDArray[Any] = np.ndarray((max(len(data) - kind.itemsize + 1, 0),), kind, data, 0, (1,))
    return everywhere[offsets]
