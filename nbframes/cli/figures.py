"""Figures that commands write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.display.text import file_to_write
from nbframes.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

_DOTS_PER_INCH: Final = 150


def check_figure(path: str) -> None:
    """Raise if a figure cannot be written under this name, before the work that it is the end of."""
    from matplotlib.backend_bases import FigureCanvasBase

    kind = file_to_write(path).suffix.removeprefix(".").lower()
    if kind not in (known := FigureCanvasBase.get_supported_filetypes()):
        raise UnknownNameError.of("format of figures", kind, sorted(known), f"name a file such as {path}.png")


def save_figures(figures: Mapping[str, Axes], folder: Path, *, synthetic: bool = False) -> list[Path]:
    """Write figures as PNG into a folder, each under its name."""
    from nbframes.plot._save import save

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in figures]
    for path, ax in zip(paths, figures.values(), strict=True):
        save(ax, path, dpi=_DOTS_PER_INCH, synthetic=synthetic)
    return paths
