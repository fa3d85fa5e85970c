"""Get the official files: download, resume, verify; or take and verify a file fetched by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nbframes.downloads.registry import Source, find, instructions, sources
from nbframes.downloads.retry import RetryPolicy
from nbframes.errors import InvalidArgumentError, SourceError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RetryPolicy", "Source", "available", "download", "find", "instructions"]


def download(
    name: str,
    /,
    *,
    variant: str | None = None,
    to: str | os.PathLike[str] | None = None,
    from_file: str | os.PathLike[str] | None = None,
    progress: bool = True,
    retry_policy: RetryPolicy | None = None,
) -> Path:
    """Download the official file of a benchmark, or go on with a download that was interrupted.

    A file that is there already is checked and not fetched again. Interrupted by Ctrl-C, a broken connection or a full
    disk, the bytes so far stay in ``<file>.part`` and the next call goes on from there. Only one process at a time works
    on a file; others wait for it.

    Parameters
    ----------
    name
        Benchmark: ``"nb101"``, ``"nb201"``, ``"nb301"``, ``"nats-tss"``, ``"nats-sss"``, ``"nb-macro"`` or ``"nb-graph"``; or a
        table to attach: ``"hw-nas-bench"``, ``"suite-zero"`` or ``"robustness"``.
    variant
        Which of its files, see `available`; by default the first.
    to
        Folder for the file; by default one beside the default store.
    from_file
        A file fetched by hand, for what lies on Google Drive. It is checked, and linked or copied into the folder.
    progress
        Whether to show progress with rate and remaining time.
    retry_policy
        Timeouts and retries, if the usual ones do not suit the network.

    Returns
    -------
    Path
        The checked file, to be given to `nbframes.export`, or a table to `nbframes.attach`.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark or variant.
    SourceError
        If the file cannot be had, is not the right one, does not fit on the disk, or has to be fetched by hand; the
        message says what to do.

    Notes
    -----
    A file is accepted if its size and SHA-256 are the published ones. Where none were published, all that is known is
    checked (NATS-Bench and NAS-Bench-201 name files after the end of their MD5), and size and SHA-256 are recorded in
    ``<file>.nbframes.json`` when the file is first seen; from then on no other file is accepted under its name.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:  # NATS-Bench lies on Google Drive
    ...     nbf.download("nats-sss", to=folder)
    Traceback (most recent call last):
    nbframes.errors.SourceError: NATS-sss-v1_0-50262-simple.tar (NATS-Bench, size search space: ...) has to be fetched by hand:
    ...
    """
    from nbframes.downloads.acquire import acquire

    source = find(name, variant)
    file = None if from_file is None else Path(from_file).expanduser()
    return acquire(source, _folder(to), from_file=file, policy=retry_policy or RetryPolicy(), progress=progress)


def available(name: str | None = None) -> pl.DataFrame:
    """List the files that `download` knows.

    Parameters
    ----------
    name
        Benchmark; by default all.

    Returns
    -------
    polars.DataFrame
        ``benchmark``, ``variant``, ``file``, ``megabytes`` (10⁶ bytes, null if not published), ``by_hand`` (whether it has
        to be fetched in a browser), ``holds``, ``licence``, ``citation``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.downloads.available("nb101").select("variant", "file", "megabytes")
    shape: (3, 3)
    ┌─────────┬───────────────────────────┬───────────┐
    │ variant ┆ file                      ┆ megabytes │
    │ ---     ┆ ---                       ┆ ---       │
    │ str     ┆ str                       ┆ i64       │
    ╞═════════╪═══════════════════════════╪═══════════╡
    │ full    ┆ nasbench_full.tfrecord    ┆ 2086      │
    │ only108 ┆ nasbench_only108.tfrecord ┆ 523       │
    │ pickle  ┆ nasbench101_full.pkl      ┆ null      │
    └─────────┴───────────────────────────┴───────────┘
    """
    import polars as pl

    benchmarks = sources() if name is None else {name: sources()[find(name).benchmark]}
    schema = {
        "benchmark": pl.String,
        "variant": pl.String,
        "file": pl.String,
        "megabytes": pl.Int64,
        "by_hand": pl.Boolean,
        "holds": pl.String,
        "licence": pl.String,
        "citation": pl.String,
    }
    rows = [
        (
            source.benchmark,
            source.variant,
            source.name,
            None if (size := source.size or source.about) is None else round(size / 1e6),
            source.by_hand,
            source.holds,
            source.licence,
            source.citation,
        )
        for variants in benchmarks.values()
        for source in variants.values()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _folder(to: str | os.PathLike[str] | None) -> Path:
    if to is None:
        from nbframes.store import default_store

        store = default_store()
        folder = store.with_name(f"{store.name}-downloads")
    else:
        folder = Path(to).expanduser()
    if folder.parts and folder.parts[0].endswith(":"):  # an address such as s3://bucket, read as a path
        msg = f"files are downloaded to a local folder, not to {os.fspath(folder)!r}: name one with `to`"
        raise InvalidArgumentError(msg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the folder {str(folder)!r} cannot be made ({error.strerror}): name another one with `to`"
        raise SourceError(msg) from error
    return folder
