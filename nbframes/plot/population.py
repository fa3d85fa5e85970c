"""Whole populations of architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.analysis._described import described
from nbframes.plot._labels import few, halo, note, number
from nbframes.plot._layout import canvas, legend
from nbframes.plot._style import PALETTE, Artists, collected, colour, only, series, value_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

_ROWS = 40


@described
def ecdf(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw which share of the architectures reaches at most each value.

    Parameters
    ----------
    frame
        What `nbframes.ecdf` returns, of up to seven groups.
    visuals
        Matplotlib options of ``"line"`` and ``"legend"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are more groups than colours.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "value": [90.0, 94.0, 91.5]})
    >>> nbf.plot.ecdf(nbf.ecdf(frame)).get_ylabel()
    'share of 3 architectures'
    """
    artists = Artists(visuals, ("line", "legend"))
    steps = collected(frame, ["value", "n", "share"], "nbf.ecdf", known="value")
    parts = series(steps, ["value", "count", "n", "share"])
    only(steps, parts, len(PALETTE), "distributions")
    with canvas(ax) as axes:
        for index, (text, part) in enumerate(parts):
            if artists.has("line"):
                x, y = [part["value"][0], *part["value"]], [0.0, *part["share"]]
                options = artists.options("line", color=colour(index), drawstyle="steps-post", label=text or None)
                axes.plot(x, y, rasterized=len(x) > 5_000, **options)
        if len(parts) > 1 and artists.has("legend"):
            legend(axes, **artists.options("legend"))
        sizes = steps["n"].unique().to_list()
        axes.set_ylabel(f"share of {sizes[0]:,} architectures" if len(sizes) == 1 else "share of architectures")
        axes.set_xlabel(value_label(steps))
        axes.set_ylim(0, 1.02)
        note(axes, artists, few(steps) if len(sizes) > 1 else "")
    return axes


@described
def summarize(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw range, quantiles, mean and the best of each group, one under the other.

    Parameters
    ----------
    frame
        What `nbframes.summarize` returns, of up to forty groups: the first stands at the top.
    visuals
        Matplotlib options of ``"range"`` (from the least to the greatest value), ``"quantiles"`` (between the outermost
        quantiles, if the frame has two), ``"mean"``, ``"label"`` (of the greatest value) and ``"note"`` (what the marks are);
        False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are too many groups.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "value": [90.0, 94.0, 91.5]})
    >>> ax = nbf.plot.summarize(nbf.summarize(frame))
    >>> [text.get_text() for text in ax.texts]
    ['94.00 (arch 1)']
    """
    artists = Artists(visuals, ("range", "quantiles", "mean", "label"))
    summary = collected(frame, ["mean", "min", "max"], "nbf.summarize", known="mean")
    last = summary.columns[-1].removeprefix("max_")
    quantiles = [name for name in summary.columns if name.startswith("q")]
    parts = series(summary, ["n", "runs", "mean", "std", "sem", "min", "max", f"min_{last}", f"max_{last}", *quantiles])
    only(summary, parts, _ROWS, "groups")
    labels = [text for text, _ in parts]
    with canvas(ax, width=4.2, height=0.15 + 0.3 * len(parts)) as axes:
        for place, (_, part) in enumerate(parts):
            row = part.row(0, named=True)
            if artists.has("range"):
                axes.plot(
                    [row["min"], row["max"]], [place] * 2, **artists.options("range", color=colour(0), linewidth=1.2)
                )
            if len(quantiles) > 1 and artists.has("quantiles"):
                options = artists.options("quantiles", color=colour(0), linewidth=7, alpha=0.45, solid_capstyle="butt")
                axes.plot([row[quantiles[0]], row[quantiles[-1]]], [place] * 2, **options)
            if artists.has("mean"):
                options = artists.options("mean", color="white", edgecolors=colour(0), linewidths=1.3, s=16, zorder=4)
                axes.scatter([row["mean"]], [place], **options)
            if artists.has("label"):
                options = artists.options("label", fontsize="small", va="center", path_effects=halo())
                text = f"{number(row['max'])} ({last} {row[f'max_{last}']})"
                axes.annotate(text, (row["max"], place), (5, 0), textcoords="offset points", **options)
        axes.set_yticks(range(len(parts)), labels)
        axes.set_ylim(len(parts) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(value_label(summary))
        bar = f"bar: {_share(quantiles[0])} to {_share(quantiles[-1])}" if len(quantiles) > 1 else ""
        note(axes, artists, "line: all", bar, "circle: mean", few(summary))
    return axes


def _share(quantile: str) -> str:
    """Write ``q25`` as 25 %."""
    return f"{quantile.removeprefix('q')} %"
