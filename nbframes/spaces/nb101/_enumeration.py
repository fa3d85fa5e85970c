"""All cells of the space, each once.

Every pruned cell can be drawn in several ways: its inner vertices may be renumbered as long as all edges lead upwards.
Of all drawings the one with the smallest adjacency and then the smallest operations (compared vertex by vertex in
upstream's order) is the cell's canonical form. Graphs that are canonical come first, then the operations on each that no
symmetry of the graph makes smaller: 423,624 cells without comparing any two of them.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from nbframes.spaces.nb101._cell import MAX_EDGES, MAX_VERTICES, OPERATIONS
from nbframes.spaces.nb101._columns import ABSENT, BIT, Cells, edges_among
from nbframes.spaces.nb101._graph import by_vertices, count_edges, has_edge, relabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Adjacency = NDArray[np.uint32]
    Positions = NDArray[np.intp]

_BASE: Final = len(OPERATIONS)
_IMPOSSIBLE: Final = np.uint32(0xFFFFFFFF)


class _Drawings(NamedTuple):
    """All cells of one number of vertices: their graphs, and the operations that can be put on them."""

    graphs: Adjacency
    """Adjacency of every graph that is its own pruned form, ascending."""
    renumbering: NDArray[np.intp]
    """For each graph, which renumbering (row of ``recoded``) makes it canonical."""
    shape: NDArray[np.intp]
    """For each graph, its canonical form's position among the ``shapes``."""
    shapes: Adjacency
    recoded: NDArray[np.intp]
    """Shape (renumberings, codes): code of the operations after a renumbering."""
    number: NDArray[np.intp]
    """Shape (shapes, codes): number of the cell among those of as many vertices."""
    canonical: NDArray[np.bool_]
    """Shape (shapes, codes): whether the code is canonical on the shape."""
    operations: NDArray[np.int8]
    """Shape (codes, 5): operations of every code."""


@cache
def drawings(v: int) -> _Drawings:
    """Return all cells of ``v`` vertices."""
    graphs = _graphs(v)
    orders = [(0, *inner, v - 1) for inner in permutations(range(1, v - 1))]
    images = np.stack([_renumbered(graphs, v, order) for order in orders])
    smallest = images.min(axis=0)
    shapes, shape = np.unique(smallest, return_inverse=True)
    symmetries = images[:, np.searchsorted(graphs, shapes)] == shapes

    inner = v - 2
    codes = np.arange(_BASE**inner)
    places = _BASE ** np.arange(inner - 1, -1, -1)
    digits = codes[:, None] // places % _BASE
    recoded = np.stack([(digits * places[np.array(order[1:-1], np.intp) - 1]).sum(axis=1) for order in orders])
    least = np.tile(codes, (len(shapes), 1))
    for symmetric, image in zip(symmetries, recoded, strict=True):
        least[symmetric] = np.minimum(least[symmetric], image)
    canonical = least == codes
    ranks = np.cumsum(canonical).reshape(canonical.shape) - 1
    number = np.take_along_axis(ranks, least, axis=1)

    operations = np.full((len(codes), MAX_VERTICES - 2), ABSENT, np.int8)
    operations[:, :inner] = digits
    return _Drawings(graphs, images.argmin(axis=0), shape, shapes, recoded, number, canonical, operations)


@cache
def all_cells(max_vertices: int = MAX_VERTICES) -> Cells:
    """Return every cell of the space in its canonical form."""
    parts = []
    for v in range(2, max_vertices + 1):
        table = drawings(v)
        shape, code = np.nonzero(table.canonical)
        parts.append(Cells(np.full(len(shape), v, np.uint8), table.shapes[shape], table.operations[code]))
    return Cells.joined(parts)


def numbers(cells: Cells) -> Positions:
    """Return the position in `all_cells` of every cell; they must be pruned members of the space."""
    number = np.empty(len(cells.vertices), np.intp)
    before = np.cumsum([0, *(np.count_nonzero(drawings(v).canonical) for v in range(2, MAX_VERTICES))])
    for v, rows in by_vertices(cells):
        table = drawings(v)
        graph = np.searchsorted(table.graphs, cells.adjacency[rows])
        code = cells.operations[rows, : v - 2] @ (_BASE ** np.arange(v - 3, -1, -1))
        code = table.recoded[table.renumbering[graph], code]
        number[rows] = before[v - 2] + table.number[table.shape[graph], code]
    return number


def _graphs(v: int) -> Adjacency:
    """Return the graphs of ``v`` vertices, few enough edges and every vertex on a path from input to output."""
    graphs = np.zeros(1, np.uint32)
    for j in range(1, v):
        subsets = range(1, 1 << j)
        sources = np.array([sum(int(BIT[i, j]) for i in range(j) if subset >> i & 1) for subset in subsets], np.uint32)
        graphs = (graphs[:, None] | sources).ravel()
        graphs = graphs[count_edges(graphs) <= MAX_EDGES - (v - 1 - j)]
    for i in range(v - 1):
        graphs = graphs[np.logical_or.reduce([has_edge(graphs, i, j) for j in range(i + 1, v)])]
    return np.sort(graphs)


def _renumbered(graphs: Adjacency, v: int, order: Sequence[int]) -> Adjacency:
    """Give vertex i the number ``order[i]``; a graph in which an edge would then lead downwards becomes impossible."""
    descending = sum(int(BIT[i, j]) for i, j in edges_among(v) if order[i] > order[j])
    return np.where(graphs & np.uint32(descending), _IMPOSSIBLE, relabel(graphs, v, dict(enumerate(order))))
