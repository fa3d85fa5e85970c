"""Pairs of rankings of the same architectures, one matrix of values for each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.analysis._frames import answer, constant
from nbframes.analysis._means import Rows
from nbframes.analysis._options import names
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed
from nbframes.numerics.segments import numbers

_CONDITIONS: Final = ("dataset", "split", "schedule", "budget")
"""Under what a metric was measured. Two metrics of a network are compared although one has no split, say, and the other has."""

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._metrics import Comparing
    from nbframes.analysis._options import Names

    Array = NDArray[Any]


class Table(NamedTuple):
    """The architectures' mean values within one group."""

    group: pl.DataFrame
    """One row: the group's values of ``by``."""
    conditions: list[pl.Series]
    """Further columns of ``by``, of which each level has a value of its own."""
    levels: pl.DataFrame
    """What is compared: the values of ``between``, sorted."""
    values: Array
    """A row for each level, a column for each architecture."""
    has: Array
    """Which level has which architecture."""
    metrics: list[tuple[str | None, str | None]]
    """Metric and benchmark of each level, as far as the frame names them."""
    first: Array
    second: Array
    """Rows of the levels to compare, pair by pair."""

    def rules(self, comparing: Comparing) -> tuple[bool, Array]:
        """Whether the largest values are the best (also where the levels disagree), and a column of their ties."""
        rules = [comparing.rule(*names) for names in self.metrics]
        alike = len({rule.maximise for rule in rules}) == 1
        return rules[0].maximise if alike else True, np.array([[rule.tie] for rule in rules])

    def repeated(self, times: int) -> Table:
        """Table with each pair so many times."""
        return self._replace(first=np.repeat(self.first, times), second=np.repeat(self.second, times))

    def rows(self, found: Mapping[str, Array]) -> pl.DataFrame:
        """Result of the group: the columns of ``by``, both levels of each pair, and what was found for it."""
        group = [column.new_from_index(0, len(self.first)) for column in self.group.iter_columns()]
        ends = [
            column[rows].alias(f"{column.name}{end}")
            for rows, end in ((self.first, "_a"), (self.second, "_b"))
            for column in self.levels.iter_columns()
        ]
        shared = []
        for column in self.conditions:
            a, b = column[self.first], column[self.second]
            shared.append(pl.select(pl.when(a.eq_missing(b)).then(a)).to_series().alias(column.name))
        return pl.DataFrame([*group, *shared, *ends, *(pl.Series(name, values) for name, values in found.items())])


class _Matrix(NamedTuple):
    """Mean values, a row for each level and a column for each architecture, both in ascending order."""

    values: Array
    has: Array
    first: Array
    """First row of the means of each level."""


class Pairs(NamedTuple):
    """What is compared with what: levels of ``between`` within each group, on the architectures that two of them share."""

    groups: Groups
    rows: Rows
    between: tuple[str, ...]
    on: tuple[str, ...]
    against: tuple[Any, ...] | None
    conditions: tuple[str, ...]
    """Columns of ``by`` that do not part what is compared, as long as each level has one value of them."""

    @classmethod
    def of(
        cls,
        frame: pl.DataFrame | pl.LazyFrame,
        between: Names,
        *,
        value: str,
        by: Names | None,
        on: Names,
        over: Names | None,
        against: object = None,
    ) -> Pairs:
        """Comparison within a frame, with its options checked."""
        between, on = names("between", between), names("on", on)
        if not between:
            msg = "between names no column whose values could be compared"
            raise InvalidArgumentError(msg)
        averaged = () if over is None else names("over", over)
        if clash := [name for name in between if name in on or name in averaged]:
            msg = f"cannot compare values of {listed(clash)} with one another: on={list(on)} and over={list(averaged)} use them"
            raise InvalidArgumentError(msg)
        reference = against if isinstance(against, tuple) else None if against is None else (against,)
        if reference is not None and len(reference) != len(between):
            msg = f"against={against!r} should have one value for each column of between={list(between)}"
            raise InvalidArgumentError(msg)
        rows = Rows.of(frame, value=value, by=by, over=over, unit=[*between, *on])
        free = by is None and between == ("metric",)
        conditions = tuple(name for name in rows.groups.by if name in _CONDITIONS) if free else ()
        return cls(rows.groups, rows, between, on, reference, conditions)

    def result(self, frame: Frame, compare: Callable[[Table], pl.DataFrame], found: Mapping[str, Any]) -> Frame:
        """Apply ``compare`` to the table of each group, which gives the columns ``found``; NaN becomes null."""
        given = frame.lazy().collect_schema()
        ends = {f"{name}_{end}": given[name] for end in "ab" for name in self.between}
        schema = {name: given[name] for name in self.groups.by} | ends | dict(found)

        def compared(rows: pl.DataFrame) -> pl.DataFrame:
            parts = [compare(table) for table in self._tables(rows)]
            whole = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
            return whole.select(list(schema)).cast(schema).with_columns(pl.col(pl.Float64).fill_nan(None))

        return answer(frame, self.rows.frame, compared, schema)

    def _tables(self, frame: pl.DataFrame) -> list[Table]:
        """Tables of the groups that hold something to compare."""
        means = self.rows.means(frame)
        self.groups.check(means, "between or by")
        apart = [name for name in self.groups.by if not constant(means.get_column(name))]
        conditions = self._conditions(means, apart)
        by = [name for name in apart if name not in conditions]
        parts = means.sort(by, maintain_order=True).partition_by(by, maintain_order=True) if by else [means]
        tables = [table for part in parts if len((table := self._table(part, conditions)).first)]
        if not tables and len(means):
            self._explain(means)
        return tables

    def _conditions(self, means: pl.DataFrame, apart: Sequence[str]) -> list[str]:
        names = [name for name in apart if name in self.conditions]
        if not names:
            return names
        values = means.group_by(self.between).agg(pl.col(names).n_unique())
        return [name for name in names if (values.get_column(name) == 1).all()]

    def _table(self, means: pl.DataFrame, conditions: Sequence[str]) -> Table:
        matrix = self._in_order(means) or self._scattered(means)
        levels, first = means.select(self.between)[matrix.first], means[matrix.first]
        labels = [
            first.get_column(name).cast(pl.String).to_list() if name in first.columns else [None] * len(first)
            for name in ("metric", "benchmark")
        ]
        metrics = list(zip(*labels, strict=True))
        group = means.select(name for name in self.groups.by if name not in conditions).head(1)
        conditional = first.select(conditions).get_columns()
        return Table(group, conditional, levels, matrix.values, matrix.has, metrics, *self._pairs(levels))

    def _in_order(self, means: pl.DataFrame) -> _Matrix | None:
        """Matrix of rows that stand as every architecture with the same levels, all in ascending order: nothing has to be looked up."""
        columns = [means.get_column(name) for name in (*self.on, *self.between)]
        usual = len(columns) == 2 and all(column.dtype.is_integer() and not column.null_count() for column in columns)
        if not usual or not len(means):
            return None
        arch, level = (column.to_numpy() for column in columns)
        n, edges = len(arch), np.flatnonzero(arch[1:] != arch[:-1]) + 1
        width = int(edges[0]) if len(edges) else n
        if (
            n % width
            or not np.array_equal(edges, np.arange(width, n, width))
            or (level[width:] != level[:-width]).any()
        ):
            return None
        if not ((arch[edges] > arch[edges - 1]).all() and (level[1:width] > level[: width - 1]).all()):
            return None
        values = np.ascontiguousarray(means.get_column("value").to_numpy().reshape(-1, width).T)
        return _Matrix(values, np.full(values.shape, fill_value=True), np.arange(width))

    def _scattered(self, means: pl.DataFrame) -> _Matrix:
        """Matrix of rows in any order, of which some may be missing."""
        levels, level = _numbered(means, self.between)
        archs, arch = _numbered(means, self.on)
        size, complete = (levels, archs), len(means) == levels * archs
        cell = level * archs + arch
        values, has = np.empty(size) if complete else np.full(size, np.nan), np.full(size, complete)
        values.ravel()[cell] = means.get_column("value").to_numpy()
        if not complete:
            has.ravel()[cell] = True
        first = np.empty(levels, np.int64)
        first[level[::-1]] = np.arange(len(level))[::-1]
        return _Matrix(values, has, first)

    def _pairs(self, levels: pl.DataFrame) -> tuple[Array, Array]:
        if self.against is None:
            first, second = np.triu_indices(len(levels), 1)
            return first, second
        reference = np.flatnonzero([row == self.against for row in levels.iter_rows()])
        first = np.delete(np.arange(len(levels)), reference) if len(reference) else reference
        return first, np.broadcast_to(reference, first.shape)

    def _explain(self, means: pl.DataFrame) -> None:
        levels = means.select(self.between).unique().sort(self.between).rows()
        if self.against is not None and self.against not in levels:
            known = [row[0] if len(row) == 1 else row for row in levels]
            against = self.against[0] if len(self.against) == 1 else self.against
            kind = f"value of {', '.join(self.between)}"
            raise UnknownNameError.of(kind, against, known, "against should be one of them")
        msg = f"there is nothing to compare: within each group the frame has a single value of {listed(self.between)}"
        varying = [name for name in self.groups.by if means.get_column(name).n_unique() > 1]
        hint = f"\n\nHint: {listed(varying)} vary with it; name them in between, too" if len(levels) > 1 else ""
        raise FrameError(msg + hint)


def _numbered(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[int, Array]:
    """How many distinct values some columns have, and for each row of the frame which of them, in sorted order, it has."""
    keys = frame.select(columns)
    if keys.width == 1 and keys.dtypes[0].is_integer() and not keys.to_series().null_count():
        values, number = numbers(keys.to_series().to_numpy())
        return len(values), number
    distinct = keys.unique().sort(columns)
    found = keys.join(distinct.with_row_index("_"), columns, "left", nulls_equal=True, maintain_order="left")
    return len(distinct), found.get_column("_").to_numpy()
