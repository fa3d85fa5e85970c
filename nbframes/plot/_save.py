"""From axes to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nbframes.plot._layout import styled

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def mark_synthetic(figure: Figure) -> None:
    """Say in a figure that its numbers are made up."""
    figure.text(0.995, 0.995, "SYNTHETIC", ha="right", va="top", fontsize="small", fontweight="bold", color="#d55e00")


def save(ax: Axes, target: str | Path | BinaryIO, *, synthetic: bool = False, **options: Any) -> None:
    """Write the figure of these axes in the package's style, with these options of ``savefig``, and close it."""
    import matplotlib.pyplot as plt

    figure = cast("Figure", ax.get_figure(root=True))
    if synthetic:
        mark_synthetic(figure)
    with styled(), plt.rc_context({"savefig.bbox": "standard"}):  # "tight" would draw it twice; its size fits already
        figure.savefig(target, **options)
    plt.close(figure)
