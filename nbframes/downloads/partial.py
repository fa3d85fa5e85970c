"""A file on its way: the bytes so far, and of which version at which address they are."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """A version of a file at an address, as far as the server tells versions apart."""

    url: str
    total: int | None = None
    etag: str | None = None
    modified: str | None = None
    sha256: str | None = None
    validator: str | None = None
    """What an ``If-Range`` header may hold."""

    def same_as(self, other: Origin) -> bool:
        """Whether both are certainly the same version: something was compared, and nothing differed."""
        pairs = [(self.etag, other.etag), (self.modified, other.modified), (self.sha256, other.sha256)]
        told = [mine == theirs for mine, theirs in pairs if mine and theirs]
        return self.url == other.url and bool(told) and all(told) and self.fits(other)

    def fits(self, other: Origin) -> bool:
        """Whether both may be the same file: their sizes do not differ."""
        return self.total is None or other.total is None or self.total == other.total


class PartialFile:
    """``<target>.part`` with the bytes so far and ``<target>.part.json`` with their origin."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes so far."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def origin(self) -> Origin | None:
        """Where the bytes come from; None if that is not known."""
        try:
            return Origin(**json.loads(self._note.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def begin(self, origin: Origin) -> None:
        """Note the origin of the bytes that will follow. The note is on disk before the first byte."""
        temporary = self._note.with_name(f"{self._note.name}.tmp")
        temporary.write_text(json.dumps(asdict(origin)), "utf-8")
        temporary.replace(self._note)

    def discard(self) -> None:
        """Drop bytes that cannot become the file."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the complete file its name."""
        self.path.replace(self.target)
        with suppress(FileNotFoundError):
            self._note.unlink()
