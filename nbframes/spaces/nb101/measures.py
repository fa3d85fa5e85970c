"""Numbers that follow from a cell: parameters, depth and width."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import polars as pl

from nbframes.spaces.base import Column
from nbframes.spaces.nb101._graph import count_parameters, depths, widths
from nbframes.spaces.nb101._members import pruned_members

if TYPE_CHECKING:
    from nbframes.spaces.nb101._cell import CellLike


@overload
def params(x: CellLike, /) -> int: ...
@overload
def params(x: Column, /) -> pl.Series: ...
def params(x: CellLike | Column, /) -> int | pl.Series:
    """Trainable parameters of the official network built of a cell.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    int or polars.Series
        Counts, Int64; for every published cell the published one.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    Notes
    -----
    The network [1]_ is a 3x3 convolution with 128 channels, three stacks of three modules with 128, 256 and 512
    channels, and a dense layer to ten classes; every convolution is followed by batch normalisation with two trainable
    parameters a channel, and every edge from the input is a 1x1 convolution. Where the channels of a module do not divide
    evenly among the vertices that feed its output, the first of these get one more: so the order of the vertices may
    matter, and isomorphic cells may differ in a few parameters.

    References
    ----------
    .. [1] ``nasbench/lib/model_builder.py`` of google-research/nasbench.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.params("010001000|input,maxpool3x3,output")
    882570
    """
    counts = count_parameters(pruned_members(x))
    return pl.Series("params", counts) if isinstance(x, Column) else int(counts[0])


@overload
def depth(x: CellLike, /) -> int: ...
@overload
def depth(x: Column, /) -> pl.Series: ...
def depth(x: CellLike | Column, /) -> int | pl.Series:
    """Edges on the longest path from input to output [1]_.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    int or polars.Series
        Of a column, a Series called ``depth``.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    References
    ----------
    .. [1] Ying et al., NAS-Bench-101: Towards Reproducible Neural Architecture Search, ICML 2019.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.depth("011001000|input,maxpool3x3,output")
    2
    """
    values = depths(pruned_members(x))
    return pl.Series("depth", values) if isinstance(x, Column) else int(values[0])


@overload
def width(x: CellLike, /) -> int: ...
@overload
def width(x: Column, /) -> pl.Series: ...
def width(x: CellLike | Column, /) -> int | pl.Series:
    """Maximum directed cut: the most edges that lead from some set of vertices to the others [1]_.

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations; or a column of cells.

    Returns
    -------
    int or polars.Series
        Of a column, a Series called ``width``.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    References
    ----------
    .. [1] Ying et al., NAS-Bench-101: Towards Reproducible Neural Architecture Search, ICML 2019.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.width("011001000|input,maxpool3x3,output")
    2
    """
    values = widths(pruned_members(x))
    return pl.Series("width", values) if isinstance(x, Column) else int(values[0])
