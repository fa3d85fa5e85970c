"""The net around every reader: what it did not foresee leaves it as a sentence."""

from __future__ import annotations

import errno
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from nbframes.errors import NBFramesError, SourceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def told(source: object) -> Iterator[None]:
    """Turn whatever goes wrong while a source is read into an error of nbframes; interrupts pass.

    Raises
    ------
    SourceError
        If the source is to blame, or no better reason is known.
    StoreError
        If there is no room for temporary files.
    """
    try:
        yield
    except NBFramesError:
        raise
    except BrokenProcessPool as error:
        msg = f"{source}: a worker process ended in the middle, perhaps for want of memory; try jobs=1"
        raise SourceError(msg) from error
    except MemoryError as error:
        msg = f"{source}: reading it needs more memory than there is; try jobs=1"
        raise SourceError(msg) from error
    except OSError as error:
        if error.errno in _FULL:
            msg = f"{source}: there is no room for temporary files ({error}); set TMPDIR to a larger disk"
            raise StoreError(msg) from error
        msg = f"{source}: it cannot be read: {error}"
        raise SourceError(msg) from error
    except Exception as error:
        msg = f"{source}: it is not as upstream writes it ({type(error).__name__}: {error})"
        raise SourceError(msg) from error
