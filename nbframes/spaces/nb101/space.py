"""The space as a whole: every cell, random cells, and the cells a table lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from nbframes.display.progress import bar
from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.spaces.nb101._cell import MAX_VERTICES, OPERATIONS, SIZE
from nbframes.spaces.nb101._columns import EDGES, Cells, to_frame, to_text
from nbframes.spaces.nb101._enumeration import all_cells
from nbframes.spaces.nb101._graph import in_space
from nbframes.spaces.nb101._hash import hash_cells
from nbframes.spaces.random import count, generator

if TYPE_CHECKING:
    from nbframes.spaces.kinds import Seed

_DRAWS: Final = ("cell", "matrix")
_BATCH: Final = 16_384


def enumerate(*, max_vertices: int = MAX_VERTICES) -> pl.DataFrame:
    """All cells of the space that are not isomorphic to each other: 423,624.

    Parameters
    ----------
    max_vertices
        Leave out the cells with more vertices than this.

    Returns
    -------
    polars.DataFrame
        ``arch_str`` and the columns of `ENCODING`, each cell in its `canonical` form; sorted by vertices, adjacency and
        operations.

    Raises
    ------
    InvalidArgumentError
        If ``max_vertices`` is not in 2..7.

    Notes
    -----
    Graphs that no renumbering of their vertices makes smaller are listed first, then for each of them the operations
    that none of its symmetries makes smaller: exact, without hashing and without comparing cells. There are 1, 6, 84,
    2,441, 62,010 and 359,082 cells of 2 to 7 vertices, as many as the benchmark published.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.enumerate(max_vertices=5)["vertices"].value_counts(sort=True).rows()
    [(5, 2441), (4, 84), (3, 6), (2, 1)]
    """
    return _frame(_cells(max_vertices))


def sample(
    n: int, /, *, seed: Seed = None, replace: bool = True, by: Literal["cell", "matrix"] = "cell"
) -> pl.DataFrame:
    """Draw random cells.

    Parameters
    ----------
    n
        How many.
    seed
        Of a generator of this call's own, or a generator to draw from.
    replace
        Whether a cell may come twice.
    by
        ``"cell"`` draws uniformly from the 423,624 cells. ``"matrix"`` draws as the benchmark's own random search does
        [1]_: 7 x 7 matrices of fair coin flips and uniform operations, again until the pruned cell is in the space. That
        favours cells that can be written in many ways; the cells come unpruned, so that `mutate` can use their spare
        vertices.

    Returns
    -------
    polars.DataFrame
        ``arch_str`` and the columns of `ENCODING`.

    Raises
    ------
    InvalidArgumentError
        If ``n`` is negative, or larger than the space without replacement.

    References
    ----------
    .. [1] ``random_spec`` in ``NASBench.ipynb`` of google-research/nasbench.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.sample(3, seed=0).shape
    (3, 9)
    """
    if by not in _DRAWS:
        raise UnknownNameError.of("way to draw", by, _DRAWS)
    n, rng = count(n, "cells", None if replace else SIZE), generator(seed)
    if by == "cell":
        return _frame(all_cells().take(rng.choice(SIZE, n, replace=replace)))
    if not replace:
        raise InvalidArgumentError("matrices are drawn with replacement: use by='cell' to draw without")
    return _frame(random_matrices(n, rng))


def missing(hashes: pl.Series, /, *, max_vertices: int = MAX_VERTICES, progress: bool = False) -> pl.DataFrame:
    """List the cells of the published space whose hash is not among some.

    Parameters
    ----------
    hashes
        Module hashes, such as ``archs.hash`` of a store.
    max_vertices
        Ask for the cells of at most so many vertices.
    progress
        Whether to show a bar while the cells are hashed.

    Returns
    -------
    polars.DataFrame
        ``hash``, ``arch_str`` and the columns of `ENCODING` of the missing cells, in the order of `enumerate`.

    Raises
    ------
    InvalidArgumentError
        If ``hashes`` is not a column of strings, or ``max_vertices`` not in 2..7.

    Notes
    -----
    Takes the time of hashing all cells: seconds for the whole space.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> cells = nb101.enumerate(max_vertices=4)
    >>> nb101.missing(nb101.hash(cells[1:]), max_vertices=4)["arch_str"].to_list()
    ['0100|input,output']
    """
    if hashes.dtype != pl.String:
        msg = f"hashes should be a column of strings but got {hashes.dtype}"
        raise InvalidArgumentError(msg)
    cells = _cells(max_vertices)
    with bar("hashing the space", total=len(cells.vertices), unit="cell", show=progress) as progress_bar:
        found = hash_cells(cells, progress_bar.update)
    absent = (~found.is_in(hashes.implode())).to_numpy()
    return _frame(cells.take(absent)).insert_column(0, found.filter(absent))


def _cells(max_vertices: int) -> Cells:
    if max_vertices not in range(2, MAX_VERTICES + 1):
        msg = f"max_vertices should be one of 2 to {MAX_VERTICES} but got {max_vertices!r}"
        raise InvalidArgumentError(msg)
    return all_cells(max_vertices)


def _frame(cells: Cells) -> pl.DataFrame:
    return to_frame(cells).insert_column(0, to_text(cells))


def random_matrices(n: int, rng: np.random.Generator) -> Cells:
    """Matrices of fair coin flips with uniform operations whose pruned cells are in the space."""
    parts: list[Cells] = []
    found, size = 0, min(_BATCH, 4 * n + 64)
    while found < n or not parts:
        drawn = Cells(
            np.full(_BATCH, MAX_VERTICES, np.uint8),
            rng.integers(1 << len(EDGES), size=_BATCH, dtype=np.uint32),
            rng.integers(len(OPERATIONS), size=(_BATCH, MAX_VERTICES - 2), dtype=np.int8),
        )
        for start in range(0, _BATCH, size):  # drawing is cheap, pruning is not
            some = drawn.take(slice(start, start + size))
            parts.append(some.take(in_space(some)))
            found += len(parts[-1].vertices)
            if found >= n:
                break
    return Cells.joined(parts).take(slice(n))
