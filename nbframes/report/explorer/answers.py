"""What a kernel answers to the views: the architectures in a window, behind a selection, found by name; one, told whole."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.errors import NBFramesError
from nbframes.report.explorer.nearby import Nearby
from nbframes.report.explorer.payload import MOST_ON_ZOOM, Axes, Sample, compressed, counts_of, packed_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbframes.report.explorer.table import Table

_BEST: Final = 10


def within(span: Mapping[str, Any]) -> pl.Expr:
    """Select the architectures in a range of a column, of which either end may be open; missing and infinite values are in none."""
    column = pl.col(span["column"])
    low, high = span["low"], span["high"]
    ends = [column.is_finite()]
    if low is not None:
        ends.append(column >= low)
    if high is not None:
        ends.append(column <= high)
    return pl.all_horizontal(ends)


class Answers:
    """Answers questions about a table; each is a mapping with its ``kind``."""

    def __init__(self, table: Table, sample: Sample) -> None:
        self._table, self._sample = table, sample
        self._kinds: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "window": self._window,
            "selection": self._selection,
            "find": self._find,
            "picture": self._picture,
            "architecture": self._architecture,
        }

    def __call__(self, question: Mapping[str, Any]) -> bytes:
        """Answer a question, packed as the views read it; what cannot be answered says why under ``error``."""
        try:
            answer = self._kinds[question["kind"]](question)
        except (NBFramesError, pl.exceptions.PolarsError, KeyError, TypeError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        return compressed(answer, level=1)

    def inside(self, ranges: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        """Architectures within all ranges."""
        return self._table.frame.filter(*map(within, ranges)) if ranges else self._table.frame

    def _window(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """All architectures in a window if they are few enough, else a sample of them and their densities."""
        table, inside = self._table, self.inside(question["ranges"])
        axes = Axes(**{name: table.column(column).name for name, column in question["axes"].items()})
        exact = inside.height <= MOST_ON_ZOOM
        shown = inside
        if not exact:
            rows = inside.with_row_index("row").sample(min(self._sample.size, inside.height), seed=self._sample.seed)
            shown = rows.sort("row")
        return {
            "count": inside.height,
            "exact": exact,
            "rows": packed_rows(table, shown),
            "densities": {} if exact else counts_of(inside, axes),
        }

    def _selection(self, question: Mapping[str, Any]) -> dict[str, Any]:
        inside = self.inside(question["ranges"])
        return {"count": inside.height, "rows": packed_rows(self._table, inside.head(_BEST))}

    def _find(self, question: Mapping[str, Any]) -> dict[str, Any]:
        frame, text = self._table.frame, question["text"]
        found = frame.filter(pl.col("arch_str") == text) if "arch_str" in frame.columns else frame.clear()
        if found.is_empty() and text.isdecimal():
            found = frame.filter(pl.col("arch") == int(text))
        return {"rows": packed_rows(self._table, found.head(1))}

    def _picture(self, question: Mapping[str, Any]) -> dict[str, Any]:
        arch = self._text(self._place(question["arch"]))
        space = self._table.space
        return {"picture": None if arch is None or space is None else str(space.draw(arch))}

    def _architecture(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Learning curve and neighbours of one architecture."""
        table, place = self._table, self._place(question["arch"])
        curve = None
        if table.curves is not None:
            curve = [[int(budget), value] for budget, value in table.curves.row(place, named=True).items()]
        arch = self._text(place)
        if self._nearby is None or arch is None:
            return {"curve": curve, "near": None}
        found = self._nearby.neighbours(pl.Series([arch])).row(0, named=True)
        near = table.frame[found["places"]]
        return {
            "curve": curve,
            "near": {
                "possible": found["possible"],
                "there": near.height,
                "better": self._better(place, near),
                "rows": packed_rows(table, near),
            },
        }

    @cached_property
    def _nearby(self) -> Nearby | None:
        table = self._table
        return Nearby.of(table.space, table.frame["arch_str"]) if table.space is not None and table.drawable else None

    def _place(self, arch: int) -> int:
        place = (self._table.frame["arch"] == arch).arg_true()
        if place.is_empty():
            msg = f"there is no architecture {arch!r}"
            raise KeyError(msg)
        return int(place[0])

    def _text(self, place: int) -> str | None:
        frame = self._table.frame
        text: str | None = frame["arch_str"][place] if "arch_str" in frame.columns else None
        return text

    def _better(self, place: int, others: pl.DataFrame) -> int:
        own, value = self._table.frame["value"][place], pl.col("value")
        ahead = value < own if self._table.asked.better == "min" else value > own
        return others.filter(ahead, value.is_finite()).height
