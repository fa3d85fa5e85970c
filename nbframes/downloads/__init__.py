"""Get the official files: download, resume, verify; or take and verify a file fetched by hand.

Standard library alone. `pooch` was considered: its downloaders write to a temporary file that is deleted when they fail,
so that resuming has to happen outside of it, and what would remain of it here is one SHA-256 and one rename.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbframes.downloads.identity import Identity, WrongFileError, check, record, record_path
from nbframes.downloads.lock import exclusive
from nbframes.downloads.part import Part
from nbframes.downloads.registry import Source, bytes_text, find, instructions, sources
from nbframes.downloads.transfer import Patience, fetch, make_room, patiently
from nbframes.downloads.web import RefusedError, get_json, host
from nbframes.errors import InvalidArgumentError, SourceError, listed
from nbframes.progress import bar, note

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Source", "available", "download", "find", "instructions"]


def download(
    name: str,
    /,
    *,
    variant: str | None = None,
    to: str | os.PathLike[str] | None = None,
    from_file: str | os.PathLike[str] | None = None,
    progress: bool = True,
    patience: Patience | None = None,
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
    patience
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
    source = find(name, variant)
    target = _folder(to) / source.name
    with exclusive(target, waiting=lambda: note(f"waiting for another process that fetches {target}", show=progress)):
        known = Identity.of(source, target)
        if target.exists():
            return _keep(target, source, known, progress)
        if from_file is not None:
            return _take(Path(from_file).expanduser(), target, source, known, progress)
        if source.by_hand:
            raise SourceError(instructions(source, target.parent))
        return _fetch(target, source, known, patience or Patience(), progress)


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


def _checked(path: Path, known: Identity, progress: bool) -> Identity:
    name = path.name.removesuffix(".part")
    with bar(f"checking {name}", total=path.stat().st_size, unit="B", show=progress) as shown:
        return check(path, known, name, step=shown.update)


def _keep(target: Path, source: Source, known: Identity, progress: bool) -> Path:
    try:
        identity = _checked(target, known, progress)
    except WrongFileError as error:
        msg = f"{error}\nIt lies in {str(target.parent)!r} and was left as it is: delete or rename it, then download again."
        raise SourceError(msg) from error
    _remember(target, source, identity, "found in the folder")
    return target


def _take(path: Path, target: Path, source: Source, known: Identity, progress: bool) -> Path:
    if path.is_dir():
        msg = f"{str(path)!r} is a folder: give it to nbframes.export as it is, nothing needs to be downloaded"
        raise SourceError(msg)
    if not path.is_file():
        msg = f"there is no file {str(path)!r}"
        raise SourceError(msg)
    try:
        identity = _checked(path, known, progress)
    except WrongFileError as error:
        msg = f"{error}\nIt was not accepted as {source.name!r} ({source.title}) and was left as it is."
        raise SourceError(msg) from error
    temporary = target.with_name(f"{target.name}.copy")
    temporary.unlink(missing_ok=True)
    try:
        os.link(path, temporary)
    except OSError:
        make_room(target.parent, identity.size or 0)
        shutil.copyfile(path, temporary)
    temporary.replace(target)
    _remember(target, source, identity, "by hand")
    return target


def _fetch(target: Path, source: Source, known: Identity, patience: Patience, progress: bool) -> Path:
    part = Part(target)
    reasons: list[str] = []
    with bar(source.name, total=source.size or source.about, unit="B", show=progress) as shown:
        for url, expected in _addresses(source, known, patience, reasons, shown):
            try:
                identity = _fetch_from(url, part, expected, patience, shown)
            except RefusedError as error:
                reasons.append(str(error))
            else:
                _remember(target, source, identity, url)
                part.finish()
                return target
    raise SourceError(_failure(source, part, reasons))


def _addresses(
    source: Source, known: Identity, patience: Patience, reasons: list[str], shown: Any
) -> list[tuple[str, Identity]]:
    addresses = [(url, known) for url in source.urls]
    if source.listing is not None:
        try:
            addresses.append(_from_listing(source.listing, source, known, patience, shown))
        except RefusedError as error:
            reasons.append(str(error))
    return addresses


def _from_listing(
    listing: str, source: Source, known: Identity, patience: Patience, shown: Any
) -> tuple[str, Identity]:
    def ask() -> Any:
        return get_json(listing, timeout=patience.timeout)

    entries = patiently(ask, patience=patience, tell=shown.set_postfix_str)
    try:
        files = {str(entry["name"]): entry for entry in entries}
        name = source.name if source.name in files or len(files) != 1 else next(iter(files))
        if name not in files:
            reason = f"{host(listing)} lists no {source.name!r}, only {listed(files)}"
            raise RefusedError(reason)
        entry = files[name]
        published = replace(known, size=known.size or int(entry["size"]), md5=known.md5 or str(entry["computed_md5"]))
        return str(entry["download_url"]), published
    except (TypeError, KeyError, ValueError) as error:
        reason = f"{host(listing)} answered with a list of another form"
        raise RefusedError(reason) from error


def _fetch_from(url: str, part: Part, known: Identity, patience: Patience, shown: Any) -> Identity:
    while True:
        whole = fetch(url, part, known, patience=patience, bar=shown)
        origin = part.origin
        announced = None if origin is None else origin.sha256
        expected = known if announced is None else replace(known, sha256=known.sha256 or announced)
        try:
            return _checked(part.path, expected, not shown.disable)
        except WrongFileError as error:
            if whole:
                reason = f"{host(url)} sent another file: {error}{_set_aside(part, known)}"
                raise RefusedError(reason) from error
            part.discard()


def _set_aside(part: Part, known: Identity) -> str:
    """Drop a file whose hash is published; keep one that only differs from what was seen before."""
    if known.origin == "published":
        part.discard()
        return " It was deleted."
    aside = part.target.with_name(f"{part.target.name}.different")
    part.path.replace(aside)
    part.discard()
    return f" It is kept as {aside.name!r}; to accept it, delete {record_path(part.target).name!r} and give it as `from_file` (--from)."


def _remember(target: Path, source: Source, identity: Identity, origin: str) -> None:
    if source.sha256 is None:
        record(target, identity, origin)


def _failure(source: Source, part: Part, reasons: list[str]) -> str:
    lines = "\n".join(f"  {reason}" for reason in reasons)
    kept = (
        f"{bytes_text(part.size)} of it are kept in {str(part.path)!r}; the same call goes on from there.\n"
        if part.size
        else ""
    )
    places = listed(source.urls + source.pages)
    return f"{source.name!r} could not be downloaded:\n{lines}\n{kept}Hint: fetch it by other means from {places} and give it as `from_file` (--from)."
