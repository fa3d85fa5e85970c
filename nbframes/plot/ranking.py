"""Agreement of rankings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.analysis._described import described
from nbframes.analysis._options import one_of
from nbframes.plot._labels import few, label_ends, note, thousands
from nbframes.plot._layout import canvas, panels
from nbframes.plot._matrices import Matrix, draw_matrices
from nbframes.plot._points import band, cloud
from nbframes.plot._style import PALETTE, Artists, collected, colour, label, only, series, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from matplotlib.axes import Axes

_FOUND = ("n", "correlation", "low", "high")
_PANELS = 12
_COLUMNS = 3
_METHODS = {
    "kendall": "Kendall's \N{GREEK SMALL LETTER TAU}",
    "sparse_kendall": "sparse Kendall's \N{GREEK SMALL LETTER TAU}",
    "weighted_kendall": "weighted Kendall's \N{GREEK SMALL LETTER TAU}",
    "spearman": "Spearman's \N{GREEK SMALL LETTER RHO}",
    "pearson": "Pearson's r",
}


@described
def rank_correlation(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    method: str | None = None,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw correlations: of all pairs as a matrix, of numbers ``against`` one value as lines.

    Several groups have a matrix each in a new figure, in the same colours.

    Parameters
    ----------
    frame
        What `nbframes.rank_correlation` returns: of up to twelve groups for matrices (on axes of yours, of one), of up to seven
        for lines.
    method
        The method of the correlation, for the label: ``"kendall"``, ``"sparse_kendall"``, ``"weighted_kendall"``, ``"spearman"`` or ``"pearson"``.
    visuals
        Matplotlib options of ``"matrix"``, ``"colorbar"`` and ``"text"`` (the numbers in up to twelve rows), or of ``"line"``,
        ``"band"`` (the confidence interval) and ``"label"``; False leaves one out.

    Returns
    -------
    Axes
        The axes drawn on; of several the first, the rest are among ``ax.figure.axes``.

    Raises
    ------
    FrameError
        If the frame lacks a column, or no correlation is known.
    UnknownNameError
        If ``visuals`` names another artist, or ``method`` another method.
    InvalidArgumentError
        If there are too many groups.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1, 2] * 2, "budget": [1] * 3 + [2] * 3, "value": [1.0, 2, 3, 1, 3, 2]})
    >>> ax = nbf.plot.rank_correlation(nbf.rank_correlation(frame, "budget"))
    >>> [text.get_text() for text in ax.texts]
    ['0.33', '0.33']
    """
    artists = Artists(visuals, ("matrix", "colorbar", "text", "line", "band", "label"))
    if method is not None:
        one_of("method", method, tuple(_METHODS))
    title = _METHODS[method] if method is not None else "correlation"
    found = collected(frame, ["correlation"], "nbf.rank_correlation")
    collected(found, ["correlation"], "nbf.rank_correlation", known="correlation")
    between = [name.removesuffix("_a") for name in found.columns if name.endswith("_a")]
    ends = [f"{name}_{end}" for end in "ab" for name in between]
    parts = series(found, [*ends, *_FOUND])
    against = found.select(ends[len(between) :]).n_unique() == 1 and len(found) > len(parts)
    if against and len(between) == 1 and found.schema[ends[0]].is_numeric():
        only(found, parts, len(PALETTE), "groups")
        with canvas(ax) as axes:
            _lines(axes, parts, between[0], artists, title)
            note(axes, artists, few(found))
        return axes
    only(found, parts, 1 if ax is not None else _PANELS, "groups")
    matrices = [Matrix.of(part, between, text) for text, part in parts]
    cells = max(matrix.inches() for matrix in matrices)
    if len(parts) == 1:
        with canvas(ax, width=cells, height=cells) as axes:
            draw_matrices([axes], matrices, artists, title)
            note(axes, artists, few(found))
        return axes
    columns = min(len(parts), _COLUMNS)
    with panels(-(-len(parts) // columns), columns, width=cells, height=cells) as every:
        for axes in every[len(parts) :]:
            axes.set_visible(False)
        draw_matrices(every[: len(parts)], matrices, artists, title)
        for axes, (_, part) in zip(every, parts, strict=False):
            note(axes, artists, few(part))
    return every[0]


def _lines(ax: Axes, parts: Sequence[tuple[str, pl.DataFrame]], between: str, artists: Artists, title: str) -> None:
    reference = parts[0][1][f"{between}_b"][0]
    ends = []
    for index, (text, unsorted) in enumerate(parts):
        part = unsorted.sort(f"{between}_a")
        x, y = part[f"{between}_a"], part["correlation"]
        options = artists.options("line", color=colour(index))
        if artists.has("line"):
            ax.plot(x, y, **options)
        if "low" in part.columns and artists.has("band"):
            area = artists.options("band", color=options["color"], alpha=0.18, linewidth=0)
            band(ax, x, part["low"], part["high"], **area)
        ends.append((text, float(x[-1]), float(y[-1]), str(options["color"])))
    if artists.has("label"):
        label_ends(ax, ends, **artists.options("label"))
    ax.set_xlabel(label(between))
    ax.set_ylabel(f"{title} with {texts([between], [[reference]])[0]}")
    ax.set_ylim(top=1.01)


@described
def rank_stability(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw how far the architectures' ranks vary, against their mean rank.

    Parameters
    ----------
    frame
        What `nbframes.analysis.rank_stability` returns, of one group.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` and ``"colorbar"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If there is more than one group.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1] * 2, "seed": [0, 0, 1, 1], "value": [90.0, 91.0, 91.0, 90.0]})
    >>> ax = nbf.plot.rank_stability(nbf.analysis.rank_stability(frame))
    >>> ax.get_xlabel()
    'mean rank of 2 architectures'
    """
    artists = Artists(visuals, ("points", "density", "colorbar"))
    stability = collected(frame, ["n", "rankings", "mean", "std"], "nbf.analysis.rank_stability")
    on = stability.columns[stability.columns.index("n") - 1]
    parts = series(stability, [on, "n", "rankings", "mean", "std", "min", "max"])
    only(stability, parts, 1, "groups")
    with canvas(ax) as axes:
        cloud(axes, stability["mean"], stability["std"], artists, shade=colour(0), what="architectures")
        axes.set_ylim(bottom=0)
        thousands(axes.xaxis)
        axes.set_xlabel(f"mean rank of {stability['n'][0]:,} architectures")
        axes.set_ylabel(f"standard deviation of {stability['rankings'][0]} ranks")
    return axes
