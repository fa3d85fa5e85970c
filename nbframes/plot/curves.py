"""Learning curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.analysis._described import described
from nbframes.plot._labels import few, label_ends, note
from nbframes.plot._layout import canvas
from nbframes.plot._points import band as area
from nbframes.plot._style import (
    DENSE,
    QUIET,
    Artists,
    collected,
    colour,
    label,
    series,
    single,
    unit_of,
    value_label,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

    Band = str | tuple[str, str] | None

_POSSIBLE = (0.0, 100.0)
_STATISTICS = ("n", "runs", "mean", "std", "sem")
_LABELLED = 8
_MARKED = 4


@described
def learning_curves(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    band: Band = "std",
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw learning curves with their spread.

    Up to eight curves have a colour, a band and a label at their end. More are drawn thin and grey: a population.

    Parameters
    ----------
    frame
        What `nbframes.learning_curves` returns.
    band
        ``"std"`` or ``"sem"``, drawn to both sides of the mean; two columns of quantiles, ``("q10", "q90")``; or None.
    visuals
        Matplotlib options of ``"line"``, ``"band"`` and ``"label"``; False leaves one out.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0] * 4, "budget": [1, 2] * 2, "seed": [0, 0, 1, 1], "value": [50.0, 90.0, 54.0, 92.0]})
    >>> ax = nbf.plot.learning_curves(nbf.learning_curves(frame))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('epochs', 'value')
    """
    from matplotlib.ticker import MaxNLocator

    artists = Artists(visuals, ("line", "band", "label"))
    edges = [band] if isinstance(band, str) else list(band or ())
    curves = collected(frame, ["mean", *edges], "nbf.learning_curves", known="mean")
    axis = "fraction" if "fraction" in curves.columns else "budget"
    curves = collected(curves, [axis], "nbf.learning_curves")
    quantiles = [name for name in curves.columns if name.startswith("q")]
    parts = [(text, part.sort(axis)) for text, part in series(curves, [axis, *_STATISTICS, *quantiles])]
    with canvas(ax) as axes:
        if len(parts) > _LABELLED:
            _population(axes, [part for _, part in parts], axis, artists)
            note(axes, artists, f"{len(parts):,} curves", few(curves))
        else:
            ends = []
            for index, (text, part) in enumerate(parts):
                shade = str(artists.options("line", color=colour(index))["color"])
                _curve(axes, part, axis, artists, shade)
                if band is not None and artists.has("band"):
                    low, high = _edges(part, band)
                    area(axes, part[axis], low, high, **artists.options("band", color=shade, alpha=0.18, linewidth=0))
                ends.append((text, part[axis][-1], part["mean"][-1], shade))
            if artists.has("label"):
                label_ends(axes, ends, **artists.options("label"))
            note(axes, artists, few(curves))
        if axis == "budget":
            axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.set_xlabel(label(axis))
        axes.set_ylabel(value_label(curves))
    return axes


def _curve(ax: Axes, part: pl.DataFrame, axis: str, artists: Artists, shade: str) -> None:
    if artists.has("line"):
        marker = "o" if len(part) < _MARKED else None
        ax.plot(part[axis], part["mean"], **artists.options("line", color=shade, marker=marker, zorder=3))


def _edges(part: pl.DataFrame, band: str | tuple[str, str]) -> tuple[pl.Series, pl.Series]:
    """Lower and upper edge of a band; a spread that is not defined has no width, and percentages end at 0 and 100."""
    if isinstance(band, str):
        half = part[band].fill_null(0.0)
        low, high = _POSSIBLE if _is_percentage(part) else (None, None)
        return (part["mean"] - half).clip(low), (part["mean"] + half).clip(None, high)
    return part[band[0]], part[band[1]]


def _is_percentage(part: pl.DataFrame) -> bool:
    return (unit_of(single(part, "metric")) or "").startswith("percent")


def _population(ax: Axes, parts: list[pl.DataFrame], axis: str, artists: Artists) -> None:
    """Draw many curves as one layer."""
    from matplotlib.collections import LineCollection

    if artists.has("line"):
        lines = [part.select(axis, "mean").to_numpy() for part in parts]
        alpha = min(0.6, max(0.02, 20 / len(lines)))
        defaults = {"colors": QUIET, "linewidths": 0.6, "alpha": alpha, "rasterized": len(lines) >= DENSE}
        ax.add_collection(LineCollection(lines, **artists.options("line", **defaults)))
        ax.autoscale_view()
