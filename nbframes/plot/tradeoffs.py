"""Architecture by architecture: accuracy against costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.analysis._described import described
from nbframes.errors import FrameError
from nbframes.plot._labels import how_many, note
from nbframes.plot._layout import canvas, legend
from nbframes.plot._points import cloud, cost_axis, cost_scale, faint
from nbframes.plot._style import PALETTE, Artists, collected, colour, measures, only, series, value_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

_OWN = ("arch", "rank", "value", "runs", "n", "params", "mflops", "latency", "train_time")


@described
def with_costs(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    cost: str = "params",
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw values against a cost: points, or the density of the architectures if there are thousands.

    Parameters
    ----------
    frame
        What `nbframes.analysis.with_costs` returns. Several groups have a colour each, and are always points.
    cost
        ``"params"``, ``"mflops"``, ``"latency"``, ``"train_time"``, or a column of your own.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` (of `matplotlib.axes.Axes.hexbin`), ``"colorbar"`` and ``"legend"``;
        False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are more than seven groups.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> table = pl.DataFrame({"arch": [0, 1], "value": [93.5, 94.5], "params": [900_000.0, 1_400_000.0]})
    >>> ax = nbf.plot.with_costs(table, "params")
    >>> ax.get_xlabel(), len(ax.collections[0].get_offsets())
    ('parameters (millions)', 2)
    """
    artists = Artists(visuals, ("points", "density", "colorbar", "legend"))
    table = collected(frame, ["value", cost], "nbframes.analysis.with_costs", known="value").drop_nulls(cost)
    if table.is_empty():
        msg = f"there is nothing to draw: {cost!r} is null for all architectures"
        raise FrameError(msg)
    parts = series(table, [*_OWN, cost, *measures(table)])
    only(table, parts, len(PALETTE), "groups")
    with canvas(ax) as axes:
        axes.set_xscale(cost_scale(table[cost]))
        if len(parts) == 1:
            cloud(axes, table[cost], table["value"], artists, shade=colour(0), what="architectures")
        elif artists.has("points"):
            for index, (text, part) in enumerate(parts):
                faint(axes, part[cost], part["value"], colour(index), **artists.options("points", label=text))
            if artists.has("legend"):
                legend(axes, **artists.options("legend", markerscale=2))
        cost_axis(axes.xaxis, cost, table[cost])
        axes.set_ylabel(value_label(table))
        least, *_, most = sorted(len(part) for _, part in parts) * 2
        note(axes, artists, how_many(least, most))
    return axes
