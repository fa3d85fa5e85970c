"""The bytes of a pickle, seen through a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export import limits

if TYPE_CHECKING:
    from collections.abc import Callable

_WINDOW: Final = 1 << 20
_AHEAD: Final = 1 << 17
_LONGEST_NAME: Final = 1 << 10


_FRAME: Final = 0x95
_FRAME_HEAD: Final = 9
_STOP: Final = 0x2E
_UNFRAMED: Final = b"BX\x8d\x8e\x96"
"""Opcodes of long texts and bytes, which picklers write outside of frames."""


class Input:
    """Hands out bytes in order. A length field claims no memory before its bytes have been read.

    Frames only tell a reader how far to read ahead, and they begin anywhere, in the middle of a run of numbers too. From the first
    one on, which `_unframe_from` is told of, their heads are left out; each says where the next one stands.

    Parameters
    ----------
    read : callable
        Returns some bytes, about the asked number of them, none at the end.
    where : str
        Name of the file and the record for messages.
    """

    def __init__(self, read: Callable[[int], bytes], where: str) -> None:
        self._read = read
        self._where = where
        self._data = b""
        self._pos = 0
        self._offset = 0
        self._ended = False
        self._to_frame: int | None = None
        self._held = b""
        self._last = 0
        self.cut_off = False
        self._largest = limits.current().record_bytes
        self._spendable = 0
        self._allow_more()

    @property
    def position(self) -> int:
        """Bytes handed out so far, heads of frames not counted."""
        return self._offset + self._pos

    @property
    def rest(self) -> bytes:
        """Bytes that were read and not handed out."""
        return self._data[self._pos :]

    def _allow_more(self) -> None:
        """Let the next record have as many bytes as a record may have; some of them may have been read ahead."""
        self._spendable = self._largest + _WINDOW

    def _fill(self, size: int) -> None:
        """Have at least ``size`` bytes ahead."""
        if size > self._largest:
            self._broken(limits.exceeded("record_bytes", f"it claims a value of {size:,} bytes, larger"))
        parts = [self._data[self._pos :]]
        have = len(parts[0])
        while have < size:
            part = self._next_part(max(size - have, _WINDOW))
            if not part:
                self.cut_off = True
                self._broken("it is truncated")
            parts.append(part)
            have += len(part)
        self._data = b"".join(parts)
        self._offset += self._pos
        self._pos = 0

    def _look_ahead(self, size: int = _AHEAD) -> None:
        """Have a whole run of numbers ahead, or ``size`` bytes, if there is that much left."""
        while len(self._data) - self._pos < size and not self._ended:
            part = self._next_part(_WINDOW)
            self._ended = not part
            self._data = self._data[self._pos :] + part
            self._offset += self._pos
            self._pos = 0

    def _next_part(self, size: int) -> bytes:
        """Return the next bytes of the source without heads of frames; nothing at the end."""
        while self._to_frame is not None:
            raw = self._read(size)
            if not raw and self._to_frame:
                return b""
            if not raw:
                self._to_frame, raw, self._held = None, self._held, b""
                return raw
            self._spend(raw)
            if part := self._unframed(self._held + raw):
                return part
        raw = self._read(size)
        self._spend(raw)
        return raw

    def _spend(self, raw: bytes) -> None:
        self._spendable -= len(raw)
        if self._spendable < -len(raw):
            self._broken(limits.exceeded("record_bytes", "one record has more bytes"))

    def _unframe_from(self, size: int) -> None:
        """Leave out the heads of frames from here on, where a frame of ``size`` bytes begins."""
        if size > self._largest:
            self._broken(limits.exceeded("record_bytes", f"it claims a frame of {size:,} bytes, larger"))
        raw = self._data[self._pos :]
        self._offset += self._pos
        self._pos = 0
        self._to_frame, self._last = size, 0
        self._data = self._unframed(raw)

    def _check_frame(self) -> None:
        """Refuse a pickle whose last frame does not end where the pickle does: bytes are missing, or too many."""
        if self._to_frame is not None and (self._to_frame or self._pos < len(self._data)):
            self._broken("its last frame does not end where it ends")

    def _unframed(self, raw: bytes) -> bytes:
        parts: list[bytes] = []
        start, head = 0, self._to_frame or 0
        self._held = b""
        while head < len(raw):
            before = raw[head - 1] if head else self._last
            if raw[head] != _FRAME or before == _STOP:  # what is not framed, or the end: left to the machine
                if before != _STOP and raw[head] not in _UNFRAMED:
                    self._broken("a frame ends where no pickler ends one")
                self._to_frame = None
                return b"".join([*parts, raw[start:]])
            parts.append(raw[start:head])
            start = head + _FRAME_HEAD
            if start > len(raw):
                start, self._held = len(raw), raw[head:]
                self._to_frame = 0
                break
            head = start + int.from_bytes(raw[head + 1 : start], "little")
        else:
            self._to_frame = head - len(raw)
        parts.append(raw[start:])
        part = b"".join(parts)
        self._last = part[-1] if part else self._last
        return part

    def _take(self, size: int) -> bytes:
        end = self._pos + size
        if end > len(self._data):
            self._fill(size)
            end = size
        taken = self._data[self._pos : end]
        self._pos = end
        return taken

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def _line(self) -> str:
        end = self._data.find(b"\n", self._pos)
        while end < 0:
            have = len(self._data) - self._pos
            if have > _LONGEST_NAME:
                self._broken("it holds a name without an end")
            self._fill(have + 1)
            end = self._data.find(b"\n", self._pos)
        line = self._data[self._pos : end]
        self._pos = end + 1
        return line.decode()

    def _broken(self, reason: str, cause: BaseException | None = None) -> NoReturn:
        msg = f"{self._where}: the pickle cannot be read at byte {self.position}: {reason}"
        raise SourceError(msg) from cause

    def _unsafe(self, what: str) -> NoReturn:
        msg = (
            f"{self._where}: the pickle {what} (before byte {self.position}). Benchmark files hold plain data and numpy values only, "
            "so this file is not what it claims to be; nothing of it was run"
        )
        raise UnsafePickleError(msg)
