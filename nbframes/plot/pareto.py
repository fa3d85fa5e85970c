"""Trade-offs: fronts, the fronts behind them, hypervolumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import polars as pl

from nbframes.analysis._options import names
from nbframes.errors import InvalidArgumentError
from nbframes.plot._points import cost_axis, cost_scale, faint
from nbframes.plot._style import (
    PALETTE,
    QUIET,
    Artists,
    canvas,
    collected,
    colour,
    label_ends,
    measures,
    only,
    series,
    value_label,
    width_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from nbframes.analysis._options import Names

_OWN = ("params", "mflops", "latency", "train_time", "rank", "runs", "n", "arch", "front")

_BELOW, _ABOVE = 0.4, 0.08
"""How much is shown below and above the fronts, in parts of their height."""


def pareto_front(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    cloud: pl.DataFrame | pl.LazyFrame | None = None,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw fronts of two objectives as staircases: what lies beyond the steps was not reached.

    The view is that of the fronts; candidates far below them are out of sight.

    Parameters
    ----------
    frame
        What `nbframes.pareto_front` returns.
    maximise, minimise
        The two objectives, as they were given to it. The first of them is drawn upwards.
    cloud
        All candidates, drawn behind the front: points, or their density if there are many.
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"line"``, ``"points"``, ``"cloud"`` and ``"label"``; False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    FrameError
        If the frame lacks a column.
    InvalidArgumentError
        If there are not two objectives, or more than seven fronts.
    UnknownNameError
        If ``visuals`` names another artist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "accuracy": [91.5, 93.0, 90.0], "params": [1.1, 0.8, 0.2]})
    >>> objectives = {"maximise": "accuracy", "minimise": "params"}
    >>> ax = nbf.plot.pareto_front(nbf.pareto_front(archs, **objectives), **objectives)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('parameters', 'accuracy (%)')
    """
    artists = Artists(visuals, ("line", "points", "cloud", "label"))
    plane = _Plane.of(maximise, minimise)
    fronts = collected(frame, [plane.x, plane.y], "nbf.pareto_front")
    parts = series(fronts, [plane.x, plane.y, *_OWN, *measures(fronts)])
    only(fronts, parts, len(PALETTE), "fronts")
    with canvas(ax, width=5.5 + width_of([text for text, _ in parts])) as axes:
        if cloud is not None and artists.has("cloud"):
            points = collected(cloud, [plane.x, plane.y], "nbframes.analysis.with_costs")
            faint(axes, points[plane.x], points[plane.y], QUIET, **artists.options("cloud"))
        ends = [
            (text, *_stairs(axes, part.sort(plane.x), plane, colour(index), artists))
            for index, (text, part) in enumerate(parts)
        ]
        plane.frame(axes, fronts)
        if artists.has("label"):
            label_ends(axes, [end for end in ends if end[0]], **artists.options("label"))
    return axes


def nondominated_rank(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    name: str = "front",
    fronts: int = 5,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw the first fronts of two objectives one behind the other, over the points that are on none of them.

    Parameters
    ----------
    frame
        What `nbframes.analysis.nondominated_rank` returns, of one group.
    maximise, minimise
        The two objectives, as they were given to it. The first of them is drawn upwards.
    name
        The column with the number of the front.
    fronts
        How many of them to draw.
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"line"``, ``"points"``, ``"cloud"`` and ``"label"``; False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    FrameError
        If the frame lacks a column.
    InvalidArgumentError
        If there are not two objectives, or several groups.
    UnknownNameError
        If ``visuals`` names another artist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import nondominated_rank
    >>> archs = pl.DataFrame({"accuracy": [91.5, 93.0, 90.0], "params": [1.1, 0.8, 0.2]})
    >>> objectives = {"maximise": "accuracy", "minimise": "params"}
    >>> ax = nbf.plot.nondominated_rank(nondominated_rank(archs, **objectives), **objectives)
    >>> [line.get_label() for line in ax.lines]
    ['1', '2']
    """
    from matplotlib import colormaps

    artists = Artists(visuals, ("line", "points", "cloud", "label"))
    plane = _Plane.of(maximise, minimise)
    ranked = collected(frame, [plane.x, plane.y, name], "nbframes.analysis.nondominated_rank")
    only(ranked, series(ranked, [plane.x, plane.y, *_OWN, *measures(ranked), name]), 1, "groups")
    shades = [colormaps["cividis"](0.85 * index / max(fronts - 1, 1)) for index in range(fronts)]
    with canvas(ax) as axes:
        if artists.has("cloud"):
            rest = ranked.filter(pl.col(name) > fronts)
            faint(axes, rest[plane.x], rest[plane.y], QUIET, **artists.options("cloud"))
        ends = [
            (
                str(number),
                *_stairs(
                    axes, part.sort(plane.x), plane, shade, artists, label=str(number), zorder=5 - number / fronts
                ),
            )
            for number, shade in enumerate(shades, start=1)
            if not (part := ranked.filter(pl.col(name) == number)).is_empty()
        ]
        plane.frame(axes, ranked.filter(pl.col(name) <= fronts))
        if artists.has("label"):
            label_ends(axes, ends, **artists.options("label"))
    return axes


def hypervolume(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw hypervolumes as bars, one for each group.

    Parameters
    ----------
    frame
        What `nbframes.hypervolume` returns.
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"bar"`` and ``"label"``; False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    FrameError
        If the frame lacks a column.
    UnknownNameError
        If ``visuals`` names another artist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame({"dataset": ["a", "a", "b"], "accuracy": [91.0, 93.0, 90.0], "params": [0.5, 1.0, 0.2]})
    >>> ref = {"accuracy": 80, "params": 2}
    >>> ax = nbf.plot.hypervolume(nbf.hypervolume(archs, by="dataset", maximise="accuracy", minimise="params", ref=ref))
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['a', 'b']
    """
    artists = Artists(visuals, ("bar", "label"))
    volumes = collected(frame, ["hypervolume", "n_better"], "nbf.hypervolume")
    parts = series(volumes, ["hypervolume", "n", "n_better"])
    heights = [part["hypervolume"][0] for _, part in parts]
    with canvas(ax, height=0.9 + 0.32 * len(parts)) as axes:
        if artists.has("bar"):
            bars = axes.barh([text for text, _ in parts], heights, **artists.options("bar", height=0.62))
            if artists.has("label"):
                texts = [f"{height:.4g}" for height in heights]
                axes.bar_label(bars, texts, **artists.options("label", padding=3, fontsize="small"))
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.set_xlabel("hypervolume (product of the objectives' units)")
    return axes


class _Plane(NamedTuple):
    """Where two objectives are drawn."""

    x: str
    y: str
    x_maximised: bool
    y_maximised: bool

    @classmethod
    def of(cls, maximise: Names, minimise: Names) -> Self:
        up, down = names("maximise", maximise), names("minimise", minimise)
        both = [*up, *down]
        if len(both) != 2:
            msg = f"a front of {len(both)} objectives cannot be drawn in a plane: name two with maximise= and minimise="
            raise InvalidArgumentError(msg)
        return cls(both[1], both[0], both[1] in up, both[0] in up)

    def frame(self, ax: Axes, fronts: pl.DataFrame) -> None:
        """Name and scale the axes, and look at the fronts: what lies far below them is out of sight."""
        for side, column, maximised in (("x", self.x, self.x_maximised), ("y", self.y, self.y_maximised)):
            scale = "linear" if maximised else cost_scale(fronts[column])
            ax.set(**{f"{side}scale": scale})
            axis = ax.xaxis if side == "x" else ax.yaxis
            cost_axis(axis, column, fronts[column])
            if column == "value":
                axis.set_label_text(value_label(fronts))
        low, high = fronts[self.y].min(), fronts[self.y].max()
        if isinstance(low, float) and isinstance(high, float) and low < high and self.y_maximised:
            ax.set_ylim(low - _BELOW * (high - low), high + _ABOVE * (high - low))


def _stairs(
    ax: Axes, part: pl.DataFrame, plane: _Plane, shade: Any, artists: Artists, **options: Any
) -> tuple[float, float, str]:
    """Draw a front, sorted by x, and say where it ends and in which colour."""
    from matplotlib.colors import to_hex

    x, y = part[plane.x].to_numpy(), part[plane.y].to_numpy()
    steps = "steps-pre" if plane.x_maximised else "steps-post"
    line = artists.options("line", **({"color": shade, "drawstyle": steps, "zorder": 4} | options))
    if artists.has("line"):
        ax.plot(x, y, **line)
    if artists.has("points"):
        defaults = {"color": line["color"], "s": 14, "linewidths": 0, "zorder": line["zorder"]}
        ax.scatter(x, y, **artists.options("points", **defaults))
    return float(x[-1]), float(y[-1]), to_hex(line["color"])
