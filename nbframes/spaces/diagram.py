"""Cells as a row of nodes, left to right, with edges as arcs above it: no two labels of a cell can cover each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nbframes.spaces.svg import PLAIN, Paint, arrowhead, box, label, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.spaces.svg import Point

MARGIN: Final = 8
NODE_HEIGHT: Final = 24
_RISE: Final = 26
"""How much higher an arc is for each node that it passes."""
_LABEL: Final = 18


class Node(NamedTuple):
    """A node of a row."""

    text: str
    paint: Paint = PLAIN


class Edge(NamedTuple):
    """An edge between two nodes, given by their places in the row."""

    source: int
    target: int
    text: str = ""
    paint: Paint = PLAIN


class Row(NamedTuple):
    """A drawn row: its parts, and the space that they take from ``top`` on."""

    parts: list[str]
    width: float
    height: float


def row(nodes: Sequence[Node], edges: Sequence[Edge], *, node_width: float, gap: float, top: float = 0) -> Row:
    """Draw nodes and edges; arcs rise the higher the more nodes they pass."""
    pitch = node_width + gap
    highest = max((edge.target - edge.source for edge in edges), default=1)
    rise = (highest - 1) * _RISE + (_LABEL / 2 if any(edge.text for edge in edges) and highest > 1 else 0)
    middle = top + MARGIN + rise + NODE_HEIGHT / 2
    centres = [MARGIN + node_width / 2 + k * pitch for k in range(len(nodes))]
    lines, labels = [], []
    for edge in sorted(edges, key=lambda edge: edge.source - edge.target):
        step = (node_width / 2 - 4) / max(highest - 1, 1)
        path, tip, (x, y) = _route(edge, (centres[edge.source], centres[edge.target]), node_width, middle, step)
        lines += [line(path), tip]
        if edge.text:
            labels.append(box((x, y), (gap - 14, _LABEL), edge.text, edge.paint, round_by=_LABEL / 2))
    boxes = [box((x, middle), (node_width, NODE_HEIGHT), *node) for x, node in zip(centres, nodes, strict=True)]
    width = 2 * MARGIN + len(nodes) * pitch - gap
    return Row([*lines, *boxes, *labels], width, middle + NODE_HEIGHT / 2 + MARGIN - top)


def bracket(centres: Sequence[float], y: float, text: str) -> list[str]:
    """Join points from below, and say what the joint is."""
    first, last = centres[0], centres[-1]
    ticks = "".join(f"M{x:g} {y:g}v6" for x in centres)
    return [line(f"{ticks}M{first:g} {y + 6:g}H{last:g}"), label((first + last) / 2, y + 15, text)]


def _route(edge: Edge, ends: Point, node_width: float, middle: float, step: float) -> tuple[str, str, Point]:
    """Path of an edge, its tip, and the middle of the path; arcs leave and arrive ``step`` apart from each other."""
    span, (start, end) = edge.target - edge.source, ends
    x = (start + end) / 2
    if span == 1:
        left, right = start + node_width / 2, end - node_width / 2
        return f"M{left:g} {middle:g}H{right - 6:g}", arrowhead(right, middle, down=False), (x, middle)
    left, right, foot = start + (span - 1) * step, end - (span - 1) * step, middle - NODE_HEIGHT / 2
    height = foot - (span - 1) * _RISE
    control = foot - (foot - height) * 4 / 3  # a cubic curve reaches three quarters of the way to its control points
    path = f"M{left:g} {foot:g}C{left:g} {control:g} {right:g} {control:g} {right:g} {foot - 6:g}"
    return path, arrowhead(right, foot, down=True), (x, height)
