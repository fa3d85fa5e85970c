"""What google-research/nasbench does with one cell, on plain matrices and labels: text form, pruning, module hash."""

from __future__ import annotations

from hashlib import md5
from math import isqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Matrix = Sequence[Sequence[Any]]


def to_text(matrix: Iterable[Iterable[Any]], operations: Iterable[str]) -> str:
    """Write a cell as ``adjacency|operations``; nothing is checked."""
    return "".join(str(entry) for row in matrix for entry in row) + "|" + ",".join(operations)


def from_text(text: str) -> tuple[list[list[int]], list[str]]:
    """Read ``adjacency|operations``, of which only the digits are checked: the matrix, as far as it is square, and the names."""
    adjacency, _, operations = text.partition("|")
    v = isqrt(len(adjacency))
    return [[int(digit) for digit in adjacency[k * v : k * v + v]] for k in range(v)], operations.split(",")


def on_paths(matrix: Matrix) -> list[int]:
    """Vertices on paths from the first to the last one; fewer than two of them if there is no such path."""
    last = len(matrix) - 1
    ahead, behind = {0}, {last}
    for j in range(1, last + 1):
        if any(matrix[i][j] for i in ahead):
            ahead.add(j)
    for i in reversed(range(last)):
        if any(matrix[i][j] for j in behind):
            behind.add(i)
    return sorted(ahead & behind)


def module_hash(matrix: Matrix, labels: Sequence[Any]) -> str:
    """MD5 that isomorphic graphs with the same labels share: -1 for the input, -2 for the output, else a number."""
    vertices = range(len(matrix))
    sources = [[i for i in vertices if matrix[i][j]] for j in vertices]
    targets = [[j for j in vertices if matrix[i][j]] for i in vertices]
    degrees = [(sum(matrix[x]), sum(row[x] for row in matrix)) for x in vertices]
    colours = [_digest(str((*degrees[x], labels[x]))) for x in vertices]
    for _ in vertices:
        colours = [
            _digest(f"{_joined(colours, sources[x])}|{_joined(colours, targets[x])}|{colours[x]}") for x in vertices
        ]
    return _digest(str(sorted(colours)))


def _joined(colours: Sequence[str], vertices: Iterable[int]) -> str:
    return "".join(sorted(colours[x] for x in vertices))


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
