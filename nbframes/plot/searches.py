"""Searches: what they had found by when, and in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.analysis._described import described
from nbframes.analysis._options import one_of
from nbframes.plot._labels import few, label_ends, note, thousands
from nbframes.plot._layout import canvas, legend
from nbframes.plot._points import band
from nbframes.plot._style import PALETTE, Artists, collected, colour, difference_unit, only, series, single

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

_CURVE = ("time", "mean", "median", "low", "high", "std", "runs", "value", "clock", "unit")
_END = ("run", "queries", "time", "incumbent", "reported", "regret", "clock", "unit")
_CENTRES = ("mean", "median")
_TIME = {"seconds": "simulated time (s)", "evaluations": "simulated time (evaluations)"}


@described
def anytime(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    centre: str = "mean",
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw what search algorithms had found by each time, with the band of their quantiles.

    Parameters
    ----------
    frame
        What `nbframes.anytime` returns, of up to seven algorithms on one problem. Regret is drawn on a logarithmic axis if it
        is positive throughout.
    centre
        ``"mean"`` or ``"median"``.
    visuals
        Matplotlib options of ``"line"``, ``"band"`` and ``"label"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are more algorithms than colours.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run(["random", "local"], problem, runs=5, budget=20)
    >>> nbf.plot.anytime(nbf.anytime(frame)).get_xlabel()
    'simulated time (evaluations)'
    """
    one_of("centre", centre, _CENTRES)
    artists = Artists(visuals, ("line", "band", "label"))
    curves = collected(frame, [name for name in _CURVE if name != "unit"], "nbf.anytime", known=centre)
    parts = series(curves, _CURVE)
    only(curves, parts, len(PALETTE), "searches")
    with canvas(ax) as axes:
        ends = []
        for index, (text, part) in enumerate(parts):
            shade = str(artists.options("line", color=colour(index))["color"])
            if artists.has("band"):
                options = artists.options("band", color=shade, alpha=0.15, linewidth=0)
                band(axes, part["time"], part["low"], part["high"], step="post", **options)
            if artists.has("line"):
                marker = "o" if len(part) == 1 else None
                options = artists.options("line", color=shade, zorder=3, drawstyle="steps-post", marker=marker)
                axes.plot(part["time"], part[centre], **options)
            ends.append((text, part["time"][-1], part[centre][-1], shade))
        kind = single(curves, "value")
        if kind == "regret" and curves[centre].min() > 0:  # type: ignore[operator]
            _logarithmic(axes, float(curves[centre].min()), float(curves["high"].max()))  # type: ignore[arg-type]
        if artists.has("label"):
            label_ends(axes, ends, **artists.options("label"))
        thousands(axes.xaxis)
        axes.set_xlabel(_TIME.get(single(curves, "clock"), "simulated time"))
        axes.set_ylabel(_value_label(curves, f"{centre} {kind}" if kind else centre))
        note(axes, artists, few(curves, "runs"))
    return axes


@described
def final(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw which share of the runs of each algorithm ended with at most each regret.

    Parameters
    ----------
    frame
        What `nbframes.search.final` returns, of up to seven algorithms on one problem.
    visuals
        Matplotlib options of ``"line"`` and ``"legend"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are more algorithms than colours.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run(["random", "local"], problem, runs=5, budget=20)
    >>> nbf.plot.final(nbf.search.final(frame)).get_ylabel()
    'share of 5 runs'
    """
    artists = Artists(visuals, ("line", "legend"))
    ends = collected(frame, ["regret", "run"], "nbf.search.final", known="regret")
    parts = series(ends, _END)
    only(ends, parts, len(PALETTE), "searches")
    sizes = {len(part) for _, part in parts}
    with canvas(ax) as axes:
        for index, (text, part) in enumerate(parts):
            if artists.has("line"):
                steps = part.group_by("regret").len().sort("regret")
                share = steps["len"].cum_sum() / len(part)
                options = artists.options("line", color=colour(index), drawstyle="steps-post", label=text or None)
                axes.plot([steps["regret"][0], *steps["regret"]], [0.0, *share], **options)
        if len(parts) > 1 and artists.has("legend"):
            legend(axes, **artists.options("legend"))
        axes.set_ylabel(f"share of {sizes.pop():,} runs" if len(sizes) == 1 else "share of runs")
        axes.set_xlabel(_value_label(ends, "final regret"))
        axes.set_ylim(0, 1.02)
    return axes


def _value_label(frame: pl.DataFrame, text: str) -> str:
    """Axis label of a regret or of what is reported, with the problem if it is the only one, and the unit if it is known."""
    problem, unit = single(frame, "problem"), single(frame, "unit")
    of_values = f" ({unit.split()[0]})" if unit else ""
    label = text + (difference_unit(unit) if text.endswith("regret") else of_values)
    return f"{problem}, {label}" if problem else label


def _logarithmic(ax: Axes, low: float, high: float) -> None:
    """A logarithmic axis with plain numbers, from a little below the lowest line; bands may leave it where they reach zero."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    ax.set_yscale("log")
    ax.set_ylim(low / 2, high * 1.3)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
