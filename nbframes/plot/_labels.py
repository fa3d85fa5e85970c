"""Words around and within axes: labels at the ends of lines, long labels of axes, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbframes.plot._style import INK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from matplotlib.axes import Axes

    from nbframes.plot._style import Artists

_LABEL: Final = 60.0
"""Length of a label in points, roughly."""

_END: Final = "label of a line's end"
"""What tells these texts from others."""

_SMALL: Final = 30
"""From so many architectures on, their number goes without saying."""


def ink(shade: str) -> tuple[float, float, float]:
    """Darker shade of a colour, for text."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(shade)
    return 0.75 * red, 0.75 * green, 0.75 * blue


def halo() -> list[Any]:
    """Effect that keeps text readable over lines and points."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white")]


def number(value: float) -> str:
    """Write a value with two digits behind the point, or with four in all where that says little."""
    return f"{value:.2f}" if value == 0 or 0.1 <= abs(value) < 1e5 else f"{value:.4g}"


def label_ends(ax: Axes, ends: Sequence[tuple[str, float, float, str]], **options: Any) -> None:
    """Write each label beside the end of its line, in the line's colour, moved apart where labels would overlap.

    Parameters
    ----------
    ax
        Axes on which everything else is drawn.
    ends
        Label, x, y and colour of each line; those without a label are left out.
    **options
        Of the texts.
    """
    defaults: dict[str, Any] = {"fontsize": "small", "va": "center", "ha": "left", "annotation_clip": False}
    options = defaults | {"path_effects": halo(), "label": _END} | options
    for text, x, y, shade in ends:
        if text:
            there: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "color": ink(shade)}
            ax.annotate(text, (x, y), **(there | options))
    spread_ends(ax)


def spread_ends(ax: Axes) -> None:
    """Move the labels of lines' ends apart, up and down, by as much as the size of the axes asks for."""
    from matplotlib.text import Annotation

    ends = [text for text in ax.texts if isinstance(text, Annotation) and text.get_label() == _END]
    if not ends:
        return
    ax.autoscale_view()
    points = ax.figure.dpi / 72
    height = max(float(end.get_fontsize()) for end in ends) * 1.25
    places = [(*(ax.transData.transform(end.xy) / points), index, end) for index, end in enumerate(ends)]
    for column in _columns(sorted(places)):
        placed = sorted(column, key=lambda end: end[1])
        room = ax.bbox.y0 / points + height / 2, ax.bbox.y1 / points - height / 2
        moved = _within(_apart([place for _, place, *_ in placed], height), height, *room)
        for target, (_, place, _, end) in zip(moved, placed, strict=True):
            end.xyann = (end.xyann[0], target - place)


def _columns(places: Sequence[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Part sorted places where neighbours are so far from each other, in points, that labels cannot meet."""
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end][0] - places[end - 1][0] > _LABEL:
            yield list(places[start:end])
            start = end


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Sorted places, moved as little as needed to be at least a gap apart."""
    blocks: list[tuple[float, int]] = []
    for place in places:
        centre, size = place, 1
        while blocks and centre - size * gap / 2 < blocks[-1][0] + blocks[-1][1] * gap / 2:
            other, count = blocks.pop()
            centre, size = (centre * size + other * count) / (size + count), size + count
        blocks.append((centre, size))
    return [centre + (i - (size - 1) / 2) * gap for centre, size in blocks for i in range(size)]


def _within(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least a gap apart, those at the ends moved into a span as far as it has room for all."""
    moved = list(places)
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], high)
        high = moved[place] - gap
    for place, _ in enumerate(moved):
        moved[place] = max(moved[place], low)
        low = moved[place] + gap
    return moved


def break_label(ax: Axes, inches: float) -> None:
    """Write a label of the y axis that is longer than the axes in two lines: the unit in the second, if it has one."""
    text = ax.yaxis.get_label_text()
    if "\n" in text or len(text) * float(ax.yaxis.label.get_fontsize()) * 0.5 / 72 <= inches:
        return
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    if spaces:
        unit = text.rfind(" (")
        place = unit if unit > 0 else min(spaces, key=lambda space: abs(space - len(text) / 2))
        ax.set_ylabel(f"{text[:place]}\n{text[place + 1 :]}")


def note(ax: Axes, artists: Artists, *words: str) -> None:
    """Write above the axes, to the right, what the marks are and how many architectures stand behind a small sample."""
    if artists.has("note") and (said := "; ".join(filter(None, words))):
        options = artists.options("note", loc="right", fontsize="small", fontweight="normal", color=INK)
        ax.set_title(said, **options)


def few(frame: pl.DataFrame, column: str = "n") -> str:
    """How many architectures there are, if some numbers rest on few."""
    if column not in frame.columns or frame[column].null_count() == len(frame):
        return ""
    return how_many(int(frame[column].min()), int(frame[column].max()))  # type: ignore[arg-type]


def how_many(least: int, most: int) -> str:
    """Say between what numbers of architectures a sample has, if it is a small one."""
    if least >= _SMALL:
        return ""
    return f"n = {least:,}" if least == most else f"n = {least:,} to {most:,}"


def thousands(axis: Any) -> None:
    """Tick labels of whole numbers, their thousands apart, as few as have room."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value == int(value) else f"{value:g}"))
