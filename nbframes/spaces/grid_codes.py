"""Architectures of a grid space as arrays of digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.spaces.codes import checked_codes, checked_numbers
from nbframes.spaces.random import count, generator

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from nbframes.spaces.base import Array, Bools, Indices, Seed
    from nbframes.spaces.grid_table import GridTable


class GridCodes:
    """The array form of a grid space: digit j is the choice at position j. See `nbframes.spaces.base.Codes`."""

    def __init__(self, table: GridTable, indices: Callable[[Any], NDArray[np.intp]]) -> None:
        self._table, self._indices = table, indices

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices at each position."""
        return tuple(self._table.sizes.tolist())

    def encode(self, x: Any, /) -> Array:
        """Codes of one architecture (then a single row) or a column."""
        return self._table.digits[self._indices(x)]

    def decode(self, codes: Array, /) -> pl.Series:
        """Strings of codes."""
        return self._table.strings.gather(self.index(codes))

    def is_valid(self, codes: Array, /) -> Bools:
        """Tell which codes are architectures of the space: those whose digits are choices."""
        valid: Bools = np.all(np.asarray(codes) < self._table.sizes, axis=1)
        return valid

    def sample(self, n: int, /, *, seed: Seed = None) -> Array:
        """Draw codes uniformly, independently of each other."""
        sizes = self._table.sizes
        return generator(seed).integers(0, sizes, size=(count(n, "architectures"), len(sizes)), dtype=np.uint8)

    def mutate(self, codes: Array, /, *, seed: Seed = None) -> Array:
        """Make another choice at one position of each code, all such edits equally likely."""
        mutants = checked_codes(codes, self.sizes).copy()
        edits = generator(seed).integers(len(self._table.other), size=len(mutants))
        rows, places, other = np.arange(len(mutants)), self._table.edited[edits], self._table.other[edits]
        mutants[rows, places] = other + (other >= mutants[rows, places])
        return mutants

    def neighbours(self, codes: Array, /) -> tuple[Indices, Array]:
        """All codes that differ in one position, position by position and in the order of the choices."""
        codes, edits = checked_codes(codes, self.sizes), len(self._table.other)
        rows = np.repeat(np.arange(len(codes)), edits)
        found = codes[rows]
        places, other = np.tile(self._table.edited, len(codes)), np.tile(self._table.other, len(codes))
        each = np.arange(len(found))
        found[each, places] = other + (other >= found[each, places])
        return rows, found

    def index(self, codes: Array, /) -> Indices:
        """Official index of codes."""
        numbers = self._table.index_of_code[checked_codes(codes, self.sizes) @ self._table.places]
        return np.asarray(numbers, np.int64)

    def from_index(self, index: Indices, /) -> Array:
        """Codes of official indices."""
        return self._table.digits[checked_numbers(index, self._table.size)]
