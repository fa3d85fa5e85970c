"""Columns as they are printed: headers with units, texts of numbers, and which values are best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import polars as pl

from nbframes import benchmarks
from nbframes.display.printed import DASH, MINUS
from nbframes.display.text import NUMBERS_OF_THINGS, cell, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.benchmarks import Metric
    from nbframes.benchmarks.values import Better

_VALUES_OF_METRIC: Final = {
    "value": "",
    "mean": "mean ",
    "median": "median ",
    "q25": "25 % ",
    "q50": "median ",
    "q75": "75 % ",
    "min": "min ",
    "max": "max ",
}
"""Columns that hold values of the frame's metric, and what their headers say before its label."""
_ALIKE: Final = ("benchmark", "metric", "problem", "clock", "dataset", "split", "schedule", "budget")
"""Only rows that agree in these compete for the best value: others answer other questions."""
_BETTER: Final[dict[str, Better]] = {"regret": "min", "mean_rank": "min"}
_HEADERS: Final = {"schedule": "schedule (epochs)", "budget": "epochs"}
_REFERENCE: Final = "(best)"
"""Row of `nbframes.search.table` that no algorithm found."""
_LARGE: Final = 1e12
_MOST_ZEROS: Final = 6
"""Smaller columns are written with exponents."""


class Column(NamedTuple):
    """A column as it is printed."""

    header: str
    texts: list[str]
    number: bool
    best: frozenset[int]


def the_metric(frame: pl.DataFrame) -> str | None:
    """Name of the one quantity that the frame's values are of: its metric or, of `nbframes.search.anytime`, the text ``value``."""
    for name in ("metric", "value"):
        if name in frame.columns and not frame[name].dtype.is_numeric() and frame[name].n_unique() == 1:
            found = frame[name][0]
            return None if found is None else str(found)
    return None


def is_told_elsewhere(frame: pl.DataFrame, name: str, metric: str | None) -> bool:
    """Whether another column or the headers say what this one does."""
    if _mean_of(name) in frame.columns and frame[name].dtype.is_numeric():
        return True
    if f"{name}_mean" in frame.columns and frame[name].dtype == pl.String:
        return True
    return metric is not None and name in ("metric", "value") and not frame[name].dtype.is_numeric()


def _mean_of(std: str) -> str | None:
    return f"{std.removesuffix('std')}mean" if std == "std" or std.endswith("_std") else None


def _std_of(mean: str, frame: pl.DataFrame) -> str | None:
    if mean != "mean" and not mean.endswith("_mean"):
        return None
    std = f"{mean.removesuffix('mean')}std"
    return std if std in frame.columns and frame[std].dtype.is_numeric() else None


def column(
    frame: pl.DataFrame,
    name: str,
    metric: str | None,
    bold: Literal["best"] | Mapping[str, Better] | None,
    digits: int,
) -> Column:
    """Print the column of this name, with its standard deviations if the frame has them."""
    std = _std_of(name, frame)
    number = frame[name].dtype.is_numeric()
    digits = _decimals(frame[name], digits, with_std=std is not None) if number else digits
    alone = _texts(frame[name], digits)
    texts = alone if std is None else [_pair(*both) for both in zip(alone, _texts(frame[std], digits), strict=True)]
    best = frozenset[int]()
    if number and bold == "best":
        best = _best(frame, name, alone, _betters(frame, name))
    elif isinstance(bold, Mapping) and name in bold:
        best = _best(frame, name, alone, [bold[name]] * frame.height)
    return Column(_header(frame, name, metric, with_std=std is not None), texts, number, best)


def _pair(mean: str, std: str) -> str:
    return mean if std == DASH else f"{mean} ± {std}"


def _decimals(column: pl.Series, digits: int, *, with_std: bool) -> int:
    """Digits behind the point for all of a column: none for large whole numbers, more for a column of small ones."""
    finite = column.drop_nulls().cast(pl.Float64)
    finite = finite.filter(finite.is_finite())
    largest = max((abs(value) for value in finite), default=0.0)
    if largest >= 1000 and not with_std and all(value.is_integer() for value in finite):
        return 0
    return digits if largest >= 0.1 or largest == 0 else digits + min(-1 - math.floor(math.log10(largest)), _MOST_ZEROS)


def _texts(column: pl.Series, digits: int) -> list[str]:
    if not column.dtype.is_numeric() or column.dtype.is_integer():
        count = column.name not in NUMBERS_OF_THINGS
        texts = [DASH if value is None else cell(value, digits=digits, count=count) for value in column]
        return [text.replace("-", MINUS) for text in texts] if column.dtype.is_numeric() else texts
    return [DASH if value is None else _number(float(value), digits) for value in column]


def _number(value: float, digits: int) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    extreme = 0 < abs(value) < 0.5 * 10.0**-digits or abs(value) >= _LARGE
    text = f"{value:.{max(digits, 1)}e}" if extreme else f"{value:,.{digits}f}"
    return f"{0:.{digits}f}" if value == 0 else text.replace("-", MINUS)


def _header(frame: pl.DataFrame, name: str, metric: str | None, *, with_std: bool) -> str:
    end = ", mean ± std" if with_std else ""
    label = benchmarks.label_of(metric) if metric is not None else ""
    if with_std:
        stem = name.removesuffix("mean").removesuffix("_").replace("_", " ")
        known = benchmarks.find_metric(stem.replace(" ", "_")) if stem else None
        return printable((known.label if known else f"{stem} {label}".strip()) + end).removeprefix(", ")
    if label and name in _VALUES_OF_METRIC:
        return printable(_VALUES_OF_METRIC[name] + label)
    if name == "time":
        clocks = frame["clock"].unique().to_list() if "clock" in frame.columns else []
        return f"time ({printable(clocks[0])})" if len(clocks) == 1 else name
    return printable(_HEADERS.get(name) or benchmarks.label_of(name))


def _betters(frame: pl.DataFrame, name: str) -> list[Better | None]:
    """The better end of a column in each row; None where nobody says."""
    stem = name.removesuffix("_mean")
    known: Metric | None = benchmarks.find_metric(stem)
    own = _BETTER.get(stem) or (known.better if known is not None and stem not in NUMBERS_OF_THINGS else None)
    if own is not None:
        return [own] * frame.height
    told = "metric" if "metric" in frame.columns else "value"
    of_metric = name in _VALUES_OF_METRIC or (name.endswith("_mean") and told == "metric")
    if not of_metric or told not in frame.columns or frame[told].dtype.is_numeric():
        return [None] * frame.height
    ends = {value: _better(value) for value in frame[told].cast(pl.String).unique()}
    return [ends[value] for value in frame[told].cast(pl.String)]


def _better(metric: str | None) -> Better | None:
    if metric is None:
        return None
    known = benchmarks.find_metric(metric)
    return known.better if known is not None else _BETTER.get(metric)


def _best(frame: pl.DataFrame, name: str, texts: Sequence[str], betters: Sequence[Better | None]) -> frozenset[int]:
    """Rows with the best value among those that they compete with."""
    told = ("value", "time") if "value" in frame.columns and not frame["value"].dtype.is_numeric() else ()
    keys = [key for key in (*_ALIKE, *told) if key in frame.columns and key != name]
    rivals: dict[object, list[int]] = {}
    values = frame[name].to_list()
    for row, group in enumerate(frame.select(keys).iter_rows() if keys else [()] * frame.height):
        reference = "algorithm" in frame.columns and frame["algorithm"][row] == _REFERENCE
        if values[row] is not None and values[row] == values[row] and betters[row] is not None and not reference:
            rivals.setdefault(group, []).append(row)
    best: set[int] = set()
    for rows in rivals.values():
        if len(rows) > 1:
            top = (max if betters[rows[0]] == "max" else min)(rows, key=values.__getitem__)
            best |= {row for row in rows if texts[row] == texts[top]}
    return frozenset(best)
