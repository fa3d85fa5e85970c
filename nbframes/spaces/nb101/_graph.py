"""What follows from the graphs of many cells: pruning, membership, depth, width and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from nbframes.spaces.nb101._cell import MAX_EDGES, MAX_VERTICES
from nbframes.spaces.nb101._columns import ABSENT, BIT, Cells, edges_among

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Adjacency = NDArray[np.uint32]
    Bools = NDArray[np.bool_]
    Counts = NDArray[np.int64]

_STEM: Final = 3 * 3 * 3 * 128 + 2 * 128
_DENSE: Final = 512 * 10 + 10
_MODULES: Final = ((128, 128, 3), (128, 256, 1), (256, 256, 2), (256, 512, 1), (512, 512, 2))
"""Input channels, output channels and number of the modules of the network."""
_KERNELS: Final = np.array([9, 1, 0, 0])
"""Weights for each pair of channels, by operation; the last entry serves ``ABSENT``."""
_CONVOLUTION: Final = np.array([1, 1, 0, 0])


def by_vertices(cells: Cells) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield every number of vertices that occurs, and the rows in which it does."""
    for v in range(2, MAX_VERTICES + 1):
        rows = np.flatnonzero(cells.vertices == v)
        if len(rows):
            yield v, rows


def has_edge(adjacency: Adjacency, i: int, j: int) -> Bools:
    """Say which cells have the edge from ``i`` to ``j``."""
    edge: Bools = (adjacency & BIT[i, j]) != 0
    return edge


def count_edges(adjacency: Adjacency) -> NDArray[np.uint8]:
    """Return the number of edges of every cell."""
    return pl.Series(adjacency).bitwise_count_ones().cast(pl.UInt8).to_numpy()


def relabel(adjacency: Adjacency, v: int, target: Mapping[int, int]) -> Adjacency:
    """Renumber the vertices of cells of ``v`` vertices.

    Edges of vertices without a new number vanish, and so do those that would lead downwards.
    """
    moved = np.zeros_like(adjacency)
    for i, j in edges_among(v):
        bit = BIT.get((target.get(i, -1), target.get(j, -1)))
        if bit is not None:
            moved |= np.where(has_edge(adjacency, i, j), bit, np.uint32(0))
    return moved


def on_paths(adjacency: Adjacency, v: int) -> NDArray[np.uint8]:
    """Return a mask of the vertices on paths from input to output (bit i for vertex i) of every cell."""
    ahead = {0: np.ones(len(adjacency), np.bool_)}
    for j in range(1, v):
        ahead[j] = np.logical_or.reduce([ahead[i] & has_edge(adjacency, i, j) for i in range(j)])
    behind = {v - 1: np.ones(len(adjacency), np.bool_)}
    for i in reversed(range(v - 1)):
        behind[i] = np.logical_or.reduce([behind[j] & has_edge(adjacency, i, j) for j in range(i + 1, v)])
    mask = np.zeros(len(adjacency), np.uint8)
    for i in range(v):
        mask |= (ahead[i] & behind[i]).astype(np.uint8) << np.uint8(i)
    return mask


def prune_cells(cells: Cells) -> tuple[Cells, Bools]:
    """Remove the vertices off the paths from input to output, and say which cells have such a path."""
    pruned = Cells(cells.vertices.copy(), cells.adjacency.copy(), cells.operations.copy())
    connected = np.zeros(len(cells.vertices), np.bool_)
    for v, rows in by_vertices(cells):
        masks = on_paths(cells.adjacency[rows], v)
        ends = 1 | 1 << (v - 1)
        connected[rows] = (masks & ends) == ends
        for mask in np.unique(masks[(masks & ends) == ends]):
            kept = [i for i in range(v) if mask >> i & 1]
            if len(kept) < v:
                some = rows[masks == mask]
                pruned.vertices[some] = len(kept)
                pruned.adjacency[some] = relabel(cells.adjacency[some], v, {old: new for new, old in enumerate(kept)})
                pruned.operations[some] = ABSENT
                inner = [i - 1 for i in kept[1:-1]]
                pruned.operations[some, : len(inner)] = cells.operations[some][:, inner]
    return pruned, connected


def in_space(cells: Cells) -> Bools:
    """Say which cells are members of the space once pruned."""
    pruned, connected = prune_cells(cells)
    return connected & (count_edges(pruned.adjacency) <= MAX_EDGES)


def depths(cells: Cells) -> NDArray[np.uint8]:
    """Return the edges on the longest path from input to output of pruned cells."""
    depth = np.zeros(len(cells.vertices), np.uint8)
    for v, rows in by_vertices(cells):
        adjacency = cells.adjacency[rows]
        reach = [np.zeros(len(rows), np.uint8)]
        for j in range(1, v):
            steps = [np.where(has_edge(adjacency, i, j), reach[i] + np.uint8(1), np.uint8(0)) for i in range(j)]
            reach.append(np.maximum.reduce(steps))
        depth[rows] = reach[-1]
    return depth


def widths(cells: Cells) -> NDArray[np.uint8]:
    """Return the maximum directed cut of pruned cells."""
    width = np.zeros(len(cells.vertices), np.uint8)
    for v, rows in by_vertices(cells):
        adjacency = cells.adjacency[rows]
        for side in range(1 << v):
            crossing = sum(int(BIT[i, j]) for i, j in edges_among(v) if side >> i & 1 and not side >> j & 1)
            width[rows] = np.maximum(width[rows], count_edges(adjacency & np.uint32(crossing)))
    return width


def count_parameters(cells: Cells) -> Counts:
    """Return the trainable parameters of the official network built of pruned cells."""
    total = np.full(len(cells.vertices), _STEM + _DENSE, np.int64)
    for v, rows in by_vertices(cells):
        some = cells.take(rows)
        for given, wanted, modules in _MODULES:
            total[rows] += modules * _module_parameters(some, v, given, wanted)
    return total


def _module_parameters(cells: Cells, v: int, given: int, wanted: int) -> Counts:
    """Return the parameters of one module with ``given`` input and ``wanted`` output channels."""
    total = np.where(has_edge(cells.adjacency, 0, v - 1), (given + 2) * wanted, 0)
    for vertex, channels in _vertex_channels(cells.adjacency, v, wanted).items():
        kind = cells.operations[:, vertex - 1]
        total += _KERNELS[kind] * channels**2 + _CONVOLUTION[kind] * 2 * channels
        total += np.where(has_edge(cells.adjacency, 0, vertex), (given + 2) * channels, 0)
    return total


def _vertex_channels(adjacency: Adjacency, v: int, wanted: int) -> dict[int, Counts]:
    """Share the output channels among the inner vertices that feed the output; the others take their largest target."""
    inner, last = range(1, v - 1), v - 1
    feeds = {i: has_edge(adjacency, i, last) for i in inner}
    feeding = np.maximum(sum((feeds[i].astype(np.int64) for i in inner), np.int64(0)), 1)
    share, left = wanted // feeding, wanted % feeding
    channels: dict[int, Counts] = {}
    for i in inner:
        channels[i] = np.where(feeds[i], share + (left > 0), 0)
        left = left - (feeds[i] & (left > 0))
    for i in reversed(inner):
        for j in range(i + 1, last):
            follows = ~feeds[i] & has_edge(adjacency, i, j)
            channels[i] = np.where(follows, np.maximum(channels[i], channels[j]), channels[i])
    return channels
