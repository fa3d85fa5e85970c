"""Architectures as numbers for predictors, and splits into training and test set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from nbframes.spaces.darts.cells import checked
from nbframes.spaces.darts.definition import CELLS, NODES, OPERATIONS
from nbframes.spaces.darts.isomorphism import hash
from nbframes.spaces.features import features_of, mark_paths, one_hot, sequences, split_by_hash, subsets

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from nbframes.spaces.base import Column, FeatureKind
    from nbframes.spaces.darts.cells import Cells
    from nbframes.spaces.darts.structures import Architecture
    from nbframes.spaces.features import Features
    from nbframes.spaces.kinds import Array

_BASE: Final = len(OPERATIONS)
_EDGES: Final = [(source, node) for node in NODES for source in range(node)]
_TARGETS: Final = np.tile(np.repeat(NODES, 2), 2)
_CELL: Final = np.repeat([0, 1], 8)


def features(x: Architecture | Column, /, kind: FeatureKind = "one_hot") -> Array:
    """Describe architectures by numbers, for predictors of their performance.

    Parameters
    ----------
    x
        A column of strings or a frame with the encoding columns; or one architecture, which gives a single row.
    kind
        ``"adjacency"``: for each of a cell's 14 possible edges 0 where there is none, else 1 to 7 for its operation; the
        normal cell first, edges by their target; 28 columns. ``"one_hot"``: seven columns for each of these, one for each
        operation; 196 columns. ``"path"``: which sequences of operations occur along paths from an input of a cell to
        one of its nodes; for each cell and input 2,800, the short ones first; 11,200 columns (a hundred thousand rows
        take 1.1 GB), the same for isomorphic architectures [1]_.

    Returns
    -------
    numpy.ndarray
        Shape (rows, features), uint8.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.
    UnknownNameError
        If there are no features of that kind.

    References
    ----------
    .. [1] White et al., A Study on Encodings for Neural Architecture Search, NeurIPS 2020.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cells = nbf.spaces.darts.sample(100, seed=0)["arch_str"]
    >>> nbf.spaces.darts.features(cells).shape, nbf.spaces.darts.features(cells).sum(axis=1)[:3].tolist()
    ((100, 196), [16, 16, 16])
    """
    operations = _edges(checked(x))
    flat = np.concatenate(
        [operations[:, cell, source, node, None] for cell in (0, 1) for source, node in _EDGES], axis=1
    )
    known: dict[FeatureKind, Features] = {
        "one_hot": lambda: one_hot(flat, [_BASE] * flat.shape[1]),
        "adjacency": lambda: (flat + 1).astype(np.uint8),
        "path": lambda: np.concatenate([_paths(operations[:, cell]) for cell in (0, 1)], axis=1),
    }
    return features_of(kind, known, "DARTS architecture")


def split(x: Column, /, *, test: float = 0.2, seed: int = 0) -> pl.Series:
    """Split architectures into training and test set by their `hash`: isomorphic ones are always on the same side.

    Parameters
    ----------
    x
        A column of strings or a frame with the encoding columns.
    test
        Share of the different architectures that belong to the test set, on average.
    seed
        Whole number; another one gives another split.

    Returns
    -------
    polars.Series
        Boolean, called ``test``. An architecture is on the same side in every column that is split with this seed.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.
    InvalidArgumentError
        If ``test`` is not between 0 and 1, or ``seed`` is not a whole number.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cells = nbf.spaces.darts.sample(1000, seed=0)
    >>> train, test = cells.filter(~nbf.spaces.darts.split(cells)), cells.filter(nbf.spaces.darts.split(cells))
    >>> train.height, test.height
    (813, 187)
    """
    return split_by_hash(hash(x), test, seed)


def _edges(cells: Cells) -> NDArray[np.int8]:
    """Operation of every edge, -1 where there is none, shape (n, cells, sources, targets)."""
    operations = np.full((len(cells.ops), len(CELLS), NODES[-1], NODES[-1] + 1), -1, np.int8)
    operations[np.arange(len(cells.ops))[:, None], _CELL, cells.inputs, _TARGETS] = cells.ops
    return operations


def _paths(operations: NDArray[np.int8]) -> Array:
    """Paths of one cell; ``operations`` has shape (n, sources, targets)."""
    marks = [np.zeros((len(operations), sequences(_BASE, len(NODES))), np.uint8) for _ in range(2)]
    for source in range(2):
        for nodes in subsets(NODES)[1:]:
            route = (source, *nodes)
            steps = [operations[:, start, end] for start, end in zip(route, nodes, strict=False)]
            mark_paths(marks[source], steps, np.all([step >= 0 for step in steps], axis=0), _BASE)
    return np.concatenate(marks, axis=1)
