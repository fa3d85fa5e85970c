"""Costs as axes, clouds of points, and bands around lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.plot._style import DENSE, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap
    from numpy.typing import ArrayLike

    from nbframes.plot._style import Artists

_DECADES: Final = 20.0
"""Ratio of the largest to the smallest cost from which on an axis is logarithmic."""

_COUNTED: Final = 10_000
"""Numbers of parameters below this are no counts but millions already."""

_SPARSE: Final = 50
"""Up to so many points are drawn larger."""

_FEW: Final = 100.0
"""Ratio of the ends of a logarithmic axis up to which powers of ten alone would be too few labels."""


_FILLED: Final = 0.5
"""Groups that fill less of their common axis have axes of their own."""


def cost_scale(values: pl.Series) -> str:
    """Scale for an axis of these values: logarithmic if they are positive and span decades."""
    known = values.drop_nulls().to_numpy()
    return "log" if known.size and 0 < known.min() < known.max() / _DECADES else "linear"


def cost_ticks(axis: Axis) -> None:
    """Tick labels of a logarithmic axis that do not overlap: powers of ten, and 2 and 5 times these if they are few."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    if axis.get_scale() != "log":
        return
    low, high = axis.get_view_interval()
    if high < _FEW * low:
        axis.set_minor_locator(LogLocator(subs=(2, 5)))
        axis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(np.inf, np.inf)))
    else:
        axis.set_minor_formatter(NullFormatter())


def cost_axis(axis: Axis, column: str, values: pl.Series) -> None:
    """Ticks and label of an axis of costs; counts of parameters are told in millions."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    cost_ticks(axis)
    largest = values.drop_nulls().max()
    if column != "params" or not isinstance(largest, (int, float)) or largest < _COUNTED:
        axis.set_label_text(label(column))
        return
    millions = FuncFormatter(lambda count, _: f"{count / 1e6:g}")
    axis.set_major_formatter(millions)
    if not isinstance(axis.get_minor_formatter(), NullFormatter):
        axis.set_minor_formatter(millions)
    axis.set_label_text("parameters (millions)")


def faint(ax: Axes, x: pl.Series, y: pl.Series, shade: str, **options: Any) -> None:
    """Draw points, the fainter the more they are; from thousands on they are stored as an image."""
    n = len(x)
    defaults = {
        "color": shade,
        "s": 4 if n >= DENSE else 12,
        "alpha": float(np.clip(2500 / max(n, 1), 0.03, 0.7)),
        "linewidths": 0,
        "rasterized": n >= DENSE,
        "zorder": 1,
    }
    ax.scatter(x.to_numpy(), y.to_numpy(), **(defaults | options))


def cloud(ax: Axes, x: ArrayLike, y: ArrayLike, artists: Artists, *, shade: str, what: str) -> None:
    """Draw points: each of a few, the density of many, with a bar that says how many ``what`` a colour stands for.

    The artists are ``"points"``, ``"density"`` and ``"colorbar"``.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) < DENSE:
        if artists.has("points"):
            ax.scatter(
                x,
                y,
                **artists.options(
                    "points", s=12 if len(x) > _SPARSE else 28, color=shade, alpha=0.7, linewidths=0, zorder=3
                ),
            )
        return
    if artists.has("density"):
        defaults = {
            "gridsize": 70,
            "bins": "log",
            "mincnt": 1,
            "xscale": ax.get_xscale(),
            "yscale": ax.get_yscale(),
            "linewidths": 0,
            "rasterized": True,
            "zorder": 3,
            "cmap": density_map(),
        }
        hexagons = ax.hexbin(x, y, **artists.options("density", **defaults))
        if artists.has("colorbar"):
            ax.figure.colorbar(
                hexagons, ax=ax, **artists.options("colorbar", label=f"{what} per cell", pad=0.02, format="{x:,.0f}")
            )


def band(ax: Axes, x: pl.Series, low: pl.Series, high: pl.Series, **options: Any) -> None:
    """Fill what lies between two lines; of a single point it is a bar."""
    if len(x) > 1:
        ax.fill_between(x, low, high, **options)
        return
    shown = {name: value for name, value in options.items() if name in ("color", "alpha", "zorder")}
    ax.vlines(x, low, high, linewidth=6, **shown)


def density_map() -> Colormap:
    """Colours of counts: single points are quiet, the mass is dark."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("density", ["#D5E1EE", "#7FA8CC", "#2F6DA8", "#08264F"])


def lie_apart(parts: Sequence[pl.DataFrame]) -> bool:
    """Whether the values of several groups leave most of a common axis to the gaps between them: each needs an axis of its own."""
    ends = [(float(part["value"].min()), float(part["value"].max())) for part in parts]  # type: ignore[arg-type]
    whole = max(high for _, high in ends) - min(low for low, _ in ends)
    return whole > 0 and sum(high - low for low, high in ends) < _FILLED * whole
