"""The noise of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from nbframes.analysis._described import described
from nbframes.analysis._options import one_of
from nbframes.plot._labels import few, how_many, note
from nbframes.plot._layout import canvas, legend
from nbframes.plot._points import cloud
from nbframes.plot._style import (
    PALETTE,
    QUIET,
    Artists,
    collected,
    colour,
    difference_unit,
    only,
    series,
    single,
    unit_of,
    value_label,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

Measure = Literal["std", "flip"]

_TEXTS = {"std": "standard deviation over seeds", "flip": "share of runs that reverse the order"}
_ROWS = ("arch", "rank", "runs", "mean", "std", "flip")
_BINS = ("bin", "n", "runs", "low", "high", "mean", "std", "flip")


@described
def seed_noise(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    measure: Measure = "std",
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw the noise of training against what is measured: each architecture, or the means of bins as lines.

    Parameters
    ----------
    frame
        What `nbframes.seed_noise` returns: of one group, or with ``bins`` of up to seven.
    measure
        ``"std"``, the deviation over seeds, or ``"flip"``, how often runs reverse the order of neighbours in rank.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` and ``"colorbar"``, or for bins of ``"line"``, ``"legend"`` and
        ``"even"``, the line at one half where the order of neighbours is a coin flip; False leaves one out.

    Raises
    ------
    UnknownNameError
        If ``measure`` is not one of the above, or ``visuals`` names another artist.
    InvalidArgumentError
        If there are too many groups.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 0, 1, 1], "seed": [777, 888] * 2, "value": [93.0, 94.0, 92.0, 93.5]})
    >>> nbf.plot.seed_noise(nbf.seed_noise(frame)).get_ylabel()
    'standard deviation over seeds'
    """
    one_of("measure", measure, get_args(Measure))
    artists = Artists(visuals, ("points", "density", "colorbar", "line", "legend", "even"))
    noise = collected(frame, ["mean", measure], "nbf.seed_noise", known=measure)
    binned = "bin" in noise.columns
    parts = series(noise, _BINS if binned else _ROWS)
    only(noise, parts, len(PALETTE) if binned else 1, "groups")
    with canvas(ax) as axes:
        if binned:
            for index, (text, part) in enumerate(parts):
                if artists.has("line"):
                    options = artists.options("line", color=colour(index), marker="o", label=text)
                    axes.plot(part["mean"], part[measure], **options)
            if len(parts) > 1 and artists.has("legend"):
                legend(axes, **artists.options("legend"))
        else:
            cloud(axes, noise["mean"], noise[measure], artists, shade=colour(0), what="architectures")
        if measure == "flip" and artists.has("even"):
            axes.axhline(0.5, **artists.options("even", color=QUIET, linewidth=0.9, linestyle=":"))
            axes.set_ylim(top=max(0.6, axes.get_ylim()[1]))
        axes.set_ylim(bottom=0)
        axes.set_xlabel(value_label(noise, "mean"))
        unit = difference_unit(unit_of(single(noise, "metric"))) if measure == "std" else ""
        note(axes, artists, few(noise) if binned else how_many(len(noise), len(noise)))
        axes.set_ylabel(f"{_TEXTS[measure]}{unit}")
    return axes
