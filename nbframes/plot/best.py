"""The best architectures, and agreement on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from nbframes.analysis._described import described
from nbframes.analysis._options import one_of
from nbframes.plot._labels import few, halo, ink, note, number
from nbframes.plot._layout import canvas, legend, panels
from nbframes.plot._points import lie_apart
from nbframes.plot._style import INK, PALETTE, QUIET, Artists, collected, colour, only, series, value_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from matplotlib.axes import Axes

Measure = Literal["overlap", "precision"]

_ROWS = 40
_LINES = 12


@described
def best_archs(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw the best architectures' values, best at the top, in a colour for each group.

    Groups whose values lie far apart have axes of their own in a new figure, one under the other.

    Parameters
    ----------
    frame
        What `nbframes.best_archs` returns, of up to forty rows.
    visuals
        Matplotlib options of ``"points"``, ``"label"`` (of the values) and ``"legend"``; False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on; of several the first, the rest are ``ax.figure.axes[1:]``.

    Raises
    ------
    InvalidArgumentError
        If there are too many rows.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "value": [90.0, 94.0, 91.5]})
    >>> ax = nbf.plot.best_archs(nbf.best_archs(frame, k=2))
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['1  arch 1', '2  arch 2']
    """
    artists = Artists(visuals, ("points", "label", "legend"))
    columns = ["rank", "arch", "value", "runs", "n"]
    best = collected(frame, columns, "nbf.best_archs", known="value")
    only(best, range(len(best)), _ROWS, "architectures")
    costs = best.columns[best.columns.index("n") + 1 :]
    parts = series(best, [*columns, *costs])
    label = value_label(best)
    if ax is None and len(parts) > 1 and (len(parts) > len(PALETTE) or lie_apart([part for _, part in parts])):
        rows = [len(part) for _, part in parts]
        with panels(len(parts), 1, height=_inches(len(best)) / len(parts), height_ratios=rows) as every:
            for index, (axes, (text, part)) in enumerate(zip(every, parts, strict=True)):
                _rows(axes, [("", part)], artists, index)
                axes.set_title(text)
                note(axes, artists, few(part))
            every[-1].set_xlabel(label)
        return every[0]
    with canvas(ax, height=_inches(len(best))) as axes:
        _rows(axes, parts, artists, 0)
        if len(parts) > 1 and artists.has("legend"):
            legend(axes, **artists.options("legend"))
        axes.set_xlabel(label)
        note(axes, artists, few(best))
    return axes


def _inches(rows: int) -> float:
    return 0.15 + 0.22 * rows


def _rows(ax: Axes, parts: Sequence[tuple[str, pl.DataFrame]], artists: Artists, first: int) -> None:
    """Draw the architectures of some groups one under the other; the colours begin with a number."""
    names: list[str] = []
    for index, (text, part) in enumerate(parts, start=first):
        places = range(len(names), len(names) + len(part))
        shade = str(artists.options("points", color=colour(index))["color"])
        names += [f"{rank}  arch {arch}" for rank, arch in part.select("rank", "arch").iter_rows()]
        if artists.has("points"):
            ax.scatter(part["value"], places, **artists.options("points", color=shade, s=28, label=text or None))
        for value, place in zip(part["value"], places, strict=True):
            if artists.has("label"):
                options = artists.options("label", fontsize="small", va="center", color=ink(shade), path_effects=halo())
                ax.annotate(number(value), (value, place), (6, 0), textcoords="offset points", **options)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)


@described
def top_overlap(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    measure: Measure = "overlap",
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw how far rankings agree on the best k architectures, over k.

    Parameters
    ----------
    frame
        What `nbframes.top_overlap` returns, of up to twelve pairs.
    measure
        ``"overlap"`` or ``"precision"``.
    visuals
        Matplotlib options of ``"line"``, ``"legend"`` and ``"chance"``, the overlap k / n that two random rankings have on
        average; False leaves one out.

    Raises
    ------
    UnknownNameError
        If ``measure`` is not one of the above, or ``visuals`` names another artist.
    InvalidArgumentError
        If there are too many pairs.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1, 2] * 2, "budget": [1] * 3 + [2] * 3, "value": [1.0, 2, 3, 1, 3, 2]})
    >>> ax = nbf.plot.top_overlap(nbf.top_overlap(frame, "budget", k=[1, 2]))
    >>> ax.get_ylabel()
    'overlap of the best k'
    """
    one_of("measure", measure, get_args(Measure))
    artists = Artists(visuals, ("line", "legend", "chance"))
    overlaps = collected(frame, ["k", measure], "nbf.top_overlap", known=measure)
    parts = series(overlaps, ["k", "n", "size_a", "size_b", "common", "overlap", "precision"])
    only(overlaps, parts, _LINES, "pairs")
    with canvas(ax) as axes:
        axes.set_xscale("log")
        axes.set_ylim(-0.02, 1.02)
        for index, (text, part) in enumerate(parts):
            if artists.has("line"):
                dashes = ("-", "--")[index // len(PALETTE)]
                style = {"color": colour(index), "marker": "o", "linestyle": dashes, "label": text}
                axes.plot(part["k"], part[measure], **artists.options("line", **style))
        if measure == "overlap" and artists.has("chance"):
            _chance(axes, overlaps, artists)
        if len(parts) > 1 and artists.has("legend"):
            legend(axes, **artists.options("legend"))
        ks = overlaps["k"].unique().sort().to_list()
        axes.set_xticks(ks, [f"{k:,}" for k in ks])
        axes.minorticks_off()
        axes.set_xlabel("k")
        axes.set_ylabel("overlap of the best k" if measure == "overlap" else "precision of the best k")
        note(axes, artists, few(overlaps))
    return axes


def _chance(ax: Axes, overlaps: pl.DataFrame, artists: Artists) -> None:
    """Draw the overlap that two random rankings have on average."""
    import polars as pl

    sizes = overlaps.group_by("k").agg(pl.col("n").max()).sort("k")
    options = artists.options("chance", color=QUIET, linestyle=":", linewidth=1.2, zorder=1)
    share = (sizes["k"] / sizes["n"]).clip(upper_bound=1.0)
    ax.plot(sizes["k"], share, **options)
    ax.annotate(
        "chance",
        (sizes["k"][-1], share[-1]),
        (0, 4),
        textcoords="offset points",
        ha="right",
        fontsize="small",
        color=INK,
    )
