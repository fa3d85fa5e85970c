"""The size search space of NATS-Bench."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from nbframes.spaces.base import Column
from nbframes.spaces.diagram import MARGIN
from nbframes.spaces.nats import costs
from nbframes.spaces.nats.networks import NATSSpace
from nbframes.spaces.svg import PALETTE, SVG, arrowhead, box, label, line, picture

Channels: TypeAlias = tuple[int, int, int, int, int]
_STAGES: Final = 5
CELL: Final = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
"""The cell of every network, as a string of the topology space."""

_BAR, _GAP, _TOP = 40, 20, 26
_STAGES_ARE: Final = ("cell", "reduce")


class SizeSpace(NATSSpace[Channels]):
    """32,768 networks of one cell with five channel counts: ``nbf.spaces.sss``.

    An architecture is upstream's string, a tuple of five integers, or one row of the five channel columns (output
    channels of the stages, from input to output). No two architectures are isomorphic.

    References
    ----------
    Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size, TPAMI 2021.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> sss.CHANNELS
    (8, 16, 24, 32, 40, 48, 56, 64)
    """

    CHANNELS: Final = (8, 16, 24, 32, 40, 48, 56, 64)
    """What a stage may have."""

    def __init__(self) -> None:
        super().__init__(
            "NATS-Bench size architecture",
            positions={f"channels_{stage}": self.CHANNELS for stage in range(1, _STAGES + 1)},
            template=":".join(["{}"] * _STAGES),
            ordered=True,
        )

    def _explain(self, text: str) -> str:
        valid = tuple(map(str, self.CHANNELS))
        texts = text.split(":")
        if len(texts) != _STAGES:
            return f"has {len(texts)} numbers of channels joined by ':', not {_STAGES}"
        stage, wrong = next((stage, wrong) for stage, wrong in enumerate(texts, 1) if wrong not in valid)
        return f"has {wrong!r} channels in stage {stage}; valid: {', '.join(valid)}"

    def _picture(self, title: str, structure: Channels) -> SVG:
        middle = _TOP + max(self.CHANNELS) / 2
        parts = []
        for stage, channels in enumerate(structure):
            x = MARGIN + _BAR / 2 + stage * (_BAR + _GAP)
            if stage:
                parts += [
                    line(f"M{x - _BAR / 2 - _GAP:g} {middle:g}h{_GAP - 6}"),
                    arrowhead(x - _BAR / 2, middle, down=False),
                ]
            parts.append(box((x, middle), (_BAR, channels), "", PALETTE[stage % 2 * 4], round_by=2))
            parts.append(label(x, middle - max(self.CHANNELS) / 2 - 10, str(channels)))
            parts.append(label(x, middle + max(self.CHANNELS) / 2 + 10, _STAGES_ARE[stage % 2]))
        width = 2 * MARGIN + _STAGES * (_BAR + _GAP) - _GAP
        return picture(f"{title}: channels of the five stages", width, 2 * middle, parts)

    def _cost(self, x: str | Channels | Column, dataset: costs.Dataset) -> costs.Cost:
        if isinstance(x, Column):
            return costs.size([column.to_numpy().astype(np.int64) for column in self.parse(x)], dataset)
        return costs.size(self.parse(x), dataset)
