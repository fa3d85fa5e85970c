"""The edits that lead from one cell to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces.base import Column
from nbframes.spaces.nb101._cell import MAX_VERTICES, OPERATIONS, Cell, CellLike, format_text
from nbframes.spaces.nb101._columns import BIT, Cells, edges_among, to_cell, to_frame, to_text
from nbframes.spaces.nb101._graph import in_space
from nbframes.spaces.nb101._members import members
from nbframes.spaces.random import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nbframes.spaces.kinds import Seed

    Positions = NDArray[np.intp]

_SLICE: Final = 16_384
"""Cells whose neighbours are listed at a time, which bounds the memory."""
_OTHERS: Final = len(OPERATIONS) - 1
_FLIPS: Final = np.array([len(edges_among(v)) for v in range(MAX_VERTICES + 1)])
"""Number of edges that can be flipped, by number of vertices."""
_EDITS: Final = np.array([flips + _OTHERS * max(v - 2, 0) for v, flips in enumerate(_FLIPS)])
"""Number of edits, by number of vertices."""
_FLIP: Final = np.array(
    [[BIT[edge] for edge in edges_among(v)] + [0] * (_EDITS.max() - flips) for v, flips in enumerate(_FLIPS)], np.uint32
)
"""Bit of the edge that an edit flips, by number of vertices and of the edit."""


@overload
def neighbours(x: str, /) -> list[str]: ...
@overload
def neighbours(x: Cell | tuple[object, object], /) -> list[Cell]: ...
@overload
def neighbours(x: Column, /) -> pl.DataFrame: ...
def neighbours(x: CellLike | Column, /) -> list[str] | list[Cell] | pl.DataFrame:
    """List the cells that one edit leads to: one edge added or removed, or one operation changed.

    The edges come first, row by row of the matrix, then the operations, vertex by vertex in the order of `OPERATIONS`;
    only edits that lead to a cell of the space count. The vertices stay, even where an edit cuts them off, so that
    another edit can bring them back: a cell is always a neighbour of its neighbours. `prune` removes such vertices, and
    `hash` tells which neighbours are isomorphic to each other (or, if the cell is not pruned, to itself).

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    list or polars.DataFrame
        Texts of a text, otherwise cells; of a column ``row`` (UInt32, number of the row) and ``neighbour`` (String).
        The cell of two vertices has no neighbour.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> for text in nb101.neighbours("011001000|input,maxpool3x3,output"):
    ...     print(text)
    001001000|input,maxpool3x3,output
    010001000|input,maxpool3x3,output
    011000000|input,maxpool3x3,output
    011001000|input,conv3x3-bn-relu,output
    011001000|input,conv1x1-bn-relu,output
    """
    parts = list(neighbours_of(members(x)))
    if isinstance(x, Column):
        rows = pl.Series("row", np.concatenate([row for row, _ in parts]).astype(np.uint32))
        return pl.DataFrame([rows, pl.concat([to_text(cells) for _, cells in parts]).alias("neighbour")])
    _, cells = parts[0]
    return to_text(cells).to_list() if isinstance(x, str) else [to_cell(cells, k) for k in range(len(cells.vertices))]


@overload
def mutate(x: str, /, *, seed: Seed = ...) -> str: ...
@overload
def mutate(x: Cell | tuple[object, object], /, *, seed: Seed = ...) -> Cell: ...
@overload
def mutate(x: pl.Series, /, *, seed: Seed = ...) -> pl.Series: ...
@overload
def mutate(x: pl.DataFrame, /, *, seed: Seed = ...) -> pl.DataFrame: ...
def mutate(x: CellLike | Column, /, *, seed: Seed = None) -> CellLike | Column:
    """Replace each cell by one of its `neighbours`, all equally likely.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.
    seed
        Of a generator of this call's own, or a generator to draw from.

    Returns
    -------
    str, Cell, polars.Series or polars.DataFrame
        What was given, one mutation a row; of a frame the columns of `ENCODING`.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space, or is the cell of two vertices, which has no neighbour.

    Notes
    -----
    The number of vertices stays. To evolve cells as upstream's example does, start from ``sample(n, by="matrix")``: these
    have seven vertices, of which some may be off the paths from input to output for a while.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> old = "011001000|input,maxpool3x3,output"
    >>> nb101.mutate(old, seed=0) in nb101.neighbours(old)
    True
    """
    cells = mutants(members(x), generator(seed))
    if isinstance(x, pl.DataFrame):
        return to_frame(cells)
    if isinstance(x, pl.Series):
        return to_text(cells).alias(x.name)
    cell = to_cell(cells, 0)
    return format_text(cell) if isinstance(x, str) else cell


def neighbours_of(cells: Cells) -> Iterator[tuple[Positions, Cells]]:
    """Yield neighbours and the rows they belong to, a slice of the rows at a time."""
    for start in range(0, max(len(cells.vertices), 1), _SLICE):
        part = cells.take(slice(start, start + _SLICE))
        counts = _EDITS[part.vertices]
        row = np.repeat(np.arange(len(counts)), counts)
        edited = _edited(part.take(row), np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts))
        fine = in_space(edited)
        yield row[fine] + start, edited.take(fine)


def mutants(cells: Cells, rng: np.random.Generator) -> Cells:
    """Draw an edit for every cell, again where it leads out of the space; another operation never does."""
    stuck = np.flatnonzero(cells.vertices == 2)
    if len(stuck):
        msg = (
            f"row {stuck[0]}: the cell of two vertices has no neighbour to mutate to, its edge is all it has"
            "\n\nHint: leave it out, or start from sample(n, by='matrix'), whose cells have vertices to spare"
        )
        raise InvalidArchitectureError(msg)
    edited = Cells(cells.vertices, np.empty_like(cells.adjacency), np.empty_like(cells.operations))
    left = np.arange(len(cells.vertices))
    while len(left):
        edits = rng.random(len(left)) * _EDITS[cells.vertices[left]]
        drawn = _edited(cells.take(left), edits.astype(np.intp))
        fine = in_space(drawn)
        edited.adjacency[left[fine]] = drawn.adjacency[fine]
        edited.operations[left[fine]] = drawn.operations[fine]
        left = left[~fine]
    return edited


def _edited(cells: Cells, edits: Positions) -> Cells:
    """Apply one edit, given by its number among those of as many vertices, to every cell."""
    adjacency = cells.adjacency ^ _FLIP[cells.vertices, edits]
    operations = cells.operations.copy()
    rows = np.flatnonzero(edits >= _FLIPS[cells.vertices])
    place, other = np.divmod(edits[rows] - _FLIPS[cells.vertices[rows]], _OTHERS)
    operations[rows, place] = other + (other >= operations[rows, place])
    return Cells(cells.vertices, adjacency, operations)
