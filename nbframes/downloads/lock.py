"""One process at a time per file that is downloaded."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nbframes.errors import SourceError
from nbframes.store.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def exclusive(target: Path, *, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Wait until no other process works on ``target``, and keep others waiting; ``waiting`` is called if there is one.

    Raises
    ------
    SourceError
        If the folder cannot be written to, or its file system knows no locks.
    """
    path = target.with_name(f"{target.name}.lock")
    lock = Lock(path)
    try:
        if not lock.acquire(wait=False):
            waiting()
            lock.acquire()
    except OSError as error:
        msg = f"the folder {str(path.parent)!r} cannot be written to ({error.strerror}): name another one with `to`"
        raise SourceError(msg) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not delete what others have open; they will delete it
            path.unlink()
        lock.release()
