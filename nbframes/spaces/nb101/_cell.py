"""One cell: its structure, upstream's text form, the rules of the space, pruning and the official hash."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, did_you_mean, listed
from nbframes.spaces.nb101 import upstream

if TYPE_CHECKING:
    from collections.abc import Iterable

OPERATIONS: Final = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""Operations of the inner vertices, in upstream's order (their label in the hash is their position here)."""

MAX_VERTICES: Final = 7
MAX_EDGES: Final = 9
SIZE: Final = 423_624
"""Number of cells that are not isomorphic to each other."""

INPUT: Final = "input"
OUTPUT: Final = "output"


class _Fields(NamedTuple):
    matrix: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]


class Cell(_Fields):
    """A cell: a directed acyclic graph with an operation at every vertex.

    Nested lists and arrays become tuples, so that a cell is hashable and equal to another with the same matrix and
    operations. Whether it is a member of the space is asked with `validate` or `is_valid`.

    Parameters
    ----------
    matrix
        Upper-triangular adjacency matrix of 0 and 1; entry (i, j) is the edge from vertex i to vertex j. Vertex 0 is
        the input, the last one the output.
    operations
        One name a vertex: ``"input"``, names of `OPERATIONS`, ``"output"``.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
    Cell(matrix=((0, 1, 0), (0, 0, 1), (0, 0, 0)), operations=('input', 'maxpool3x3', 'output'))
    """

    __slots__ = ()

    def __new__(cls, matrix: Iterable[Iterable[Any]], operations: Iterable[str]) -> Self:
        rows = tuple(tuple(_bit(entry) for entry in row) for row in matrix)
        return super().__new__(cls, rows, tuple(str(operation) for operation in operations))


CellLike = str | Cell | tuple[Any, Any]
"""A cell, its text form, or a pair of matrix and operations."""


def as_cell(x: CellLike) -> Cell:
    """Return ``x`` as a well-formed cell."""
    if isinstance(x, str):
        return parse_text(x)
    if not isinstance(x, tuple | list) or len(x) != 2:
        msg = (
            f"{x!r} is not a NAS-Bench-101 cell\n\n"
            "Valid: a Cell, a pair (matrix, operations), a string 'adjacency|operations'; or a Series of such strings "
            "or a DataFrame with the encoding columns"
        )
        raise InvalidArgumentError(msg)
    cell = x if isinstance(x, Cell) else Cell(*x)
    if flaw := malformation(cell):
        msg = f"the cell {flaw}"
        raise InvalidArchitectureError(msg)
    return cell


def parse_text(text: str) -> Cell:
    """Read upstream's text form; raises if it is not the text of a well-formed cell."""
    flaw = text_malformation(text)
    if flaw:
        msg = f"{text!r} {flaw}"
        raise InvalidArchitectureError(msg)
    return Cell(*upstream.from_text(text))


def format_text(cell: Cell) -> str:
    """Upstream's text form of a cell."""
    return upstream.to_text(*cell)


def malformation(cell: Cell) -> str | None:
    """Say why a cell is not a labelled graph of this space, or nothing."""
    matrix, operations = cell
    v = len(matrix)
    if v < 2 or any(len(row) != v for row in matrix):
        return f"has a matrix of {v} rows of {listed(sorted({len(row) for row in matrix}))} entries; it must be square"
    if len(operations) != v:
        return f"has {v} vertices but {len(operations)} operations"
    below = [(i, j) for i in range(v) for j in range(i + 1) if matrix[i][j]]
    if below:
        return f"has the edge {below[0]}; the matrix must be upper-triangular, so that edges lead from lower to higher"
    if operations[0] != INPUT or operations[-1] != OUTPUT:
        return f"begins with {operations[0]!r} and ends with {operations[-1]!r} instead of {INPUT!r} and {OUTPUT!r}"
    for name in operations[1:-1]:
        if name not in OPERATIONS:
            return f"has an unknown operation {name!r}{did_you_mean(name, OPERATIONS)}; valid: {listed(OPERATIONS)}"
    return None


def text_malformation(text: str) -> str | None:
    """Say why a text is not that of a well-formed cell, or nothing."""
    adjacency, bar, _ = text.partition("|")
    if not bar:
        return "is not of the form 'adjacency|operations'"
    if set(adjacency) - {"0", "1"} or isqrt(len(adjacency)) ** 2 != len(adjacency):
        return "does not begin with a square matrix of 0 and 1, written row by row"
    return malformation(Cell(*upstream.from_text(text)))


def offence(cell: Cell) -> str | None:
    """Say which limit of the space a well-formed cell breaks once pruned, or nothing."""
    pruned = prune_cell(cell)
    if pruned is None:
        return "has no path from its input to its output"
    v, edges = len(pruned.matrix), sum(map(sum, pruned.matrix))
    if v > MAX_VERTICES:
        return f"has {v} vertices on paths from input to output; at most {MAX_VERTICES} are allowed"
    if edges > MAX_EDGES:
        return f"has {edges} edges on paths from input to output; at most {MAX_EDGES} are allowed"
    return None


def prune_cell(cell: Cell) -> Cell | None:
    """Cell without the vertices off the paths from input to output; nothing if no path is left."""
    matrix, operations = cell
    kept = upstream.on_paths(matrix)
    if len(kept) < 2:
        return None
    return Cell([[matrix[i][j] for j in kept] for i in kept], [operations[i] for i in kept])


def hash_cell(cell: Cell) -> str:
    """Official module hash of a pruned cell."""
    labels = [-1, *map(OPERATIONS.index, cell.operations[1:-1]), -2]
    return upstream.module_hash(cell.matrix, labels)


def _bit(entry: Any) -> int:
    if entry not in (0, 1):
        msg = f"the matrix has an entry {entry!r}; valid: 0, 1"
        raise InvalidArchitectureError(msg)
    return int(entry)
