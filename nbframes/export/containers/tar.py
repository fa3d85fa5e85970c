"""Members of a tar, compressed or not, read forward and checked before they are believed."""

from __future__ import annotations

import os
import tarfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from nbframes.errors import SourceError
from nbframes.export import limits
from nbframes.export.containers.inflate import CORRUPT, Inflated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK: Final = 512


class Members:
    """Members of an open tar, in order."""

    def __init__(self, path: Path, file: Inflated, archive: tarfile.TarFile) -> None:
        self._path = path
        self._file = file
        self._archive = archive

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._file.position

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        behind = 0
        for count, member in enumerate(self._archive):
            if count >= limits.current().members:
                _fail(self._path, limits.exceeded("members", "it holds more members"))
            if member.size < 0 or member.offset_data < behind:
                _fail(self._path, f"the size or place of its member {member.name!r} is impossible")
            behind = member.offset_data
            yield member

    def read(self, member: tarfile.TarInfo, most: int) -> bytes:
        """Return the content of a member, or its first bytes if it has more than ``most``."""
        content = self._archive.extractfile(member)
        return content.read(most) if content else b""


def is_tar(path: Path) -> bool:
    """Whether a file is a tar, compressed or not: its first 512 bytes are a header with a right checksum."""
    try:
        with Inflated(path) as file:
            return has_header(file.read(BLOCK))
    except CORRUPT:
        return False


def has_header(block: bytes) -> bool:
    """Whether 512 bytes are the header of a tar's member."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


@contextmanager
def members(path: Path) -> Iterator[Members]:
    """Open a tar to go through its members.

    Raises
    ------
    SourceError
        If it is truncated or corrupt, or its headers ask for more than a source may.
    """
    try:
        with Inflated(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
            yield Members(path, file, archive)
    except (tarfile.TarError, *CORRUPT) as error:
        _fail(path, f"the tar is truncated or corrupt: {error}", error)
    except (ValueError, ArithmeticError, RecursionError) as error:  # numbers and texts in headers that are none
        _fail(path, f"the tar is corrupt: {error}", error)


def check_end(path: Path) -> None:
    """Refuse a tar that is not compressed and lacks the zeros at its end: `tarfile` does not miss them."""
    with path.open("rb") as file:
        plain = has_header(file.read(BLOCK))
        file.seek(-BLOCK, os.SEEK_END)
        if plain and any(file.read()):
            _fail(path, "the tar ends in the middle; download it again")


def _fail(path: Path, reason: str, cause: BaseException | None = None) -> None:
    msg = f"{path}: {reason}"
    raise SourceError(msg) from cause
