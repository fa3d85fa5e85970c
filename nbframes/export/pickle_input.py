"""The bytes of a pickle, seen through a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from nbframes.errors import SourceError, UnsafePickleError

if TYPE_CHECKING:
    from collections.abc import Callable

_WINDOW: Final = 1 << 20
_AHEAD: Final = 1 << 17
LONGEST: Final = 1 << 28
_LONGEST_NAME: Final = 1 << 10


class Input:
    """Hands out bytes in order. A length field claims no memory before its bytes have been read.

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
        self.cut_off = False

    @property
    def position(self) -> int:
        """Bytes handed out so far."""
        return self._offset + self._pos

    @property
    def rest(self) -> bytes:
        """Bytes that were read and not handed out."""
        return self._data[self._pos :]

    def _fill(self, size: int) -> None:
        """Have at least ``size`` bytes ahead."""
        if size > LONGEST:
            self._broken(f"it claims a value of {size} bytes")
        parts = [self._data[self._pos :]]
        have = len(parts[0])
        while have < size:
            part = self._read(max(size - have, _WINDOW))
            if not part:
                self.cut_off = True
                self._broken("it is truncated")
            parts.append(part)
            have += len(part)
        self._data = b"".join(parts)
        self._offset += self._pos
        self._pos = 0

    def _look_ahead(self) -> None:
        """Have a whole run of numbers ahead, if there is that much left."""
        if len(self._data) - self._pos < _AHEAD and not self._ended:
            part = self._read(_WINDOW)
            self._ended = not part
            self._data = self._data[self._pos :] + part
            self._offset += self._pos
            self._pos = 0

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
