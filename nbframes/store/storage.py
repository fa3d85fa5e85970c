"""The files below the root of a store, on disk or in an object store."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from nbframes.errors import InvalidArgumentError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbframes.store.manifest import StoredFile

_COARSEST: Final = 2_000_000_000
"""Nanoseconds between two times that every file system tells apart."""
_JUNCTION: Final = 0xA0000003


class Files(Protocol):
    """The files below a root; paths are relative to it, with ``/``."""

    root: str
    storage_options: dict[str, Any] | None
    remote: bool

    def at(self, path: str) -> str:
        """Full path or URL of a file."""
        ...

    def exists(self, folder: str) -> bool:
        """Whether there is such a folder."""
        ...

    def stamps(self, folder: str) -> dict[str, object]:
        """Names of the files directly in a folder, each with something that changes when the file does, None where that cannot be told."""
        ...

    def below(self, folder: str) -> list[str]:
        """Paths of the files in a folder and its folders, sorted."""
        ...

    def is_settled(self, stamp: object) -> bool:
        """Whether a file that is read from now on cannot change without another stamp."""
        ...

    def read(self, path: str) -> bytes | None:
        """Content of a file, None if there is none."""
        ...

    def read_all(self, paths: Sequence[str]) -> list[bytes | None]:
        """Contents of several files, as `read` gives them."""
        ...

    def size(self, path: str) -> int | None:
        """Bytes of a file, None if there is none."""
        ...

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hex."""
        ...

    def check(self, files: Iterable[StoredFile]) -> None:
        """Raise StoreError if files are visibly not those of their manifest, as far as that is cheap."""
        ...


def files_at(root: str, storage_options: dict[str, Any] | None = None) -> Files:
    """Files below a folder, or below the URL of one.

    Parameters
    ----------
    root
        Path or URL.
    storage_options
        Options of the object store, as Polars takes them.
    """
    if "://" in root:
        from nbframes.store.remote import RemoteFiles

        return RemoteFiles(root, storage_options)
    if storage_options:
        msg = f"storage_options are for object stores such as 's3://bucket/prefix', but the store is {root!r}"
        raise InvalidArgumentError(msg)
    return LocalFiles(root)


class LocalFiles:
    """The files below a folder of this machine.

    Parameters
    ----------
    root
        The folder.
    """

    remote = False

    def __init__(self, root: str | Path) -> None:
        self.storage_options: dict[str, Any] | None = None
        self.root = str(Path(root).expanduser())
        self._inside = os.path.join(self.root, "")  # noqa: PTH118  a store has many files; what a Path costs for each adds up

    def at(self, path: str) -> str:
        """Full path of a file."""
        return self._inside + path

    def exists(self, folder: str) -> bool:
        """Whether there is such a folder."""
        return Path(self.root, folder).is_dir()

    def stamps(self, folder: str) -> dict[str, object]:
        """Names of the files directly in a folder, without links, each with something that changes when the file does."""
        try:
            with os.scandir(self.at(folder)) as entries:
                return {
                    entry.name: _stamp(entry.stat(follow_symlinks=False))
                    for entry in entries
                    if entry.is_file(follow_symlinks=False)
                }
        except (FileNotFoundError, NotADirectoryError):
            return {}

    def below(self, folder: str) -> list[str]:
        """Paths of the files in a folder and its folders, sorted; symbolic links count as files."""
        return sorted(self._below(folder))

    def _below(self, folder: str) -> Iterator[str]:
        for parent, folders, names in os.walk(Path(self.root, folder)):
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for name in names + links:
                yield Path(parent, name).relative_to(self.root).as_posix()

    def is_settled(self, stamp: object) -> bool:
        """Whether a file that is read from now on cannot change without another stamp: not if it has just been written."""
        return isinstance(stamp, _Stamp) and time.time_ns() - max(stamp.modified, stamp.changed) > _COARSEST

    def read(self, path: str) -> bytes | None:
        """Content of a file, None if there is none."""
        try:
            return Path(self.root, path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            msg = f"cannot read {self.at(path)!r}: {error.strerror}"
            raise StoreError(msg) from error

    def read_all(self, paths: Sequence[str]) -> list[bytes | None]:
        """Contents of several files, as `read` gives them."""
        return [self.read(path) for path in paths]

    def size(self, path: str) -> int | None:
        """Bytes of a file, None if there is none."""
        file = Path(self.root, path)
        return file.stat().st_size if file.is_file() else None

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hex."""
        return file_sha256(Path(self.root, path))

    def check(self, files: Iterable[StoredFile]) -> None:
        """Raise StoreError if a file is missing, of another size, or reached through a symbolic link."""
        plain: set[str] = set()
        for file in files:
            check_contained(self.root, file.path.rpartition("/")[0], plain)
            path = self.at(file.path)
            try:
                status = os.lstat(path)
            except OSError as error:
                raise StoreError(_differs(path, "is missing")) from error
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(_differs(path, "is a link or not a regular file"))
            if status.st_size != file.size:
                raise StoreError(_differs(path, f"has {status.st_size:,} bytes, not {file.size:,}"))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_contained(root: str | Path, folder: str, plain: set[str] | None = None) -> None:
    """Check that no symbolic link leads from a folder of a store elsewhere.

    Parameters
    ----------
    root
        Root of the store, which may be a link itself.
    folder
        Relative to it, with ``/``; nothing need be there.
    plain
        Folders that were found to be none, to which this one is added with those around it.

    Raises
    ------
    StoreError
        If one does.
    """
    plain = set() if plain is None else plain
    if folder in plain:
        return
    if around := folder.rpartition("/")[0]:
        check_contained(root, around, plain)
    if _is_link(f"{root}{os.sep}{folder}"):
        real = os.path.realpath(Path(root, folder))
        msg = (
            f"{str(Path(root, folder))!r} is {real!r} by a symbolic link; links inside a store are not followed"
            "\n\nHint: copy the store with its links resolved (cp -rL)"
        )
        raise StoreError(msg)
    plain.add(folder)


class _Stamp(NamedTuple):
    modified: int
    changed: int
    size: int
    inode: int
    device: int


def _stamp(status: os.stat_result) -> _Stamp:
    return _Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def _is_link(path: str) -> bool:
    """Whether there is a symbolic link, or a junction of Windows."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def _differs(path: str, how: str) -> str:
    return f"{path!r} {how}, against its manifest\n\nHint: `nbframes verify` lists what is wrong; export the benchmark again"
