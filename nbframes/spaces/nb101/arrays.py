"""Cells as arrays of digits: the 7 x 7 matrix and the five operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces.codes import Codes
from nbframes.spaces.nb101._cell import MAX_EDGES, MAX_VERTICES, OPERATIONS, SIZE, offence
from nbframes.spaces.nb101._columns import EDGES, Cells, to_cell, to_text
from nbframes.spaces.nb101._enumeration import all_cells, numbers
from nbframes.spaces.nb101._graph import by_vertices, count_edges, in_space, prune_cells, relabel
from nbframes.spaces.nb101._members import members
from nbframes.spaces.nb101.moves import mutants, neighbours_of
from nbframes.spaces.nb101.space import random_matrices

if TYPE_CHECKING:
    import polars as pl

    from nbframes.spaces.kinds import Array, Bools, Indices

SIZES: Final = (2,) * len(EDGES) + (len(OPERATIONS),) * (MAX_VERTICES - 2)
_SHIFTS: Final = np.arange(len(EDGES))[::-1].astype(np.uint32)


class NB101Codes(Codes):
    """The array form of NAS-Bench-101: the 21 edges of seven vertices, row by row, then the operations of vertices 1 to 5.

    A cell of fewer vertices keeps its inner vertices' numbers, its output becomes vertex 6, and the vertices to spare have
    no edge and the first operation. Codes are not pruned: isomorphic cells may have different ones.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.codes.decode(nb101.codes.encode("010001000|input,maxpool3x3,output")).item()[:14]
    '01000000000001'
    """

    def __init__(self) -> None:
        super().__init__(SIZES, SIZE)

    def _encode(self, x: Any) -> Array:
        return to_codes(members(x))

    def _decode(self, codes: Array) -> pl.Series:
        return to_text(to_cells(codes))

    def _are_valid(self, codes: Array) -> Bools:
        return in_space(to_cells(codes))

    def _sample(self, n: int, rng: np.random.Generator) -> Array:
        return to_codes(random_matrices(n, rng))

    def _mutate(self, codes: Array, rng: np.random.Generator) -> Array:
        cells = to_cells(codes)
        _members(cells)
        return to_codes(mutants(cells, rng))

    def _neighbours(self, codes: Array) -> tuple[Indices, Array]:
        parts = list(neighbours_of(to_cells(codes)))
        return np.concatenate([rows for rows, _ in parts]), np.concatenate([to_codes(cells) for _, cells in parts])

    def _index(self, codes: Array) -> Indices:
        return numbers(_members(to_cells(codes))).astype(np.int64)

    def _from_index(self, numbers: Indices) -> Array:
        return to_codes(all_cells().take(numbers))


codes = NB101Codes()
"""The space as arrays of integers."""


def to_codes(cells: Cells) -> Array:
    """Codes of members of the space with at most seven vertices."""
    adjacency = cells.adjacency.copy()
    for v, rows in by_vertices(cells):
        target = {**{i: i for i in range(v - 1)}, v - 1: MAX_VERTICES - 1}
        adjacency[rows] = relabel(cells.adjacency[rows], v, target) if v < MAX_VERTICES else adjacency[rows]
    bits = (adjacency[:, None] >> _SHIFTS) & np.uint32(1)
    return np.concatenate([bits.astype(np.uint8), cells.operations.clip(0).view(np.uint8)], axis=1)


def _members(cells: Cells) -> Cells:
    """Prune cells; raises if one is not a member of the space."""
    pruned, connected = prune_cells(cells)
    outside = np.flatnonzero(~connected | (count_edges(pruned.adjacency) > MAX_EDGES))
    if len(outside):
        row = int(outside[0])
        msg = f"{len(outside)} of {len(connected)} codes are not NAS-Bench-101 cells; row {row} {offence(to_cell(cells, row))}"
        raise InvalidArchitectureError(msg)
    return pruned


def to_cells(codes: Array) -> Cells:
    """Cells of seven vertices, not pruned."""
    bits, operations = codes[:, : len(EDGES)], codes[:, len(EDGES) :]
    adjacency = (bits.astype(np.uint32) << _SHIFTS).sum(axis=1, dtype=np.uint32)
    return Cells(np.full(len(codes), MAX_VERTICES, np.uint8), adjacency, operations.astype(np.int8))
