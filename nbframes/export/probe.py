"""A first look at a source, shared by all readers: each part of it is read once, when the first reader asks for it."""

from __future__ import annotations

import bz2
import os
import time
import zipfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from nbframes.errors import SourceError, listed
from nbframes.export import limits
from nbframes.export.containers import pickles, tar, zips

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["folder", "zip", "tar", "compressed tar", "pickle", "file"]

_FOREIGN: Final = {
    b"": "an empty file",
    b"PK\x03\x04": "a zip whose end is missing; it was cut off",
    b"\x1f\x8b": "a gzip file; decompress it first",
    b"\xfd7zXZ": "an xz file; decompress it first",
    b"\x28\xb5\x2f\xfd": "a zstd file; decompress it first",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"{": "text that begins like JSON",
    b"[": "text that begins like JSON",
    b"<": "text that begins like a web page: perhaps the download failed",
}
_HEAD: Final = 512
_PREFIX: Final = 1 << 21
_MEMBERS_TRIED: Final = 1000
_PICKLES: Final = (b"\x80", b"BZh")


class Probe:
    """What a source looks like, whatever its name.

    Parameters
    ----------
    path
        File or folder.

    Raises
    ------
    SourceError
        If there is no such file or folder.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = Path(folder.name, "table.bench").write_bytes(b"PAR1...")
    >>> probe = Probe(folder.name)
    >>> probe.kind, probe.names
    ('folder', ['table.bench'])
    >>> Probe(probe.path / "table.bench").kind
    'file'
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir() and not self.path.is_file():
            what = "a pipe or a device" if self.path.exists() else None
            msg = f"{str(self.path)!r} is {what}" if what else f"there is no file or folder {str(self.path)!r}"
            raise SourceError(msg)

    @cached_property
    def kind(self) -> Kind:
        """How the source is wrapped; ``"pickle"`` includes one inside bz2."""
        if self.path.is_dir():
            return "folder"
        if zipfile.is_zipfile(self.path):
            return "zip"
        if tar.is_tar(self.path):
            return "tar" if tar.has_header(self.head) else "compressed tar"
        return "pickle" if self.head.startswith(_PICKLES) else "file"

    @cached_property
    def head(self) -> bytes:
        """First 512 bytes of a file."""
        with self.path.open("rb") as file:
            return file.read(_HEAD)

    @cached_property
    def names(self) -> list[str]:
        """Names of what lies in a folder, sorted; empty for a file."""
        return sorted(self._taken(entry.name for entry in os.scandir(self.path))) if self.kind == "folder" else []

    @cached_property
    def files(self) -> list[str]:
        """Paths of all files below a folder, relative to it, with ``/``; links that lead upwards are not followed."""
        return list(self._taken(self._below())) if self.kind == "folder" else []

    @cached_property
    def members(self) -> list[str]:
        """Names of the members of a zip, or of the first thousand of a tar; empty for anything else."""
        if self.kind == "zip":
            with zips.opened(self.path) as archive:
                return archive.namelist()
        if self.kind in ("tar", "compressed tar"):
            return self._tar_members()
        return []

    @cached_property
    def pickled(self) -> Any:
        """What the first two megabytes of a pickle build, its last dict or list unfinished; None if it is none.

        Raises
        ------
        UnsafePickleError
            If it names a global that is not on the allow-list.
        """
        return pickles.load_prefix(self._prefix(), str(self.path)) if self.kind == "pickle" else None

    def describe(self) -> str:
        """What the source is, for the error that no reader recognises it."""
        if self.kind == "folder":
            return f"a folder with {listed(self.names)}" if self.names else "an empty folder"
        if self.kind in ("zip", "tar", "compressed tar"):
            return f"a {self.kind} with {listed(self.members)}"
        if self.kind == "pickle":
            top = self.pickled
            if top is None:
                return "a pickle that is truncated near its beginning"
            return f"a pickled dict with {listed(top)}" if isinstance(top, dict) else f"a pickled {type(top).__name__}"
        found = (what for magic, what in _FOREIGN.items() if magic and self.head.startswith(magic))
        return next(found, f"a file that begins with {self.head[:16]!r}") if self.head else _FOREIGN[b""]

    def _tar_members(self) -> list[str]:
        with tar.members(self.path) as members:
            found = self._taken(member.name for member in members)
            return [name for name, _ in zip(found, range(_MEMBERS_TRIED), strict=False)]

    def _below(self) -> Iterator[str]:
        for root, folders, names in os.walk(self.path, followlinks=True):
            folders[:] = [name for name in folders if not _leads_upwards(root, name)]
            below = Path(root).relative_to(self.path).as_posix()
            yield from (name if below == "." else f"{below}/{name}" for name in names)

    def _taken(self, names: Iterator[str]) -> Iterator[str]:
        """Hand on names as long as there are not too many and they do not take too long."""
        allowed, end = limits.current(), time.monotonic() + limits.current().seconds
        for count, name in enumerate(names):
            if count >= allowed.members:
                msg = f"{self.path}: {limits.exceeded('members', 'it holds more files')}"
                raise SourceError(msg)
            if time.monotonic() > end:
                msg = f"{self.path}: {limits.exceeded('seconds', 'listing it takes longer')}"
                raise SourceError(msg)
            yield name

    def _prefix(self) -> bytes:
        with self.path.open("rb") as file:
            raw = file.read(_PREFIX)
        if not raw.startswith(b"BZh"):
            return raw
        try:
            return bz2.BZ2Decompressor().decompress(raw, _PREFIX)
        except OSError as error:
            msg = f"{self.path}: it is corrupt: {error}"
            raise SourceError(msg) from error


def _leads_upwards(root: str, name: str) -> bool:
    """Whether a folder is a link to one that it lies in."""
    path = Path(root, name)
    return path.is_symlink() and Path(root).resolve().is_relative_to(path.resolve())
