"""Random cells, and what they are by definition, for the tests of the NAS-Bench-101 space."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


@st.composite
def graphs(draw, max_vertices=7):
    """Any upper-triangular matrix with any operations, connected or not."""
    v = draw(st.integers(2, max_vertices))
    matrix = [[draw(st.integers(0, 1)) if j > i else 0 for j in range(v)] for i in range(v)]
    return matrix, ["input", *(draw(st.sampled_from(OPERATIONS)) for _ in range(v - 2)), "output"]


def paths(matrix, start=0):
    """All paths from a vertex to the output, as lists of vertices."""
    if start == len(matrix) - 1:
        return [[start]]
    return [[start, *rest] for j, edge in enumerate(matrix[start]) if edge for rest in paths(matrix, j)]


def pruned(matrix, operations):
    """The cell without the vertices that are on no path, or None."""
    kept = sorted({vertex for path in paths(matrix) for vertex in path})
    if not kept:
        return None
    return [[matrix[i][j] for j in kept] for i in kept], [operations[i] for i in kept]


def is_member(matrix, operations):
    cell = pruned(matrix, operations)
    return cell is not None and len(cell[0]) <= 7 and sum(map(sum, cell[0])) <= 9


def text(matrix, operations):
    return "".join(str(int(entry)) for row in matrix for entry in row) + "|" + ",".join(operations)


def drawings(v):
    """Texts of all pruned cells of the space with v vertices, in every order of their vertices."""
    places = [(i, j) for i in range(v) for j in range(i + 1, v)]
    for bits in product((0, 1), repeat=len(places)):
        matrix = [[0] * v for _ in range(v)]
        for (i, j), bit in zip(places, bits, strict=True):
            matrix[i][j] = bit
        if sum(bits) <= 9 and len({vertex for path in paths(matrix) for vertex in path}) == v:
            for operations in product(OPERATIONS, repeat=v - 2):
                yield text(matrix, ["input", *operations, "output"])
