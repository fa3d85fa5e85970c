"""Architectures as numbers for predictors, and splits that keep isomorphic ones together."""

from __future__ import annotations

from hashlib import blake2b
from operator import index
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.base import FeatureKind
    from nbframes.spaces.kinds import Array

    Features = Callable[[], Array]

_WORDS: Final = 1 << 64


def features_of(kind: FeatureKind, known: Mapping[FeatureKind, Features], noun: str) -> Array:
    """Features of a kind.

    Raises
    ------
    UnknownNameError
        If the space has no features of that kind.
    """
    if kind not in known:
        hint = "" if len(known) > 1 else f"a {noun} has no graph to take paths or edges from"
        raise UnknownNameError.of("kind of features", kind, known, hint)
    return known[kind]()


def one_hot(digits: NDArray[np.integer[Any]], sizes: Sequence[int]) -> Array:
    """Give a column for each choice at each position, 1 where it is made; digits below 0 make none."""
    columns = [digits[:, [place]] == np.arange(size) for place, size in enumerate(sizes)]
    return np.concatenate(columns, axis=1).astype(np.uint8)


def sequences(base: int, longest: int, *, shortest: int = 1) -> int:
    """Count the sequences of so many operations."""
    return sum(base**length for length in range(shortest, longest + 1))


def mark_paths(
    marks: Array,
    operations: Sequence[NDArray[np.integer[Any]]],
    exists: NDArray[np.bool_],
    base: int,
    *,
    shortest: int = 1,
) -> None:
    """Mark in every row the sequence of operations along one route, where the route exists.

    Columns are the sequences, the short ones first, then as numbers to the base ``base``.
    """
    rows = np.flatnonzero(exists)
    number = np.zeros(len(rows), np.intp)
    for operation in operations:
        number = number * base + operation[rows]
    marks[rows, sequences(base, len(operations) - 1, shortest=shortest) + number] = 1


def split_by_hash(hashes: pl.Series, test: float, seed: int) -> pl.Series:
    """Tell which architectures belong to the test set; each hash decides for itself.

    Raises
    ------
    InvalidArgumentError
        If ``test`` is not between 0 and 1, or ``seed`` is not a whole number.
    """
    if not isinstance(test, int | float) or not 0 < test < 1:
        msg = f"test is the share of the test set, between 0 and 1, not {test!r}"
        raise InvalidArgumentError(msg)
    try:
        salt = f"{index(seed)}:"
    except TypeError:
        msg = f"seed should be a whole number, not {seed!r}"
        raise InvalidArgumentError(msg) from None
    distinct = hashes.unique()
    drawn = pl.Series("test", [_number(salt + text) < test * _WORDS for text in distinct], pl.Boolean)
    return drawn.gather(hashes.cast(pl.Enum(distinct)).to_physical())


def subsets(items: Iterable[int]) -> list[tuple[int, ...]]:
    """List all ascending selections of some items, the empty one first."""
    found: list[tuple[int, ...]] = [()]
    for item in items:
        found += [(*selection, item) for selection in found]
    return found


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
