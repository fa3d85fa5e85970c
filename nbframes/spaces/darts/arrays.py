"""Architectures of the DARTS space as arrays of digits."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.spaces.codes import Codes
from nbframes.spaces.darts.cells import Cells, checked, to_text
from nbframes.spaces.darts.definition import NODES, OPERATIONS, PAIRS, SIZE, SIZE_OF_CELL
from nbframes.spaces.darts.moves import mutants, neighbours_of

if TYPE_CHECKING:
    import polars as pl

    from nbframes.spaces.kinds import Array, Indices

SIZES: Final = (len(OPERATIONS),) * 16 + tuple(len(PAIRS[node]) for node in NODES) * 2
_OF_CELL: Final = [[*range(8), *range(16, 20)], [*range(8, 16), *range(20, 24)]]
"""Positions of the normal and the reduction cell, the most significant first."""
_PLACES: Final = np.array([prod(SIZES[later] for later in _OF_CELL[0][k + 1 :]) for k in range(12)])
"""What a digit of a cell counts in the number of the cell."""
_INPUTS: Final = np.array([[*PAIRS[node], *((0, 0),) * (10 - len(PAIRS[node]))] for node in NODES], np.uint8)
"""The two inputs of every digit of every node, shape (4, 10, 2)."""
_DIGIT: Final = np.zeros((len(NODES), NODES[-1], NODES[-1]), np.uint8)
"""Digit of every two inputs of every node."""
for _place, _node in enumerate(NODES):
    for _number, _pair in enumerate(PAIRS[_node]):
        _DIGIT[_place][_pair] = _number


class DARTSCodes(Codes):
    """The array form of the DARTS space: 16 operations, then which two inputs each of the 8 nodes takes.

    All positions are independent of each other. An edit of an input changes one of a node's two inputs, which not every
    other digit of the node does.

    Examples
    --------
    >>> from nbframes.spaces import darts
    >>> darts.codes.sizes == (7,) * 16 + (1, 3, 6, 10) * 2
    True
    """

    def __init__(self) -> None:
        super().__init__(SIZES, SIZE)

    def _encode(self, x: Any) -> Array:
        return to_codes(checked(x))

    def _decode(self, codes: Array) -> pl.Series:
        return to_text(to_cells(codes))

    def _mutate(self, codes: Array, rng: np.random.Generator) -> Array:
        return to_codes(mutants(to_cells(codes), rng))

    def _neighbours(self, codes: Array) -> tuple[Indices, Array]:
        rows, cells = neighbours_of(to_cells(codes))
        return rows, to_codes(cells)

    def _index(self, codes: Array) -> Indices:
        normal, reduction = (codes[:, places].astype(np.int64) @ _PLACES for places in _OF_CELL)
        return np.asarray(normal * SIZE_OF_CELL + reduction, np.int64)

    def _from_index(self, numbers: Indices) -> Array:
        codes = np.empty((len(numbers), len(SIZES)), np.uint8)
        for places, cells in zip(_OF_CELL, np.divmod(numbers, SIZE_OF_CELL), strict=True):
            codes[:, places] = cells[:, None] // _PLACES % np.array(SIZES)[places]
        return codes


codes = DARTSCodes()
"""The space as arrays of integers."""


def to_codes(cells: Cells) -> Array:
    """Codes of valid architectures whose inputs ascend."""
    inputs = cells.inputs.reshape(-1, 2, len(NODES), 2)
    digits = _DIGIT[np.arange(len(NODES)), inputs[..., 0], inputs[..., 1]]
    return np.concatenate([cells.ops, digits.reshape(-1, 8)], axis=1)


def to_cells(codes: Array) -> Cells:
    """Architectures of valid codes."""
    digits = codes[:, 16:].reshape(-1, 2, len(NODES))
    return Cells(np.ascontiguousarray(codes[:, :16]), _INPUTS[np.arange(len(NODES)), digits].reshape(-1, 16))
