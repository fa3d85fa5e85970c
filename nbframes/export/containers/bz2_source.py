"""Reading bz2: whole small records, and huge files as a stream decompressed in a thread of its own."""

from __future__ import annotations

import bz2
import hashlib
import queue
import threading
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Self

from nbframes.errors import SourceError
from nbframes.export import limits
from nbframes.export.containers import bz2_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

MAGIC: Final = b"BZh"
_READ: Final = 1 << 20
_PART: Final = 1 << 22
_PARTS_AHEAD: Final = 4


def decompressed(raw: bytes, where: str) -> bytes:
    """Content of one compressed record.

    Raises
    ------
    SourceError
        If it is truncated, corrupt (bz2 carries checksums), followed by other data, or larger than a record may be.
    """
    largest = limits.current().record_bytes
    decompressor = bz2.BZ2Decompressor()
    try:
        data = decompressor.decompress(raw, largest)
    except OSError as error:
        msg = f"{where}: it is corrupt: {error}"
        raise SourceError(msg) from error
    if not decompressor.eof:
        reason = "is truncated" if decompressor.needs_input else limits.exceeded("record_bytes", "holds more bytes")
        msg = f"{where}: it {reason}"
        raise SourceError(msg)
    if decompressor.unused_data:
        msg = f"{where}: {len(decompressor.unused_data)} bytes follow the end of the compressed data"
        raise SourceError(msg)
    return data


class Stream:
    """A file as a stream of bytes, decompressed if it is bz2, with its size and sha256 at the end.

    Reading, hashing and decompressing happen in a thread, a few megabytes ahead; all three release the interpreter lock.

    Parameters
    ----------
    path
        The file.
    md5
        Whether to compute its MD5 as well, after whose end some publishers name their files.
    jobs
        Cores to decompress on.
    """

    def __init__(self, path: Path, *, md5: bool = False, jobs: int = 1) -> None:
        self._path = path
        self._jobs = jobs
        self._parts: queue.Queue[bytes | Exception | None] = queue.Queue(_PARTS_AHEAD)
        self._stop = threading.Event()
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self._ended = False
        self.position = 0
        """Bytes of the file read so far."""
        self._thread = threading.Thread(target=self._work, name="nbframes-decompress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        while self._thread.is_alive():
            self._drop_part()
            self._thread.join(0.01)

    def read(self, _size: int = -1) -> bytes:
        """Return the next part, however many bytes it has; nothing at the end."""
        if self._ended:
            return b""
        part = self._parts.get()
        if isinstance(part, Exception):
            raise part
        self._ended = part is None
        return part or b""

    def exhaust(self) -> int:
        """Read on to the end, so that every checksum is checked; return how many bytes there were."""
        return sum(len(part) for part in iter(self.read, b""))

    def file(self) -> dict[str, Any]:
        """Entry for the manifest; call it at the end."""
        return {"path": self._path.name, "size": self.position, "sha256": self._sha256.hexdigest()}

    def md5(self) -> str:
        """MD5 of the file, if asked for; call it at the end."""
        return self._md5.hexdigest() if self._md5 else ""

    def _work(self) -> None:
        try:
            for part in self._content():
                if not self._put(part):
                    return
            self._put(None)
        except OSError as error:
            self._put(SourceError(f"{self._path}: {error}"))
        except Exception as error:  # noqa: BLE001  whatever ends this thread must reach the one that waits for it
            self._put(error)

    def _put(self, part: bytes | Exception | None) -> bool:
        while not self._stop.is_set():
            try:
                self._parts.put(part, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def _drop_part(self) -> None:
        try:
            self._parts.get_nowait()
        except queue.Empty:
            return

    def _content(self) -> Iterator[bytes]:
        raw = self._raw()
        first = next(raw, b"")
        if not first.startswith(MAGIC):
            yield first
            yield from raw
        elif bz2_parallel.available(self._path, self._jobs):
            yield from self._decompressed_on_all_cores(raw)
        else:
            yield from self._decompressed(first, raw)

    def _decompressed_on_all_cores(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        """Decompress the file itself; what it holds is hashed behind that."""
        produced = 0
        with bz2_parallel.opened(self._path, self._jobs) as file:
            while part := file.read(_PART):
                produced += len(part)
                while self.position < file.tell_compressed() // 8 and next(raw, b""):
                    pass
                limits.check_inflation(produced, self.position, str(self._path))
                yield part
        while next(raw, b""):
            pass

    def _decompressed(self, first: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
        decompressor, produced, watch = bz2.BZ2Decompressor(), 0, limits.Watch()
        try:
            for compressed in chain((first,), raw):
                rest = compressed
                while rest:
                    if decompressor.eof:
                        decompressor = bz2.BZ2Decompressor()
                    for part in _decompress(decompressor, rest):
                        produced += len(part)
                        limits.check_inflation(produced, self.position, str(self._path))
                        yield part
                        watch.start()
                    watch.check(str(self._path))
                    rest = decompressor.unused_data
        except OSError as error:
            msg = f"{self._path}: it is corrupt before byte {self.position}: {error}"
            raise SourceError(msg) from error
        if not decompressor.eof:
            msg = f"{self._path}: it is truncated: the compressed data goes on after byte {self.position}"
            raise SourceError(msg)

    def _raw(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while part := file.read(_READ):
                self._sha256.update(part)
                if self._md5:
                    self._md5.update(part)
                self.position += len(part)
                yield part


def _decompress(decompressor: bz2.BZ2Decompressor, data: bytes) -> Iterator[bytes]:
    if part := decompressor.decompress(data, _PART):
        yield part
    while not decompressor.needs_input and not decompressor.eof:
        if part := decompressor.decompress(b"", _PART):
            yield part
