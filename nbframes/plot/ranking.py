"""Agreement of rankings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.plot._style import Artists, canvas, cloud, collected, colour, label, label_ends, name_of, only, series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_FOUND = ("n", "correlation", "low", "high")
_WRITTEN = 12
_LINES = 7


def rank_correlation(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw correlations: of all pairs as a matrix, of numbers ``against`` one value as lines.

    Parameters
    ----------
    frame
        What `nbframes.rank_correlation` returns: of one group for a matrix, of up to seven for lines.
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"matrix"``, ``"colorbar"`` and ``"text"`` (the numbers in up to twelve rows), or of ``"line"``,
        ``"band"`` (the confidence interval) and ``"label"``; False leaves one out.

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
    found = collected(frame, ["correlation"], "nbf.rank_correlation")
    between = [name.removesuffix("_a") for name in found.columns if name.endswith("_a")]
    ends = [f"{name}_{end}" for end in "ab" for name in between]
    parts = series(found, [*ends, *_FOUND])
    against = found.select(ends[len(between) :]).n_unique() == 1 and len(found) > len(parts)
    if against and len(between) == 1 and found.schema[ends[0]].is_numeric():
        only(found, parts, _LINES, "groups")
        with canvas(ax) as axes:
            _lines(axes, parts, between[0], artists)
        return axes
    only(found, parts, 1, "groups")
    with canvas(ax, width=4.6, height=3.9) as axes:
        _matrix(axes, found, between, artists)
    return axes


def _lines(ax: Axes, parts: Sequence[tuple[str, pl.DataFrame]], between: str, artists: Artists) -> None:
    reference = parts[0][1][f"{between}_b"][0]
    ends = []
    for index, (text, unsorted) in enumerate(parts):
        part = unsorted.sort(f"{between}_a")
        x, y = part[f"{between}_a"], part["correlation"]
        options = artists.options("line", color=colour(index))
        if artists.has("line"):
            ax.plot(x, y, **options)
        if "low" in part.columns and artists.has("band"):
            band = artists.options("band", color=options["color"], alpha=0.18, linewidth=0)
            ax.fill_between(x, part["low"], part["high"], **band)
        ends.append((text, float(x[-1]), float(y[-1]), str(options["color"])))
    if artists.has("label"):
        label_ends(ax, [end for end in ends if end[0]], **artists.options("label"))
    ax.set_xlabel(label(between))
    ax.set_ylabel(f"rank correlation with {name_of([between], [reference])}")
    ax.set_ylim(top=1.01)


def _matrix(ax: Axes, found: pl.DataFrame, between: Sequence[str], artists: Artists) -> None:
    import numpy as np

    sides = [found.select(f"{name}_{end}" for name in between).rows() for end in "ab"]
    levels = sorted(set(sides[0]) | set(sides[1]))
    place = {level: index for index, level in enumerate(levels)}
    rows, columns = ([place[level] for level in side] for side in sides)
    matrix = np.full((len(levels), len(levels)), np.nan)
    matrix[rows, columns] = matrix[columns, rows] = found["correlation"].to_numpy()
    texts = [name_of(between, level) for level in levels]
    low = 0.0 if np.nanmin(matrix, initial=1.0) >= 0 else -1.0
    if artists.has("matrix"):
        options = artists.options("matrix", vmin=low, vmax=1.0, interpolation="nearest")
        image = ax.imshow(matrix, **options)
        if artists.has("colorbar"):
            ax.figure.colorbar(image, ax=ax, **artists.options("colorbar", label="rank correlation", shrink=0.9))
        if len(levels) <= _WRITTEN and artists.has("text"):
            _write(ax, matrix, (matrix - low) / (1.0 - low), artists)
    shown = np.unique(np.linspace(0, len(levels) - 1, min(len(levels), _WRITTEN)).round().astype(int))
    numbered = len(between) == 1 and len(levels) > _WRITTEN
    names = [str(levels[i][0]) if numbered else texts[i] for i in shown]
    ax.set_xticks(shown, names)
    ax.set_yticks(shown, names)
    if numbered:
        ax.set_xlabel(label(between[0]))
        ax.set_ylabel(label(between[0]))
    else:
        for tick in ax.get_xticklabels():
            tick.set(rotation=30, ha="right", rotation_mode="anchor")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)


def _write(ax: Axes, matrix: NDArray[np.float64], brightness: NDArray[np.float64], artists: Artists) -> None:
    """Write each correlation into its cell, dark on light and light on dark."""
    import numpy as np

    for row, column in np.argwhere(~np.isnan(matrix)):
        shade = "black" if brightness[row, column] > 0.6 else "white"
        options = artists.options("text", color=shade, ha="center", va="center", fontsize="small")
        ax.text(column, row, f"{matrix[row, column]:.2f}", **options)


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
    ax
        Axes to draw on; by default those of a new figure.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` and ``"colorbar"``; False leaves one out.

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
        axes.set_xlabel(f"mean rank of {stability['n'][0]:,} architectures")
        axes.set_ylabel(f"standard deviation of {stability['rankings'][0]} ranks")
    return axes
