"""One process at a time per file; the system frees the lock of a process that dies."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nbframes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if os.name == "nt":

    def _lock(handle: int) -> None:
        import msvcrt

        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
            except OSError as error:  # Windows gives up after ten seconds
                if error.errno != errno.EDEADLK:
                    raise
            else:
                return
else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Wait until no other process works on ``target``, and keep others waiting.

    Raises
    ------
    SourceError
        If the folder cannot be written to, or its file system knows no locks.
    """
    path = target.with_name(f"{target.name}.lock")
    try:
        handle = _acquire(path)
    except OSError as error:
        msg = f"the folder {str(path.parent)!r} cannot be written to ({error.strerror}): name another one with `to`"
        raise SourceError(msg) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not delete what others have open; they will delete it
            path.unlink()
        os.close(handle)


def _acquire(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # the holder before us has deleted the file that we waited for
