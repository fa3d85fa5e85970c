"""Small pictures of architectures, readable on light and dark ground alike."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final, Literal, NamedTuple, TypeAlias

INK: Final = "#767676"
"""Colour of lines and of text outside boxes: a contrast of 4.5 with white and with black."""
Point: TypeAlias = tuple[float, float]
_FONT: Final = "font-family='system-ui,sans-serif'"


@dataclass(frozen=True)
class SVG:
    """A picture as SVG text; notebooks show it.

    Parameters
    ----------
    data
        The text, which is ``str()`` of the picture as well.

    Examples
    --------
    >>> from nbframes.spaces import sss
    >>> picture = sss.draw("8:16:24:32:64")
    >>> str(picture) == picture.data, picture.data[:4]
    (True, '<svg')
    """

    data: str

    def __str__(self) -> str:
        return self.data

    def __repr__(self) -> str:
        return f"<SVG picture, {len(self.data):,} characters: str() gives its text>"

    def _repr_svg_(self) -> str:
        return self.data


class Paint(NamedTuple):
    """Fill of a box, and the colour of text on it."""

    fill: str
    text: str = "#ffffff"


PLAIN: Final = Paint("#5c5c5c")
"""Of inputs, outputs and sums."""
PALETTE: Final = (
    Paint("#0072b2"),
    Paint("#e69f00", "#000000"),
    Paint("#00694d"),
    Paint("#cc79a7", "#000000"),
    Paint("#56b4e9", "#000000"),
    Paint("#a23e00"),
    Paint("#f0e442", "#000000"),
    Paint("#999999", "#000000"),
)
"""Colours that people with colour blindness tell apart (Okabe and Ito), two of them darkened for white text."""


def picture(title: str, width: float, height: float, parts: list[str]) -> SVG:
    """Put parts together; ``title`` says in words what is seen."""
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:g}' height='{height:g}' viewBox='0 0 {width:g} {height:g}' "
        f"role='img' {_FONT} font-size='11'><title>{escape(title)}</title>"
    )
    return SVG("".join([head, *parts, "</svg>"]))


def box(centre: Point, size: Point, text: str, paint: Paint, *, round_by: float = 4) -> str:
    """Box around a point, with text in it."""
    (x, y), (width, height) = centre, size
    return (
        f"<rect x='{x - width / 2:g}' y='{y - height / 2:g}' width='{width:g}' height='{height:g}' rx='{round_by:g}' "
        f"fill='{paint.fill}'/>" + label(x, y, text, paint.text)
    )


def label(x: float, y: float, text: str, colour: str = INK, *, anchor: Literal["start", "middle"] = "middle") -> str:
    """Text that is centred at a point, or starts there."""
    return f"<text x='{x:g}' y='{y + 4:g}' text-anchor='{anchor}' fill='{colour}'>{escape(text)}</text>" if text else ""


def line(path: str) -> str:
    """Line along a path."""
    return f"<path d='{path}' fill='none' stroke='{INK}' stroke-width='1.5'/>"


def arrowhead(x: float, y: float, *, down: bool) -> str:
    """Tip of an arrow that ends at a point, coming from above or from the left."""
    corners = f"{x - 4:g},{y - 7:g} {x + 4:g},{y - 7:g}" if down else f"{x - 7:g},{y - 4:g} {x - 7:g},{y + 4:g}"
    return f"<polygon points='{x:g},{y:g} {corners}' fill='{INK}'/>"
