"""What all helpers share: checked columns, groups that never mix unlike things, and means taken in a stated order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed
from nbframes.schema import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
Names = str | Sequence[str]

IDENTITY: Final = (*KEY, "config")
"""Columns that tell unlike results apart; ``config`` holds what else sets two runs of NAS-Bench-301 apart."""


class Groups(NamedTuple):
    """Columns by which a helper groups: those the caller named, and those that may not vary within such a group."""

    by: tuple[str, ...]
    fixed: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """All columns to group by, so that unlike rows never meet."""
        return self.by + self.fixed

    @classmethod
    def of(cls, frame: pl.LazyFrame, by: Names | None, free: Iterable[str]) -> Groups:
        """Groups of a frame, where the helper itself accounts for the columns in ``free``."""
        columns = frame.collect_schema().names()
        free = tuple(free)
        identity = tuple(name for name in IDENTITY if name in columns and name not in free)
        if by is None:
            return cls(identity, ())
        by = names("by", by)
        require(frame, by)
        if clash := [name for name in by if name in free]:
            msg = f"cannot group by {listed(clash)}: the work is done along these columns, not within each of their values"
            raise InvalidArgumentError(msg)
        return cls(by, tuple(name for name in identity if name not in by))

    def settle(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Drop the fixed columns of a result, after making sure that they do not vary within a group."""
        if not self.fixed:
            return frame
        schema = {name: dtype for name, dtype in frame.collect_schema().items() if name not in self.fixed}

        def settled(result: pl.DataFrame) -> pl.DataFrame:
            self.check(result, "by")
            return result.drop(self.fixed)

        return frame.map_batches(
            settled, schema=schema, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
        )

    def check(self, result: pl.DataFrame, option: str) -> None:
        """Raise if a fixed column varies within a group; ``option`` is where the caller can name it."""
        if not self.fixed:
            return
        counts = pl.col(*self.fixed).n_unique()
        found = result.group_by(self.by).agg(counts) if self.by else result.select(counts)
        if mixed := [name for name in self.fixed if (found.get_column(name) > 1).any()]:
            several = "; ".join(f"{name}: {listed(result.get_column(name).unique().sort())}" for name in mixed)
            msg = (
                f"the frame holds several values of {listed(mixed)} that would be thrown together ({several})\n\n"
                f"Hint: filter the frame to one of them, or name the column in {option}"
            )
            raise FrameError(msg)


def names(option: str, given: Names) -> tuple[str, ...]:
    """Column names of an option that takes one or several, each once."""
    found = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Sequence) else (given,)
    if len(set(found)) < len(found) or not all(isinstance(name, str) for name in found):
        msg = f"{option}={given!r} should be names of columns, each once"
        raise InvalidArgumentError(msg)
    return found


def averaged(over: Names) -> tuple[str, ...]:
    """Names of the columns to average over, at least one."""
    found = names("over", over)
    if not found:
        msg = f"over={over!r} names no column to average over; name at least one, such as 'seed'"
        raise InvalidArgumentError(msg)
    return found


def one_of(option: str, given: str, valid: Sequence[str]) -> None:
    """Raise if an option is not one of its valid texts."""
    if given not in valid:
        raise UnknownNameError.of(option, given, valid)


def require(frame: pl.LazyFrame, columns: Iterable[str]) -> None:
    """Raise if the frame lacks one of the columns."""
    available = frame.collect_schema().names()
    if missing := [name for name in columns if name not in available]:
        raise FrameError.missing_columns(missing, available)


def like(given: Frame, result: pl.LazyFrame, order: Sequence[str] = ()) -> Frame:
    """Return the result as the caller gave the frame, lazy for lazy and collected for collected, sorted by some columns."""
    if isinstance(given, pl.LazyFrame):
        return result.sort(order) if order else result
    found = result.collect()
    varies = found.select(pl.col(order).ne_missing(pl.col(order).first()).any()) if order else found.select()
    # Sorting by a column of names takes longer than the rest; most have one value.
    varying = [name for name in varies.columns if varies.get_column(name).item()]
    return found.sort(varying) if varying else found


def as_lazy(frame: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """Check that what a caller passed is a frame of Polars, and take it lazily."""
    if not isinstance(frame, (pl.DataFrame, pl.LazyFrame)):
        msg = (
            f"expected a polars DataFrame or LazyFrame, got {type(frame).__name__}\n\n"
            "Hint: scan a store with store.scan(...); pl.DataFrame(...) takes dicts and frames of pandas"
        )
        raise FrameError(msg)
    return frame.lazy()


def measured(frame: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """Rows that have a value: null and NaN are none."""
    value, rows = pl.col("value"), as_lazy(frame)
    require(rows, ["value"])
    return rows.with_columns(value.cast(pl.Float64)).filter(value.is_not_null() & value.is_not_nan())


def average(frame: pl.LazyFrame, keys: Sequence[str], over: Sequence[str]) -> pl.LazyFrame:
    """Mean ``value`` over the named columns, one after the other, and the number of ``runs`` behind it.

    The mean over two columns is the mean over the second of means over the first, so that an architecture with more runs
    than another weighs no more.
    """
    runs = pl.len()
    for done in range(1, len(over) + 1):
        frame = frame.group_by([*keys, *over[done:]]).agg(pl.col("value").mean(), runs=runs)
        runs = pl.col("runs").sum()
    return frame


def units(frame: pl.LazyFrame, keys: Sequence[str], over: Sequence[str]) -> pl.LazyFrame:
    """One ``value`` for each value of the last column to average over, and if there are others the ``runs`` behind it."""
    *first, last = over
    return average(frame, [*keys, last], first) if first else frame.select(*keys, last, "value")


def within(keys: Sequence[str], window: pl.Expr) -> pl.Expr:
    """Window over each group, or over the whole frame where there are no keys."""
    return window.over(keys) if keys else window


def spread(over: Sequence[str], quantiles: Sequence[float]) -> list[pl.Expr]:
    """Aggregates that describe how the ``value`` of `units` is spread; the deviation is that of a sample (n - 1)."""
    value = pl.col("value")
    return [
        pl.len().alias("n"),
        pl.col("runs").sum() if len(over) > 1 else pl.len().alias("runs"),
        value.mean().alias("mean"),
        value.std().alias("std"),
        (value.std() / pl.len().sqrt()).alias("sem"),
        *[value.quantile(q, "linear").alias(quantile_name(q)) for q in check_quantiles(quantiles)],
    ]


def quantile_name(quantile: float) -> str:
    """Column of a quantile: ``q25`` for 0.25, ``q2.5`` for 0.025."""
    return f"q{100 * quantile:g}"


def check_quantiles(quantiles: Sequence[float]) -> Sequence[float]:
    """Return the quantiles if all lie in [0, 1]."""
    if wrong := [q for q in quantiles if not 0 <= q <= 1]:
        msg = f"quantiles should lie in [0, 1], got {listed(wrong)}"
        raise InvalidArgumentError(msg)
    return quantiles
