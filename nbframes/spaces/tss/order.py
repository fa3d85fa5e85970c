"""The official order of the cells."""

from __future__ import annotations

from typing import overload

import numpy as np
import polars as pl

from nbframes.spaces.tss.cells import OPERATIONS, Column, One, as_cell, grid


@overload
def index(x: One, /) -> int: ...
@overload
def index(x: Column, /) -> pl.Series: ...
def index(x: One | Column, /) -> int | pl.Series:
    """Official index of architectures: their place in upstream's ``meta_archs``.

    Notes
    -----
    Upstream shuffled the lexicographic order once, with Python's generator seeded with 88 [1]_; so does this module.

    References
    ----------
    .. [1] ``generate_meta_info`` in ``exps/NAS-Bench-201/main.py`` of D-X-Y/AutoDL-Projects.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.index("|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|")
    0
    """
    if isinstance(x, Column):
        return pl.Series("arch", grid().indices(x), pl.Int32)
    digits = [OPERATIONS.index(operation) for operation in as_cell(x)]
    return int(grid().index_of_code[np.dot(digits, grid().places)])


@overload
def from_index(x: int, /) -> str: ...
@overload
def from_index(x: pl.Series, /) -> pl.Series: ...
def from_index(x: int | pl.Series, /) -> str | pl.Series:
    """Upstream's string of official indices: the inverse of `index`.

    Raises
    ------
    InvalidArgumentError
        If an index is not in 0..15624.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.from_index(9)
    '|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|'
    """
    if isinstance(x, pl.Series):
        return grid().strings.gather(grid().check_indices(x))
    return str(from_index(pl.Series([x]))[0])


def enumerate() -> pl.DataFrame:
    """All 15,625 architectures: ``arch`` (official index), ``arch_str`` and the encoding columns, by index.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.enumerate().shape
    (15625, 8)
    """
    return grid().enumerate()
