"""Finding a store, and scanning the tables of the one that is found."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbframes.display.text import redacted
from nbframes.errors import InvalidArgumentError, StoreError
from nbframes.schema import RECORD
from nbframes.store.tables import Store

if TYPE_CHECKING:
    import polars as pl

ENVIRONMENT: Final = "NBFRAMES_STORE"
PACKAGED: Final = Path(__file__).resolve().parents[1] / "published" / "store"
"""The store of published values inside the package; it is never written."""
PACKAGED_ORIGIN: Final = "published values that come with nbframes"


def open_store(
    path: str | os.PathLike[str] | Store | None = None, *, storage_options: dict[str, Any] | None = None
) -> Store:
    """Open a store for reading.

    Parameters
    ----------
    path
        Folder or URL (``s3://bucket/prefix``, ``gs://``, ``az://``, ``https://``, ``hf://``) of the store; a store is returned as it is. By
        default ``$NBFRAMES_STORE``, else the platform's data folder (`default_store`) if a store is there, else the published values that
        come with nbframes.
    storage_options
        Options of the object store, as Polars' ``scan_parquet`` takes them.

    Returns
    -------
    Store
        Its repr says which store it is. A commit that was interrupted is finished first, where the store can be written.

    Raises
    ------
    StoreError
        If there is no store at that place, or its commit record is not one that nbframes writes.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.open_store(nbf.published.store().root).benchmarks()
    ['nb301', 'nats-tss', 'nats-sss']
    """
    if isinstance(path, Store):
        return path
    root, origin = (str(path), "") if path is not None else _found()
    store = Store(root, storage_options=storage_options, origin=origin)
    if not store.files.remote:
        _finish_interrupted(Path(store.files.root))
    if not store.files.exists("manifests"):
        msg = (
            f"there is no nbframes store at {redacted(root)!r} ({origin or 'given'})\n\nHint: make one with `nbframes export SOURCE "
            f"--store STORE`, or name one with open_store(path) or ${ENVIRONMENT}; `nbframes demo` makes a small sample"
        )
        raise StoreError(msg)
    return store


def default_store() -> Path:
    """Folder that is written when no store is named: ``$NBFRAMES_STORE``, else the platform's data folder."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "nbframes"


def _found() -> tuple[str, str]:
    """Root of the store that is read when none is named, and what it is."""
    if named := os.environ.get(ENVIRONMENT):
        return named, f"from ${ENVIRONMENT}"
    default = default_store()
    if (default / "manifests").is_dir() or (default / RECORD).exists() or not PACKAGED.is_dir():
        return str(default), "the default"
    return str(PACKAGED), PACKAGED_ORIGIN


def _finish_interrupted(root: Path) -> None:
    """Finish a commit whose writer died; one that is under way is left alone, and so is a store that cannot be written."""
    if (root / RECORD).exists():
        from nbframes.store.commit import recover

        with suppress(OSError):
            recover(root, wait=False)


def scan(*benchmarks: str, store: Store | str | os.PathLike[str] | None = None) -> pl.LazyFrame:
    """Scan results in long format; see `Store.scan`.

    Parameters
    ----------
    *benchmarks
        Names of benchmarks; all of the store if none is given.
    store
        Store, or its path; by default as `open_store` finds it.

    Returns
    -------
    LazyFrame
        As `Store.scan` gives it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> frame = nbf.scan("nats-sss", store=nbf.published.store().root)
    >>> frame.filter(nbf.arch(0), nbf.final()).select("dataset").unique().collect().height
    3
    """
    return open_store(store).scan(*benchmarks)


def scan_archs(*benchmarks: str, store: Store | str | os.PathLike[str] | None = None) -> pl.LazyFrame:
    """Scan architectures; see `Store.scan_archs`.

    Parameters
    ----------
    *benchmarks
        Names of benchmarks; all of the store if none is given.
    store
        Store, or its path; by default as `open_store` finds it.

    Returns
    -------
    LazyFrame
        As `Store.scan_archs` gives it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.scan_archs("nats-sss", store=nbf.published.store().root).select("arch_str").last().collect().item()
    '64:64:64:64:64'
    """
    return open_store(store).scan_archs(*benchmarks)


def scan_runs(*benchmarks: str, store: Store | str | os.PathLike[str] | None = None) -> pl.LazyFrame:
    """Scan training runs; see `Store.scan_runs`.

    Parameters
    ----------
    *benchmarks
        Names of benchmarks; all of the store if none is given.
    store
        Store, or its path; by default as `open_store` finds it.

    Returns
    -------
    LazyFrame
        As `Store.scan_runs` gives it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> runs = nbf.scan_runs("nats-tss", store=nbf.published.store().root)
    >>> runs.filter(nbf.arch(6111), nbf.dataset("cifar10-valid")).select("seed", "params").collect().rows()
    [(777, 1073466), (888, 1073466), (999, 1073466)]
    """
    return open_store(store).scan_runs(*benchmarks)


def local_root(path: str | os.PathLike[str] | Store | None, purpose: str) -> Path:
    """Folder of a store that is to be written.

    Raises
    ------
    InvalidArgumentError
        If the store is an object store, or the one inside the package.
    """
    root = path.root if isinstance(path, Store) else str(path) if path is not None else str(default_store())
    if "://" in root:
        msg = (
            f"cannot {purpose} {redacted(root)!r}: a benchmark appears in a store complete or not at all, which needs the renames of a "
            "local disk\n\nHint: write to a local folder, then copy it (for example `aws s3 sync FOLDER URL`) and open the URL"
        )
        raise InvalidArgumentError(msg)
    if Path(root).expanduser().resolve() == PACKAGED:
        msg = f"cannot {purpose} {root!r}: the published values that come with nbframes stay as they are; name another folder"
        raise InvalidArgumentError(msg)
    return Path(root).expanduser()
