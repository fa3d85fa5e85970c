"""The files below the root of a store, on disk or in an object store."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nbframes.errors import InvalidArgumentError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbframes.store.manifest import StoredFile


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

    def names(self, folder: str) -> list[str]:
        """Names of the files directly in a folder."""
        ...

    def below(self, folder: str) -> list[str]:
        """Paths of the files in a folder and its folders, sorted."""
        ...

    def stamp(self, path: str) -> object:
        """Something that changes when the file does; None where that cannot be told cheaply or there is no file."""
        ...

    def read(self, path: str) -> bytes | None:
        """Content of a file, None if there is none."""
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

    def at(self, path: str) -> str:
        """Full path of a file."""
        return str(Path(self.root, path))

    def exists(self, folder: str) -> bool:
        """Whether there is such a folder."""
        return Path(self.root, folder).is_dir()

    def names(self, folder: str) -> list[str]:
        """Names of the files directly in a folder."""
        try:
            with os.scandir(Path(self.root, folder)) as entries:
                return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def below(self, folder: str) -> list[str]:
        """Paths of the files in a folder and its folders, sorted; symbolic links count as files."""
        return sorted(self._below(folder))

    def _below(self, folder: str) -> Iterator[str]:
        for parent, folders, names in os.walk(Path(self.root, folder)):
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for name in names + links:
                yield Path(parent, name).relative_to(self.root).as_posix()

    def stamp(self, path: str) -> object:
        """Something that changes when the file does; None if there is no file."""
        try:
            status = Path(self.root, path).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def read(self, path: str) -> bytes | None:
        """Content of a file, None if there is none."""
        try:
            return Path(self.root, path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            msg = f"cannot read {self.at(path)!r}: {error.strerror}"
            raise StoreError(msg) from error

    def size(self, path: str) -> int | None:
        """Bytes of a file, None if there is none."""
        file = Path(self.root, path)
        return file.stat().st_size if file.is_file() else None

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hex."""
        return file_sha256(Path(self.root, path))

    def check(self, files: Iterable[StoredFile]) -> None:
        """Raise StoreError if a file is missing, of another size, or reached through a symbolic link."""
        folders: set[str] = set()
        for file in files:
            folder, _, name = file.path.rpartition("/")
            if folder not in folders:
                check_contained(self.root, folder)
                folders.add(folder)
            path = Path(self.root, folder, name)
            try:
                status = path.lstat()
            except OSError as error:
                raise StoreError(_differs(path, "is missing")) from error
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(_differs(path, "is a link or no file at all"))
            if status.st_size != file.size:
                raise StoreError(_differs(path, f"has {status.st_size:,} bytes, not {file.size:,}"))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_contained(root: str | Path, folder: str) -> None:
    """Check that no symbolic link leads from a folder of a store elsewhere.

    Raises
    ------
    StoreError
        If one does.
    """
    real = os.path.realpath(Path(root, folder))
    if real != str(Path(os.path.realpath(root), folder)):
        msg = (
            f"{str(Path(root, folder))!r} is {real!r} by a symbolic link; links inside a store are not followed"
            "\n\nHint: copy the store with its links resolved (cp -rL)"
        )
        raise StoreError(msg)


def _differs(path: Path, how: str) -> str:
    return f"{str(path)!r} {how}, against its manifest\n\nHint: `nbframes verify` lists what is wrong; export the benchmark again"
