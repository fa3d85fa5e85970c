"""Pictures of both cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.errors import InvalidArgumentError
from nbframes.spaces.base import Column
from nbframes.spaces.darts.cells import checked, to_genotypes, to_text
from nbframes.spaces.darts.definition import NODES, OPERATIONS
from nbframes.spaces.diagram import MARGIN, Edge, Node, bracket, row
from nbframes.spaces.svg import PALETTE, SVG, label, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.spaces.darts.structures import Architecture

_LABELS: Final = dict(
    zip(
        OPERATIONS,
        [
            ("max pool", PALETTE[1]),
            ("avg pool", PALETTE[6]),
            ("skip", PALETTE[7]),
            ("sep 3x3", PALETTE[4]),
            ("sep 5x5", PALETTE[0]),
            ("dil 3x3", PALETTE[3]),
            ("dil 5x5", PALETTE[5]),
        ],
        strict=True,
    )
)
_NODE, _GAP, _HEADING, _FOOTING = 34, 74, 18, 20
_ROW: Final = ("c k-2", "c k-1", *map(str, NODES))


def draw(x: Architecture, /) -> SVG:
    """Draw the normal cell and below it the reduction cell.

    Parameters
    ----------
    x
        A structure or text.

    Returns
    -------
    SVG
        The picture: ``str()`` and ``.data`` are its text, and notebooks show it.

    Raises
    ------
    InvalidArchitectureError
        If the architecture is not a member of the space.
    InvalidArgumentError
        If there are many.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = " ".join(["sep_conv_3x3~0 sep_conv_3x3~1"] * 4)
    >>> nbf.spaces.darts.draw(f"{cell}|{cell}").data.count("sep 3x3")
    16
    """
    if isinstance(x, Column):
        msg = f"one architecture is drawn at a time, not a column of {len(x)}"
        raise InvalidArgumentError(msg)
    cells = checked(x)
    genotype = to_genotypes(cells)[0]
    parts, width, top = [], 0.0, 0.0
    for name, pairs in (("normal cell", genotype.normal), ("reduction cell", genotype.reduce)):
        drawn, width, height = _cell(name, pairs, top)
        parts += drawn
        top += height
    return picture(f"DARTS architecture {to_text(cells)[0]}", width, top, parts)


def _cell(name: str, pairs: Sequence[tuple[str, int]], top: float) -> tuple[list[str], float, float]:
    edges = [Edge(source, NODES[0] + k // 2, *_LABELS[operation]) for k, (operation, source) in enumerate(pairs)]
    drawn = row([Node(text) for text in _ROW], edges, node_width=_NODE, gap=_GAP, top=top + _HEADING)
    centres = [MARGIN + _NODE / 2 + node * (_NODE + _GAP) for node in NODES]
    foot = top + _HEADING + drawn.height - MARGIN
    parts = [label(MARGIN, top + 12, name, anchor="start"), *drawn.parts, *bracket(centres, foot, "concatenated")]
    return parts, drawn.width, _HEADING + drawn.height + _FOOTING
