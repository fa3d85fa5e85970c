"""Cells as numbers for predictors, and splits into training and test set."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from nbframes.spaces.features import features_of, mark_paths, one_hot, sequences, split_by_hash, subsets
from nbframes.spaces.nb101._cell import MAX_VERTICES, OPERATIONS
from nbframes.spaces.nb101._columns import BIT, EDGES
from nbframes.spaces.nb101._members import pruned_members
from nbframes.spaces.nb101.arrays import to_codes
from nbframes.spaces.nb101.identity import hash

if TYPE_CHECKING:
    import polars as pl

    from nbframes.spaces.base import Column, FeatureKind
    from nbframes.spaces.features import Features
    from nbframes.spaces.kinds import Array
    from nbframes.spaces.nb101._cell import CellLike
    from nbframes.spaces.nb101._columns import Cells

_INNER: Final = MAX_VERTICES - 2
_BASE: Final = len(OPERATIONS)


def features(x: CellLike | Column, /, kind: FeatureKind = "one_hot") -> Array:
    """Describe cells by numbers, for predictors of their performance.

    Cells are pruned first. The output counts as vertex 6 however many vertices there are.

    Parameters
    ----------
    x
        A column of cells; or one, which gives a single row.
    kind
        ``"one_hot"``: the 21 edges of the matrix row by row, 1 or 0, then three columns for each of the vertices 1 to 5,
        one for each operation; 36 columns. ``"adjacency"``: the 21 edges, then the operations as numbers, 0 where there is
        no vertex, else 1 to 3; 26 columns. ``"path"``: which sequences of operations occur along paths from input to
        output, the short ones first; 364 columns, the same for isomorphic cells [1]_.

    Returns
    -------
    numpy.ndarray
        Shape (rows, features), uint8.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.
    UnknownNameError
        If there are no features of that kind.

    Notes
    -----
    The first two depend on the order of the vertices: use `canonical` first to have isomorphic cells described alike.

    References
    ----------
    .. [1] White et al., A Study on Encodings for Neural Architecture Search, NeurIPS 2020.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> column = nb101.enumerate(max_vertices=3)["arch_str"]
    >>> nb101.features(column).shape, nb101.features(column, "path").sum(axis=1).tolist()
    ((7, 36), [1, 1, 1, 1, 2, 2, 2])
    """
    cells = pruned_members(x)
    edges = to_codes(cells)[:, : len(EDGES)]
    known: dict[FeatureKind, Features] = {
        "one_hot": lambda: np.concatenate([edges, one_hot(cells.operations, [_BASE] * _INNER)], axis=1),
        "adjacency": lambda: np.concatenate([edges, (cells.operations + 1).astype(np.uint8)], axis=1),
        "path": lambda: _paths(cells, edges),
    }
    return features_of(kind, known, "cell")


def split(x: Column, /, *, test: float = 0.2, seed: int = 0) -> pl.Series:
    """Split cells into training and test set by their `hash`, so that isomorphic ones are always on the same side.

    Parameters
    ----------
    x
        A column of cells.
    test
        Share of the different cells that belong to the test set, on average.
    seed
        Whole number; another one gives another split.

    Returns
    -------
    polars.Series
        Boolean, called ``test``. A cell is on the same side in every column that is split with this seed.

    Raises
    ------
    InvalidArchitectureError
        If something is not a graph with a path from input to output and known operations.
    InvalidArgumentError
        If ``test`` is not between 0 and 1, or ``seed`` is not a whole number.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> column = nb101.enumerate(max_vertices=5)["arch_str"]
    >>> nb101.split(column, test=0.1, seed=3).sum(), len(column)
    (246, 2532)
    """
    return split_by_hash(hash(x), test, seed)


def _paths(cells: Cells, edges: Array) -> Array:
    marks = np.zeros((len(edges), sequences(_BASE, _INNER, shortest=0)), np.uint8)
    place = {edge: k for k, edge in enumerate(BIT)}
    for inner in subsets(range(1, MAX_VERTICES - 1)):
        route = (0, *inner, MAX_VERTICES - 1)
        exists = np.asarray(edges[:, [place[step] for step in pairwise(route)]].all(axis=1))
        mark_paths(marks, [cells.operations[:, vertex - 1] for vertex in inner], exists, _BASE, shortest=0)
    return marks
