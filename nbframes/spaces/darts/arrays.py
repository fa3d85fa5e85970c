"""Architectures of the DARTS space as arrays of digits."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.spaces.codes import checked_codes, checked_numbers
from nbframes.spaces.darts.cells import Cells, checked, to_text
from nbframes.spaces.darts.definition import NODES, OPERATIONS, PAIRS, SIZE, SIZE_OF_CELL
from nbframes.spaces.darts.moves import mutants, neighbours_of
from nbframes.spaces.random import count, generator

if TYPE_CHECKING:
    import polars as pl

    from nbframes.spaces.base import Array, Bools, Indices, Seed

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


class DARTSCodes:
    """The array form of the DARTS space: 16 operations, then which two inputs each of the 8 nodes takes.

    See `nbframes.spaces.base.Codes`. All positions are independent of each other. An edit of an input changes one of a
    node's two inputs, which not every other digit of the node does.
    """

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices at each position."""
        return SIZES

    def encode(self, x: Any, /) -> Array:
        """Codes of one architecture (then a single row) or a column."""
        return to_codes(checked(x))

    def decode(self, codes: Array, /) -> pl.Series:
        """Strings of codes."""
        return to_text(to_cells(checked_codes(codes, SIZES)))

    def is_valid(self, codes: Array, /) -> Bools:
        """Tell which codes are architectures of the space: those whose digits are choices."""
        valid: Bools = np.all(np.asarray(codes) < np.array(SIZES), axis=1)
        return valid

    def sample(self, n: int, /, *, seed: Seed = None) -> Array:
        """Draw codes uniformly, independently of each other."""
        return generator(seed).integers(0, SIZES, size=(count(n, "architectures"), len(SIZES)), dtype=np.uint8)

    def mutate(self, codes: Array, /, *, seed: Seed = None) -> Array:
        """Change one operation or one input of each code, all 120 such edits equally likely."""
        return to_codes(mutants(to_cells(checked_codes(codes, SIZES)), generator(seed)))

    def neighbours(self, codes: Array, /) -> tuple[Indices, Array]:
        """All codes one edit away, in the order of `nbframes.spaces.darts.neighbours`."""
        rows, cells = neighbours_of(to_cells(checked_codes(codes, SIZES)))
        return rows, to_codes(cells)

    def index(self, codes: Array, /) -> Indices:
        """Number of codes, as `nbframes.spaces.darts.index` counts without a seed."""
        normal, reduction = (checked_codes(codes, SIZES)[:, places].astype(np.int64) @ _PLACES for places in _OF_CELL)
        return np.asarray(normal * SIZE_OF_CELL + reduction, np.int64)

    def from_index(self, index: Indices, /) -> Array:
        """Codes of numbers: the inverse of `index`."""
        cells = np.divmod(checked_numbers(index, SIZE), SIZE_OF_CELL)
        codes = np.empty((len(cells[0]), len(SIZES)), np.uint8)
        for places, numbers in zip(_OF_CELL, cells, strict=True):
            codes[:, places] = numbers[:, None] // _PLACES % np.array(SIZES)[places]
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
