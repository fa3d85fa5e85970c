"""A file that holds one pickle, read in order: first the object, then the proof that nothing follows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self

from nbframes.errors import SourceError
from nbframes.export.containers.bz2_source import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_READ: Final = 1 << 20


class Pickled(ABC):
    """The pickle of one object in a file, read in order; use it as a context."""

    kind: ClassVar[str]
    """How the pickle is wrapped, in words."""
    position: int
    """Bytes read so far: of the file, or of the object inside it."""

    def __init__(self, path: Path, *, jobs: int = 1) -> None:  # noqa: ARG002 -- what can be read on several cores says so
        self._path = path
        self._unread = b""
        self.options: dict[str, Any] = {"unread": self._put_back}
        """Options for `nbframes.export.containers.pickles.stream_items`."""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, about as many as asked for; none at the end."""
        if self._unread:
            unread, self._unread = self._unread, b""
            return unread
        return self._next(size)

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def finish(self) -> tuple[dict[str, Any], str]:
        """Check what follows the object, to the end of the file; return its entry for the manifest and its MD5."""

    @abstractmethod
    def _next(self, size: int) -> bytes: ...

    def _put_back(self, data: bytes) -> None:
        self._unread = data + self._unread

    def _parts(self, size: int) -> Iterator[bytes]:
        """Read exactly so many bytes."""
        while size:
            part = self.read(_READ)
            if not part:
                self._fail("it is truncated")
            self._put_back(part[size:])
            yield part[:size]
            size -= len(part[:size])

    def _fail(self, reason: str, cause: BaseException | None = None) -> NoReturn:
        msg = f"{self._path}: {reason}"
        raise SourceError(msg) from cause


class PickleFile(Pickled):
    """A plain pickle, or one in bz2."""

    kind = "pickle"

    def __init__(self, path: Path, *, jobs: int = 1) -> None:
        super().__init__(path)
        self._stream = Stream(path, md5=True, jobs=jobs)

    def __enter__(self) -> Self:
        self._stream.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.__exit__(kind, error, trace)

    @property
    def position(self) -> int:  # type: ignore[override]
        """Bytes of the file read so far."""
        return self._stream.position

    def _next(self, size: int) -> bytes:
        return self._stream.read(size)

    def finish(self) -> tuple[dict[str, Any], str]:
        """Check what follows the object, to the end of the file; return its entry for the manifest and its MD5."""
        if self.read():
            self._fail("other data follows its end")
        return self._stream.file(), self._stream.md5()
