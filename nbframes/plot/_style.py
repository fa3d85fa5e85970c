"""What all plots share: the canvas, the style sheet, labels with units, and the artists' options."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes import benchmarks
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import ArrayLike

STYLE: Final = Path(__file__).with_name("nbframes.mplstyle")
"""Style sheet of the package: ``matplotlib.style.use(nbframes.plot.STYLE)``."""

PALETTE: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's colours without yellow, which is too light for lines."""

QUIET: Final = "#8A8A8A"
"""Colour of what gives context to the rest."""

ABOVE: Final = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2}
"""Place of a legend above the axes, where it covers nothing."""

DENSE: Final = 2_000
"""From so many points or lines on, a layer is stored as an image within the figure."""

_LABEL: Final = 60.0
"""Length of a label in points, roughly."""

_COLUMN_LABELS: Final = {
    "budget": "epochs",
    "schedule": "schedule (epochs)",
    "fraction": "share of the schedule",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the package's style within.

    Matplotlib loads its backend with the first figure, and leaving a style undoes what the backend set: a notebook's would not
    show any figure after the first. So it is loaded before.
    """
    import matplotlib.pyplot as plt

    plt.draw_if_interactive()  # type: ignore[no-untyped-call]  # matplotlib leaves it without types
    with plt.style.context(STYLE):
        yield


@contextmanager
def canvas(ax: Axes | None, *, width: float | None = None, height: float | None = None) -> Iterator[Axes]:
    """Give the axes to draw on: those given as they are, or those of a new figure in the package's style."""
    import matplotlib.pyplot as plt

    if ax is not None:
        yield ax
        return
    with styled():
        default = plt.rcParams["figure.figsize"]
        _, ax = plt.subplots(figsize=(width or default[0], height or default[1]))
        yield ax


class Artists:
    """Options of a plot's artists: its defaults under what the caller passed as ``visuals``.

    Parameters
    ----------
    visuals
        For each artist its matplotlib options, or False to leave it out.
    known
        Names of the artists that the plot has.
    """

    def __init__(self, visuals: Mapping[str, Mapping[str, Any] | bool] | None, known: Sequence[str]) -> None:
        self._given = dict(visuals or {})
        for name in self._given:
            if name not in known:
                raise UnknownNameError.of("visual", name, known)

    def has(self, name: str) -> bool:
        """Whether the artist is to be drawn."""
        return self._given.get(name) is not False

    def options(self, name: str, **defaults: Any) -> dict[str, Any]:
        """Options of an artist."""
        given = self._given.get(name)
        return defaults | (dict(given) if not isinstance(given, bool) and given is not None else {})


def collected(frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str], helper: str) -> pl.DataFrame:
    """The frame of a helper, with the columns that a plot needs."""
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        msg = f"expected the frame that {helper} returns, got {type(frame).__name__}"
        raise FrameError(msg)
    frame = frame.lazy().collect()
    if missing := [name for name in columns if name not in frame.columns]:
        raise FrameError.missing_columns(missing, frame.columns, f"pass the frame that {helper} returns")
    if frame.is_empty():
        msg = f"there is nothing to draw: the frame that {helper} returned has no rows"
        raise FrameError(msg)
    return frame


def series(frame: pl.DataFrame, own: Sequence[str]) -> list[tuple[str, pl.DataFrame]]:
    """Parts of a frame that differ in other columns than its plot's own, each with a label that says in what."""
    varying = [name for name in frame.columns if name not in own and frame.get_column(name).n_unique() > 1]
    if not varying:
        return [("", frame)]
    parts = frame.partition_by(varying, as_dict=True, maintain_order=True)
    return list(zip(texts(varying, list(parts)), parts.values(), strict=True))


def measures(frame: pl.DataFrame) -> list[str]:
    """Columns of measured values, costs of the caller's own among them: they do not tell one part of a frame from another."""
    return [name for name, dtype in frame.schema.items() if dtype.is_float()]


def texts(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Texts for combinations of values: names stand for themselves, numbers say what they are.

    Columns ending in ``_a`` and ``_b`` are the two sides of a pair. A budget that is the whole schedule goes without saying.
    """
    sides = [[place for place, name in enumerate(columns) if name.endswith(end)] for end in ("_a", "_b")]
    if sides[0] and sides[1]:
        rest = [place for place in range(len(columns)) if place not in sides[0] + sides[1]]
        names = [name.removesuffix("_a").removesuffix("_b") for name in columns]
        common, first, second = (
            texts([names[i] for i in places], [[row[i] for i in places] for row in rows]) for places in (rest, *sides)
        )
        return [f"{text} · {x} → {y}".removeprefix(" · ") for text, x, y in zip(common, first, second, strict=True)]
    skipped = -1
    if "schedule" in columns and "budget" in columns:
        schedule, budget = columns.index("schedule"), columns.index("budget")
        skipped = budget if all(row[schedule] == row[budget] for row in rows) else skipped
    shown = [place for place in range(len(columns)) if place != skipped]
    return [" · ".join(_text(columns[place], row[place]) for place in shown) for row in rows]


def _text(column: str, value: object) -> str:
    if isinstance(value, str):
        return value
    return (
        f"{value} epochs" if column == "schedule" else f"epoch {value}" if column == "budget" else f"{column} {value}"
    )


def single(frame: pl.DataFrame, column: str) -> Any:
    """The only value of a column, or None if it has several or is absent."""
    if column not in frame.columns or frame.get_column(column).n_unique() != 1:
        return None
    return frame.get_column(column)[0]


def label(column: str) -> str:
    """Axis label of a column or metric, with its unit."""
    if column in _COLUMN_LABELS:
        return _COLUMN_LABELS[column]
    metric = benchmarks.find_metric(column)
    return metric.label if metric is not None else column.replace("_", " ")


def value_label(frame: pl.DataFrame, prefix: str = "") -> str:
    """Axis label of the frame's values: its metric with the unit, and the split and dataset if they are the only ones."""
    metric = single(frame, "metric")
    where = [text for name in ("dataset", "split") if (text := single(frame, name)) is not None]
    return " ".join([*([prefix] if prefix else []), *where, label(metric) if metric else "value"])


def only(frame: pl.DataFrame, parts: Sequence[object], limit: int, what: str) -> None:
    """Raise if a plot would hold more parts than can be told apart."""
    if len(parts) > limit:
        varying = [name for name in frame.columns if frame.get_column(name).n_unique() > 1]
        msg = (
            f"{len(parts)} {what} are too many to tell apart in one plot (at most {limit}); {listed(varying)} vary\n\n"
            "Hint: filter the frame, or draw its parts on axes of their own with ax="
        )
        raise InvalidArgumentError(msg)


def width_of(labels: Sequence[str], font: float = 8) -> float:
    """Inches that the longest of some labels takes, roughly."""
    return max(map(len, labels), default=0) * font * 0.55 / 72


def colour(index: int) -> str:
    """Colour of the series with this number."""
    return PALETTE[index % len(PALETTE)]


def ink(shade: str) -> tuple[float, float, float]:
    """Darker shade of a colour, for text."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(shade)
    return 0.75 * red, 0.75 * green, 0.75 * blue


def halo() -> list[Any]:
    """Effect that keeps text readable over lines and points."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white")]


def cloud(ax: Axes, x: ArrayLike, y: ArrayLike, artists: Artists, *, shade: str, what: str) -> None:
    """Draw points: each of a few, the density of many, with a bar that says how many ``what`` a colour stands for.

    The artists are ``"points"``, ``"density"`` and ``"colorbar"``.
    """
    import numpy as np

    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) < DENSE:
        if artists.has("points"):
            ax.scatter(x, y, **artists.options("points", s=12, color=shade, alpha=0.7, linewidths=0, zorder=3))
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


def density_map() -> Colormap:
    """Colours of counts: single points are quiet, the mass is dark."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("density", ["#D5E1EE", "#7FA8CC", "#2F6DA8", "#08264F"])


def difference_unit(metric: str | None) -> str:
    """Unit of differences of a metric: those of percentages are percentage points."""
    found = benchmarks.find_metric(metric) if metric is not None else None
    if found is None or found.unit in ("", "1"):
        return ""
    return " (percentage points)" if found.unit.startswith("percent") else f" ({found.unit})"


def missing(ax: Axes, size: int) -> None:
    """Fill the diagonal of a matrix with grey: there is nothing to compare, which is not the same as white."""
    from matplotlib.patches import Rectangle

    for place in range(size):
        ax.add_patch(Rectangle((place - 0.5, place - 0.5), 1, 1, facecolor="#E8E8E8", edgecolor="none", zorder=2))


def label_ends(ax: Axes, ends: Sequence[tuple[str, float, float, str]], **options: Any) -> None:
    """Write each label beside the end of its line, in the line's colour, moved apart where labels would overlap.

    Parameters
    ----------
    ax
        Axes on which everything else is drawn.
    ends
        Label, x, y and colour of each line.
    **options
        Of the texts.
    """
    from matplotlib.font_manager import FontProperties

    defaults: dict[str, Any] = {"fontsize": "small", "va": "center", "ha": "left", "annotation_clip": False}
    options = defaults | {"path_effects": halo()} | options
    ax.autoscale_view()
    points = ax.figure.dpi / 72
    height = FontProperties(size=options["fontsize"]).get_size_in_points() * 1.25
    places = [(*(ax.transData.transform((x, y)) / points), text, x, y, shade) for text, x, y, shade in ends]
    for column in _columns(sorted(places)):
        placed = sorted(column, key=lambda end: end[1])
        moved = _apart([place for _, place, *_ in placed], height)
        for target, (_, place, text, x, y, shade) in zip(moved, placed, strict=True):
            there: dict[str, Any] = {"xytext": (5, target - place), "textcoords": "offset points", "color": ink(shade)}
            ax.annotate(text, (x, y), **(there | options))


def _columns(places: Sequence[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Part sorted places where neighbours are so far from each other, in points, that labels cannot meet."""
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end][0] - places[end - 1][0] > _LABEL:
            yield list(places[start:end])
            start = end


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Sorted places, moved as little as needed to be at least a gap apart."""
    blocks: list[tuple[float, int]] = []
    for place in places:
        centre, size = place, 1
        while blocks and centre - size * gap / 2 < blocks[-1][0] + blocks[-1][1] * gap / 2:
            other, count = blocks.pop()
            centre, size = (centre * size + other * count) / (size + count), size + count
        blocks.append((centre, size))
    return [centre + (i - (size - 1) / 2) * gap for centre, size in blocks for i in range(size)]
