"""Labelled directed graphs, as ``nasbench.lib.graph_util``."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.spaces.nb101.upstream import module_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray


def gen_is_edge_fn(bits: int) -> Callable[[Any, Any], Any]:
    """Make a function that tells whether there is an edge from x to y, for numbers and arrays.

    Parameters
    ----------
    bits
        One bit an edge, the least significant first: (0, 1), (0, 2), (1, 2), (0, 3) and so on.

    Examples
    --------
    >>> from nbframes.compat.nasbench.lib import graph_util
    >>> graph_util.gen_is_edge_fn(0b101)(1, 2)
    array(1)
    """

    def is_edge(source: int, target: int) -> int:
        return bits >> (source + target * (target - 1) // 2) & 1 if source < target else 0

    return np.vectorize(is_edge, otypes=[int])


def is_full_dag(matrix: NDArray[Any]) -> bool:
    """Whether all vertices but the last have an edge out of them, and all but the first one into them."""
    edges = np.asarray(matrix) != 0
    return bool(edges[:-1].any(axis=1).all() and edges[:, 1:].any(axis=0).all())


def num_edges(matrix: ArrayLike) -> Any:
    """Count the edges."""
    return np.sum(matrix)


def hash_module(matrix: NDArray[Any], labeling: Sequence[int]) -> str:
    """MD5 that isomorphic graphs with the same labels share; see `nbframes.spaces.nb101.hash`.

    Parameters
    ----------
    matrix
        Adjacency matrix.
    labeling
        One label a vertex: -1 for the input, -2 for the output, else the position of the operation.

    Raises
    ------
    AssertionError
        If there are not as many labels as vertices.
    """
    edges = np.asarray(matrix)
    if len(labeling) != len(edges):
        msg = f"{len(labeling)} labels for {len(edges)} vertices"
        raise AssertionError(msg)
    return module_hash(edges.tolist(), [_plain(label) for label in labeling])


def permute_graph(
    graph: NDArray[Any], label: Sequence[Any], permutation: Sequence[int]
) -> tuple[NDArray[Any], list[Any]]:
    """Move vertex v of a graph, and its label, to the place ``permutation[v]``."""
    order = np.argsort(permutation)
    return np.asarray(graph)[np.ix_(order, order)] == 1, [label[place] for place in order]


def is_isomorphic(graph1: tuple[Any, Sequence[Any]], graph2: tuple[Any, Sequence[Any]]) -> bool:
    """Try all permutations that make one pair of matrix and labels the other.

    Raises
    ------
    AssertionError
        If the graphs differ in size.
    """
    (first, labels), (second, others) = ((np.array(matrix), label) for matrix, label in (graph1, graph2))
    if first.shape != second.shape or len(labels) != len(others):
        msg = f"graphs of {len(labels)} and {len(others)} vertices"
        raise AssertionError(msg)
    for permutation in permutations(range(len(first))):
        matrix, moved = permute_graph(first, labels, permutation)
        if moved == others and np.array_equal(matrix, second):
            return True
    return False


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
