"""Cells as arrays of digits: the 7 x 7 matrix and the five operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces.codes import checked_codes, checked_numbers
from nbframes.spaces.nb101._cell import MAX_EDGES, MAX_VERTICES, OPERATIONS, SIZE, offence
from nbframes.spaces.nb101._columns import EDGES, Cells, to_cell, to_text
from nbframes.spaces.nb101._enumeration import all_cells, numbers
from nbframes.spaces.nb101._graph import by_vertices, count_edges, in_space, prune_cells, relabel
from nbframes.spaces.nb101._members import members
from nbframes.spaces.nb101.moves import mutants, neighbours_of
from nbframes.spaces.nb101.space import random_matrices
from nbframes.spaces.random import count, generator

if TYPE_CHECKING:
    import polars as pl

    from nbframes.spaces.base import Array, Bools, Indices, Seed

SIZES: Final = (2,) * len(EDGES) + (len(OPERATIONS),) * (MAX_VERTICES - 2)
_SHIFTS: Final = np.arange(len(EDGES))[::-1].astype(np.uint32)


class NB101Codes:
    """The array form of NAS-Bench-101: the 21 edges of seven vertices, row by row, then the operations of vertices 1 to 5.

    See `nbframes.spaces.base.Codes`. A cell of fewer vertices keeps its inner vertices' numbers, its output becomes vertex
    6, and the vertices to spare have no edge and the first operation. Codes are not pruned: isomorphic cells may have
    different ones.
    """

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices at each position."""
        return SIZES

    def encode(self, x: Any, /) -> Array:
        """Codes of one cell (then a single row) or a column."""
        return to_codes(members(x))

    def decode(self, codes: Array, /) -> pl.Series:
        """Strings of codes, not pruned."""
        return to_text(to_cells(codes))

    def is_valid(self, codes: Array, /) -> Bools:
        """Tell which codes are cells of the space once pruned."""
        return in_space(to_cells(codes))

    def sample(self, n: int, /, *, seed: Seed = None) -> Array:
        """Draw codes uniformly from the valid ones, as the benchmark's own random search does."""
        return to_codes(random_matrices(count(n, "cells"), generator(seed)))

    def mutate(self, codes: Array, /, *, seed: Seed = None) -> Array:
        """Flip an edge or change an operation, all edits that lead to a cell of the space equally likely."""
        cells = to_cells(codes)
        _members(cells)
        return to_codes(mutants(cells, generator(seed)))

    def neighbours(self, codes: Array, /) -> tuple[Indices, Array]:
        """All codes one edit away that are cells of the space: edges first, then operations."""
        parts = list(neighbours_of(to_cells(codes)))
        return np.concatenate([rows for rows, _ in parts]), np.concatenate([to_codes(cells) for _, cells in parts])

    def index(self, codes: Array, /) -> Indices:
        """Number of the cells among those of `nbframes.spaces.nb101.enumerate`, which is not ``arch`` of a store."""
        return numbers(_members(to_cells(codes))).astype(np.int64)

    def from_index(self, index: Indices, /) -> Array:
        """Codes of the canonical forms of numbers."""
        return to_codes(all_cells().take(checked_numbers(index, SIZE)))


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
    codes = checked_codes(codes, SIZES)
    bits, operations = codes[:, : len(EDGES)], codes[:, len(EDGES) :]
    adjacency = (bits.astype(np.uint32) << _SHIFTS).sum(axis=1, dtype=np.uint32)
    return Cells(np.full(len(codes), MAX_VERTICES, np.uint8), adjacency, operations.astype(np.int8))
