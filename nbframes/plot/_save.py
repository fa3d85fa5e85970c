"""From axes to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def save_png(ax: Axes, target: Path | BinaryIO, *, dpi: float) -> None:
    """Write the figure of these axes as PNG and close it."""
    import matplotlib.pyplot as plt

    figure = cast("Figure", ax.get_figure(root=True))
    figure.savefig(target, format="png", dpi=dpi)
    plt.close(figure)
