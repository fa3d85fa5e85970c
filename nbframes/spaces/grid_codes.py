"""Architectures of a grid space as arrays of digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.spaces.codes import Codes

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from nbframes.spaces.grid_table import GridTable
    from nbframes.spaces.kinds import Array, Indices


class GridCodes(Codes):
    """The array form of a grid space: digit j is the choice at position j."""

    def __init__(self, table: GridTable, rows: Callable[[Any], NDArray[np.intp]]) -> None:
        super().__init__(tuple(table.sizes.tolist()), table.size)
        self._table, self._rows = table, rows

    def _encode(self, x: Any) -> Array:
        return self._table.digits[self._rows(x)]

    def _decode(self, codes: Array) -> pl.Series:
        return self._table.strings.gather(self._index(codes))

    def _mutate(self, codes: Array, rng: np.random.Generator) -> Array:
        edits = rng.integers(len(self._table.other), size=len(codes))
        return self._edited(codes.copy(), edits)

    def _neighbours(self, codes: Array) -> tuple[Indices, Array]:
        edits = np.arange(len(self._table.other))
        rows = np.repeat(np.arange(len(codes)), len(edits))
        return rows, self._edited(codes[rows], np.tile(edits, len(codes)))

    def _index(self, codes: Array) -> Indices:
        return np.asarray(self._table.index_of_code[codes @ self._table.places], np.int64)

    def _from_index(self, numbers: Indices) -> Array:
        return self._table.digits[numbers]

    def _edited(self, codes: Array, edits: NDArray[np.intp]) -> Array:
        """Apply one edit to each code, in place."""
        rows, places, other = np.arange(len(codes)), self._table.edited[edits], self._table.other[edits]
        codes[rows, places] = other + (other >= codes[rows, places])
        return codes
