"""Bring a part to completeness from one address: ranges, broken connections, busy servers, changed files."""

from __future__ import annotations

import errno
import os
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

from nbframes.downloads.partial import Origin
from nbframes.downloads.registry import bytes_text
from nbframes.downloads.retry import RefusedError, TryAgainError, retried
from nbframes.downloads.web import NETWORK_ERRORS, get, of_network
from nbframes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbframes.downloads.checksum import Checksum
    from nbframes.downloads.partial import PartialFile
    from nbframes.downloads.retry import RetryPolicy
    from nbframes.downloads.web import Response

_CHUNK: Final = 1 << 20


def fetch(url: str, part: PartialFile, known: Checksum, *, policy: RetryPolicy, bar: Any) -> bool:
    """Complete ``part`` from ``url``; return whether one response gave the whole file.

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
        return _attempt(url, part, known, policy, bar)

    return retried(attempt, policy=policy, progress=lambda: part.size, tell=bar.set_postfix_str)


def make_room(folder: Path, needed: int) -> None:
    """Raise a `SourceError` unless ``folder`` has space for ``needed`` more bytes."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = f"{bytes_text(needed)} are needed in {str(folder)!r} and {bytes_text(free)} are free. Free some space or choose another folder with `to`."
        raise SourceError(msg)


def _attempt(url: str, part: PartialFile, known: Checksum, policy: RetryPolicy, bar: Any) -> bool:
    if not _may_continue(url, part, known):
        part.discard()
    response = get(url, timeout=policy.timeout, headers=_range_headers(part, known))
    with response.body:
        if response.beyond:
            return _settle_beyond(response, part)
        _refuse_unfit(response, known)
        served = Origin(url, response.total, response.etag, response.modified, response.sha256, response.validator)
        if part.size and not _is_continued_by(part, served, known):
            part.discard()
        if not 0 <= response.start <= part.size:
            msg = f"{response.server} sends a different part of the file from the one requested"
            raise TryAgainError(msg)
        total = known.size if response.total is None else response.total
        make_room(part.target.parent, (total or 0) - part.size)
        whole = part.size == 0
        if whole:
            part.begin(served)
        bar.n, bar.total = part.size, total
        _append(response, part, total, policy, bar)
        return whole


def _may_continue(url: str, part: PartialFile, known: Checksum) -> bool:
    origin = part.origin
    return known.certain or (origin is not None and origin.url == url and origin.validator is not None)


def _range_headers(part: PartialFile, known: Checksum) -> dict[str, str]:
    if not part.size:
        return {}
    headers = {"Range": f"bytes={part.size}-"}
    origin = part.origin
    if not known.certain and origin is not None and origin.validator is not None:
        headers["If-Range"] = origin.validator
    return headers


def _is_continued_by(part: PartialFile, served: Origin, known: Checksum) -> bool:
    origin = part.origin
    if origin is None:
        return known.certain
    return origin.fits(served) if known.certain else origin.same_as(served)


def _settle_beyond(response: Response, part: PartialFile) -> bool:
    origin = part.origin
    total = response.total if response.total is not None or origin is None else origin.total
    if total != part.size:
        part.discard()
        msg = f"the part was longer than the file of {response.server}"
        raise TryAgainError(msg)
    return False


def _refuse_unfit(response: Response, known: Checksum) -> None:
    headers = response.body.headers
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        reason = f"{response.server} sends the file encoded as {headers['Content-Encoding']!r}, which was not asked for"
    elif headers.get_content_type() in {"text/html", "application/xhtml+xml"}:
        reason = f"{response.server} sends a web page instead of the file"
    elif None not in (known.size, response.total) and known.size != response.total:
        reason = f"{response.server} has a file of {response.total:,} bytes, not of {known.size:,} ({known.origin})"
    elif None not in (known.sha256, response.sha256) and known.sha256 != response.sha256:
        reason = f"{response.server} has a file with the SHA-256 {response.sha256}, not {known.sha256} ({known.origin})"
    elif known.size is None and not response.ends_clearly:
        reason = f"{response.server} does not say how long the file is, so that a broken transfer could not be told from a complete one"
    else:
        return
    raise RefusedError(reason)


def _append(response: Response, part: PartialFile, total: int | None, policy: RetryPolicy, bar: Any) -> None:
    size, skip = part.size, part.size - response.start
    try:
        with part.path.open("ab") as file:
            for chunk in _chunks(response, policy):
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
        reason = f"{response.server} sends more than the {total:,} bytes of the file"
        raise RefusedError(reason)
    if total is not None and size < total:
        msg = f"{response.server} closed the connection after {bytes_text(size)} of {bytes_text(total)}"
        raise TryAgainError(msg)


def _chunks(response: Response, policy: RetryPolicy) -> Iterator[bytes]:
    since, received = time.monotonic(), 0
    while True:
        try:
            chunk = response.body.read1(_CHUNK)
        except NETWORK_ERRORS as error:
            raise of_network(error, response.url, policy.timeout) from error
        if not chunk:
            return
        yield chunk
        received += len(chunk)
        elapsed = time.monotonic() - since
        if elapsed >= policy.timeout:
            if received < policy.slowest * elapsed:
                msg = f"{response.server} sends only {received / elapsed:.0f} bytes a second"
                raise TryAgainError(msg)
            since, received = time.monotonic(), 0
