"""Figures of the package's style whose axes keep their size, whatever stands around them: labels, legends, colour bars."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from nbframes.plot._labels import break_label, spread_ends
from nbframes.plot._style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEAST: Final = (4.2, 2.6)
"""Inches that axes have at least."""

_ROOM: Final = 14.0
"""Inches of a figure in which the layout is tried: enough for whatever stands around the axes."""

_ATTEMPTS: Final = 5
"""How often the layout is tried: ticks change with the size, and a colour bar is as thick as its axes are tall."""

_EXACT: Final = 0.01
"""Inches by which axes may be too large or too small."""

_TICKS: Final = 0.6
"""Inches that ticks and labels take below axes."""

_GLYPH: Final = 0.5
"""Width of a character, as a part of its height."""

_HANDLE: Final = 0.5
"""Inches that the sample of a line takes in a legend, with its paddings."""


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the package's style within.

    Matplotlib loads its backend with the first figure, and leaving a style undoes what the backend set: a notebook's would not
    show any figure after the first. So it is loaded before.
    """
    import matplotlib.pyplot as plt

    plt.draw_if_interactive()  # type: ignore[no-untyped-call]  # matplotlib leaves it without types
    with plt.style.context(STYLE):
        yield


@contextmanager
def canvas(ax: Axes | None, *, width: float | None = None, height: float | None = None) -> Iterator[Axes]:
    """Give the axes to draw on: those given as they are, or those of a new figure in the package's style.

    Width and height are inches of the new axes themselves; by default they are what the figure's usual size leaves them.
    """
    if ax is not None:
        yield ax
        break_label(ax, ax.get_position().height * ax.get_figure(root=True).get_figheight())  # type: ignore[union-attr]
        return
    with panels(1, 1, width=width, height=height) as axes:
        yield axes[0]


@contextmanager
def panels(
    rows: int, columns: int, *, width: float | None = None, height: float | None = None, **options: Any
) -> Iterator[list[Axes]]:
    """Give the axes of a new figure, row by row; width and height are inches of each, see `canvas`."""
    import matplotlib.pyplot as plt

    with styled():
        figure, grid = plt.subplots(rows, columns, squeeze=False, **options)
        try:
            yield list(grid.flat)
            _fit(figure, list(grid.flat), columns, width, height)
        except BaseException:
            plt.close(figure)
            raise


def _fit(figure: Figure, axes: Sequence[Axes], columns: int, width: float | None, height: float | None) -> None:
    """Size the figure so that its axes have the size that they should."""
    rows, usual = len(axes) // columns, figure.get_size_inches()
    for ax in axes:
        break_label(ax, usual[1] / rows - _TICKS if height is None else height)
    crowded = any(ax.texts or ax.get_legend() for ax in axes)
    engine = figure.get_layout_engine()
    if engine is None or (width is None and height is None and not crowded):
        return
    aspects = [ax.get_aspect() for ax in axes]
    for ax in axes:
        ax.set_aspect("auto")  # the layout is made for axes that fill their place, which these will do in the end
    figure.set_size_inches(_ROOM * columns, _ROOM * rows)
    for _ in range(_ATTEMPTS):
        engine.execute(figure)
        inches = figure.get_size_inches()
        slots = [ax.get_position(original=True) for ax in axes]
        across = sum(slot.width for slot in slots[:columns]) * inches[0]
        down = sum(slot.height for slot in slots[::columns]) * inches[1]
        around = inches[0] - across, inches[1] - down
        needed = _legends(axes)
        wanted = (
            max(usual[0] - around[0], _LEAST[0], needed) if width is None else max(width, needed) * columns,
            max(usual[1] - around[1], _LEAST[1]) if height is None else height * rows,
        )
        figure.set_size_inches(around[0] + wanted[0], around[1] + wanted[1])
        if abs(across - wanted[0]) + abs(down - wanted[1]) < _EXACT:
            break
    for ax, aspect in zip(axes, aspects, strict=True):
        ax.set_aspect(aspect)
        spread_ends(ax)


def _legends(axes: Sequence[Axes]) -> float:
    """Inches that the widest legend takes."""
    found = (ax.get_legend() for ax in axes)
    return max((legend.get_window_extent().width / legend.figure.dpi for legend in found if legend), default=0.0)


def legend(ax: Axes, **options: Any) -> None:
    """Legend above the axes, where it covers nothing, in as many columns as fit; its points are not faint."""
    texts = ax.get_legend_handles_labels()[1]
    inches = ax.get_position().width * ax.get_figure(root=True).get_figwidth()  # type: ignore[union-attr]
    column = max(map(len, texts), default=0) * 8 * _GLYPH / 72 + _HANDLE
    fitting = min(len(texts), max(1, int(inches / column)))
    there = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "ncols": fitting}
    for handle in ax.legend(**(there | options)).legend_handles:
        if handle is not None:
            handle.set_alpha(1)
