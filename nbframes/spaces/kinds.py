"""Types of arguments and arrays that all spaces share, for type checkers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.uint8]
    """Codes of n architectures, shape (n, positions)."""
    Bools: TypeAlias = NDArray[np.bool_]
    Indices: TypeAlias = NDArray[np.int64]
    Seed: TypeAlias = int | np.random.Generator | None
