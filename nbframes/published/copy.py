"""A public copy of a store: its files, their checksums and a page that describes them."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.errors import InvalidArgumentError, StoreError, listed
from nbframes.store.remote import LISTING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

LICENCES: Final = frozenset(
    {
        *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unlicense"),
        *(
            "CC0-1.0",
            "CC-BY-4.0",
            "CC-BY-SA-4.0",
            "CDLA-Permissive-1.0",
            "CDLA-Permissive-2.0",
            "ODC-By-1.0",
            "PDDL-1.0",
        ),
    }
)
"""SPDX identifiers of licences that let everybody pass the data on."""


def publish(
    store: str | os.PathLike[str] | Store | None = None, *, to: str | os.PathLike[str], title: str = ""
) -> Path:
    """Write what a public copy of a store needs: its files, ``store.sha256`` and a README with a header for data hubs.

    Upload the folder to a data hub or a web server, and ``nbframes.open_store("hf://datasets/OWNER/NAME")`` or
    ``open_store("https://...")`` opens it.

    Parameters
    ----------
    store
        Store on local disk, or its path; by default as `nbframes.open_store` finds it.
    to
        Folder of the copy, absent or empty.
    title
        Heading of the page; by default made of the names of the benchmarks.

    Returns
    -------
    Path
        The folder of the copy.

    Raises
    ------
    InvalidArgumentError
        If a benchmark or attachment has no licence that lets everybody pass it on, or the folder is not empty.
    StoreError
        If a file is not what its manifest says.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> copy = nbf.published.publish(nbf.published.store(), to=f"{folder.name}/copy")
    >>> nbf.open_store(copy).benchmarks() == nbf.published.store().benchmarks()
    True
    >>> sorted(path.name for path in copy.iterdir())
    ['README.md', 'archs', 'manifests', 'results', 'runs', 'store.sha256']
    >>> folder.cleanup()
    """
    from nbframes.published.card import card
    from nbframes.store import open_store
    from nbframes.store.cite import bibliography

    source = open_store(store)
    target = Path(to).expanduser().resolve()
    _check_places(source, target)
    manifests = [manifest for name in source.benchmarks() for manifest in source.catalogue.manifests(name)]
    _check_licences(manifests)
    staging = target.with_name(f".{target.name}-{uuid.uuid4().hex[:12]}")
    try:
        lines = [f"{digest}  {path}" for path, digest in _copied(source, manifests, staging)]
        (staging / LISTING).write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")
        title = title or f"Tabular NAS benchmarks: {', '.join(source.benchmarks())}"
        page = card(title, manifests, bibliography(manifests))
        (staging / "README.md").write_text(page, encoding="utf-8", newline="\n")
        if target.exists():
            target.rmdir()
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _check_places(source: Store, target: Path) -> None:
    if source.files.remote:
        msg = (
            f"a store is published from local disk, but this one is {source.root!r}\n\nHint: copy it to a folder first"
        )
        raise InvalidArgumentError(msg)
    if not source.benchmarks():
        msg = f"the store {source.root!r} holds no benchmark yet, so there is nothing to publish"
        raise StoreError(msg)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{str(target)!r} is not an empty folder; a copy is written to a folder of its own"
        raise InvalidArgumentError(msg)
    if target.is_relative_to(Path(source.root).resolve()):
        msg = f"{str(target)!r} lies in the store itself; a copy is written elsewhere"
        raise InvalidArgumentError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)


def _check_licences(manifests: list[Manifest]) -> None:
    unknown = {manifest.label: manifest.licence for manifest in manifests if manifest.licence not in LICENCES}
    if unknown:
        found = "\n".join(
            f"  {name}: {repr(licence) if licence else 'no licence given'}" for name, licence in unknown.items()
        )
        msg = (
            "these may not be published, since nobody can tell from their licence whether they may be passed on:\n"
            f"{found}\n\nValid: {listed(sorted(LICENCES))}\n\n"
            "Hint: write or attach them again with a licence, or publish a store without them"
        )
        raise InvalidArgumentError(msg)


def _copied(source: Store, manifests: list[Manifest], staging: Path) -> Iterator[tuple[str, str]]:
    """Copy the manifests and what they name; give every path with its sha256, manifests first."""
    for manifest in manifests:
        content = manifest.to_json()
        path = staging / manifest.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        yield manifest.path, hashlib.sha256(content).hexdigest()
    for manifest in manifests:
        for file in manifest.files():
            digest = _copy(Path(source.root, file.path), staging / file.path)
            if digest != file.sha256:
                state = f"has sha256 {digest}, its manifest says {file.sha256}" if digest else "is missing"
                msg = (
                    f"{file.path} of the store {source.root!r} {state}: the copy was discarded\n\n"
                    "Hint: see what else is wrong with `nbframes verify`"
                )
                raise StoreError(msg)
            yield file.path, digest


def _copy(source: Path, target: Path) -> str:
    """Copy a file; give its sha256, "" if there is no such file."""
    if not source.is_file():
        return ""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while block := reading.read(1 << 20):
            digest.update(block)
            writing.write(block)
    return digest.hexdigest()
