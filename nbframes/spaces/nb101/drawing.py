"""Pictures of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.spaces.diagram import Edge, Node, row
from nbframes.spaces.nb101._cell import format_text
from nbframes.spaces.nb101._members import member
from nbframes.spaces.svg import PALETTE, PLAIN, SVG, picture

if TYPE_CHECKING:
    from nbframes.spaces.nb101._cell import CellLike

_LABELS: Final = {
    "input": ("in", PLAIN),
    "conv3x3-bn-relu": ("conv 3x3", PALETTE[0]),
    "conv1x1-bn-relu": ("conv 1x1", PALETTE[4]),
    "maxpool3x3": ("max pool", PALETTE[1]),
    "output": ("out", PLAIN),
}


def draw(x: CellLike, /) -> SVG:
    """Draw a cell: its vertices in their order, its edges as arcs; it is not pruned first (see `prune`).

    Parameters
    ----------
    x
        A cell, its text form or a pair of matrix and operations.

    Returns
    -------
    SVG
        The picture: ``str()`` and ``.data`` are its text, and notebooks show it.

    Raises
    ------
    InvalidArchitectureError
        If something is not a cell of the space.

    Examples
    --------
    >>> from nbframes.spaces import nb101
    >>> nb101.draw("011001000|input,maxpool3x3,output").data.count("<rect")
    3
    """
    cell = member(x)
    nodes = [Node(*_LABELS[name]) for name in cell.operations]
    edges = [Edge(i, j) for i, entries in enumerate(cell.matrix) for j, entry in enumerate(entries) if entry]
    drawn = row(nodes, edges, node_width=60, gap=26)
    return picture(f"NAS-Bench-101 cell {format_text(cell)}", drawn.width, drawn.height, drawn.parts)
