"""What operations do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes.analysis._described import described
from nbframes.plot._labels import few, label_ends, note
from nbframes.plot._layout import canvas
from nbframes.plot._matrices import contrasting
from nbframes.plot._style import (
    NOTHING,
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

    from matplotlib.axes import Axes

_MEANS: Final = ("position", "operation", "count", "n", "mean", "std", "effect")
_FEW: Final = 7
"""Up to fewer operations a colour bar is shorter than what it is of."""
_SHORT: Final = 6
"""Names of operations of so many letters stand beside each other without being turned."""
_CHANGES: Final = ("position", "operation", "replacement", "n", "mean", "std", "increased")


@described
def marginal_means(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw the mean of the architectures that have an operation, by position or by how many of them they have.

    Parameters
    ----------
    frame
        What `nbframes.analysis.marginal_means` returns, of one group.
    visuals
        Matplotlib options of ``"line"``, ``"points"`` and ``"label"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If the frame holds several groups.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import marginal_means
    >>> archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1], "value": [90.0, 92.0]})
    >>> ax = nbf.plot.marginal_means(marginal_means(results, archs, space="sss", positions=False))
    >>> ax.get_xlabel()
    'positions with the operation'
    """
    artists = Artists(visuals, ("line", "points", "label"))
    means = collected(frame, ["operation", "mean"], "nbframes.analysis.marginal_means", known="mean")
    only(means, series(means, _MEANS), 1, "groups")
    axis = "count" if "count" in means.columns else "position"
    places = means[axis].unique().sort().to_list()
    operations = means["operation"].unique().sort().cast(pl.String).to_list()
    with canvas(ax) as axes:
        ends = []
        for operation, shade in zip(operations, _shades(operations), strict=True):
            part = means.filter(pl.col("operation").cast(pl.String) == operation).sort(axis)
            x, y = [places.index(place) for place in part[axis]], part["mean"].to_list()
            options = artists.options("line", color=shade, linewidth=1.0, zorder=2)
            if artists.has("line"):
                axes.plot(x, y, **options)
            if artists.has("points"):
                axes.scatter(x, y, **artists.options("points", color=options["color"], s=16, zorder=3))
            ends.append((operation, float(x[-1]), float(y[-1]), str(options["color"])))
        axes.set_xticks(range(len(places)), [_readable(str(place)) for place in places])
        axes.set_xlabel("positions with the operation" if axis == "count" else "position")
        axes.set_ylabel(value_label(means, "mean"))
        if artists.has("label"):
            label_ends(axes, ends, **artists.options("label"))
        note(axes, artists, few(means))
    return axes


@described
def operation_effects(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw the mean change when one operation takes the place of another, as a matrix.

    Parameters
    ----------
    frame
        What `nbframes.analysis.operation_effects` returns, of one group and all positions together or one of them.
    visuals
        Matplotlib options of ``"image"``, ``"label"`` (the numbers) and ``"colorbar"``; False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If the frame holds several groups or positions.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import operation_effects
    >>> archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1], "value": [90.0, 92.0]})
    >>> ax = nbf.plot.operation_effects(operation_effects(results, archs, space="sss"))
    >>> ax.texts[0].get_text()
    '+2.00'
    """
    artists = Artists(visuals, ("image", "label", "colorbar"))
    changes = collected(
        frame, ["operation", "replacement", "mean"], "nbframes.analysis.operation_effects", known="mean"
    )
    only(changes, series(changes, [name for name in _CHANGES if name != "position"]), 1, "groups")
    names = pl.concat([changes["operation"], changes["replacement"]]).unique().sort().cast(pl.String).to_list()
    matrix = np.full((len(names), len(names)), np.nan)
    for before, after, mean in changes.select(pl.col("operation", "replacement").cast(pl.String), "mean").rows():
        matrix[names.index(before), names.index(after)] = mean
    reach = float(np.nanmax(np.abs(matrix), initial=0)) or 1.0
    shades = np.full(matrix.shape, "black")
    with canvas(ax, width=0.58 * len(names), height=0.42 * len(names)) as axes:
        if artists.has("image"):
            image = axes.imshow(
                matrix, **artists.options("image", cmap="PuOr_r", vmin=-reach, vmax=reach, aspect="auto")
            )
            image.set_cmap(image.get_cmap().with_extremes(bad=NOTHING))
            shades = contrasting(image, matrix)
            if artists.has("colorbar"):
                metric = single(changes, "metric")
                text = f"mean change of {metric}{difference_unit(unit_of(metric))}" if metric else "mean change"
                text = text.replace(" (", "\n(") if len(names) < _FEW else text
                bar = axes.figure.colorbar(
                    image, ax=axes, **artists.options("colorbar", label=text, pad=0.03, aspect=25)
                )
                bar.outline.set_visible(False)
        if artists.has("label"):
            for row, column in zip(*np.nonzero(~np.isnan(matrix)), strict=True):
                shade = shades[row, column]
                place = artists.options("label", ha="center", va="center", fontsize="small", color=shade)
                axes.text(column, row, f"{matrix[row, column]:+.2f}".replace("-", "\N{MINUS SIGN}"), **place)
        turned: dict[str, Any] = (
            {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if max(map(len, names)) > _SHORT else {}
        )
        axes.set_xticks(range(len(names)), names, **turned)
        axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel("replacement")
        axes.set_ylabel("operation")
        note(axes, artists, few(changes))
    return axes


def _readable(position: str) -> str:
    """Name of a position for people: ``op_0_1`` is the edge from node 0 to node 1."""
    if edge := re.fullmatch(r"op_(\d+)_(\d+)", position):
        return f"edge {edge[1]}\N{RIGHTWARDS ARROW}{edge[2]}"
    return position.replace("_", " ")


def _shades(operations: list[str]) -> list[str]:
    """Colours of operations: from dark to light if they are sizes, as different as can be if not."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    if all(operation.isdigit() for operation in operations):
        return [to_hex(colormaps["viridis"](0.9 * index / len(operations))) for index in range(len(operations))]
    return [colour(index) for index in range(len(operations))]
