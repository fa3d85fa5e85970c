"""Architecture by architecture: accuracy against costs, and one ranking against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.plot._points import cost_axis, cost_scale, faint
from nbframes.plot._style import (
    ABOVE,
    PALETTE,
    Artists,
    canvas,
    cloud,
    collected,
    colour,
    measures,
    only,
    series,
    texts,
    value_label,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

_OWN = ("arch", "rank", "value", "runs", "n", "params", "mflops", "latency", "train_time")


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
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` (of `matplotlib.axes.Axes.hexbin`), ``"colorbar"`` and ``"legend"``;
        False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    FrameError
        If the frame lacks a column.
    InvalidArgumentError
        If there are more than seven groups.
    UnknownNameError
        If ``visuals`` names another artist.

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
    table = collected(frame, ["value", cost], "nbframes.analysis.with_costs").drop_nulls(["value", cost])
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
                _legend(axes, **artists.options("legend", **ABOVE, ncols=2, markerscale=2))
        cost_axis(axes.xaxis, cost, table[cost])
        axes.set_ylabel(value_label(table))
    return axes


def paired_ranks(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw one ranking against another: on the diagonal where they agree, the best at the lower left.

    Parameters
    ----------
    frame
        What `nbframes.analysis.paired_ranks` returns, of one pair.
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` (of `matplotlib.axes.Axes.hexbin`), ``"colorbar"`` and ``"diagonal"``;
        False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    FrameError
        If the frame lacks a column.
    InvalidArgumentError
        If the frame holds several pairs.
    UnknownNameError
        If ``visuals`` names another artist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import paired_ranks
    >>> frame = pl.DataFrame({"arch": [0, 1] * 2, "split": ["val"] * 2 + ["test"] * 2, "value": [90.0, 91.0, 93.0, 92.0]})
    >>> ax = nbf.plot.paired_ranks(paired_ranks(frame, "split"))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('rank by test', 'rank by val')
    """
    from matplotlib.ticker import MaxNLocator

    artists = Artists(visuals, ("points", "density", "colorbar", "diagonal"))
    ranks = collected(frame, ["rank_a", "rank_b"], "nbframes.analysis.paired_ranks")
    own = ("arch", "value_a", "value_b", "rank_a", "rank_b")
    only(ranks, series(ranks, own), 1, "pairs")
    last = ranks.select(pl.max_horizontal(pl.col("rank_a", "rank_b").max())).item() or 1
    with canvas(ax, width=4.7, height=3.8) as axes:
        if artists.has("diagonal"):
            axes.plot([1, last], [1, last], **artists.options("diagonal", color="#222222", linewidth=0.8, zorder=4))
        cloud(axes, ranks["rank_a"], ranks["rank_b"], artists, shade=colour(0), what="architectures")
        margin = 0.015 * last
        axes.set(xlim=(1 - margin, last + margin), ylim=(1 - margin, last + margin))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel(f"rank by {_end(ranks, 'a')}")
        axes.set_ylabel(f"rank by {_end(ranks, 'b')}")
    return axes


def _end(ranks: pl.DataFrame, end: str) -> str:
    """What one of the two rankings is of: the values of its columns, without those that both share."""
    if ranks.is_empty():
        return end
    columns = [name[:-2] for name in ranks.columns if name.endswith("_a") and name not in ("value_a", "rank_a")]
    row = ranks.row(0, named=True)
    differing = [name for name in columns if row[f"{name}_a"] != row[f"{name}_b"]]
    return texts(differing, [[row[f"{name}_{end}"] for name in differing]])[0]


def _legend(ax: Axes, **options: Any) -> None:
    """Legend whose points are not faint."""
    for handle in ax.legend(**options).legend_handles:
        if handle is not None:
            handle.set_alpha(1)
