"""Adjacency matrices and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np
import polars as pl

from nbframes.spaces import _nats_costs as costs
from nbframes.spaces.tss.cells import EDGES, Column, One, as_cell, format, parse

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    sources, targets = np.transpose(EDGES)
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


def _cost(x: One | Column, dataset: costs.Dataset) -> costs.Cost:
    if isinstance(x, Column):
        operations = parse(x)
        conv_1x1, conv_3x3 = (
            operations.select(pl.sum_horizontal((pl.all() == name).cast(pl.Int64))).to_series().to_numpy()
            for name in ("nor_conv_1x1", "nor_conv_3x3")
        )
        return costs.topology(conv_1x1, conv_3x3, dataset)
    cell = as_cell(x)
    return costs.topology(cell.count("nor_conv_1x1"), cell.count("nor_conv_3x3"), dataset)
