"""One figure over all benchmarks of a store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.plot._labels import how_many
from nbframes.plot._layout import panels
from nbframes.plot._points import cost_axis
from nbframes.plot._style import (
    INK,
    PALETTE,
    QUIET,
    Artists,
    colour,
    difference_unit,
    only,
    single,
    unit_of,
    value_label,
)
from nbframes.plot.noise import seed_noise
from nbframes.plot.pareto import pareto_front
from nbframes.plot.population import ecdf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

    from nbframes.analysis.comparison import Comparison


def compare(
    comparison: Comparison,
    /,
    *,
    axes: Sequence[Axes] | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> tuple[Axes, Axes, Axes, Axes]:
    """Draw how benchmarks differ: distribution, best trade-offs, seed noise, agreement of two splits.

    Each benchmark has one colour throughout; the legend stands with the distributions. Distributions and noise begin where
    the first benchmark has a tenth of its architectures below. A panel names the benchmarks of which it has nothing.

    Parameters
    ----------
    comparison
        What `nbframes.analysis.compare` returns, of up to seven benchmarks.
    axes
        Four axes to draw on; by default those of a new figure of two by two.
    visuals
        Matplotlib options of ``"distribution"``, ``"front"``, ``"noise"``, ``"agreement"``, ``"label"`` (the correlations) and
        ``"legend"``; False leaves one out.

    Returns
    -------
    tuple of Axes
        Distribution, front, noise, agreement.

    Raises
    ------
    InvalidArgumentError
        If there are not four axes, or more than seven benchmarks.
    UnknownNameError
        If ``visuals`` names another artist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.analysis import compare
    >>> spaces = ["nats-tss", "nats-sss"]
    >>> store = nbf.synthetic.store(benchmarks=spaces)
    >>> axes = nbf.plot.compare(compare(store.scan(*spaces), store.scan_runs(*spaces)))
    >>> [text.get_text() for text in axes[0].get_legend().get_texts()]
    ['nats-sss', 'nats-tss']
    """
    artists = Artists(visuals, ("distribution", "front", "noise", "agreement", "label", "legend"))
    names = comparison.distribution["benchmark"].cast(pl.String).unique().sort().to_list()
    only(comparison.distribution, names, len(PALETTE), "benchmarks")
    colours = {name: colour(index) for index, name in enumerate(names)}
    with _canvases(axes) as (distribution, front, noise, agreement):
        _distributions(distribution, comparison.distribution, colours, artists)
        _fronts(front, comparison.front, colours, artists)
        _noise(noise, comparison.noise, colours, artists)
        _agreement(agreement, comparison.agreement, colours, artists)
        _say_what_is_missing(front, comparison.front, names, "parameters")
        _say_what_is_missing(noise, comparison.noise, names, "several seeds")
        _say_what_is_missing(agreement, comparison.agreement, names, "both splits")
        start = _start(comparison.distribution)
        for ax in (distribution, noise):
            ax.set_xlim(left=start)
    return distribution, front, noise, agreement


@contextmanager
def _canvases(axes: Sequence[Axes] | None) -> Iterator[tuple[Axes, Axes, Axes, Axes]]:
    """Give the four axes: those given as they are, or those of a new figure in the package's style."""
    if axes is not None:
        if len(axes) != 4:
            msg = f"compare draws on four axes, got {len(axes)}"
            raise InvalidArgumentError(msg)
        yield axes[0], axes[1], axes[2], axes[3]
        return
    with panels(2, 2, width=3.9, height=2.6) as (distribution, front, noise, agreement):
        yield distribution, front, noise, agreement


def _start(steps: pl.DataFrame) -> float | None:
    """Value below which each benchmark has a tenth of its architectures at most: the axes begin there."""
    starts = steps.filter(pl.col("share") >= 0.1).group_by("benchmark").agg(pl.col("value").min())
    least = starts["value"].min()
    return least if isinstance(least, float) else None


def _distributions(ax: Axes, steps: pl.DataFrame, colours: Mapping[str, str], artists: Artists) -> None:
    if artists.has("distribution"):
        for name, part in _parts(steps, colours):
            small = how_many(n := int(part["n"][0]), n)
            text = f"{name} ({small})" if small else name
            options = artists.options("distribution", color=colours[name], label=text)
            ecdf(part, ax=ax, visuals={"line": options, "note": False})
    if artists.has("legend"):
        ax.legend(**artists.options("legend", loc="upper left"))
    ax.set(title="Distribution", xlabel=value_label(steps), ylabel="share of architectures")


def _fronts(ax: Axes, fronts: pl.DataFrame, colours: Mapping[str, str], artists: Artists) -> None:
    if artists.has("front"):
        for name, part in _parts(fronts, colours):
            options = artists.options("front", color=colours[name])
            points = {"color": options["color"]}
            pareto_front(
                part,
                maximise="value",
                minimise="params",
                ax=ax,
                visuals={"line": options, "points": points, "label": False, "note": False},
            )
    ax.set(xscale="log", ylim=(None, None), title="Best trade-offs", ylabel=value_label(fronts))
    cost_axis(ax.xaxis, "params", fronts["params"])
    ax.autoscale(axis="y")


def _noise(ax: Axes, noise: pl.DataFrame, colours: Mapping[str, str], artists: Artists) -> None:
    if artists.has("noise"):
        for name, part in _parts(noise, colours):
            options = artists.options("noise", color=colours[name])
            seed_noise(part, measure="std", ax=ax, visuals={"line": options, "note": False})
    unit = difference_unit(unit_of(single(noise, "metric")))
    label = f"standard deviation over seeds{unit}".replace(" (", "\n(")
    ax.set(title="Noise of training", xlabel=value_label(noise, "mean"), ylabel=label)


def _agreement(ax: Axes, found: pl.DataFrame, colours: Mapping[str, str], artists: Artists) -> None:
    ends = [str(found[f"split_{end}"][0]) if found.height else end for end in "ab"]
    names = [name for name, _ in _parts(found, colours)]
    for row, (name, part) in enumerate(_parts(found, colours)):
        value = part["correlation"][0]
        if value is None:
            continue
        if artists.has("agreement"):
            ax.plot([0, value], [row, row], color=QUIET, linewidth=0.8, zorder=2)
            ax.scatter([value], [row], **artists.options("agreement", color=colours[name], s=36, zorder=3))
        if artists.has("label"):
            place = artists.options("label", xytext=(7, 0), textcoords="offset points", va="center", fontsize="small")
            ax.annotate(f"{value:.2f}", (value, row), **place)
    ax.set_yticks(range(len(names)), names)
    ax.grid(visible=False, axis="y")
    ax.set(
        xlim=(0, 1.1),
        ylim=(max(len(names), 1) - 0.5, -0.5),
        title="Agreement",
        xlabel=f"Kendall's tau of {ends[0]} and {ends[1]}",
    )


def _say_what_is_missing(ax: Axes, frame: pl.DataFrame, names: Sequence[str], needed: str) -> None:
    """Name the benchmarks that a panel has nothing of, in its middle if that is all of them."""
    present = set(frame["benchmark"].cast(pl.String))
    absent = [name for name in names if name not in present]
    if not absent:
        return
    if len(absent) == len(names):
        text, height, side = f"no benchmark has {needed}", 0.5, "center"
    else:
        text, height, side = f"without {needed}: {', '.join(absent)}", 0.02, "bottom"
    ax.text(0.5, height, text, ha="center", va=side, color=INK, fontsize="small", transform=ax.transAxes)


def _parts(frame: pl.DataFrame, colours: Mapping[str, str]) -> list[tuple[str, pl.DataFrame]]:
    """Rows of every benchmark that has some."""
    parts = [(name, frame.filter(pl.col("benchmark").cast(pl.String) == name)) for name in colours]
    return [(name, part) for name, part in parts if part.height]
