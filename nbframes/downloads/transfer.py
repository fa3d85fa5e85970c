"""Bring a part to completeness from one address: ranges, broken connections, busy servers, changed files."""

from __future__ import annotations

import errno
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from nbframes.downloads.part import Origin
from nbframes.downloads.registry import bytes_text
from nbframes.downloads.web import NETWORK_ERRORS, RefusedError, TryAgainError, get, of_network
from nbframes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbframes.downloads.identity import Identity
    from nbframes.downloads.part import Part
    from nbframes.downloads.web import Answer

_CHUNK: Final = 1 << 20

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    timeout: float = 30.0
    """For a connection, and for each read from it."""
    slowest: float = 500.0
    """Bytes per second, over one ``timeout``, below which a connection counts as broken."""
    attempts: int = 6
    """Failures in a row without a new byte after which an address is given up."""
    pause: float = 1.0
    """Before the second attempt; doubled for each one after it."""
    longest_pause: float = 60.0
    longest_wait: float = 300.0
    """The longest wait that a server may ask for."""


def fetch(url: str, part: Part, known: Identity, *, patience: Patience, bar: Any) -> bool:
    """Complete ``part`` from ``url``; return whether one answer gave the whole file.

    What is certain (a hash is known) goes on wherever it stopped, even at another address: the hash is the judge.
    What is not goes on only if the server confirms that its file is still the same version.

    Raises
    ------
    RefusedError
        If this address cannot give the file. The part stays.
    SourceError
        If the disk is full.
    """
    if part.size and part.size == known.size:
        return False

    def attempt() -> bool:
        return _attempt(url, part, known, patience, bar)

    return patiently(attempt, patience=patience, progress=lambda: part.size, tell=bar.set_postfix_str)


def patiently(
    work: Callable[[], _Result],
    *,
    patience: Patience,
    progress: Callable[[], int] = int,
    tell: Callable[[str], object] = str,
) -> _Result:
    """Repeat ``work`` while it asks for it, as long as there is progress or patience.

    Raises
    ------
    RefusedError
        With the last reason, when patience is at its end.
    """
    failures = 0
    while True:
        before = progress()
        try:
            return work()
        except TryAgainError as error:
            failures = 1 if progress() > before else failures + 1
            if failures >= patience.attempts:
                reason = f"{error} ({failures} attempts)"
                raise RefusedError(reason) from error
            if error.after > patience.longest_wait:
                reason = f"{error}, asking to come back in {error.after:.0f} s"
                raise RefusedError(reason) from error
            pause = max(error.after, min(patience.pause * 2 ** (failures - 1), patience.longest_pause))
            tell(f"{error}; again in {pause:.0f} s")
            time.sleep(pause)
            tell("")


def make_room(folder: Path, needed: int) -> None:
    """Raise a `SourceError` unless ``folder`` has space for ``needed`` more bytes."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = f"{bytes_text(needed)} are needed in {str(folder)!r} and {bytes_text(free)} are free. Free some space or choose another folder with `to`."
        raise SourceError(msg)


def _attempt(url: str, part: Part, known: Identity, patience: Patience, bar: Any) -> bool:
    if not _may_continue(url, part, known):
        part.discard()
    answer = get(url, timeout=patience.timeout, headers=_range_headers(part, known))
    with answer.response:
        if answer.beyond:
            return _settle_beyond(answer, part)
        _refuse_unfit(answer, known)
        served = Origin(url, answer.total, answer.etag, answer.modified, answer.sha256, answer.validator)
        if part.size and not _is_continued_by(part, served, known):
            part.discard()
        if not 0 <= answer.start <= part.size:
            msg = f"{answer.server} sends another part of the file than was asked for"
            raise TryAgainError(msg)
        total = known.size if answer.total is None else answer.total
        make_room(part.target.parent, (total or 0) - part.size)
        whole = part.size == 0
        if whole:
            part.begin(served)
        bar.n, bar.total = part.size, total
        _append(answer, part, total, patience, bar)
        return whole


def _may_continue(url: str, part: Part, known: Identity) -> bool:
    origin = part.origin
    return known.certain or (origin is not None and origin.url == url and origin.validator is not None)


def _range_headers(part: Part, known: Identity) -> dict[str, str]:
    if not part.size:
        return {}
    headers = {"Range": f"bytes={part.size}-"}
    origin = part.origin
    if not known.certain and origin is not None and origin.validator is not None:
        headers["If-Range"] = origin.validator
    return headers


def _is_continued_by(part: Part, served: Origin, known: Identity) -> bool:
    origin = part.origin
    if origin is None:
        return known.certain
    return origin.fits(served) if known.certain else origin.same_as(served)


def _settle_beyond(answer: Answer, part: Part) -> bool:
    origin = part.origin
    total = answer.total if answer.total is not None or origin is None else origin.total
    if total != part.size:
        part.discard()
        msg = f"the part was longer than the file of {answer.server}"
        raise TryAgainError(msg)
    return False


def _refuse_unfit(answer: Answer, known: Identity) -> None:
    headers = answer.response.headers
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        reason = f"{answer.server} sends the file encoded as {headers['Content-Encoding']!r}, which was not asked for"
    elif headers.get_content_type() in {"text/html", "application/xhtml+xml"}:
        reason = f"{answer.server} sends a web page instead of the file"
    elif None not in (known.size, answer.total) and known.size != answer.total:
        reason = f"{answer.server} has a file of {answer.total:,} bytes, not of {known.size:,} ({known.origin})"
    elif None not in (known.sha256, answer.sha256) and known.sha256 != answer.sha256:
        reason = f"{answer.server} has a file with the SHA-256 {answer.sha256}, not {known.sha256} ({known.origin})"
    elif known.size is None and not answer.ends_clearly:
        reason = f"{answer.server} does not say how long the file is, so that a broken transfer could not be told from a complete one"
    else:
        return
    raise RefusedError(reason)


def _append(answer: Answer, part: Part, total: int | None, patience: Patience, bar: Any) -> None:
    size, skip = part.size, part.size - answer.start
    try:
        with part.path.open("ab") as file:
            for chunk in _chunks(answer, patience):
                new = chunk[skip:]
                skip = max(skip - len(chunk), 0)
                size += len(new)
                if total is not None and size > total:
                    break
                file.write(new)
                bar.update(len(new))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        msg = f"the disk of {str(part.target.parent)!r} is full. {bytes_text(part.size)} are kept in {part.path.name!r}: free some space and repeat the call to go on."
        raise SourceError(msg) from error
    if total is not None and size > total:
        part.discard()
        reason = f"{answer.server} sends more than the {total:,} bytes of the file"
        raise RefusedError(reason)
    if total is not None and size < total:
        msg = f"{answer.server} closed the connection after {bytes_text(size)} of {bytes_text(total)}"
        raise TryAgainError(msg)


def _chunks(answer: Answer, patience: Patience) -> Iterator[bytes]:
    since, received = time.monotonic(), 0
    while True:
        try:
            chunk = answer.response.read1(_CHUNK)
        except NETWORK_ERRORS as error:
            raise of_network(error, answer.url, patience.timeout) from error
        if not chunk:
            return
        yield chunk
        received += len(chunk)
        elapsed = time.monotonic() - since
        if elapsed >= patience.timeout:
            if received < patience.slowest * elapsed:
                msg = f"{answer.server} sends only {received / elapsed:.0f} bytes a second"
                raise TryAgainError(msg)
            since, received = time.monotonic(), 0
