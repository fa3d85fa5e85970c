"""Trainable parameters of the networks that NAS-Bench-301 builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.spaces.darts.cells import Cells, checked
from nbframes.spaces.darts.definition import OPERATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.spaces.base import Column
    from nbframes.spaces.darts.structures import Architecture

_SKIP = OPERATIONS.index("skip_connect")
_IMAGE_CHANNELS, _CLASSES = 3, 10
_STEM = 3
"""Width of the stem's output, in initial channels."""
_CONCATENATED = 4
"""Intermediate nodes whose outputs make the output of a cell."""


@overload
def params(x: Architecture, /, *, layers: int = ..., init_channels: int = ..., auxiliary: bool = ...) -> int: ...
@overload
def params(x: Column, /, *, layers: int = ..., init_channels: int = ..., auxiliary: bool = ...) -> pl.Series: ...
def params(
    x: Architecture | Column, /, *, layers: int = 8, init_channels: int = 32, auxiliary: bool = True
) -> int | pl.Series:
    """Trainable parameters of architectures' networks for CIFAR-10, counted layer by layer.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.
    layers
        Number of cells; those at one and two thirds are reduction cells.
    init_channels
        Channels of the first cell's nodes; each reduction cell doubles them.
    auxiliary
        Whether to count the auxiliary classifier, as the published ``model_parameters`` do.

    Returns
    -------
    int or polars.Series
        The count; for a column an Int64 Series called ``params``.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.
    InvalidArgumentError
        If there is no layer or no channel.

    References
    ----------
    Liu et al., DARTS: Differentiable Architecture Search, ICLR 2019; ``NetworkCIFAR`` of its code.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = "skip_connect~0 skip_connect~1 " * 3 + "skip_connect~0 skip_connect~1"
    >>> nbf.spaces.darts.params(f"{cell}|{cell}", auxiliary=False)
    559338
    """
    if layers < 1 or init_channels < 1:
        msg = (
            f"a network has at least one layer and one channel, not layers={layers!r}, init_channels={init_channels!r}"
        )
        raise InvalidArgumentError(msg)
    counts = _count(checked(x), layers, init_channels, auxiliary=auxiliary)
    return pl.Series("params", counts) if isinstance(x, pl.Series | pl.DataFrame) else int(counts[0])


def _count(cells: Cells, layers: int, channels: int, *, auxiliary: bool) -> NDArray[np.int64]:
    before_last = last = _STEM * channels
    fixed = 9 * _IMAGE_CHANNELS * last + 2 * last
    total = np.zeros(len(cells.ops), np.int64)
    for layer in range(layers):
        reduces = layer in (layers // 3, 2 * layers // 3)
        channels *= 2 if reduces else 1
        fixed += (before_last + last) * channels + 2 * 2 * channels
        total += _cell(cells, channels, reduces=reduces)
        before_last, last = last, _CONCATENATED * channels
        if auxiliary and layer == 2 * layers // 3:
            fixed += _auxiliary(last)
    return total + fixed + (last + 1) * _CLASSES


def _cell(cells: Cells, channels: int, *, reduces: bool) -> NDArray[np.int64]:
    half = slice(8, 16) if reduces else slice(0, 8)
    operations, inputs = cells.ops[:, half], cells.inputs[:, half]
    costs = np.array([_operation(name, channels) for name in OPERATIONS])[operations].sum(axis=1)
    halved = (operations == _SKIP) & (inputs < 2) if reduces else np.zeros(operations.shape, np.bool_)
    return np.asarray(costs + halved.sum(axis=1) * (channels**2 + 2 * channels), np.int64)


def _operation(name: str, channels: int) -> int:
    """Parameters of an operation that keeps the resolution; pooling and identity have none."""
    if name.startswith(("sep_conv", "dil_conv")):
        once = channels * int(name[-1]) ** 2 + channels**2 + 2 * channels
        return 2 * once if name.startswith("sep") else once
    return 0


def _auxiliary(channels: int) -> int:
    """Classifier on the last reduction cell: 1x1 and 2x2 convolution, each normalised, and a linear layer."""
    return channels * 128 + 2 * 128 + 4 * 128 * 768 + 2 * 768 + 769 * _CLASSES
