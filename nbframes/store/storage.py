"""The files below a root, on disk or in an object store."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbframes.errors import InvalidArgumentError, StoreError

if TYPE_CHECKING:
    import pyarrow.fs

_OPTIONS = {
    "access_key": ("aws_access_key_id", "access_key_id"),
    "secret_key": ("aws_secret_access_key", "secret_access_key"),
    "session_token": ("aws_session_token", "aws_token", "session_token", "token"),
    "region": ("aws_region", "region", "aws_default_region", "default_region"),
    "endpoint_override": ("aws_endpoint_url", "endpoint_url", "aws_endpoint", "endpoint"),
}
"""Arguments of `pyarrow.fs.S3FileSystem` and the keys under which Polars takes the same things, also from the environment."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Files:
    """The files below a root.

    Parameters
    ----------
    root
        A folder, or the URL of one in an object store that speaks S3.
    storage_options
        Options of the object store, as Polars takes them.
    """

    def __init__(self, root: str, storage_options: dict[str, Any] | None = None) -> None:
        self.remote = "://" in root
        self.root = root.rstrip("/") if self.remote else str(Path(root).expanduser())
        self.storage_options = storage_options
        if storage_options and not self.remote:
            msg = f"storage_options are for object stores such as 's3://bucket/prefix', but the store is {root!r}"
            raise InvalidArgumentError(msg)
        self._system: pyarrow.fs.FileSystem | None = None

    def at(self, path: str) -> str:
        """Full path or URL of a file named relative to the root."""
        return f"{self.root}/{path}" if self.remote else str(Path(self.root, path))

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that name."""
        if not self.remote:
            return Path(self.root, path).exists()
        return bool(self.names(path)) or self._is_file(path)

    def names(self, folder: str) -> list[str]:
        """Names of the files directly in a folder."""
        return [path.rsplit("/", 1)[-1] for path in self.below(folder, recursive=False)]

    def below(self, folder: str, *, recursive: bool = True) -> list[str]:
        """Paths of the files in a folder, relative to the root, sorted."""
        if self.remote:
            return self._below_remote(folder, recursive=recursive)
        base = Path(self.root, folder)
        found = base.rglob("*") if recursive else base.glob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file())

    def stamp(self, path: str) -> object:
        """Something that changes when the file does; None where that cannot be told cheaply or there is no file."""
        if self.remote:
            return None
        try:
            status = Path(self.root, path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def read_text(self, path: str) -> str | None:
        """Content of a file, None if there is none."""
        if not self.remote:
            try:
                return Path(self.root, path).read_text("utf-8", errors="replace")
            except (FileNotFoundError, NotADirectoryError):
                return None
        if not self._is_file(path):
            return None
        with self._open(path) as stream:
            return str(stream.read().decode("utf-8", errors="replace"))

    def size(self, path: str) -> int | None:
        """Bytes of a file, None if there is none."""
        if not self.remote:
            file = Path(self.root, path)
            return file.stat().st_size if file.is_file() else None
        return self._info(path).size if self._is_file(path) else None

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hex."""
        if not self.remote:
            return file_sha256(Path(self.root, path))
        digest = hashlib.sha256()
        with self._open(path) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    def _filesystem(self) -> pyarrow.fs.FileSystem:
        if self._system is None:
            from pyarrow import fs

            scheme = self.root.split("://", 1)[0]
            if scheme not in {"s3", "s3a"}:
                msg = f"cannot read {self.root!r}: stores are read from local disk and from s3:// URLs, not from {scheme}://"
                raise InvalidArgumentError(msg)
            environment = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
            options = {key.lower(): value for key, value in (environment | (self.storage_options or {})).items()}
            arguments = {
                name: next(options[key] for key in keys if key in options)
                for name, keys in _OPTIONS.items()
                if not options.keys().isdisjoint(keys)
            }
            if str(arguments.get("endpoint_override", "")).startswith("http://"):
                arguments["scheme"] = "http"
            if str(options.get("aws_skip_signature", options.get("skip_signature", ""))).lower() == "true":
                arguments["anonymous"] = True
            self._system = fs.S3FileSystem(**arguments)
        return self._system

    def _key(self, path: str) -> str:
        return f"{self.root.split('://', 1)[1]}/{path}"

    def _info(self, path: str) -> Any:
        try:
            return self._filesystem().get_file_info(self._key(path))
        except OSError as error:
            msg = f"cannot read {self.at(path)!r}: {error}"
            raise StoreError(msg) from error

    def _is_file(self, path: str) -> bool:
        return bool(self._info(path).is_file)

    def _open(self, path: str) -> Any:
        return self._filesystem().open_input_stream(self._key(path))

    def _below_remote(self, folder: str, *, recursive: bool) -> list[str]:
        from pyarrow import fs

        selector = fs.FileSelector(self._key(folder), recursive=recursive, allow_not_found=True)
        try:
            found = self._filesystem().get_file_info(selector)
        except OSError as error:
            msg = f"cannot list {self.at(folder)!r}: {error}"
            raise StoreError(msg) from error
        base = len(self._key(""))
        return sorted(info.path[base:] for info in found if info.is_file)
