"""Objectives of a trade-off: columns, their directions and their ties, and what is found of the points they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from nbframes import benchmarks
from nbframes.analysis._frames import as_lazy, constant, require
from nbframes.analysis._metrics import UNKNOWN, Rule
from nbframes.analysis._options import names
from nbframes.errors import FrameError, InvalidArgumentError, listed
from nbframes.expr.windows import check_tie
from nbframes.numerics.ties import lexicographic

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from numpy.typing import NDArray

    from nbframes.analysis._options import Names

    Floats = NDArray[np.float64]

Gaps = float | Mapping[str, float] | None

_APART = ("benchmark", "metric", "dataset", "split")
"""Columns whose values are not compared with each other unless the caller says so."""


class Objectives(NamedTuple):
    """The columns to optimise, those to maximise first."""

    names: tuple[str, ...]
    maximised: list[bool]
    tie: Gaps
    told: tuple[str, ...]
    """Columns that name the benchmark, and the metric of an objective called ``value``."""

    @classmethod
    def of(
        cls, frame: pl.DataFrame | pl.LazyFrame, maximise: Names, minimise: Names, objectives: Names, tie: Gaps
    ) -> Self:
        lazy = as_lazy(frame)
        up, down, known = names("maximise", maximise), names("minimise", minimise), names("objectives", objectives)
        if both := [name for name in (*up, *known) if name in down or (name in up and name in known)]:
            msg = f"{listed(both)} cannot be both maximised and minimised: name each objective once"
            raise InvalidArgumentError(msg)
        require(lazy, known)
        for name in known:
            up, down = ((*up, name), down) if _better(lazy, name) == "max" else (up, (*down, name))
        if not up and not down:
            msg = "there is no objective: name columns with maximise= and/or minimise="
            raise InvalidArgumentError(msg)
        for least in tie.values() if isinstance(tie, Mapping) else () if tie is None else (tie,):
            check_tie(least)
        if isinstance(tie, Mapping) and (unknown := [name for name in tie if name not in up + down]):
            msg = f"tie names {listed(unknown)}, which are not objectives; the objectives are {listed(up + down)}"
            raise InvalidArgumentError(msg)
        told = tuple(name for name in ("benchmark", "metric") if name in lazy.collect_schema())
        return cls(up + down, [True] * len(up) + [False] * len(down), tie, told)

    def within_groups(
        self, rows: pl.DataFrame, groups: Sequence[str], measure: Callable[[Floats, Sequence[float]], pl.Series]
    ) -> pl.Series:
        """What ``measure`` finds of the points of each group, one row each, and of the ties of their objectives."""
        apart = [name for name in groups if not constant(rows.get_column(name))]
        parts = rows.select(pl.int_range(pl.len()).alias("_row"), *apart).partition_by(apart) if apart else [None]
        found = []
        for part in parts:
            of_group = rows if part is None else rows[part["_row"]]
            points = np.stack([of_group.get_column(name).cast(pl.Float64).to_numpy() for name in self.names]).T
            told = of_group.select(pl.col(self.told).cast(pl.String)).unique().rows(named=True) if self.told else [{}]
            found.append(measure(points, [self._gap(name, told) for name in self.names]))
        if not apart:
            return found[0]
        places = pl.concat([part["_row"] for part in parts if part is not None])
        return pl.concat(found).gather(places.arg_sort())

    def sorted(self, rows: pl.DataFrame, groups: Sequence[str], *then: str) -> pl.DataFrame:
        """Sort by groups, other columns, then by the objectives, the best first; rows equal in all keep their order."""
        first = [name for name in groups if not constant(rows.get_column(name))]
        if first or any(rows.get_column(name).null_count() for name in then):
            descending = [False] * (len(first) + len(then)) + self.maximised
            return rows.sort([*first, *then, *self.names], descending=descending, nulls_last=True, maintain_order=True)
        columns = [rows.get_column(name).cast(pl.Float64).to_numpy() for name in self.names]
        costs = [-values if best else values for values, best in zip(columns, self.maximised, strict=True)]
        return rows[lexicographic([*(rows.get_column(name).to_numpy() for name in then), *costs])]

    def _gap(self, name: str, told: Sequence[Mapping[str, str | None]]) -> float:
        """Least gap between two values that do not tie: what the caller said, else what the metrics have in common."""
        if self.tie is not None and not (isinstance(self.tie, Mapping) and name not in self.tie):
            return self.tie[name] if isinstance(self.tie, Mapping) else self.tie
        metrics = [(name if name != "value" else row.get("metric"), row.get("benchmark")) for row in told]
        return min((Rule.of_metric(metric, of).tie for metric, of in metrics if metric), default=UNKNOWN.tie)

    def check_reference(self, ref: Mapping[str, float]) -> None:
        """Raise unless there is one finite value for each objective."""
        from math import isfinite

        if set(ref) != set(self.names):
            msg = f"ref must have a value for each objective ({listed(self.names)}); it has {listed(ref)}"
            raise InvalidArgumentError(msg)
        if endless := {name: value for name, value in ref.items() if not isfinite(value)}:
            msg = f"ref must be finite; it has {endless!r}"
            raise InvalidArgumentError(msg)

    def gains(self, rows: pl.DataFrame, ref: Mapping[str, float]) -> Floats:
        """How much better than the reference each row is in each objective, missing values as NaN."""
        columns = (rows.get_column(name).cast(pl.Float64).to_numpy() for name in self.names)
        gains = [
            values - ref[name] if maximised else ref[name] - values
            for name, maximised, values in zip(self.names, self.maximised, columns, strict=True)
        ]
        return np.stack(gains).T

    def groups(self, frame: pl.DataFrame | pl.LazyFrame, by: Names | None) -> tuple[str, ...]:
        """Columns to group by, after making sure that the frame can be used."""
        schema = as_lazy(frame).collect_schema()
        by = (
            tuple(name for name in _APART if name in schema and name not in self.names)
            if by is None
            else names("by", by)
        )
        require(as_lazy(frame), (*by, *self.names))
        if wrong := {name: schema[name] for name in self.names if not schema[name].is_numeric()}:
            kinds = ", ".join(f"{name!r} is {dtype}" for name, dtype in wrong.items())
            msg = f"objectives must be numeric, but {kinds}"
            raise FrameError(msg)
        return by


def _better(frame: pl.LazyFrame, name: str) -> str:
    """Which end of a column is the better one, as its metric says."""
    if name == "value":
        require(frame, ["metric"])
    told = [column for column in ("benchmark", "metric") if column in frame.collect_schema()]
    rows = frame.select(pl.col(told).cast(pl.String)).unique().collect().rows(named=True) if told else [{}]
    metrics = [(name if name != "value" else row["metric"], row.get("benchmark")) for row in rows]
    known = [benchmarks.find_metric(metric, of) for metric, of in metrics if metric is not None]
    better = {None if metric is None else metric.better for metric in known}
    if better not in ({"max"}, {"min"}):
        msg = f"which end of {name!r} is the better one is not known: name it in maximise= or minimise= instead of objectives="
        raise InvalidArgumentError(msg)
    return "max" if better == {"max"} else "min"
