"""The files of a store in an object store or on a web server."""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from nbframes.display.text import redacted
from nbframes.errors import InvalidArgumentError, MissingDependencyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbframes.store.manifest import StoredFile

LISTING: Final = "store.sha256"
"""Lines ``<sha256>  <path>`` of every file of a copy: what there is on a server that lists nothing."""

_SCHEMES: Final = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "http", "https", "hf")
_UNLISTED: Final = ("http", "https", "hf")
_CLIENT: Final = ("allow_http", "allow_invalid_certificates", "connect_timeout", "proxy_url", "timeout", "user_agent")
"""Options of the connection, which Polars takes among those of the object store."""

_DATASET: Final = re.compile(r"(?i:hf)://datasets/(?P<name>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?(?P<folder>(?:/.+)?)")
_TOGETHER: Final = 16
"""Requests that wait for their answers at a time."""
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")


class RemoteFiles:
    """The files below a URL: ``s3://``, ``gs://``, ``az://`` and its kin, ``https://`` and ``hf://``.

    Parameters
    ----------
    root
        The URL.
    storage_options
        Options of the object store, as Polars takes them.
    """

    remote = True

    def __init__(self, root: str, storage_options: dict[str, Any] | None = None) -> None:
        self.root = root.rstrip("/")
        self.storage_options = storage_options
        self._scheme = root.split("://", 1)[0].lower()
        if self._scheme not in _SCHEMES:
            known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
            msg = f"cannot read {redacted(root)!r}: stores are read from local disk and from {known} URLs"
            raise InvalidArgumentError(msg)

    def at(self, path: str) -> str:
        """Full URL of a file, as it is requested."""
        return f"{self._web_url}/{path}"

    def exists(self, folder: str) -> bool:
        """Whether there are files directly in a folder."""
        return bool(self.stamps(folder))

    def stamps(self, folder: str) -> dict[str, object]:
        """Names of the files directly in a folder, each with what tells its content from others, None where the server does not say."""
        if self._listing is not None:
            below = ((path.removeprefix(f"{folder}/"), path) for path in self.below(folder))
            return {rest: self._listing[path] for rest, path in below if "/" not in rest}
        import obstore

        found = self._try(folder, lambda: obstore.list_with_delimiter(self._objects, folder))
        return {entry["path"].rsplit("/", 1)[-1]: _stamp(entry) for entry in found["objects"]}

    def below(self, folder: str) -> list[str]:
        """Paths of the files in a folder and its folders, sorted."""
        if self._listing is not None:
            return sorted(path for path in self._listing if path.startswith(f"{folder}/"))
        import obstore

        found = self._try(folder, lambda: [entry for part in obstore.list(self._objects, folder) for entry in part])
        return sorted(entry["path"] for entry in found)

    def is_settled(self, stamp: object) -> bool:
        """Whether a file that is read from now on cannot change without another stamp."""
        return stamp is not None

    def read(self, path: str) -> bytes | None:
        """Content of a file, None if there is none."""
        if path != LISTING and self._listing is not None and path not in self._listing:
            return None
        import obstore

        content: bytes | None = self._try(path, lambda: bytes(obstore.get(self._objects, path).bytes()))
        return content

    def read_all(self, paths: Sequence[str]) -> list[bytes | None]:
        """Contents of several files, as `read` gives them, asked for at a time."""
        if len(paths) < 2:
            return [self.read(path) for path in paths]
        with ThreadPoolExecutor(_TOGETHER) as pool:
            return list(pool.map(self.read, paths))

    def size(self, path: str) -> int | None:
        """Bytes of a file, None if there is none."""
        import obstore

        found = self._try(path, lambda: obstore.head(self._objects, path))
        return None if found is None else int(found["size"])

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hex."""
        import obstore

        def digest() -> str:
            found = hashlib.sha256()
            for block in obstore.get(self._objects, path).stream():
                found.update(block)
            return found.hexdigest()

        return str(self._try(path, digest))

    def check(self, files: Iterable[StoredFile]) -> None:
        """Check nothing: every look is a request."""

    @cached_property
    def _listing(self) -> dict[str, str] | None:
        """SHA-256 of all files by path where the server lists none itself, else None."""
        if self._scheme not in _UNLISTED:
            return None
        content = self.read(LISTING)
        if content is None:
            msg = (
                f"there is no {LISTING} at {redacted(self.root)!r}, which says what a store on a web server holds"
                "\n\nHint: `nbframes publish` writes it"
            )
            raise StoreError(msg)
        return dict(_listed(content, self.root))

    @cached_property
    def _objects(self) -> Any:
        try:
            from obstore import store as objects
        except ImportError as error:
            raise MissingDependencyError.of("obstore", f"reading {self._scheme}:// stores", "remote") from error
        connect: Any = objects.from_url
        options = {str(key).lower(): str(value) for key, value in (self.storage_options or {}).items()}
        names = {key: key.removeprefix("aws_").removeprefix("azure_").removeprefix("google_") for key in options}
        client = {names[key]: value for key, value in options.items() if names[key] in _CLIENT}
        config = {key: value for key, value in options.items() if names[key] not in _CLIENT}
        if self._scheme in _UNLISTED:
            config = {}
        return self._try("", lambda: connect(self._web_url, config=config or None, client_options=client or None))

    @property
    def _web_url(self) -> str:
        """The root, for Hugging Face as the address that answers to HTTP."""
        if self._scheme != "hf":
            return self.root
        found = _DATASET.fullmatch(self.root)
        if found is None:
            msg = f"cannot read {redacted(self.root)!r}: a store on Hugging Face is hf://datasets/OWNER/NAME, and @REVISION if wanted"
            raise InvalidArgumentError(msg)
        host = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
        return f"{host}/datasets/{found['name']}/resolve/{found['revision'] or 'main'}{found['folder']}"

    def _try(self, path: str, action: Any) -> Any:
        """Result of a request, None if there is no such thing; any failure in words."""
        try:
            return action()
        except FileNotFoundError:
            return None
        except MissingDependencyError:
            raise
        except Exception as error:
            reason = redacted(str(error).strip().splitlines()[0])
            msg = f"cannot read {redacted(self.at(path))!r}: {reason}"
            raise StoreError(msg) from error


def _stamp(entry: Any) -> object:
    tag = entry.get("e_tag")
    return None if tag is None else (tag, entry.get("version"), entry["size"], entry["last_modified"])


def _listed(content: bytes, root: str) -> Iterator[tuple[str, str]]:
    for line in content.decode("utf-8", errors="replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            msg = f"{LISTING} at {redacted(root)!r} has the line {line[:80]!r}, not a sha256 and a path"
            raise StoreError(msg)
        yield found[2], found[1]
