"""What must stand in a record, and what is only noted if it stands there otherwise."""

from __future__ import annotations

import reprlib
from typing import Any, NamedTuple, NoReturn

from nbframes.errors import SourceError


class Oddity(NamedTuple):
    """Something that a record says otherwise than the published ones, and that moves no measured number."""

    what: str
    example: str


class Check:
    """Raises with the place and the reason if a record is not as it should be, and collects what is merely odd.

    Parameters
    ----------
    where
        File and record, for messages.
    """

    def __init__(self, where: str, place: str = "", oddities: list[Oddity] | None = None) -> None:
        self._where = where
        self._place = place
        self.oddities: list[Oddity] = [] if oddities is None else oddities

    def at(self, place: str) -> Check:
        """Return the check of a part of the record."""
        return Check(self._where, f"{self._place}, {place}" if self._place else place, self.oddities)

    def __call__(self, fine: bool, reason: str, *values: Any) -> None:
        """Raise unless ``fine``; the reason is a format for the values."""
        if not fine:
            self.fail(reason.format(*map(reprlib.repr, values)))

    def note(self, fine: bool, what: str, value: Any) -> None:
        """Collect ``what`` is odd unless ``fine``, with the value as an example."""
        if not fine:
            place = f"{self._place}: " if self._place else ""
            self.oddities.append(Oddity(what, f"{place}{reprlib.repr(value)}"))

    def fail(self, reason: str) -> NoReturn:
        """Raise with the place and the reason."""
        place = f" ({self._place})" if self._place else ""
        msg = f"{self._where}: the record is not as upstream writes them{place}: {reason}"
        raise SourceError(msg)
