"""Checks of architectures that come as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError

if TYPE_CHECKING:
    from nbframes.spaces.base import Array, Indices


def checked_codes(codes: Any, sizes: tuple[int, ...]) -> Array:
    """Return codes as uint8 if each value is a choice of its position.

    Raises
    ------
    InvalidArgumentError
        If something is not an array of whole numbers with a column for each position.
    InvalidArchitectureError
        If a value is not one of its position's choices.
    """
    array = np.asarray(codes)
    if array.ndim != 2 or array.shape[1] != len(sizes) or array.dtype.kind not in "iub":
        msg = f"codes should be whole numbers of shape (n, {len(sizes)}), got {array.dtype} of shape {array.shape}"
        raise InvalidArgumentError(msg)
    wrong = (array < 0) | (array >= np.array(sizes)) if array.dtype.kind == "i" else array >= np.array(sizes)
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        msg = f"row {row} has {array[row, place]} at position {place}; valid: 0 to {sizes[place] - 1}"
        raise InvalidArchitectureError(msg)
    return array.astype(np.uint8, copy=False)


def checked_numbers(numbers: Any, size: int) -> Indices:
    """Return numbers of architectures as int64 if all of them are in the space.

    Raises
    ------
    InvalidArgumentError
        If something is not a list of whole numbers, or one is not in range.
    """
    if isinstance(numbers, pl.Series) and numbers.null_count():
        msg = f"{numbers.null_count()} of {len(numbers)} numbers of architectures are null"
        raise InvalidArgumentError(msg)
    array = np.asarray(numbers)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        msg = f"numbers of architectures should be whole numbers in one dimension, got {array.dtype} of {array.shape}"
        raise InvalidArgumentError(msg)
    wrong = (array < 0) | (array >= size)
    if wrong.any():
        msg = f"{np.count_nonzero(wrong)} of {len(array)} numbers are not in 0..{size - 1}, the first is {array[wrong][0]}"
        raise InvalidArgumentError(msg)
    return array.astype(np.int64)
