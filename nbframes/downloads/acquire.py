"""Three ways to the right file: it is there, it was fetched by hand, it comes from an address. Each is checked.

Standard library alone. `pooch` was considered: its downloaders write to a temporary file that is deleted when they fail,
so that resuming has to happen outside of it, and what would remain of it here is one SHA-256 and one rename.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbframes.display.progress import bar, note
from nbframes.downloads.checksum import Checksum, WrongFileError, check, record, record_path
from nbframes.downloads.lock import exclusive
from nbframes.downloads.partial import PartialFile
from nbframes.downloads.registry import bytes_text, instructions
from nbframes.downloads.retry import RefusedError, retried
from nbframes.downloads.transfer import fetch, make_room
from nbframes.downloads.web import get_json, host
from nbframes.errors import SourceError, listed

if TYPE_CHECKING:
    from pathlib import Path

    from nbframes.downloads.registry import Source
    from nbframes.downloads.retry import RetryPolicy


def acquire(source: Source, folder: Path, *, from_file: Path | None, policy: RetryPolicy, progress: bool) -> Path:
    """Return the checked file of ``source`` in ``folder``; only one process at a time works on it.

    Raises
    ------
    SourceError
        If the file cannot be had, is not the right one, does not fit on the disk, or has to be fetched by hand.
    """
    target = folder / source.name
    with exclusive(target, waiting=lambda: note(f"waiting for another process that fetches {target}", show=progress)):
        known = Checksum.of(source, target)
        if target.exists():
            return _keep(target, source, known, progress)
        if from_file is not None:
            return _take(from_file, target, source, known, progress)
        if source.by_hand:
            raise SourceError(instructions(source, folder))
        return _fetch(target, source, known, policy, progress)


def _checked(path: Path, known: Checksum, progress: bool) -> Checksum:
    name = path.name.removesuffix(".part")
    with bar(f"checking {name}", total=path.stat().st_size, unit="B", show=progress) as shown:
        return check(path, known, name, step=shown.update)


def _keep(target: Path, source: Source, known: Checksum, progress: bool) -> Path:
    try:
        checksum = _checked(target, known, progress)
    except WrongFileError as error:
        msg = f"{error}\nIt lies in {str(target.parent)!r} and was left as it is: delete or rename it, then download again."
        raise SourceError(msg) from error
    _remember(target, source, checksum, "found in the folder")
    return target


def _take(path: Path, target: Path, source: Source, known: Checksum, progress: bool) -> Path:
    if path.is_dir():
        msg = f"{str(path)!r} is a folder: give it to nbframes.export as it is, nothing needs to be downloaded"
        raise SourceError(msg)
    if not path.is_file():
        msg = f"there is no file {str(path)!r}"
        raise SourceError(msg)
    try:
        checksum = _checked(path, known, progress)
    except WrongFileError as error:
        msg = f"{error}\nIt was not accepted as {source.name!r} ({source.title}) and was left as it is."
        raise SourceError(msg) from error
    temporary = target.with_name(f"{target.name}.copy")
    temporary.unlink(missing_ok=True)
    try:
        os.link(path, temporary)
    except OSError:
        make_room(target.parent, checksum.size or 0)
        shutil.copyfile(path, temporary)
    temporary.replace(target)
    _remember(target, source, checksum, "by hand")
    return target


def _fetch(target: Path, source: Source, known: Checksum, policy: RetryPolicy, progress: bool) -> Path:
    part = PartialFile(target)
    reasons: list[str] = []
    with bar(source.name, total=source.size or source.about, unit="B", show=progress) as shown:
        for url, expected in _addresses(source, known, policy, reasons, shown):
            try:
                checksum = _fetch_from(url, part, expected, policy, shown)
            except RefusedError as error:
                reasons.append(str(error))
            else:
                _remember(target, source, checksum, url)
                part.finish()
                return target
    raise SourceError(_failure(source, part, reasons))


def _addresses(
    source: Source, known: Checksum, policy: RetryPolicy, reasons: list[str], shown: Any
) -> list[tuple[str, Checksum]]:
    addresses = [(url, known) for url in source.urls]
    if source.listing is not None:
        try:
            addresses.append(_from_listing(source.listing, source, known, policy, shown))
        except RefusedError as error:
            reasons.append(str(error))
    return addresses


def _from_listing(
    listing: str, source: Source, known: Checksum, policy: RetryPolicy, shown: Any
) -> tuple[str, Checksum]:
    def ask() -> Any:
        return get_json(listing, timeout=policy.timeout)

    entries = retried(ask, policy=policy, tell=shown.set_postfix_str)
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


def _fetch_from(url: str, part: PartialFile, known: Checksum, policy: RetryPolicy, shown: Any) -> Checksum:
    while True:
        whole = fetch(url, part, known, policy=policy, bar=shown)
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


def _set_aside(part: PartialFile, known: Checksum) -> str:
    """Drop a file whose hash is published; keep one that only differs from what was seen before."""
    if known.origin == "published":
        part.discard()
        return " It was deleted."
    aside = part.target.with_name(f"{part.target.name}.different")
    part.path.replace(aside)
    part.discard()
    return f" It is kept as {aside.name!r}; to accept it, delete {record_path(part.target).name!r} and give it as `from_file` (--from)."


def _remember(target: Path, source: Source, checksum: Checksum, origin: str) -> None:
    if source.sha256 is None:
        record(target, checksum, origin)


def _failure(source: Source, part: PartialFile, reasons: list[str]) -> str:
    lines = "\n".join(f"  {reason}" for reason in reasons)
    kept = (
        f"{bytes_text(part.size)} of it are kept in {str(part.path)!r}; the same call goes on from there.\n"
        if part.size
        else ""
    )
    places = listed(source.urls + source.pages)
    return f"{source.name!r} could not be downloaded:\n{lines}\n{kept}Hint: fetch it by other means from {places} and give it as `from_file` (--from)."
