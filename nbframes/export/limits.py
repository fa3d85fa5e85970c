"""How much a source may ask for: one governor for every reader, so that a hostile file ends in a sentence and not in a full memory."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from nbframes.errors import InvalidArgumentError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNCHECKED: Final = 1 << 26
"""Bytes that may come out of any source before its inflation is looked at: small files compress as well as they like."""


@dataclass(frozen=True)
class Limits:
    """What one record, and the archive around it, may ask for.

    The published files stay far below all of these. Raise one where a file of yours is legitimately larger.

    Parameters
    ----------
    record_bytes
        Bytes of one record after decompression. The largest published ones have about one megabyte.
    record_items
        Values that one record may hold, numbers of a curve not counted.
    nesting
        Containers inside each other.
    inflation
        Bytes that one byte of a compressed source may become, over the whole source. Published files stay below twenty.
    members
        Files of a folder or an archive.
    seconds
        Time to recognise a source.
    record_seconds
        Processor time to read one record. Published ones take hundredths of a second.

    Raises
    ------
    InvalidArgumentError
        If one of them is not a number above zero.

    Examples
    --------
    >>> Limits(record_bytes=1 << 26).record_items
    1000000
    """

    record_bytes: int = 1 << 24
    record_items: int = 1_000_000
    nesting: int = 200
    inflation: int = 200
    members: int = 1_000_000
    seconds: float = 5.0
    record_seconds: float = 3.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                msg = f"the limit {field.name!r} is a number above 0, not {value!r}"
                raise InvalidArgumentError(msg)


_current = Limits()
_clock = time.thread_time


def current() -> Limits:
    """Limits that hold in this process."""
    return _current


def use(limits: Limits) -> Limits:
    """Make limits hold in this process; return those before."""
    global _current
    before, _current = _current, limits
    return before


@contextmanager
def limited(limits: Limits | None) -> Iterator[None]:
    """Make limits hold for a while; None leaves them as they are."""
    before = use(limits or _current)
    try:
        yield
    finally:
        use(before)


class Watch:
    """The processor time that the thread at work has for one record, and for what lies between two of them."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin a record."""
        self._end = _clock() + _current.record_seconds

    def is_over(self) -> bool:
        """Whether the record has had its time."""
        return _clock() > self._end

    def check(self, where: str) -> None:
        """Stop where the record has had its time.

        Raises
        ------
        SourceError
            If it has.
        """
        if self.is_over():
            msg = f"{where}: {exceeded('record_seconds', 'one record takes more seconds')}"
            raise SourceError(msg)


def exceeded(name: str, what: str) -> str:
    """Sentence for a limit that a source goes beyond.

    Examples
    --------
    >>> exceeded("nesting", "it nests containers deeper")
    'it nests containers deeper than the limit of 200; if that is right, export with limits=nbf.Limits(nesting=...)'
    """
    value = getattr(_current, name)
    return f"{what} than the limit of {value:,}; if that is right, export with limits=nbf.Limits({name}=...)"


def check_inflation(produced: int, consumed: int, where: str) -> None:
    """Stop where a compressed source becomes more than it may.

    Raises
    ------
    SourceError
        If it does.
    """
    if produced > UNCHECKED and produced > _current.inflation * max(consumed, 1):
        msg = f"{where}: {exceeded('inflation', f'{consumed:,} bytes of it become {produced:,}, more times as many')}"
        raise SourceError(msg)
