"""The topology search space of NATS-Bench, which is that of NAS-Bench-201: 15,625 cells of four nodes and six edges.

An architecture is upstream's string, a `Cell`, or one row of the six operation columns.

References
----------
Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search, ICLR 2020.
Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size, TPAMI 2021.
"""

from __future__ import annotations

import random
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, did_you_mean
from nbframes.spaces import _nats_costs as costs
from nbframes.spaces import _tss_isomorphism as isomorphism
from nbframes.spaces._grid import Grid, digest, digests, neighbour_frame, one_edits, pick

if TYPE_CHECKING:
    from numpy.typing import NDArray

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

_EDGES: Final = tuple((int(name[3]), int(name[5])) for name in ENCODING)
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
    return _grid().table[_grid().indices(x)] if isinstance(x, Column) else _cell(x)


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
    return _gather(_grid().strings, x) if isinstance(x, Column) else _TEMPLATE.format(*_cell(x))


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
        return _grid().find(x).is_not_null().alias("valid")
    try:
        _cell(x)
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
        return pl.Series("arch", _grid().indices(x), pl.UInt32)
    digits = [OPERATIONS.index(operation) for operation in _cell(x)]
    return int(_grid().index_of_code[np.dot(digits, _grid().places)])


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
        return _grid().strings.gather(_grid().check_indices(x))
    return str(from_index(pl.Series([x]))[0])


def enumerate() -> pl.DataFrame:
    """All 15,625 architectures: ``arch`` (official index), ``arch_str`` and the encoding columns, by index.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.enumerate().shape
    (15625, 8)
    """
    return _grid().enumerate()


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
        return _gather(_structures()["unique_str"], x)
    return isomorphism.unique_str(dict(zip(_EDGES, _cell(x), strict=True)))


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
    return _gather(_hashes(), x) if isinstance(x, Column) else digest(unique_str(x))


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
        return _gather(_structures()["connected"], x)
    return isomorphism.is_connected(dict(zip(_EDGES, _cell(x), strict=True)))


def matrix(x: One | Column, /) -> NDArray[np.uint8]:
    """Adjacency matrices whose entry [to, from] is the number of the operation in `OPERATIONS`.

    Returns
    -------
    numpy.ndarray
        Shape (4, 4), of a column (rows, 4, 4); as nats_bench's ``str2matrix`` gives it.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.matrix("|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
    array([[0, 0, 0, 0],
           [2, 0, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 1, 0]], dtype=uint8)
    """
    column = x if isinstance(x, Column) else pl.Series([format(x)])
    operations = parse(column).select(pl.all().to_physical()).to_numpy()
    result = np.zeros((len(operations), 4, 4), np.uint8)
    sources, targets = np.transpose(_EDGES)
    result[:, targets, sources] = operations
    return result if isinstance(x, Column) else result.reshape(4, 4)


@overload
def params(x: One, /, *, dataset: costs.Dataset = ...) -> int: ...
@overload
def params(x: Column, /, *, dataset: costs.Dataset = ...) -> pl.Series: ...
def params(x: One | Column, /, *, dataset: costs.Dataset = "cifar10") -> int | pl.Series:
    """Trainable parameters of the network built of a cell, counted from its layers.

    Notes
    -----
    Equal to the published counts, except where those are known to be wrong (upstream's issue 36).

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.params(tss.from_index(0)), tss.params(tss.from_index(0), dataset="cifar100")
    (129306, 135156)
    """
    total = _cost(x, dataset).params
    return pl.Series("params", total, pl.Int64) if isinstance(x, Column) else int(total)


@overload
def mflops(x: One, /, *, dataset: costs.Dataset = ...) -> float: ...
@overload
def mflops(x: Column, /, *, dataset: costs.Dataset = ...) -> pl.Series: ...
def mflops(x: One | Column, /, *, dataset: costs.Dataset = "cifar10") -> float | pl.Series:
    """Millions of multiply-adds of one forward pass, as upstream publishes them under ``flop``.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.mflops(tss.from_index(0)), tss.mflops(tss.from_index(0), dataset="ImageNet16-120")
    (15.64737, 3.91948)
    """
    total = _cost(x, dataset).macs / 1e6
    return pl.Series("mflops", total, pl.Float64) if isinstance(x, Column) else float(total)


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
    return _grid().sample(n, seed, replace=replace)


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
        return neighbour_frame(_grid().strings, _grid().neighbours(_grid().indices(x)))
    cells = [Cell(*operations) for operations in one_edits(_cell(x), OPERATIONS)]
    return [format(cell) for cell in cells] if isinstance(x, str) else cells


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
        drawn = pick(_grid().neighbours(_grid().indices(x)), seed)
        return _grid().strings.gather(drawn) if isinstance(x, pl.Series) else _grid().table[drawn]
    options = neighbours(x)
    return options[np.random.default_rng(seed).integers(len(options))]


@cache
def _grid() -> Grid:
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


def _cell(x: One) -> Cell:
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


def _gather(column: pl.Series, x: Column) -> pl.Series:
    return column.gather(_grid().indices(x))


def _cost(x: One | Column, dataset: costs.Dataset) -> costs.Cost:
    if isinstance(x, Column):
        operations = parse(x)
        conv_1x1, conv_3x3 = (
            operations.select(pl.sum_horizontal((pl.all() == name).cast(pl.Int64))).to_series().to_numpy()
            for name in ("nor_conv_1x1", "nor_conv_3x3")
        )
        return costs.topology(conv_1x1, conv_3x3, dataset)
    cell = _cell(x)
    return costs.topology(cell.count("nor_conv_1x1"), cell.count("nor_conv_3x3"), dataset)


@cache
def _structures() -> pl.DataFrame:
    return isomorphism.structures(_grid().table)


@cache
def _hashes() -> pl.Series:
    return digests(_structures()["unique_str"]).alias("hash")
