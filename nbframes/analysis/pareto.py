"""Trade-offs: Pareto fronts, the fronts behind them, and the hypervolume they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
import polars as pl

from nbframes import benchmarks
from nbframes.analysis._frames import answer, as_lazy, constant, require
from nbframes.analysis._metrics import UNKNOWN, Rule
from nbframes.analysis._options import names
from nbframes.errors import FrameError, InvalidArgumentError, listed
from nbframes.expr.windows import check_tie

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame
    from nbframes.analysis._options import Names

    Floats = NDArray[np.float64]

Gaps = float | Mapping[str, float] | None

_APART = ("benchmark", "metric", "dataset", "split")
"""Columns whose values are not compared with each other unless the caller says so."""


def pareto_front(
    frame: Frame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    objectives: Names = (),
    by: Names | None = None,
    keep_weakly: bool = True,
    tie: Gaps = None,
) -> Frame:
    """Rows that no other row dominates: none is at least as good in every objective and better in one.

    Parameters
    ----------
    frame
        One row per candidate, its objectives in columns; any other columns are kept.
    maximise, minimise
        Columns to maximise and to minimise: any number of each, at least one altogether.
    objectives
        More objectives whose direction their metric says: an accuracy is maximised; a loss, ``params`` or a registered cost is
        minimised; ``value`` follows the column ``metric``.
    by
        Columns whose values make groups; each group has a front of its own. By default those of benchmark, metric, dataset
        and split that the frame has; ``()`` compares all rows with each other.
    keep_weakly
        Whether rows tied in every objective are all kept, or only the first of them in the order of the frame.
    tie
        Least gap in sorted order between two values of an objective that do not tie, for all or by name; by default that of its
        metric: 1e-5 for accuracies in percent, and for ``value`` where the frame does not say what was measured, else 0.

    Returns
    -------
    DataFrame or LazyFrame
        The rows on the fronts with all their columns, sorted by ``by``, then by the objectives, best first.

    Raises
    ------
    FrameError
        If a column is missing, or an objective is not numeric.
    InvalidArgumentError
        If there is no objective, one is named twice, or nobody registered which end of one of ``objectives`` is the better.

    See Also
    --------
    nondominated_rank : The fronts behind the first.
    hypervolume : How much a front covers, as one number.
    nbframes.pareto_optimal : The same as an expression.

    Notes
    -----
    Of values that tie within a group none is better than another. Rows with a null or NaN in an objective are on no front and dominate nothing.

    The rows are taken as they are: average seeds first where the mean is meant.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame(
    ...     {"arch": [0, 1, 2, 3], "accuracy": [91.5, 93.0, 93.0, 90.0], "params": [1.1, 0.8, 1.3, 0.2]}
    ... )
    >>> nbf.pareto_front(archs, maximise="accuracy", minimise="params")
    shape: (2, 3)
    ┌──────┬──────────┬────────┐
    │ arch ┆ accuracy ┆ params │
    │ ---  ┆ ---      ┆ ---    │
    │ i64  ┆ f64      ┆ f64    │
    ╞══════╪══════════╪════════╡
    │ 1    ┆ 93.0     ┆ 0.8    │
    │ 3    ┆ 90.0     ┆ 0.2    │
    └──────┴──────────┴────────┘
    """
    aims = _Objectives.of(frame, maximise, minimise, objectives, tie)
    groups = aims.groups(frame, by)

    def on_front(points: Floats, ties: Sequence[float]) -> pl.Series:
        from nbframes.numerics import pareto

        mask = pareto.nondominated_mask(points, maximise=aims.maximised, keep_weakly=keep_weakly, tie=ties)
        return pl.Series(mask, dtype=pl.Boolean)

    def fronts(rows: pl.DataFrame) -> pl.DataFrame:
        return aims.sorted(rows.filter(aims.within_groups(rows, groups, on_front)), groups)

    return answer(frame, as_lazy(frame), fronts, as_lazy(frame).collect_schema())


def nondominated_rank(
    frame: Frame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    objectives: Names = (),
    by: Names | None = None,
    name: str = "front",
    tie: Gaps = None,
) -> Frame:
    """Number of the front on which each row is: 1 for the Pareto front, 2 for the front of the rest, and so on.

    Parameters
    ----------
    frame
        One row per candidate, its objectives in columns; any other columns are kept.
    maximise, minimise
        Columns to maximise and to minimise: any number of each, at least one altogether.
    objectives
        More objectives whose direction their metric says: an accuracy is maximised; a loss, ``params`` or a registered cost is
        minimised; ``value`` follows the column ``metric``.
    by
        Columns whose values make groups, as for `pareto_front`.
    name
        Name of the new column.
    tie
        Least gap in sorted order between two values of an objective that do not tie, for all or by name; by default that of its
        metric: 1e-5 for accuracies in percent, and for ``value`` where the frame does not say what was measured, else 0.

    Returns
    -------
    DataFrame or LazyFrame
        All rows and the UInt32 column ``name``, null for rows with a null or NaN in an objective. Sorted by ``by``, front
        (nulls last), then by the objectives, best first.

    Raises
    ------
    FrameError
        If a column is missing, an objective is not numeric, or the frame already has a column ``name``.
    InvalidArgumentError
        If there is no objective, one is named twice, or nobody registered which end of one of ``objectives`` is the better.

    Notes
    -----
    Ties as in `pareto_front`; rows tied in every objective share a front. Known as non-dominated sorting [1]_.

    References
    ----------
    .. [1] K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II.
       IEEE Transactions on Evolutionary Computation 6 (2002).

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import nondominated_rank
    >>> archs = pl.DataFrame({"accuracy": [91.5, 93.0, 93.0, 90.0], "params": [1.1, 0.8, 1.3, 0.2]})
    >>> nondominated_rank(archs, maximise="accuracy", minimise="params")
    shape: (4, 3)
    ┌──────────┬────────┬───────┐
    │ accuracy ┆ params ┆ front │
    │ ---      ┆ ---    ┆ ---   │
    │ f64      ┆ f64    ┆ u32   │
    ╞══════════╪════════╪═══════╡
    │ 93.0     ┆ 0.8    ┆ 1     │
    │ 90.0     ┆ 0.2    ┆ 1     │
    │ 93.0     ┆ 1.3    ┆ 2     │
    │ 91.5     ┆ 1.1    ┆ 2     │
    └──────────┴────────┴───────┘
    """
    aims = _Objectives.of(frame, maximise, minimise, objectives, tie)
    if name in as_lazy(frame).collect_schema():
        msg = f"the frame already has a column {name!r}: choose another name for the front with name="
        raise FrameError(msg)
    groups = aims.groups(frame, by)

    def front(points: Floats, ties: Sequence[float]) -> pl.Series:
        from nbframes.numerics import pareto

        ranks = pareto.nondominated_rank(points, maximise=aims.maximised, tie=ties)
        return pl.Series(ranks, dtype=pl.UInt32).replace(0, None)

    def ranked(rows: pl.DataFrame) -> pl.DataFrame:
        return aims.sorted(rows.with_columns(aims.within_groups(rows, groups, front).alias(name)), groups, name)

    return answer(frame, as_lazy(frame), ranked, {**as_lazy(frame).collect_schema(), name: pl.UInt32()})


@overload
def hypervolume(
    frame: pl.DataFrame,
    /,
    *,
    ref: Mapping[str, float],
    maximise: Names = ...,
    minimise: Names = ...,
    objectives: Names = ...,
    by: Names | None = ...,
) -> pl.DataFrame: ...
@overload
def hypervolume(
    frame: pl.LazyFrame,
    /,
    *,
    ref: Mapping[str, float],
    maximise: Names = ...,
    minimise: Names = ...,
    objectives: Names = ...,
    by: Names | None = ...,
) -> pl.LazyFrame: ...
def hypervolume(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ref: Mapping[str, float],
    maximise: Names = (),
    minimise: Names = (),
    objectives: Names = (),
    by: Names | None = None,
) -> pl.DataFrame | pl.LazyFrame:
    """Volume of the space between a reference point and the front: of all points that some row is at least as good as.

    Parameters
    ----------
    frame
        One row per candidate, its objectives in columns.
    ref
        The reference point, one finite value for every objective. Rows that are not better than it everywhere add nothing.
    maximise, minimise
        Columns to maximise and to minimise: any number of each, at least one altogether.
    objectives
        More objectives whose direction their metric says: an accuracy is maximised; a loss, ``params`` or a registered cost is
        minimised; ``value`` follows the column ``metric``.
    by
        Columns whose values make groups, as for `pareto_front`.

    Returns
    -------
    DataFrame or LazyFrame
        One row per group, sorted: ``by``, ``hypervolume`` (Float64, in the product of the objectives' units), ``n`` (rows
        without null or NaN in the objectives), ``n_better`` (those of them that are better than ``ref`` everywhere).

    Raises
    ------
    FrameError
        If a column is missing, or an objective is not numeric.
    InvalidArgumentError
        If there is no objective, one is named twice, or ``ref`` does not have one finite value for each.

    See Also
    --------
    pareto_front : The rows that make the hypervolume.

    Notes
    -----
    Exact up to rounding, whatever the number of objectives, by moocore [1]_. It is a volume of raw values: rescale the objectives first to
    make their units comparable, take the logarithm of costs that span decades.

    References
    ----------
    .. [1] A. P. Guerreiro, C. M. Fonseca, L. Paquete: The Hypervolume Indicator: Computational Problems and Algorithms.
       ACM Computing Surveys 54 (2021).

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame({"accuracy": [91.5, 93.0, 90.0], "params": [1.1, 0.8, 0.2]})
    >>> nbf.hypervolume(archs, maximise="accuracy", minimise="params", ref={"accuracy": 80.0, "params": 1.2})
    shape: (1, 3)
    ┌─────────────┬─────┬──────────┐
    │ hypervolume ┆ n   ┆ n_better │
    │ ---         ┆ --- ┆ ---      │
    │ f64         ┆ u32 ┆ u32      │
    ╞═════════════╪═════╪══════════╡
    │ 11.2        ┆ 3   ┆ 3        │
    └─────────────┴─────┴──────────┘
    """
    aims = _Objectives.of(frame, maximise, minimise, objectives, 0.0)
    groups = aims.groups(frame, by)
    gains = aims.gains(ref)

    def volume_of(columns: Sequence[pl.Series]) -> pl.Series:
        from nbframes.numerics.hypervolume import volume

        return pl.Series([volume(_points(columns))], dtype=pl.Float64)

    measures = [
        pl.map_batches(gains, volume_of, return_dtype=pl.Float64, returns_scalar=True).alias("hypervolume"),
        pl.all_horizontal(gain.is_not_nan() for gain in gains).sum().alias("n"),
        pl.all_horizontal((gain > 0) & gain.is_not_nan() for gain in gains).sum().alias("n_better"),
    ]
    lazy = as_lazy(frame)
    result = lazy.group_by(groups).agg(measures).sort(groups, nulls_last=True) if groups else lazy.select(measures)
    return result.collect() if isinstance(frame, pl.DataFrame) else result


class _Objectives(NamedTuple):
    """The columns to optimise, those to maximise first."""

    names: tuple[str, ...]
    maximised: list[bool]
    tie: Gaps
    metric: str | None
    """Column that names the metric of an objective called ``value``."""

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
            msg = f"tie names {listed(unknown)}, which are no objectives; those are {listed(up + down)}"
            raise InvalidArgumentError(msg)
        metric = "metric" if "value" in up + down and "metric" in lazy.collect_schema() else None
        return cls(up + down, [True] * len(up) + [False] * len(down), tie, metric)

    @property
    def columns(self) -> list[pl.Expr]:
        return [pl.col(name).cast(pl.Float64) for name in self.names]

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
            metrics = of_group.get_column(self.metric).unique().cast(pl.String).to_list() if self.metric else []
            found.append(measure(points, [self._gap(name, metrics) for name in self.names]))
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
        return rows[np.lexsort([*costs[::-1], *(rows.get_column(name).to_numpy() for name in reversed(then))])]

    def _gap(self, name: str, metrics: Sequence[str | None]) -> float:
        """Least gap between two values that do not tie: what the caller said, else what the metrics have in common."""
        if self.tie is not None and not (isinstance(self.tie, Mapping) and name not in self.tie):
            return self.tie[name] if isinstance(self.tie, Mapping) else self.tie
        if name != "value":
            return Rule.of_metric(name).tie
        return min((Rule.of_metric(metric).tie for metric in metrics if metric), default=UNKNOWN.tie)

    def gains(self, ref: Mapping[str, float]) -> list[pl.Expr]:
        """How much better than the reference, missing values as NaN."""
        from math import isfinite

        if set(ref) != set(self.names):
            msg = f"ref must have a value for each objective ({listed(self.names)}); it has {listed(ref)}"
            raise InvalidArgumentError(msg)
        if endless := {name: value for name, value in ref.items() if not isfinite(value)}:
            msg = f"ref must be finite; it has {endless!r}"
            raise InvalidArgumentError(msg)
        return [
            (column - ref[name] if maximised else ref[name] - column).fill_null(float("nan"))
            for name, maximised, column in zip(self.names, self.maximised, self.columns, strict=True)
        ]

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
    metrics = [name]
    if name == "value":
        require(frame, ["metric"])
        metrics = frame.select(pl.col("metric").cast(pl.String).unique()).collect().to_series().to_list()
    known = [benchmarks.find_metric(metric) for metric in metrics if metric is not None]
    better = {None if metric is None else metric.better for metric in known}
    if better not in ({"max"}, {"min"}):
        msg = f"which end of {name!r} is the better one is not known: name it in maximise= or minimise= instead of objectives="
        raise InvalidArgumentError(msg)
    return "max" if better == {"max"} else "min"


def _points(columns: Sequence[pl.Series]) -> Floats:
    return np.stack([column.to_numpy() for column in columns]).T
