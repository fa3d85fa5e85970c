"""Text form and rules: parse, format, validate, prune."""

from __future__ import annotations

from typing import overload

import polars as pl

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces.base import Column
from nbframes.spaces.nb101._cell import Cell, CellLike, as_cell, format_text
from nbframes.spaces.nb101._columns import read_column, to_cell, to_frame, to_text, try_column
from nbframes.spaces.nb101._enumeration import all_cells, numbers
from nbframes.spaces.nb101._graph import in_space
from nbframes.spaces.nb101._members import member, members, pruned_cell, pruned_column, pruned_members


@overload
def parse(x: CellLike, /) -> Cell: ...
@overload
def parse(x: Column, /) -> pl.DataFrame: ...
def parse(x: CellLike | Column, /) -> Cell | pl.DataFrame:
    """Read upstream's text form, ``adjacency|operations``.

    The text need not be pruned, nor be a member of the space (see `validate`).

    Parameters
    ----------
    x
        One text, or a column of them: the matrix as digits 0 and 1, row by row, and the operations separated by commas.

    Returns
    -------
    Cell or polars.DataFrame
        Of a column, the columns of `ENCODING`, which hold at most seven vertices.

    Raises
    ------
    InvalidArchitectureError
        If a text is not that of an upper-triangular graph with one input, one output and known operations.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.parse("010001000|input,maxpool3x3,output")
    Cell(matrix=((0, 1, 0), (0, 0, 1), (0, 0, 0)), operations=('input', 'maxpool3x3', 'output'))
    """
    return to_frame(read_column(x)) if isinstance(x, Column) else as_cell(x)


@overload
def format(x: CellLike, /) -> str: ...
@overload
def format(x: Column, /) -> pl.Series: ...
def format(x: CellLike | Column, /) -> str | pl.Series:
    """Write upstream's text form: the inverse of `parse`.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    str or polars.Series
        Of a column, a Series called ``arch_str``.

    Raises
    ------
    InvalidArchitectureError
        If something is not an upper-triangular graph with one input, one output and known operations.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.format(([[0, 1], [0, 0]], ["input", "output"]))
    '0100|input,output'
    """
    return to_text(read_column(x)) if isinstance(x, Column) else format_text(as_cell(x))


def validate(x: CellLike | Column, /) -> None:
    """Raise if something is not a cell of the space.

    As upstream does, a cell is judged by what is left of it when it is pruned: a path from input to output, at most
    seven vertices and nine edges.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Raises
    ------
    InvalidArchitectureError
        Naming the broken rule; for a column, how many rows break one, and the first of them.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.validate("010000000|input,maxpool3x3,output")
    Traceback (most recent call last):
    nbframes.errors.InvalidArchitectureError: the cell has no path from its input to its output
    """
    if isinstance(x, Column):
        members(x)
    else:
        member(x)


@overload
def is_valid(x: CellLike, /) -> bool: ...
@overload
def is_valid(x: Column, /) -> pl.Series: ...
def is_valid(x: CellLike | Column, /) -> bool | pl.Series:
    """Tell which architectures are cells of the space, by the rules of `validate`; null is not.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    bool or polars.Series
        Of a column, a Boolean Series called ``valid``.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.spaces import nb101
    >>> nb101.is_valid(pl.Series(["0100|input,output", "0100|input,maxpool3x3", None])).to_list()
    [True, False, False]
    """
    if isinstance(x, Column):
        cells, fine = try_column(x)
        fine[fine] = in_space(cells.take(fine))
        return pl.Series("valid", fine)
    try:
        member(x)
    except InvalidArchitectureError:
        return False
    return True


@overload
def prune(x: str, /) -> str: ...
@overload
def prune(x: Cell | tuple[object, object], /) -> Cell: ...
@overload
def prune(x: pl.Series, /) -> pl.Series: ...
@overload
def prune(x: pl.DataFrame, /) -> pl.DataFrame: ...
def prune(x: CellLike | Column, /) -> CellLike | Column:
    """Remove the vertices that are not on a path from input to output.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    str, Cell, polars.Series or polars.DataFrame
        What was given, with the other vertices in their order; of a frame the columns of `ENCODING`.

    Raises
    ------
    InvalidArchitectureError
        If no path leads from input to output.

    Notes
    -----
    What ``ModelSpec`` of google-research/nasbench does with every cell before anything else.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.prune("011000000|input,maxpool3x3,output")
    '0100|input,output'
    """
    if isinstance(x, pl.DataFrame):
        return to_frame(pruned_column(x))
    if isinstance(x, pl.Series):
        return to_text(pruned_column(x)).alias(x.name)
    cell = pruned_cell(x)
    return format_text(cell) if isinstance(x, str) else cell


@overload
def canonical(x: str, /) -> str: ...
@overload
def canonical(x: Cell | tuple[object, object], /) -> Cell: ...
@overload
def canonical(x: pl.Series, /) -> pl.Series: ...
@overload
def canonical(x: pl.DataFrame, /) -> pl.DataFrame: ...
def canonical(x: CellLike | Column, /) -> CellLike | Column:
    """Prune cells and renumber their vertices so that isomorphic cells become equal.

    Of all ways to number the vertices with edges leading upwards, the one with the smallest ``adjacency``, then the
    smallest operations in upstream's order, is taken. `enumerate` gives the cells in this form.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    str, Cell, polars.Series or polars.DataFrame
        What was given; of a frame the columns of `ENCODING`.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.canonical("0110000100010000|input,maxpool3x3,conv3x3-bn-relu,output")
    '0110000100010000|input,conv3x3-bn-relu,maxpool3x3,output'
    """
    cells = all_cells().take(numbers(pruned_members(x)))
    if isinstance(x, pl.DataFrame):
        return to_frame(cells)
    if isinstance(x, pl.Series):
        return to_text(cells).alias(x.name)
    cell = to_cell(cells, 0)
    return format_text(cell) if isinstance(x, str) else cell
