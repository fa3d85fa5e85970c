"""Shuffling the numbers of the space without a table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.errors import InvalidArgumentError
from nbframes.spaces.darts.definition import SIZE_OF_CELL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.spaces.kinds import Indices

    Words = NDArray[np.uint64]

_ROUNDS: Final = 8
_CELLS: Final = np.uint64(SIZE_OF_CELL)


def permuted(numbers: Indices, seed: int) -> Indices:
    """Where a seed's permutation of 0 to ``SIZE - 1`` sends some numbers.

    A Feistel network on the two cells of an architecture, whose halves are added modulo the number of cells instead of
    by exclusive or: it permutes exactly the space, so that no number has to be sent on its way again.
    """
    normal, reduction = _halves(numbers)
    for key in _keys(seed):
        normal, reduction = reduction, (normal + _scrambled(reduction, key)) % _CELLS
    return _joined(normal, reduction)


def unpermuted(numbers: Indices, seed: int) -> Indices:
    """Where a seed's permutation takes some numbers from: the inverse of `permuted`."""
    normal, reduction = _halves(numbers)
    for key in _keys(seed)[::-1]:
        normal, reduction = (reduction + _CELLS - _scrambled(normal, key)) % _CELLS, normal
    return _joined(normal, reduction)


def _keys(seed: Any) -> Words:
    try:
        return np.asarray(np.random.SeedSequence(seed).generate_state(_ROUNDS, np.uint64), np.uint64)
    except (TypeError, ValueError) as error:
        msg = f"seed should be a whole number from 0, not {seed!r}"
        raise InvalidArgumentError(msg) from error


def _halves(numbers: Indices) -> tuple[Words, Words]:
    normal, reduction = np.divmod(numbers.astype(np.uint64), _CELLS)
    return normal, reduction


def _joined(normal: Words, reduction: Words) -> Indices:
    return (normal * _CELLS + reduction).astype(np.int64)


def _scrambled(words: Words, key: np.uint64) -> Words:
    """Mix words with a key as SplitMix64 does, then reduce them to numbers of cells (bias below 2^-33)."""
    mixed = words * np.uint64(0x9E3779B97F4A7C15) + key
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    scrambled: Words = (mixed ^ mixed >> np.uint64(31)) % _CELLS
    return scrambled
