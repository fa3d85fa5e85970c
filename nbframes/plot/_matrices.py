"""Correlations of all pairs as matrices that share their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from nbframes.plot._style import NOTHING, label, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from nbframes.plot._style import Artists

_WRITTEN: Final = 12
"""Up to so many rows the numbers are written into the cells."""

_NAMED: Final = 60
"""Up to so many rows each has a label; more are an axis of numbers, or cannot be told apart anyway."""


class Matrix(NamedTuple):
    """The correlations of one group."""

    title: str
    between: Sequence[str]
    levels: Sequence[tuple[Any, ...]]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, found: pl.DataFrame, between: Sequence[str], title: str) -> Self:
        """Both halves of a matrix, of the pairs in the order of the frame."""
        sides = [found.select(f"{name}_{end}" for name in between).rows() for end in "ab"]
        levels = list(dict.fromkeys([*sides[0], *sides[1]]))
        place = {level: index for index, level in enumerate(levels)}
        rows, columns = ([place[level] for level in side] for side in sides)
        values = np.full((len(levels), len(levels)), np.nan)
        values[rows, columns] = values[columns, rows] = found["correlation"].to_numpy()
        return cls(title, between, levels, values)

    @property
    def written(self) -> bool:
        """Whether the numbers stand in the cells."""
        return len(self.levels) <= _WRITTEN

    @property
    def evenly(self) -> bool:
        """Whether the levels are evenly spaced numbers, too many to be named."""
        steps = np.diff([level[0] for level in self.levels]) if self._numbers() else np.empty(0)
        return not self.written and bool(len(steps)) and bool(steps.min() == steps.max())

    def _numbers(self) -> bool:
        return len(self.between) == 1 and all(isinstance(level[0], int | float) for level in self.levels)

    @property
    def names(self) -> list[str]:
        """What stands beside the rows and below the columns; nothing if the axis has numbers of its own."""
        return [] if self.evenly or len(self.levels) > _NAMED else texts(self.between, self.levels)

    def inches(self) -> float:
        """Side of a matrix whose cells hold their numbers, or whose rows have room for their names."""
        if self.written:
            return 0.42 * max(3, len(self.levels))
        return max(3.2, 0.15 * len(self.names))

    def extent(self) -> tuple[float, float, float, float] | None:
        """Data coordinates of evenly spaced numbers."""
        if not self.evenly:
            return None
        half = (self.levels[1][0] - self.levels[0][0]) / 2
        low, high = self.levels[0][0] - half, self.levels[-1][0] + half
        return low, high, high, low


def draw_matrices(axes: Sequence[Axes], matrices: Sequence[Matrix], artists: Artists, title: str) -> None:
    """Draw matrices in the same colours; only the leftmost and lowest name what all of them share."""
    known = np.concatenate([matrix.values[~np.isnan(matrix.values)] for matrix in matrices])
    least = float(known.min())
    low = -1.0 if least < 0 else float(np.floor(10 * least) / 10) if least < 1 else 0.0
    alike = all(matrix.levels == matrices[0].levels for matrix in matrices)
    columns = len({ax.get_subplotspec().colspan.start for ax in axes}) if len(axes) > 1 else 1  # type: ignore[union-attr]
    for index, (ax, matrix) in enumerate(zip(axes, matrices, strict=True)):
        options = {"vmin": low, "vmax": 1.0, "interpolation": "nearest", "extent": matrix.extent()}
        image = ax.imshow(matrix.values, **artists.options("matrix", **options))
        image.set_cmap(image.get_cmap().with_extremes(bad=NOTHING))
        _name(ax, matrix, left=not alike or not index % columns, below=not alike or index + columns >= len(axes))
        if matrix.written and artists.has("text"):
            _write(ax, image, matrix.values, artists)
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
        if len(axes) > 1:
            ax.set_title(matrix.title)
    if artists.has("matrix") and artists.has("colorbar"):
        bar = artists.options("colorbar", label=title, shrink=0.9)
        axes[0].figure.colorbar(axes[0].images[0], ax=list(axes), **bar)


def _name(ax: Axes, matrix: Matrix, *, left: bool, below: bool) -> None:
    """Name rows and columns."""
    names = matrix.names
    if not names:
        ax.set_xlabel(label(matrix.between[0]))
        ax.set_ylabel(label(matrix.between[0]))
        return
    size: dict[str, Any] = {} if matrix.written else {"fontsize": "x-small"}
    turned = 40 if matrix.written else 90
    ax.set_xticks(range(len(names)), names, rotation=turned, ha="right", rotation_mode="anchor", **size)
    ax.set_yticks(range(len(names)), names, **size)
    ax.tick_params(labelbottom=below, labelleft=left, length=0)
    if turned == 90:
        for text in ax.get_xticklabels():
            text.set_verticalalignment("center")


def _write(ax: Axes, image: AxesImage, values: NDArray[np.float64], artists: Artists) -> None:
    """Write each correlation into its cell; a dash where there is none."""
    shades = contrasting(image, values)
    for row, column in np.argwhere(~np.eye(len(values), dtype=bool)):
        value, shade = values[row, column], shades[row, column]
        options = artists.options("text", color=shade, ha="center", va="center", fontsize="small")
        ax.text(column, row, "\N{EN DASH}" if np.isnan(value) else f"{value:.2f}", **options)


def contrasting(image: AxesImage, values: NDArray[np.float64]) -> NDArray[np.str_]:
    """Black or white for the words in each cell, whichever stands out more from its colour.

    Contrast is that of the Web Content Accessibility Guidelines 2.2, which is the same with both at a luminance of 0.179.
    """
    channels = image.to_rgba(values)[..., :3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return np.where(linear @ (0.2126, 0.7152, 0.0722) > 0.179, "black", "white")
