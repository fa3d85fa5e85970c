"""The official module hash, and finding cells by it."""

from __future__ import annotations

from typing import Any, overload

import polars as pl

from nbframes.errors import FrameError
from nbframes.spaces.base import Column
from nbframes.spaces.codes import checked_numbers
from nbframes.spaces.nb101._cell import SIZE, Cell, CellLike, hash_cell
from nbframes.spaces.nb101._columns import to_text
from nbframes.spaces.nb101._enumeration import all_cells, numbers
from nbframes.spaces.nb101._hash import hash_cells
from nbframes.spaces.nb101._members import member, pruned_cell, pruned_column, pruned_members


@overload
def hash(x: CellLike, /) -> str: ...
@overload
def hash(matrix: Any, operations: Any) -> str: ...
@overload
def hash(x: Column, /) -> pl.Series: ...
def hash(matrix: Any, operations: Any = None) -> str | pl.Series:
    """Official module hash, equal for isomorphic cells: the key of NAS-Bench-101's files and of ``archs.hash``.

    Parameters
    ----------
    matrix
        The matrix of a cell whose ``operations`` follow; or a cell, its text form, a column of strings or encoding columns.
    operations
        One name a vertex, ``"input"`` first and ``"output"`` last.

    Returns
    -------
    str or polars.Series
        32 hexadecimal digits a cell.

    Raises
    ------
    InvalidArchitectureError
        If something is not a graph with a path from input to output and known operations.

    Notes
    -----
    Every vertex is coloured by its out-degree, in-degree and operation, then as many times as there are vertices by the
    MD5 of the sorted colours of its sources and targets and its own; the hash is the MD5 of the sorted colours [1]_.
    Vertices off the paths from input to output are pruned first. A column is hashed vertex by vertex for all cells at
    once, several times faster than one by one. No two of the 423,624 cells share a hash.

    References
    ----------
    .. [1] ``hash_module`` in ``nasbench/lib/graph_util.py`` of google-research/nasbench.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.hash([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    'b49ac8c578b4561d79ac7087988f1c61'
    """
    if isinstance(matrix, Column):
        return hash_cells(pruned_column(matrix))
    return hash_cell(pruned_cell(matrix if operations is None else Cell(matrix, operations)))


@overload
def find(archs: pl.DataFrame, cell: CellLike | Column, /) -> pl.DataFrame: ...
@overload
def find(archs: pl.LazyFrame, cell: CellLike | Column, /) -> pl.LazyFrame: ...
def find(archs: pl.DataFrame | pl.LazyFrame, cell: CellLike | Column, /) -> pl.DataFrame | pl.LazyFrame:
    """Find cells in the tables, whatever the order of their vertices and pruned or not.

    Parameters
    ----------
    archs
        The ``archs`` table of ``nb101``, or any frame with a column ``hash``.
    cell
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    polars.DataFrame or polars.LazyFrame
        The rows of ``archs`` with the cell's hash: none if the cell is not there. For a column of cells they follow its
        order, and ``row`` (UInt32) in front of them says which cell they are.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.
    FrameError
        If ``archs`` has no column ``hash``.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> archs = nb101.enumerate(max_vertices=3)
    >>> archs = archs.with_columns(nb101.hash(archs))
    >>> matrix = [[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    >>> found = nb101.find(archs, (matrix, ["input", "maxpool3x3", "maxpool3x3", "output"]))
    >>> found["arch_str"].item()
    '010001000|input,maxpool3x3,output'
    """
    columns = archs.collect_schema().names()
    if "hash" not in columns:
        raise FrameError.missing_columns(["hash"], columns, "find() looks a cell up in an archs table by its hash")
    if not isinstance(cell, Column):
        return archs.filter(pl.col("hash") == hash_cell(pruned_cell(member(cell))))
    wanted = hash_cells(pruned_members(cell)).to_frame().with_row_index("row")
    found = wanted.lazy().join(archs.lazy(), on="hash", maintain_order="left_right").select("row", *columns)
    return found if isinstance(archs, pl.LazyFrame) else found.collect()


@overload
def index(x: CellLike, /) -> int: ...
@overload
def index(x: Column, /) -> pl.Series: ...
def index(x: CellLike | Column, /) -> int | pl.Series:
    """Give the number of cells in the order of `enumerate`, the same for isomorphic cells.

    It is not the column ``arch`` of a store, which numbers cells as they come in upstream's file.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    int or polars.Series
        The number; of a column an Int64 Series called ``number``.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.index("0100|input,output"), nb101.index("011000000|input,maxpool3x3,output")
    (0, 0)
    """
    found = numbers(pruned_members(x))
    return pl.Series("number", found, pl.Int64) if isinstance(x, Column) else int(found[0])


@overload
def from_index(x: int, /) -> str: ...
@overload
def from_index(x: pl.Series, /) -> pl.Series: ...
def from_index(x: int | pl.Series, /) -> str | pl.Series:
    """Write the canonical cells of numbers: the inverse of `index`.

    Parameters
    ----------
    x
        One number, or a column of them.

    Returns
    -------
    str or polars.Series
        Text form; of a column a Series called ``arch_str``.

    Raises
    ------
    InvalidArgumentError
        If a number is not in 0..423623.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.from_index(3)
    '010001000|input,maxpool3x3,output'
    """
    texts = to_text(all_cells().take(checked_numbers(x if isinstance(x, pl.Series) else [x], SIZE)))
    return texts if isinstance(x, pl.Series) else str(texts[0])
