"""What all helpers share: checked columns, groups that never mix unlike things, results in the form of what was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import polars as pl

from nbframes.analysis._memory import check_fits
from nbframes.analysis._options import Names, names
from nbframes.errors import FrameError, InvalidArgumentError, listed
from nbframes.schema import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

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

    def check(self, result: pl.DataFrame, option: str = "by") -> None:
        """Raise if a fixed column varies within a group; ``option`` is where the caller can name it."""
        varying = [name for name in self.fixed if not constant(result.get_column(name))]
        if not varying:
            return
        counts = pl.col(*varying).n_unique()
        found = result.group_by(self.by).agg(counts) if self.by else result.select(counts)
        if mixed := [name for name in varying if (found.get_column(name) > 1).any()]:
            values = "; ".join(f"{name}: {listed(result.get_column(name).unique().sort())}" for name in mixed)
            msg = (
                f"the frame holds several values of {listed(mixed)} that would be thrown together ({values})\n\n"
                f"Hint: filter the frame to one of them, or name the column in {option}"
            )
            raise FrameError(msg)


def require(frame: pl.LazyFrame, columns: Iterable[str]) -> None:
    """Raise if the frame lacks one of the columns."""
    available = frame.collect_schema().names()
    if missing := [name for name in columns if name not in available]:
        raise FrameError.missing_columns(missing, available)


def as_lazy(frame: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """Check that what a caller passed is a frame of Polars, and take it lazily."""
    if not isinstance(frame, (pl.DataFrame, pl.LazyFrame)):
        kind = type(frame)
        package = kind.__module__.partition(".")[0]
        named = kind.__name__ if package == "builtins" else f"{package}.{kind.__name__}"
        msg = (
            f"expected a polars DataFrame or LazyFrame, got {named}\n\n"
            "Hint: scan a store with store.scan(...); pl.DataFrame(...) takes dicts and frames of pandas"
        )
        raise FrameError(msg)
    return frame.lazy()


def returned(frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str], helper: str) -> pl.LazyFrame:
    """The frame of a helper as another takes it, checked for the columns that this one needs."""
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        msg = f"expected the frame that {helper} returns, got {type(frame).__name__}"
        raise FrameError(msg)
    names = frame.collect_schema().names()
    if missing := [name for name in columns if name not in names]:
        raise FrameError.missing_columns(missing, names, f"pass the frame that {helper} returns")
    return frame.lazy()


def answer(
    given: Frame, rows: pl.LazyFrame, work: Callable[[pl.DataFrame], pl.DataFrame], schema: Mapping[str, Any]
) -> Frame:
    """Apply ``work`` to the collected rows, at once if the caller gave a DataFrame, else when the result is collected.

    Rows that do not fit into memory are refused now.
    """
    check_fits(given, rows)
    if isinstance(given, pl.DataFrame):
        return work(rows.collect(engine="in-memory"))  # the streaming one starts threads to select columns
    return rows.map_batches(
        work, schema=dict(schema), predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
    )


def constant(column: pl.Series) -> bool:
    """Whether all values of a column are the same."""
    if not len(column):
        return True
    if column.null_count():
        return column.null_count() == len(column)
    if column.dtype.is_nested():
        return column.n_unique() == 1
    first = column.head(1)
    return bool((column.tail(1) == first).all() and (column == first).all())  # NaN equals NaN in Polars


def sort(frame: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """Sort by some columns; those with one value, of names mostly, would take longer than the rest."""
    varying = [name for name in order if not constant(frame.get_column(name))]
    return frame.sort(varying, maintain_order=True) if varying else frame
