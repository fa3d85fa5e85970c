"""Agreement of rankings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.errors import UnknownNameError
from nbframes.plot._style import (
    Artists,
    canvas,
    cloud,
    collected,
    colour,
    label,
    label_ends,
    missing,
    only,
    series,
    texts,
    width_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

_FOUND = ("n", "correlation", "low", "high")
_WRITTEN = 12
_LINES = 7


_METHODS = {
    "kendall": "Kendall's \N{GREEK SMALL LETTER TAU}",
    "sparse_kendall": "sparse Kendall's \N{GREEK SMALL LETTER TAU}",
    "weighted_kendall": "weighted Kendall's \N{GREEK SMALL LETTER TAU}",
    "spearman": "Spearman's \N{GREEK SMALL LETTER RHO}",
    "pearson": "Pearson's r",
}


def rank_correlation(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    method: str | None = None,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw correlations: of all pairs as a matrix, of numbers ``against`` one value as lines.

    Parameters
    ----------
    frame
        What `nbframes.rank_correlation` returns: of one group for a matrix, of up to seven for lines.
    method
        The method of the correlation, for the label: ``"kendall"``, ``"sparse_kendall"``, ``"weighted_kendall"``, ``"spearman"`` or ``"pearson"``.
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
    if method is not None and method not in _METHODS:
        raise UnknownNameError.of("method", method, _METHODS)
    title = _METHODS[method] if method is not None else "correlation"
    found = collected(frame, ["correlation"], "nbf.rank_correlation")
    between = [name.removesuffix("_a") for name in found.columns if name.endswith("_a")]
    ends = [f"{name}_{end}" for end in "ab" for name in between]
    parts = series(found, [*ends, *_FOUND])
    against = found.select(ends[len(between) :]).n_unique() == 1 and len(found) > len(parts)
    if against and len(between) == 1 and found.schema[ends[0]].is_numeric():
        only(found, parts, _LINES, "groups")
        with canvas(ax) as axes:
            _lines(axes, parts, between[0], artists, title)
        return axes
    only(found, parts, 1, "groups")
    with canvas(ax, **_size(_levels(found, between), between)) as axes:
        _matrix(axes, found, between, artists, title)
    return axes


def _levels(found: pl.DataFrame, between: Sequence[str]) -> list[tuple[Any, ...]]:
    """What is compared, in the order of the frame."""
    sides = [found.select(f"{name}_{end}" for name in between).rows() for end in "ab"]
    return list(dict.fromkeys([*sides[0], *sides[1]]))


def _size(levels: Sequence[tuple[Any, ...]], between: Sequence[str]) -> dict[str, float]:
    """Inches of a figure whose cells hold their numbers and whose labels are readable."""
    if len(levels) > _WRITTEN:
        return {"width": 4.6, "height": 3.9}
    margin, cells = width_of(texts(between, levels)), 0.42 * max(3, len(levels))
    return {"width": cells + margin + 1.2, "height": cells + 0.75 * margin + 0.3}


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
            band = artists.options("band", color=options["color"], alpha=0.18, linewidth=0)
            ax.fill_between(x, part["low"], part["high"], **band)
        ends.append((text, float(x[-1]), float(y[-1]), str(options["color"])))
    if artists.has("label"):
        label_ends(ax, [end for end in ends if end[0]], **artists.options("label"))
    ax.set_xlabel(label(between))
    ax.set_ylabel(f"{title} with {texts([between], [[reference]])[0]}")
    ax.set_ylim(top=1.01)


def _matrix(ax: Axes, found: pl.DataFrame, between: Sequence[str], artists: Artists, title: str) -> None:
    import numpy as np

    levels = _levels(found, between)
    place = {level: index for index, level in enumerate(levels)}
    rows, columns = (
        [place[row] for row in found.select(f"{name}_{end}" for name in between).iter_rows()] for end in "ab"
    )
    matrix = np.full((len(levels), len(levels)), np.nan)
    matrix[rows, columns] = matrix[columns, rows] = found["correlation"].to_numpy()
    least = np.nanmin(matrix, initial=1.0)
    low = -1.0 if least < 0 else float(np.floor(10 * least) / 10) if least < 1 else 0.0
    written = len(levels) <= _WRITTEN
    extent = None if written else _extent([level[0] for level in levels])
    image = ax.imshow(matrix, **artists.options("matrix", vmin=low, vmax=1.0, interpolation="nearest", extent=extent))
    if artists.has("colorbar"):
        ax.figure.colorbar(image, ax=ax, **artists.options("colorbar", label=title, shrink=0.9))
    if written:
        names = texts(between, levels)
        ax.set_xticks(range(len(levels)), names, rotation=40, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(levels)), names)
        if artists.has("matrix"):
            missing(ax, len(levels))
        if artists.has("text"):
            _write(ax, image, matrix, artists)
    else:
        ax.set_xlabel(label(between[0]))
        ax.set_ylabel(label(between[0]))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)


def _extent(levels: Sequence[Any]) -> tuple[float, float, float, float] | None:
    """Data coordinates of a matrix over evenly spaced numbers."""
    import numpy as np

    steps = np.diff(levels) if all(isinstance(level, int | float) for level in levels) else np.empty(0)
    if not len(steps) or steps.min() < steps.max():
        return None
    low, high = levels[0] - steps[0] / 2, levels[-1] + steps[0] / 2
    return low, high, high, low


def _write(ax: Axes, image: AxesImage, matrix: NDArray[np.float64], artists: Artists) -> None:
    """Write each correlation into its cell, dark on light and light on dark."""
    import numpy as np

    red, green, blue, _ = np.moveaxis(image.to_rgba(matrix), -1, 0)
    light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
    for row, column in np.argwhere(~np.isnan(matrix)):
        shade = "black" if light[row, column] else "white"
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
