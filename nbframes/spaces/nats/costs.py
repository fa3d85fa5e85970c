"""Parameters and operations of NATS-Bench networks, layer by layer as upstream counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from nbframes.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

Dataset = Literal["cifar10", "cifar10-valid", "cifar100", "ImageNet16-120"]
CLASSES: Final = {"cifar10": 10, "cifar10-valid": 10, "cifar100": 100, "ImageNet16-120": 120}
SIDE: Final = {"cifar10": 32, "cifar10-valid": 32, "cifar100": 32, "ImageNet16-120": 16}
"""Width and height of the images."""

_STAGES: Final = (16, 32, 64)
_CELLS: Final = 5


class Cost(NamedTuple):
    """Counts of one network as integers, or of many as integer arrays."""

    params: Any
    macs: Any

    def __add__(self, other: Cost) -> Cost:  # type: ignore[override]
        return Cost(self.params + other.params, self.macs + other.macs)

    def __mul__(self, times: Any) -> Cost:
        return Cost(self.params * times, self.macs * times)


def topology(conv_1x1: Any, conv_3x3: Any, dataset: Dataset) -> Cost:
    """Cost of a topology network whose cell holds so many 1x1 and 3x3 convolutions; nothing else in a cell counts."""
    side = _side(dataset)
    total, width = _conv(3, 3, _STAGES[0], side), _STAGES[0]
    for channels in _STAGES:
        if channels != width:
            side //= 2
            total += _residual(width, channels, side)
        cell = _conv(1, channels, channels, side) * conv_1x1 + _conv(3, channels, channels, side) * conv_3x3
        total, width = total + cell * _CELLS, channels
    return total + _head(width, dataset)


def size(channels: Sequence[Any], dataset: Dataset) -> Cost:
    """Cost of a size network: cell, residual block, cell, residual block, cell with these output channels."""
    side, width = _side(dataset), channels[0]
    total = _conv(3, 3, width, side)
    for stage, channel in enumerate(channels):
        if stage % 2:
            side //= 2
            total += _residual(width, channel, side)
        else:
            total += _conv(3, width, channel, side) * 2 + _conv(3, channel, channel, side) * 3
            total += _conv(1, width, channel, side) * (width != channel)
        width = channel
    return total + _head(width, dataset)


def _side(dataset: Dataset) -> int:
    if dataset not in SIDE:
        raise UnknownNameError.of("dataset", dataset, SIDE)
    return SIDE[dataset]


def _conv(kernel: int, inputs: Any, outputs: Any, side: int) -> Cost:
    """Convolution without bias, with its batch normalisation."""
    weights = kernel**2 * inputs * outputs
    return Cost(weights + 2 * outputs, weights * side**2)


def _residual(inputs: Any, outputs: Any, side: int) -> Cost:
    shortcut = Cost(inputs * outputs, inputs * outputs * side**2)
    return _conv(3, inputs, outputs, side) + _conv(3, outputs, outputs, side) + shortcut


def _head(width: Any, dataset: Dataset) -> Cost:
    classifier = (width + 1) * CLASSES[dataset]
    return Cost(2 * width + classifier, classifier)
