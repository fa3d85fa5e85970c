"""Random cells and edits."""

from __future__ import annotations

from typing import overload

import polars as pl

from nbframes.spaces._grid import neighbour_frame, one_edits, pick
from nbframes.spaces._random import generator
from nbframes.spaces.tss.cells import OPERATIONS, Cell, Column, One, Seed, as_cell, format, grid


def sample(n: int, /, *, seed: Seed = None, replace: bool = True) -> pl.DataFrame:
    """Draw architectures uniformly.

    Parameters
    ----------
    n
        How many.
    seed
        Of a generator of this call's own, or a generator to draw from.
    replace
        Whether an architecture may come twice.

    Returns
    -------
    polars.DataFrame
        ``arch_str`` and the columns of `ENCODING`.

    Raises
    ------
    InvalidArgumentError
        If ``n`` is negative, or larger than the space without replacement.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.sample(3, seed=0).columns
    ['arch_str', 'op_0_1', 'op_0_2', 'op_1_2', 'op_0_3', 'op_1_3', 'op_2_3']
    """
    return grid().sample(n, seed, replace=replace)


@overload
def neighbours(x: str, /) -> list[str]: ...
@overload
def neighbours(x: Cell, /) -> list[Cell]: ...
@overload
def neighbours(x: Column, /) -> pl.DataFrame: ...
def neighbours(x: One | Column, /) -> list[str] | list[Cell] | pl.DataFrame:
    """All 24 cells that differ in the operation of one edge: edge by edge, operations in the order of `OPERATIONS`.

    Returns
    -------
    list or polars.DataFrame
        Strings of a string, cells of a cell; of a column, ``row`` (number of the row) and ``neighbour`` (string).

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.neighbours("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")[0]
    '|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|'
    """
    if isinstance(x, Column):
        return neighbour_frame(grid().strings, grid().neighbours(grid().indices(x)))
    edits = [Cell(*operations) for operations in one_edits(as_cell(x), OPERATIONS)]
    return [format(edit) for edit in edits] if isinstance(x, str) else edits


@overload
def mutate(x: str, /, *, seed: Seed = ...) -> str: ...
@overload
def mutate(x: Cell, /, *, seed: Seed = ...) -> Cell: ...
@overload
def mutate(x: pl.Series, /, *, seed: Seed = ...) -> pl.Series: ...
@overload
def mutate(x: pl.DataFrame, /, *, seed: Seed = ...) -> pl.DataFrame: ...
def mutate(x: One | Column, /, *, seed: Seed = None) -> One | Column:
    """Replace each architecture by one of its `neighbours`, all equally likely.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> old = tss.from_index(0)
    >>> tss.mutate(old, seed=1) in tss.neighbours(old)
    True
    """
    if isinstance(x, Column):
        drawn = pick(grid().neighbours(grid().indices(x)), seed)
        return grid().strings.gather(drawn) if isinstance(x, pl.Series) else grid().table[drawn]
    options = neighbours(x)
    return options[generator(seed).integers(len(options))]
