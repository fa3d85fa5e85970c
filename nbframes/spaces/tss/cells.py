"""Cells: their structure, upstream's strings, encoding columns and rules."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any, Final, NamedTuple, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, did_you_mean
from nbframes.spaces._grid import Grid

Column = pl.Series | pl.DataFrame
Seed = int | np.random.Generator | None

OPERATIONS: Final = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""What an edge may hold, in upstream's order."""

ENCODING: Final[dict[str, Any]] = dict.fromkeys(
    ("op_0_1", "op_0_2", "op_1_2", "op_0_3", "op_1_3", "op_2_3"), pl.Enum(OPERATIONS)
)
"""The encoding columns: ``op_<from>_<to>`` is the operation between two nodes; 0 is the input, 3 the output."""

SIZE: Final = len(OPERATIONS) ** len(ENCODING)
"""Number of architectures."""

EDGES: Final = tuple((int(name[3]), int(name[5])) for name in ENCODING)
"""(from, to) of the encoding columns."""
_TEMPLATE: Final = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
_PATTERN: Final = re.compile(re.escape(_TEMPLATE).replace(r"\{\}", f"({'|'.join(OPERATIONS)})"))
_OFFICIAL_SEED: Final = 88


class Cell(NamedTuple):
    """Operations of the six edges of a cell."""

    op_0_1: str
    op_0_2: str
    op_1_2: str
    op_0_3: str
    op_1_3: str
    op_2_3: str


One = str | Cell


@overload
def parse(x: One, /) -> Cell: ...
@overload
def parse(x: Column, /) -> pl.DataFrame: ...
def parse(x: One | Column, /) -> Cell | pl.DataFrame:
    """Read upstream's strings.

    Parameters
    ----------
    x
        One string, or a column of them.

    Returns
    -------
    Cell or polars.DataFrame
        The operations of the six edges; of a column, the columns of `ENCODING`.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of this space.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|").op_0_3
    'skip_connect'
    """
    return grid().table[grid().indices(x)] if isinstance(x, Column) else as_cell(x)


@overload
def format(x: One, /) -> str: ...
@overload
def format(x: Column, /) -> pl.Series: ...
def format(x: One | Column, /) -> str | pl.Series:
    """Write upstream's strings: the inverse of `parse`.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.format(tss.Cell("nor_conv_3x3", "none", "none", "skip_connect", "none", "none"))
    '|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|'
    """
    return gather(grid().strings, x) if isinstance(x, Column) else _TEMPLATE.format(*as_cell(x))


@overload
def is_valid(x: One, /) -> bool: ...
@overload
def is_valid(x: Column, /) -> pl.Series: ...
def is_valid(x: One | Column, /) -> bool | pl.Series:
    """Tell which architectures are cells of this space; null is not.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.is_valid("|nor_conv_5x5~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    False
    """
    if isinstance(x, Column):
        return grid().find(x).is_not_null().alias("valid")
    try:
        as_cell(x)
    except InvalidArchitectureError:
        return False
    return True


def validate(x: One | Column, /) -> None:
    """Raise if something is not a cell of this space.

    Raises
    ------
    InvalidArchitectureError
        Naming the broken rule; for a column, how many rows break one, and the first of them.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.validate("|nor_conv_3x3~0|+|none~0|none~1|")
    Traceback (most recent call last):
    nbframes.errors.InvalidArchitectureError: '|nor_conv_3x3~0|+|none~0|none~1|' has 2 nodes joined by '+', not 3
    """
    parse(x)


@cache
def grid() -> Grid:
    """Give the whole space."""
    order = list(range(SIZE))
    random.Random(_OFFICIAL_SEED).shuffle(order)  # noqa: S311 - upstream's order, not a secret
    return Grid(
        "NATS-Bench topology cell",
        encoding=ENCODING,
        choices=OPERATIONS,
        template=_TEMPLATE,
        explain=_explain,
        order=order,
    )


def as_cell(x: One) -> Cell:
    """Read one architecture."""
    if isinstance(x, tuple):
        x = _TEMPLATE.format(*x) if len(x) == len(ENCODING) else str(x)
    if not isinstance(x, str):
        msg = f"an architecture is a string, a Cell, or a column of them, not {type(x).__name__}"
        raise InvalidArgumentError(msg)
    match = _PATTERN.fullmatch(x)
    if match is None:
        msg = f"{x!r} {_explain(x)}"
        raise InvalidArchitectureError(msg)
    return Cell(*match.groups())


def gather(column: pl.Series, x: Column) -> pl.Series:
    """Entries of a column of the whole space for some architectures."""
    return column.gather(grid().indices(x))


def _explain(text: str) -> str:
    """What is wrong with a string that is not a cell, to follow the string in a sentence."""
    nodes = text.split("+")
    if len(nodes) != 3:
        return f"has {len(nodes)} nodes joined by '+', not 3"
    for number, node in zip((1, 2, 3), nodes, strict=True):
        edges = node.removeprefix("|").removesuffix("|").split("|")
        if len(edges) != number or node != f"|{'|'.join(edges)}|":
            return f"gives node {number} as {node!r}; it must be {number} of 'operation~input', each between bars"
        for source, edge in zip(range(number), edges, strict=True):
            operation, _, given = edge.partition("~")
            if operation not in OPERATIONS:
                valid = ", ".join(OPERATIONS)
                near = did_you_mean(operation, OPERATIONS) or "."
                return f"has the unknown operation {operation!r}{near} Valid: {valid}"
            if given != str(source):
                return (
                    f"has {edge!r} where node {number} takes its input from node {source}: write '{operation}~{source}'"
                )
    return "is not written as upstream writes cells"
