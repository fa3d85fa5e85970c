"""Cells as ``nasbench.lib.model_spec`` describes them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.compat.nasbench.lib import graph_util
from nbframes.errors import MissingDependencyError
from nbframes.spaces.nb101.upstream import on_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class ModelSpec:
    """A cell: adjacency matrix and operations, as given and without the vertices off the paths from input to output.

    Parameters
    ----------
    matrix
        Upper-triangular adjacency matrix.
    ops
        One operation a vertex.
    data_format
        Kept as it is.

    Raises
    ------
    ValueError
        If the matrix is not square, not upper-triangular, or of another size than the list of operations.

    Examples
    --------
    >>> from nbframes.compat.nasbench import api
    >>> spec = api.ModelSpec([[0, 0, 1], [0, 0, 0], [0, 0, 0]], ["input", "maxpool3x3", "output"])
    >>> spec.valid_spec, spec.ops, spec.matrix.tolist()
    (True, ['input', 'output'], [[0, 1], [0, 0]])
    """

    def __init__(self, matrix: ArrayLike, ops: list[Any], data_format: str = "channels_last") -> None:
        given = np.array(matrix)
        if given.ndim != 2 or given.shape[0] != given.shape[1]:
            msg = "matrix must be square"
            raise ValueError(msg)
        if len(given) != len(ops):
            msg = "length of ops must match matrix dimensions"
            raise ValueError(msg)
        if not is_upper_triangular(given):
            msg = "matrix must be upper triangular"
            raise ValueError(msg)
        self.original_matrix: NDArray[Any] = given
        self.original_ops = copy.deepcopy(ops)
        kept = on_paths(given.tolist())
        self.valid_spec = len(kept) >= 2
        self.matrix: NDArray[Any] | None = given[np.ix_(kept, kept)] if self.valid_spec else None
        self.ops = [copy.deepcopy(ops[vertex]) for vertex in kept] if self.valid_spec else None
        self.data_format = data_format

    def hash_spec(self, canonical_ops: Sequence[str]) -> str:
        """Official hash of the cell, given the operations of the benchmark in their order.

        Raises
        ------
        ValueError
            If an operation is not among them.
        """
        if self.matrix is None or self.ops is None:
            msg = "invalid spec, provided graph is disconnected."
            raise ValueError(msg)
        inner = [list(canonical_ops).index(operation) for operation in self.ops[1:-1]]
        return graph_util.hash_module(self.matrix, [-1, *inner, -2])

    def visualize(self) -> Any:
        """Draw the pruned cell, as a ``graphviz.Digraph``.

        Raises
        ------
        MissingDependencyError
            If the package ``graphviz`` is not installed.
        ValueError
            If the spec is invalid.
        """
        if self.matrix is None or self.ops is None:
            msg = "invalid spec, provided graph is disconnected."
            raise ValueError(msg)
        try:
            from graphviz import Digraph
        except ImportError as error:
            msg = (
                "ModelSpec.visualize() needs 'graphviz', which is not installed. Install it with: pip install graphviz"
            )
            raise MissingDependencyError(msg) from error
        drawing = Digraph()
        for vertex, name in enumerate(["input", *self.ops[1:-1], "output"]):
            drawing.node(str(vertex), name)
        for source, target in np.argwhere(self.matrix):
            drawing.edge(str(source), str(target))
        return drawing


def is_upper_triangular(matrix: NDArray[Any]) -> bool:
    """Whether there is nothing on the diagonal and below."""
    return not np.tril(matrix).any()
