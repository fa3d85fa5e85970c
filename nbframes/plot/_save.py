"""From axes to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def save_png(ax: Axes, target: Path | BinaryIO, *, dpi: float, synthetic: bool = False) -> None:
    """Write the figure of these axes as PNG and close it; numbers that are made up are called so in it."""
    import matplotlib.pyplot as plt

    figure = cast("Figure", ax.figure)
    if synthetic:
        figure.text(
            0.995, 0.995, "SYNTHETIC", ha="right", va="top", fontsize="small", fontweight="bold", color="#d55e00"
        )
    figure.savefig(target, format="png", dpi=dpi)
    plt.close(figure)
