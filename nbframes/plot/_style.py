"""What all plots share: the style sheet, colours, labels with units, parts of frames, and the artists' options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes import benchmarks
from nbframes.analysis._frames import returned
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STYLE: Final = Path(__file__).with_name("nbframes.mplstyle")
"""Style sheet of the package: ``matplotlib.style.use(nbframes.plot.STYLE)``."""

PALETTE: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's colours without yellow, which is too light for lines."""

QUIET: Final = "#8A8A8A"
"""Colour of what gives context to the rest."""

INK: Final = "#5A5A5A"
"""Colour of words that give context: dark enough to read."""

NOTHING: Final = "#E8E8E8"
"""Colour of the cells of a matrix where there is nothing to compare, which is not the same as white."""

DENSE: Final = 2_000
"""From so many points or lines on, a layer is stored as an image within the figure."""

_COLUMN_LABELS: Final = {
    "budget": "epochs",
    "schedule": "schedule (epochs)",
    "fraction": "share of the schedule",
}


class Artists:
    """Options of a plot's artists: its defaults under what the caller passed as ``visuals``.

    Parameters
    ----------
    visuals
        For each artist its matplotlib options, or False to leave it out.
    known
        Names of the artists that the plot has; all plots have ``"note"``, the words above the axes to the right.
    """

    def __init__(self, visuals: Mapping[str, Mapping[str, Any] | bool] | None, known: Sequence[str]) -> None:
        self._given = dict(visuals or {})
        for name in self._given:
            if name not in (*known, "note"):
                raise UnknownNameError.of("visual", name, (*known, "note"))

    def has(self, name: str) -> bool:
        """Whether the artist is to be drawn."""
        return self._given.get(name) is not False

    def options(self, name: str, **defaults: Any) -> dict[str, Any]:
        """Options of an artist."""
        given = self._given.get(name)
        return defaults | (dict(given) if not isinstance(given, bool) and given is not None else {})


def collected(frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str], helper: str, known: str = "") -> pl.DataFrame:
    """The frame of a helper, with the columns that a plot needs; without the rows that lack the value of ``known``."""
    found = returned(frame, columns, helper).collect()
    if found.is_empty():
        msg = f"there is nothing to draw: the frame that {helper} returned has no rows"
        raise FrameError(msg)
    if not known:
        return found
    there = found.filter(pl.col(known).is_not_null() & pl.col(known).cast(pl.Float64).is_not_nan())
    if there.is_empty():
        msg = f"there is nothing to draw: {known!r} is null or NaN in all {len(found):,} rows that {helper} returned"
        raise FrameError(msg)
    return there


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
    return _COLUMN_LABELS.get(column) or benchmarks.label_of(column)


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


def colour(index: int) -> str:
    """Colour of the series with this number."""
    return PALETTE[index % len(PALETTE)]


def difference_unit(unit: str | None) -> str:
    """Unit of differences, in brackets for a label: those of percentages are percentage points."""
    if unit in (None, "", "1"):
        return ""
    return " (percentage points)" if str(unit).startswith("percent") else f" ({unit})"


def unit_of(metric: str | None) -> str | None:
    """Unit of a metric, if it is known."""
    found = benchmarks.find_metric(metric) if metric is not None else None
    return found.unit if found is not None else None
