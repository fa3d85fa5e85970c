"""Means over the runs of an architecture, taken in a stated order; rows that are not runs are refused, not averaged.

The rule for values that are missing: a null is not a measurement and is left out. NaN is one, of a run that diverged: every mean with it
is NaN, and NaN is the last in every ranking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import polars as pl

from nbframes import benchmarks
from nbframes.analysis._frames import IDENTITY, Groups, as_lazy, constant, require, sort
from nbframes.analysis._options import Names, names, quantile_name
from nbframes.errors import FrameError, InvalidArgumentError, listed
from nbframes.schema import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbframes.numerics.segments import Runs

    Floats = NDArray[np.float64]

_EXAMPLES: Final = 3
_MEASURED: Final = frozenset(
    (
        "value",
        "final",
        "runs",
        "n",
        "latencies",
        "cumulative_time",
        "rank",
        "regret",
        "pareto_optimal",
        "seed_count",
        "value_std",
    )
)
"""Columns besides metrics and costs that belong to a row: they may differ between the runs of an architecture."""


class Rows(NamedTuple):
    """Rows of a frame as a helper reads them: keys, one column ``value``, and columns that a mean over seeds must not mix."""

    frame: pl.LazyFrame
    groups: Groups
    keys: tuple[str, ...]
    over: tuple[str, ...]
    own: tuple[str, ...]

    @classmethod
    def of(
        cls,
        frame: pl.DataFrame | pl.LazyFrame,
        *,
        value: str,
        by: Names | None,
        over: Names | None = None,
        unit: Iterable[str] = (),
        default: Sequence[str] = ("seed",),
    ) -> Self:
        """Rows of a frame and its groups.

        ``unit`` are columns within a group that tell values apart, ``over`` those to average over, one after the other; by
        default those of ``default`` that the frame has and that are no unit.
        """
        lazy = as_lazy(frame)
        schema = lazy.collect_schema()
        unit = tuple(unit)
        if over is None:
            over = [name for name in default if name in schema and name not in unit]
            require(lazy, [] if over or unit else default[-1:])
        over = names("over", over)
        require(lazy, [*unit, *over, value])
        if not schema[value].is_numeric() and schema[value] not in (pl.Boolean, pl.Null):
            msg = f"the column {value!r} is {schema[value]}, not numeric; it cannot be averaged"
            raise FrameError(msg)
        groups = Groups.of(lazy, by, [*unit, *over])
        keys = _ordered([*groups.keys, *unit])
        if value in (*keys, *over):
            msg = f"the column {value!r} cannot be both the value and a key of the rows"
            raise InvalidArgumentError(msg)
        own = _own(schema.names(), {*keys, *over, value}) if over[:1] == ("seed",) else ()
        chosen = lazy.select(*keys, *over, *own, value=pl.col(value).cast(pl.Float64))
        return cls(chosen, groups, keys, over, own)

    @property
    def schema(self) -> dict[str, Any]:
        """Types of keys and columns to average over."""
        return {name: dtype for name, dtype in self.frame.collect_schema().items() if name not in (*self.own, "value")}

    def means(self, rows: pl.DataFrame, over: Sequence[str] | None = None) -> pl.DataFrame:
        """Mean ``value`` of each key over the columns of ``over``, and the number of ``runs`` behind it, sorted by the keys.

        The mean over two columns is the mean over the second of means over the first, so that an architecture with more runs
        than another weighs no more.
        """
        over = self.over if over is None else over
        rows = _present(rows)
        left = [name for name in self.over if name not in over]
        found, own = rows, self.own
        for done in range(max(1, len(over))):
            keys = _ordered([*self.keys, *over[done + 1 :], *left])
            reduced = _Reduced.of(found, keys, over[done] if over else None, own, spread=False)
            found, own = pl.DataFrame([*reduced.keys, reduced.rows, reduced.mean.alias("value")]), ()
        return found

    def units(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One ``value`` for each key and value of the last column of ``over``, with the ``runs`` behind it."""
        return self.means(rows, self.over[:-1])

    def spread(self, rows: pl.DataFrame, quantiles: Sequence[float] = ()) -> pl.DataFrame:
        """Describe how values are spread over the last column of ``over``: n, runs, mean, std, sem, quantiles."""
        return self._spread(rows, quantiles, in_order=bool(quantiles))[0]

    def spread_and_rows(self, rows: pl.DataFrame, quantiles: Sequence[float] = ()) -> tuple[pl.DataFrame, Floats]:
        """`spread`, and the values behind it: those of the first key, then those of the second, ..."""
        return self._spread(rows, quantiles, in_order=True)

    def _spread(self, rows: pl.DataFrame, quantiles: Sequence[float], *, in_order: bool) -> tuple[pl.DataFrame, Floats]:
        *first, last = self.over
        rows, own = (self.units(rows), ()) if first else (_present(rows), self.own)
        found = _Reduced.of(rows, self.keys, last, own, spread=True, in_order=in_order)
        between = zip(quantiles, found.runs.quantiles(found.values, quantiles), strict=True)
        columns = [*found.keys, found.n, found.rows, found.mean, *found.deviations()]
        return pl.DataFrame([*columns, *(pl.Series(quantile_name(q), value) for q, value in between)]), found.values

    def in_order(self, result: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
        """Sort what `means` or `spread` gave, unless it stands in that order already."""
        stands = [name for name in self.keys if name in result.columns and not constant(result.get_column(name))]
        wanted = [name for name in order if not constant(result.get_column(name))]
        return result if wanted == stands else sort(result, wanted)

    def spread_schema(self, quantiles: Sequence[float] = ()) -> dict[str, Any]:
        """Types of what `spread` gives."""
        keys = {name: dtype for name, dtype in self.schema.items() if name in self.keys}
        floats = dict.fromkeys(["mean", "std", "sem", *map(quantile_name, quantiles)], pl.Float64())
        return keys | {"n": pl.UInt32(), "runs": pl.UInt32()} | floats


def check_over(over: Names | None) -> Names | None:
    """Return the columns to average over, if any were named at least one."""
    if over is not None and not names("over", over):
        msg = f"over={over!r} names no column to average over; name at least one, such as 'seed'"
        raise InvalidArgumentError(msg)
    return over


def _ordered(columns: Sequence[str]) -> tuple[str, ...]:
    """Columns in the order by which the rows of a store are sorted, others behind."""
    known = [name for name in KEY if name in columns]
    return (*known, *(name for name in columns if name not in known))


def _own(columns: Sequence[str], used: set[str]) -> tuple[str, ...]:
    """Columns of the caller's own that no option names."""
    known = {*_MEASURED, *benchmarks.metric_names(), *(cost.name for cost in benchmarks.COSTS)}
    return tuple(name for name in columns if name not in used and name not in known and name not in IDENTITY)


class _Reduced(NamedTuple):
    """Rows reduced to one per key; columns, not a frame: each step of a frame costs more than the work on a space of some thousands."""

    keys: list[pl.Series]
    n: pl.Series
    """Values of each key."""
    rows: pl.Series
    """Rows of the frame behind them, called ``runs``."""
    mean: pl.Series
    runs: Runs
    values: Floats
    """The values, in the order of the keys if that was asked for."""

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        keys: Sequence[str],
        over: str | None,
        own: Sequence[str],
        *,
        spread: bool,
        in_order: bool = False,
    ) -> Self:
        """Reduce rows, none of which may share all keys and ``over`` with another."""
        import numpy as np

        from nbframes.analysis._keys import KeyColumns

        told_apart = [*keys, *([over] if over else [])]
        columns, values = KeyColumns.of(rows, told_apart), rows.get_column("value").to_numpy()
        before = rows.get_column("runs").to_numpy().astype(np.int64) if "runs" in rows.columns else None
        near = None if in_order or before is not None else columns.neighbours(over, values, spread=spread)
        if near:
            units, found = near
            places = np.arange(len(units.packed))
        else:
            units = columns.packed(rows.height).sorted()
            if units.repeated:
                refuse_repeated(rows, told_apart)
            values = units.in_order(values)
            found = units.reduced([over] if over else [], values, spread=spread)
            places = found.starts
        if own:
            _refuse_mixed(rows, keys, own)
        n = pl.Series("n", found.counts.view(np.uint32))
        behind = n.alias("runs")
        if before is not None and len(n):
            behind = pl.Series("runs", np.add.reduceat(units.in_order(before), found.starts).astype(np.uint32))
        mean = pl.Series("mean", found.mean, dtype=pl.Float64)
        untouched = units.order is None and len(n) == rows.height
        named = [rows.get_column(name) for name in keys] if untouched else units.unpacked(places, keys)
        return cls(named, n, behind, mean, found, values)

    def deviations(self) -> tuple[pl.Series, pl.Series]:
        """Standard deviation and standard error of the mean; null of a single value."""
        std = pl.Series("std", self.runs.std, dtype=pl.Float64)
        alone = self.n == 1
        if alone.any():
            std = std.set(alone, None)
        return std, (std / self.n.sqrt()).alias("sem")


def _present(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop_nulls("value") if rows.get_column("value").null_count() else rows


def refuse_repeated(rows: pl.DataFrame, keys: Sequence[str]) -> None:
    """Explain which rows share a key."""
    repeated = rows.filter(pl.struct(keys).is_duplicated()) if keys else rows
    first = repeated.select(keys).unique(maintain_order=True).head(_EXAMPLES) if keys else repeated.select()
    examples = "; ".join(_described(repeated, row) for row in first.iter_rows(named=True)) if keys else ""
    varying = [
        name for name in repeated.columns if name not in (*keys, "value", "runs") and _differs(repeated, keys, name)
    ]
    apart = f"\n\nThey differ in {listed(varying)}." if varying else ""
    hint = (
        f"name {listed(varying)} in by or over, or filter the frame to one value"
        if varying
        else "has a join repeated the rows? frame.unique() drops equal ones; else filter, or name the column that tells them apart in by or over"
    )
    msg = (
        f"the frame has several rows for the same {listed(keys)}: {repeated.height:,} of {rows.height:,} rows share theirs with "
        f"another, which would count as runs of their own. For example {examples}{apart}\n\nHint: {hint}"
    )
    raise FrameError(msg)


def _described(repeated: pl.DataFrame, key: dict[str, Any]) -> str:
    same = [pl.col(name).eq_missing(pl.lit(value, dtype=repeated.schema[name])) for name, value in key.items()]
    shown = "value" if "value" in repeated.columns else next(name for name in repeated.columns if name not in key)
    values = repeated.filter(same).get_column(shown).head(_EXAMPLES).to_list()
    place = ", ".join(f"{name}={value!r}" for name, value in key.items())
    return f"{place}: {', '.join(map(str, values))}"


def _differs(rows: pl.DataFrame, keys: Sequence[str], name: str) -> bool:
    pairs = rows.select(*keys, pl.col(name))
    return pairs.unique().height > rows.select(keys).unique().height


def _refuse_mixed(rows: pl.DataFrame, keys: Sequence[str], own: Sequence[str]) -> None:
    """Explain which columns of the caller's own differ between the runs that would be averaged."""
    mixed = [name for name in own if not rows.schema[name].is_nested() and _differs(rows, keys, name)]
    if mixed:
        example = mixed[0]
        msg = (
            f"the runs that would be averaged differ in {listed(mixed)}, columns of your own "
            f"({example}: {listed(rows.get_column(example).unique().sort())})\n\n"
            f"Hint: name them in by (or in over, if they are to be averaged over), filter the frame to one value, "
            f"or drop them if they do not matter: frame.drop({', '.join(map(repr, mixed))})"
        )
        raise FrameError(msg)
