"""Costs as axes, and points that give context to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.plot._style import DENSE, label

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_DECADES: Final = 20.0
"""Ratio of the largest to the smallest cost from which on an axis is logarithmic."""

_COUNTED: Final = 10_000
"""Numbers of parameters below this are no counts but millions already."""

_FEW: Final = 100.0
"""Ratio of the ends of a logarithmic axis up to which powers of ten alone would be too few labels."""


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
