"""Which cells are the same."""

from __future__ import annotations

from functools import cache
from typing import overload

import polars as pl

from nbframes.spaces._grid import digest, digests
from nbframes.spaces.tss import _isomorphism as isomorphism
from nbframes.spaces.tss.cells import EDGES, OPERATIONS, Column, One, as_cell, gather, grid, parse


@overload
def unique_str(x: One, /) -> str: ...
@overload
def unique_str(x: Column, /) -> pl.Series: ...
def unique_str(x: One | Column, /) -> str | pl.Series:
    """Upstream's key of isomorphic cells; 6,466 different ones exist.

    Notes
    -----
    What ``get_unique_str`` of nats_bench gives: ``none`` cuts an edge, ``skip_connect`` passes its input on, and the
    inputs of a node are a sum without order.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.unique_str("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|nor_conv_1x1~1|none~2|")
    '#+((0)@nor_conv_3x3)@nor_conv_1x1+0'
    """
    if isinstance(x, Column):
        return gather(_unique_strs(), x)
    return isomorphism.unique_str(dict(zip(EDGES, as_cell(x), strict=True)))


@overload
def hash(x: One, /) -> str: ...
@overload
def hash(x: Column, /) -> pl.Series: ...
def hash(x: One | Column, /) -> str | pl.Series:
    """Canonical hash, equal for isomorphic cells: the MD5 of `unique_str` in hexadecimal.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.hash("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|")
    '9b9aaed8bb0cb3bf6e6e5b190033349a'
    >>> tss.hash("|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|")
    '9b9aaed8bb0cb3bf6e6e5b190033349a'
    """
    return gather(_hashes(), x) if isinstance(x, Column) else digest(unique_str(x))


@overload
def is_connected(x: One, /) -> bool: ...
@overload
def is_connected(x: Column, /) -> pl.Series: ...
def is_connected(x: One | Column, /) -> bool | pl.Series:
    """Tell whether the output depends on the input, as it does in 15,284 of the cells.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.is_connected("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
    False
    """
    if isinstance(x, Column):
        passes = [column != "none" for column in parse(x)]
        return pl.Series("connected", isomorphism.is_connected(dict(zip(EDGES, passes, strict=True))))
    return bool(isomorphism.is_connected({edge: name != "none" for edge, name in zip(EDGES, as_cell(x), strict=True)}))


@cache
def _unique_strs() -> pl.Series:
    return pl.Series("unique_str", isomorphism.unique_strs(OPERATIONS)).gather(grid().codes)


@cache
def _hashes() -> pl.Series:
    return digests(_unique_strs()).alias("hash")
