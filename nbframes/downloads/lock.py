"""One process at a time per file; the system frees the lock of a process that dies."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if os.name == "nt":

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Wait until no other process works on ``target``, and keep others waiting."""
    path = target.with_name(f"{target.name}.lock")
    handle = _acquire(path)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not delete what others have open; they will delete it
            path.unlink()
        os.close(handle)


def _acquire(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _lock(handle)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        os.close(handle)  # the holder before us has deleted the file that we waited for
