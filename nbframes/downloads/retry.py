"""When to ask a server again, and when to give an address up. Opens no connections."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")


class TryAgainError(Exception):
    """The transfer broke off or the server is busy: worth another attempt. Never leaves this package."""

    def __init__(self, reason: str, *, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after
        """Seconds to wait, as the server asks."""


class RefusedError(Exception):
    """An address cannot give the file, however often it is asked. Never leaves this package."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long to wait for a server, and how often to ask it again. Times are in seconds.

    Attributes
    ----------
    timeout
        For a connection, and for each read from it.
    slowest
        Bytes per second, over one ``timeout``, below which a connection counts as broken.
    attempts
        Failures in a row without a new byte after which an address is given up.
    pause
        Before the second attempt; doubled for each one after it.
    longest_pause
        What doubling ends at.
    longest_wait
        The longest wait that a server may ask for.

    Examples
    --------
    >>> from nbframes.downloads import RetryPolicy
    >>> RetryPolicy(timeout=120.0).attempts
    6
    """

    timeout: float = 30.0
    slowest: float = 500.0
    attempts: int = 6
    pause: float = 1.0
    longest_pause: float = 60.0
    longest_wait: float = 300.0


def retried(
    work: Callable[[], _Result],
    *,
    policy: RetryPolicy,
    progress: Callable[[], int] = int,
    tell: Callable[[str], object] = str,
) -> _Result:
    """Repeat ``work`` while it asks for it, until the policy says that it is enough.

    Raises
    ------
    RefusedError
        With the last reason, when there were too many failures in a row or the server asks for too long a wait.
    """
    failures = 0
    while True:
        before = progress()
        try:
            return work()
        except TryAgainError as error:
            failures = 1 if progress() > before else failures + 1
            if failures >= policy.attempts:
                reason = f"{error} ({failures} attempts)"
                raise RefusedError(reason) from error
            if error.after > policy.longest_wait:
                reason = f"{error}, asking to come back in {error.after:.0f} s"
                raise RefusedError(reason) from error
            pause = max(error.after, min(policy.pause * 2 ** (failures - 1), policy.longest_pause))
            tell(f"{error}; again in {pause:.0f} s")
            time.sleep(pause)
            tell("")
