"""Trade-offs: fronts, the fronts behind them, hypervolumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._options import names
from nbframes.errors import InvalidArgumentError
from nbframes.plot._labels import few, how_many, label_ends, note
from nbframes.plot._layout import canvas
from nbframes.plot._points import cost_axis, cost_scale, faint
from nbframes.plot._style import PALETTE, QUIET, Artists, collected, colour, label, measures, only, series, value_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from nbframes.analysis._options import Names

_OWN = ("params", "mflops", "latency", "train_time", "rank", "runs", "n", "arch", "front")

_TIMES = " \N{MULTIPLICATION SIGN} "
_DIGITS = 5
"""From so many digits on, hypervolumes are told in powers of ten."""

_BELOW, _ABOVE = 0.4, 0.08
"""How much is shown below and above the fronts, in parts of their height."""


@described
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
    visuals
        Matplotlib options of ``"line"``, ``"points"``, ``"cloud"`` and ``"label"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are not two objectives, or more than seven fronts.

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
    with canvas(ax) as axes:
        points = collected(cloud, [plane.x, plane.y], "nbframes.analysis.with_costs") if cloud is not None else fronts
        if cloud is not None and artists.has("cloud"):
            faint(axes, points[plane.x], points[plane.y], QUIET, **artists.options("cloud"))
        ends = [
            (text, *_stairs(axes, part.sort(plane.x), plane, colour(index), artists))
            for index, (text, part) in enumerate(parts)
        ]
        plane.frame(axes, fronts)
        if artists.has("label"):
            label_ends(axes, ends, **artists.options("label"))
        if cloud is not None:
            note(axes, artists, how_many(len(points), len(points)))
    return axes


@described
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
    visuals
        Matplotlib options of ``"line"``, ``"points"``, ``"cloud"`` and ``"label"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are not two objectives, or several groups.

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
        rest = ranked.filter(pl.col(name) > fronts)
        if artists.has("cloud"):
            faint(axes, rest[plane.x], rest[plane.y], QUIET, **artists.options("cloud"))
        ends = [
            (
                f"front {number}",
                *_stairs(
                    axes, part.sort(plane.x), plane, shade, artists, label=str(number), zorder=5 - number / fronts
                ),
            )
            for number, shade in enumerate(shades, start=1)
            if not (part := ranked.filter(pl.col(name) == number)).is_empty()
        ]
        note(axes, artists, f"grey: behind front {fronts}" if len(rest) else "", how_many(len(ranked), len(ranked)))
        plane.frame(axes, ranked.filter(pl.col(name) <= fronts))
        if artists.has("label"):
            label_ends(axes, ends, **artists.options("label"))
    return axes


@described
def hypervolume(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    ref: Mapping[str, float] | None = None,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw hypervolumes as bars, one for each group.

    Parameters
    ----------
    frame
        What `nbframes.hypervolume` returns.
    maximise, minimise, ref
        The objectives and the reference point, as they were given to it, for the label of the axis.
    visuals
        Matplotlib options of ``"bar"`` and ``"label"``; False leaves one out.

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
    volumes = collected(frame, ["hypervolume", "n_better"], "nbf.hypervolume", known="hypervolume")
    parts = series(volumes, ["hypervolume", "n", "n_better"])
    heights = [float(part["hypervolume"][0]) for _, part in parts]
    power = _power(max(heights))
    objectives = (*names("maximise", maximise), *names("minimise", minimise))
    with canvas(ax, width=3.8, height=0.15 + 0.3 * len(parts)) as axes:
        if artists.has("bar"):
            bars = axes.barh(range(len(parts)), heights, **artists.options("bar", height=0.62))
            if artists.has("label"):
                texts = [f"{height / 10.0**power:.4g}" for height in heights]
                axes.bar_label(bars, texts, **artists.options("label", padding=3, fontsize="small"))
        axes.set_yticks(range(len(parts)), [text for text, _ in parts])
        axes.set_ylim(len(parts) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.15)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value / 10.0**power:g}")
        axes.set_xlabel(_volume_label(volumes, objectives, ref or {}, power))
        note(axes, artists, few(volumes))
    return axes


def _power(largest: float) -> int:
    """Power of ten that the numbers of an axis are told in, if they have many digits."""
    from math import floor, log10

    power = floor(log10(largest)) if largest > 0 else 0
    return power if not -_DIGITS < power < _DIGITS else 0


def _volume_label(frame: pl.DataFrame, objectives: Sequence[str], ref: Mapping[str, float], power: int) -> str:
    """What a hypervolume is a product of, and from which point on."""
    scale = f"$10^{{{power}}}${_TIMES}" if power else ""
    if not objectives:
        return f"hypervolume ({scale}product of the objectives' units)"
    words = [
        value_label(frame) if name == "value" and "metric" in frame.columns else label(name) for name in objectives
    ]
    start = ", ".join(f"{name} {ref[name]:,.10g}" for name in objectives if name in ref)
    return f"hypervolume ({scale}{_TIMES.join(words)})" + (f"\nfrom {start}" if start else "")


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
