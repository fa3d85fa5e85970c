"""Zip archives, opened after a look at what they claim."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from nbframes.errors import SourceError
from nbframes.export import limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CORRUPT: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What `zipfile` raises while it reads a member."""


def opened(path: Path) -> zipfile.ZipFile:
    """Open a zip.

    Raises
    ------
    SourceError
        If it is corrupt, or claims more than a source may.
    """
    with readable(path):
        archive = zipfile.ZipFile(path)
    try:
        _check_claims(archive, path)
    except SourceError:
        archive.close()
        raise
    return archive


def _check_claims(archive: zipfile.ZipFile, path: Path) -> None:
    infos = archive.infolist()
    if len(infos) > limits.current().members:
        msg = f"{path}: {limits.exceeded('members', 'it holds more members')}"
        raise SourceError(msg)
    limits.check_inflation(sum(info.file_size for info in infos), path.stat().st_size, str(path))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in words that a zip cannot be read.

    Raises
    ------
    SourceError
        If that is so.
    """
    try:
        yield
    except CORRUPT as error:
        msg = f"{path}: the zip is truncated or corrupt ({error}); download it again"
        raise SourceError(msg) from error
