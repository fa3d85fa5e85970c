"""How a metric varies between neighbouring architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._options import one_of
from nbframes.plot._labels import few, label_ends, note
from nbframes.plot._layout import canvas, legend, panels
from nbframes.plot._points import band, lie_apart
from nbframes.plot._style import PALETTE, QUIET, Artists, collected, colour, only, series, value_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

Show = Literal["autocorrelation", "mean"]

_LOCALITY: Final = ("distance", "autocorrelation", "walked", "n", "mean", "std")
_FIGURES: Final = (
    "n",
    "pairs",
    "isolated",
    "best",
    "best_arch",
    "best_count",
    "local_optima",
    "fitness_distance",
    "autocorrelation",
    "correlation_length",
)


_OPTIMA: Final = ("arch", "value", "runs", "neighbours", "ties")


@described
def locality(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    show: Show = "autocorrelation",
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw what architectures some edits apart have in common, or how good those some edits from the best are.

    Parameters
    ----------
    frame
        What `nbframes.locality` returns.
    show
        ``"autocorrelation"`` of a random walk, or the ``"mean"`` value of the architectures at each distance from the best,
        with a band of one standard deviation to both sides.
    visuals
        Matplotlib options of ``"line"``, ``"band"``, ``"zero"`` and ``"label"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there are more than seven groups.
    UnknownNameError
        If ``show`` is neither of the two, or ``visuals`` names another artist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1, 2], "value": [90.0, 91.0, 93.0]})
    >>> ax = nbf.plot.locality(nbf.locality(results, archs, space="sss", steps=2), "mean")
    >>> ax.lines[0].get_ydata().tolist()
    [93.0, 91.0, 90.0]
    """
    from matplotlib.ticker import MaxNLocator

    one_of("show", show, get_args(Show))
    artists = Artists(visuals, ("line", "band", "zero", "label"))
    shells = collected(frame, _LOCALITY, "nbf.locality", known=show)
    parts = series(shells, _LOCALITY)
    only(shells, parts, len(PALETTE), "groups")
    with canvas(ax) as axes:
        if show == "autocorrelation" and artists.has("zero"):
            axes.axhline(0, **artists.options("zero", color=QUIET, linewidth=0.8, zorder=1))
        ends = []
        for index, (text, part) in enumerate(parts):
            drawn = part.sort("distance")
            x, y = drawn["distance"], drawn[show]
            line = artists.options("line", color=colour(index), marker="o", zorder=3)
            if artists.has("line"):
                axes.plot(x, y, **line)
            if show == "mean" and artists.has("band"):
                std = drawn["std"].fill_null(0)
                band(axes, x, y - std, y + std, **artists.options("band", color=line["color"], alpha=0.15, linewidth=0))
            ends.append((text, float(x[-1]), float(y[-1]), str(line["color"])))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("edits on a random walk" if show == "autocorrelation" else "edits from the best")
        axes.set_ylabel("autocorrelation" if show == "autocorrelation" else value_label(shells, "mean"))
        if artists.has("label"):
            label_ends(axes, ends, **artists.options("label"))
        note(axes, artists, few(shells, "walked" if show == "autocorrelation" else "n"))
    return axes


@described
def landscape(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw how smooth each landscape is and how well it guides to its best, one row for each group.

    Parameters
    ----------
    frame
        What `nbframes.analysis.landscape` returns.
    visuals
        Matplotlib options of ``"autocorrelation"``, ``"fitness_distance"``, ``"zero"``, ``"label"`` (the number of local optima) and
        ``"legend"``; False leaves one out.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import landscape
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1, 2], "value": [90.0, 91.0, 93.0]})
    >>> ax = nbf.plot.landscape(landscape(results, archs, space="sss"))
    >>> [text.get_text() for text in ax.texts]
    ['1 local optimum']
    """
    artists = Artists(visuals, ("autocorrelation", "fitness_distance", "zero", "label", "legend"))
    figures = collected(frame, _FIGURES, "nbframes.analysis.landscape")
    parts = series(figures, _FIGURES)
    rows = range(len(parts))
    table = pl.concat([part.head(1) for _, part in parts])
    with canvas(ax, width=3.8, height=0.15 + 0.3 * len(parts)) as axes:
        if artists.has("zero"):
            axes.axvline(0, **artists.options("zero", color=QUIET, linewidth=0.8, zorder=1))
        marks = (
            ("autocorrelation", "autocorrelation of a walk's next step", "o"),
            ("fitness_distance", "correlation of value and distance from the best", "D"),
        )
        for index, (column, text, marker) in enumerate(marks):
            if artists.has(column):
                options = artists.options(column, color=colour(index), marker=marker, s=28, zorder=3, label=text)
                axes.scatter(table[column].to_numpy(), rows, **options)
        if artists.has("label"):
            for row, count in zip(rows, table["local_optima"], strict=True):
                text = f"{count:,} local optim{'um' if count == 1 else 'a'}"
                _beside(axes, row, text, artists)
        if artists.has("legend"):
            legend(axes, **artists.options("legend", ncols=1))
        axes.set_yticks(rows, [text for text, _ in parts])
        axes.set(xlim=(-1.03, 1.03), ylim=(len(parts) - 0.5, -0.5), xlabel="correlation")
    return axes


@described
def local_optima(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw the values of local optima, one row for each group, and how many there are.

    Groups whose values lie far apart have axes of their own in a new figure, one under the other.

    Parameters
    ----------
    frame
        What `nbframes.analysis.local_optima` returns.
    visuals
        Matplotlib options of ``"optima"``, ``"best"`` (the first of each group), ``"label"`` (their number) and ``"note"`` (what
        the marks are); False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on; of several the first, the rest are ``ax.figure.axes[1:]``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import local_optima
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1, 2], "value": [92.0, 91.0, 93.0]})
    >>> ax = nbf.plot.local_optima(local_optima(results, archs, space="sss"))
    >>> [text.get_text() for text in ax.texts]
    ['2']
    """
    artists = Artists(visuals, ("optima", "best", "label"))
    optima = collected(frame, _OPTIMA, "nbframes.analysis.local_optima", known="value")
    parts = series(optima, _OPTIMA)
    said = ("bar: a local optimum", "dot: the best", "right: how many")
    if ax is None and len(parts) > 1 and lie_apart([part for _, part in parts]):
        with panels(len(parts), 1, width=4.2, height=0.3) as every:
            for axes, part in zip(every, parts, strict=True):
                _optima(axes, [part], artists)
            every[-1].set_xlabel(value_label(optima))
            note(every[0], artists, *said)
        return every[0]
    with canvas(ax, width=4.2, height=0.15 + 0.3 * len(parts)) as axes:
        _optima(axes, parts, artists)
        axes.set_xlabel(value_label(optima))
        note(axes, artists, *said)
    return axes


def _optima(ax: Axes, parts: Sequence[tuple[str, pl.DataFrame]], artists: Artists) -> None:
    """Draw the values of some groups, a row each."""
    for row, (_, part) in enumerate(parts):
        values = part["value"].to_numpy()
        if artists.has("optima"):
            options = artists.options("optima", color=colour(0), marker="|", s=60, linewidths=1, zorder=3)
            ax.scatter(values, [row] * len(values), **options)
        if artists.has("best"):
            ax.scatter(values[:1], [row], **artists.options("best", color=colour(1), s=24, zorder=4))
        if artists.has("label"):
            _beside(ax, row, f"{len(values):,}", artists)
    ax.set_yticks(range(len(parts)), [text for text, _ in parts])
    ax.set_ylim(len(parts) - 0.5, -0.5)


def _beside(ax: Axes, row: int, text: str, artists: Artists) -> None:
    """Write a word to the right of a row."""
    place = artists.options("label", fontsize="small", va="center", ha="left", annotation_clip=False)
    ax.annotate(text, (1, row), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", **place)
