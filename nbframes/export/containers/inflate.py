"""Compressed files as what is in them: read forward, never more of it at once or in all than a source may be."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from nbframes.errors import SourceError
from nbframes.export import limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_MAGIC: Final[dict[bytes, Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_STEP: Final = 1 << 20
CORRUPT: Final = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What decompressors raise."""


@contextmanager
def inflated(path: Path) -> Iterator[Inflated]:
    """Open a file, decompressed if it is compressed.

    Raises
    ------
    SourceError
        If it is truncated or corrupt, or becomes more than it may.
    """
    try:
        with Inflated(path) as file:
            yield file
    except CORRUPT as error:
        msg = f"{path}: it is truncated or corrupt: {error}"
        raise SourceError(msg) from error


class _Watched(io.BufferedReader):
    """A file whose reader is stopped when it reads on and on before it has what one piece needs, as of members that hold nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.watch = limits.Watch()
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        self.watch.check(str(self._path))
        return super().read(size)


class Inflated(io.RawIOBase):
    """A file, decompressed if it is gzip, bz2 or xz. It can be skipped forward, and asked for its place.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw = _Watched(path)
        magic = self._raw.read(6)
        self._raw.seek(0)
        opened = next((opened for start, opened in _MAGIC.items() if magic.startswith(start)), None)
        self._file: Any = opened(self._raw) if opened else self._raw
        self._compressed = opened is not None
        self._place = 0

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._raw.tell()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether it can be skipped forward."""
        return True

    def tell(self) -> int:
        """Place in what has been decompressed."""
        return self._place

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; backwards only where the file is not compressed."""
        target = place + (self._place if whence == io.SEEK_CUR else 0)
        if not self._compressed:
            self._place = self._file.seek(target)
        elif target < self._place:
            msg = f"{self._path}: it points backwards, to byte {target}"
            raise SourceError(msg)
        while self._place < target and self.read(min(target - self._place, _STEP)):
            pass
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer only at the end."""
        allowed = limits.current().record_bytes
        if not 0 <= size <= allowed:
            msg = f"{self._path}: {limits.exceeded('record_bytes', f'it holds one piece of {size:,} bytes, larger')}"
            raise SourceError(msg)
        self._raw.watch.start()
        data: bytes = self._file.read(size)
        self._place += len(data)
        if self._compressed:
            limits.check_inflation(self._place, self._raw.tell(), str(self._path))
        return data

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
            self._raw.close()
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
