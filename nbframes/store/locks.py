"""One process at a time: locks on files, which the system frees when their process dies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import BaseFileLock


class Lock:
    """An exclusive lock on a file, which is made if absent; its folder must be there.

    Parameters
    ----------
    path
        The file. Whoever deletes it lets others in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: BaseFileLock | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock; without ``wait``, return False if somebody else has it.

        Raises
        ------
        OSError
            If the file cannot be made or locked.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(str(self._path), thread_local=False)
        try:
            lock.acquire(blocking=wait)
        except Timeout:
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        """Give the lock up, if it is held."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock on ``path`` for a while; without ``wait``, say whether nobody else has it."""
    lock = Lock(path)
    mine = lock.acquire(wait=wait)
    try:
        yield mine
    finally:
        lock.release()
