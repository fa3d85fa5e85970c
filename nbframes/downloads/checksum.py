"""Is this the right file? What is known of it, how it is checked, and the record made when nothing was known."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from nbframes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbframes.downloads.registry import Kind, Source

_CHUNK: Final = 1 << 20
_HEAD: Final = 512
_MD5_DIGITS: Final = 32

_MAGIC: Final[dict[Kind, tuple[tuple[int, bytes], ...]]] = {
    "tfrecord": ((4, b"\0\0\0\0"),),
    "pickle": ((0, b"\x80"),),
    "torch": ((0, b"\x80"), (0, b"PK\x03\x04")),
    "bz2": ((0, b"BZh"),),
    "tar": ((257, b"ustar"),),
    "zip": ((0, b"PK\x03\x04"),),
}
"""Bytes, and where, by which each kind of file is known. A TFRecord starts with a short length in 64 bits."""


class WrongFileError(SourceError):
    """A whole file that is not the one asked for."""


@dataclass(frozen=True)
class Checksum:
    """What is known of a file: its size in bytes, its SHA-256, and the digits in which its MD5 ends."""

    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    kind: Kind | None = None
    origin: str = "published"
    """Who says so, for messages: "published", or "recorded in <file>"."""

    @classmethod
    def of(cls, source: Source, target: Path) -> Checksum:
        """Return what is published of a file, and what was recorded when it was first seen."""
        published = cls(source.size, source.sha256, source.md5, source.kind)
        record = record_path(target)
        if source.sha256 is not None or not record.exists():
            return published
        try:
            content = json.loads(record.read_text("utf-8"))
            size, sha256 = int(content["size"]), str(content["sha256"])
        except (ValueError, TypeError, KeyError) as error:
            msg = f"{str(record)!r} should hold the SHA-256 of {target.name!r} and cannot be read ({error}). Delete it to trust the next download anew."
            raise SourceError(msg) from error
        return replace(published, size=size, sha256=sha256, origin=f"recorded in {str(record)!r}")

    @property
    def certain(self) -> bool:
        """Whether a complete file can be told from every other one."""
        return self.sha256 is not None or (self.md5 is not None and len(self.md5) == _MD5_DIGITS)


def record_path(target: Path) -> Path:
    """Return the file in which the checksum of ``target`` is kept."""
    return target.with_name(f"{target.name}.nbframes.json")


def check(path: Path, known: Checksum, name: str, *, step: Callable[[int], object] = int) -> Checksum:
    """Read a file once and compare it with all that is known; return its size and hash.

    Messages call it ``name``; ``step`` is called with the bytes read since the last call.

    Raises
    ------
    WrongFileError
        If the file is not the known one.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        _check_head(file.read(_HEAD), known, name)
        if known.size is not None and size != known.size:
            short = " It is cut short." if size < known.size else ""
            msg = f"{name!r} has {size:,} bytes, not {known.size:,} ({known.origin}).{short}"
            raise WrongFileError(msg)
        file.seek(0)
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            if known.md5 is not None:
                md5.update(chunk)
            step(len(chunk))
    if known.sha256 is not None and sha256.hexdigest() != known.sha256:
        msg = f"{name!r} has the SHA-256 {sha256.hexdigest()}, not {known.sha256} ({known.origin})."
        raise WrongFileError(msg)
    if known.md5 is not None and not md5.hexdigest().endswith(known.md5):
        msg = f"{name!r} has the MD5 {md5.hexdigest()}, which should end in {known.md5} (published)."
        raise WrongFileError(msg)
    return Checksum(size, sha256.hexdigest())


def _check_head(head: bytes, known: Checksum, name: str) -> None:
    magic = _MAGIC[known.kind] if known.kind is not None else ()
    if not magic or any(head[at : at + len(word)] == word for at, word in magic):
        return
    page = (
        " It is a web page: a login, warning or error page saved under this name." if head.lstrip()[:1] == b"<" else ""
    )
    msg = f"{name!r} is not a {known.kind} file.{page}"
    raise WrongFileError(msg)


def record(target: Path, checksum: Checksum, origin: str) -> None:
    """Keep the size and hash of an accepted file beside it, unless they are there already."""
    path = record_path(target)
    if path.exists():
        return
    content = {
        "file": target.name,
        "size": checksum.size,
        "sha256": checksum.sha256,
        "from": origin,
        "first_seen": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    temporary.replace(path)
