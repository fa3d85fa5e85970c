"""Finding a store, and scanning the tables of the one that is found."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbframes.errors import InvalidArgumentError, StoreError
from nbframes.store.tables import Store

if TYPE_CHECKING:
    import polars as pl

ENVIRONMENT: Final = "NBFRAMES_STORE"


def open_store(
    path: str | os.PathLike[str] | Store | None = None, *, storage_options: dict[str, Any] | None = None
) -> Store:
    """Open a store for reading.

    Parameters
    ----------
    path
        Folder or URL (``s3://bucket/prefix``) of the store; a store is returned as it is. By default ``$NBFRAMES_STORE``, else the platform's data
        folder (`default_store`).
    storage_options
        Options of the object store, as Polars' ``scan_parquet`` takes them.

    Raises
    ------
    StoreError
        If there is no store at that place.

    Examples
    --------
    >>> import nbframes as nbf
    >>> store = nbf.open_store(nbf.synthetic.store().root)
    """
    if isinstance(path, Store):
        return path
    root = str(path) if path is not None else str(default_store())
    store = Store(root, storage_options=storage_options)
    if not store.files.exists("manifests"):
        origin = (
            "given" if path is not None else f"from ${ENVIRONMENT}" if os.environ.get(ENVIRONMENT) else "the default"
        )
        msg = (
            f"there is no nbframes store at {root!r} ({origin})\n\nHint: make one with `nbframes export SOURCE --store STORE`, "
            f"or name one with open_store(path) or ${ENVIRONMENT}; `nbframes demo` makes a small sample"
        )
        raise StoreError(msg)
    return store


def default_store() -> Path:
    """Folder of the store when none is named: ``$NBFRAMES_STORE``, else the platform's data folder."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "nbframes"


def scan(*benchmarks: str, store: Store | str | os.PathLike[str] | None = None) -> pl.LazyFrame:
    """Scan results in long format; see `Store.scan`.

    Parameters
    ----------
    *benchmarks
        Names of benchmarks; all of the store if none is given.
    store
        Store, or its path; by default as `open_store` finds it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> frame = nbf.scan("nats-sss", store=nbf.synthetic.store().root)
    >>> frame.filter(nbf.arch(0), nbf.final()).select("dataset").unique().collect().height
    4
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
    >>> nbf.scan_archs("nats-sss", store=nbf.synthetic.store().root).collect().is_empty()
    False
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
    >>> nbf.scan_runs("nats-sss", store=nbf.synthetic.store().root).collect().is_empty()
    False
    """
    return open_store(store).scan_runs(*benchmarks)


def local_root(path: str | os.PathLike[str] | Store | None, purpose: str) -> Path:
    """Folder of a store that is to be written.

    Raises
    ------
    InvalidArgumentError
        If the store is an object store.
    """
    root = path.root if isinstance(path, Store) else str(path) if path is not None else str(default_store())
    if "://" in root:
        msg = (
            f"cannot {purpose} {root!r}: a benchmark appears in a store complete or not at all, which needs the renames of a "
            "local disk\n\nHint: write to a local folder, then copy it (for example `aws s3 sync FOLDER URL`) and open the URL"
        )
        raise InvalidArgumentError(msg)
    return Path(root)
