"""A huge bz2 file decompressed block by block on all cores, where the package ``indexed_bzip2`` is installed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from nbframes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALLEST: Final = 1 << 23
"""Bytes from which it is worth while: smaller files are read before the threads have started."""
_FOOT: Final = 0x177245385090
"""What stands before the checksum at the end of a bz2 stream, at any bit."""
_FOOT_BITS: Final = 80


def available(path: Path, jobs: int) -> bool:
    """Whether a file is to be read this way."""
    if jobs < 2 or path.stat().st_size < SMALLEST:
        return False
    try:
        import indexed_bzip2  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def opened(path: Path, jobs: int) -> Iterator[Any]:
    """Open a bz2 file that ends as such files do; its ``read`` gives bytes, its ``tell_compressed`` the bits read.

    Raises
    ------
    SourceError
        If it is truncated, followed by other data, or a block does not have its checksum.
    """
    import indexed_bzip2

    if not _ends_well(path):
        msg = f"{path}: it is truncated, or other data follows its end"
        raise SourceError(msg)
    try:
        with indexed_bzip2.open(str(path), parallelization=jobs) as file:
            yield file
    except RuntimeError as error:
        msg = f"{path}: it is corrupt: {error}"
        raise SourceError(msg) from error


def _ends_well(path: Path) -> bool:
    """Whether the last bits of a file are the end of a stream, up to seven bits that fill the last byte."""
    with path.open("rb") as file:
        file.seek(-11, 2)
        tail = int.from_bytes(file.read(), "big")
    return any(tail >> (filled + _FOOT_BITS - 48) & (1 << 48) - 1 == _FOOT for filled in range(8))
