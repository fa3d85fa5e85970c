"""Windows over results, for ``with_columns``: elapsed time, ranks, regrets, Pareto fronts."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from numbers import Real
from typing import Literal

import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.schema import TIE

RankMethod = Literal["average", "min", "max", "dense", "ordinal", "random"]
"""What values that tie get, as `polars.Expr.rank` has it."""

Objectives = str | pl.Expr | Sequence[str | pl.Expr] | None

_RUN = ("benchmark", "metric", "dataset", "split", "arch", "schedule", "seed")


def cumulative_time() -> pl.Expr:
    """Seconds that a run took up to each row's budget, as ``cumulative_time``.

    Rows of metric ``epoch_time`` get the sum of their run's epochs ``1..budget`` in ascending order, within their split;
    rows of metric ``time`` get their value, which is cumulative as published; all others get null. So does a row whose
    earlier epochs are not all in the frame: apply it before filtering by budget.

    Returns
    -------
    Expr
        Float64, in seconds, called ``cumulative_time``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> run = {"benchmark": "nats-tss", "metric": "epoch_time", "dataset": "cifar10", "split": "train", "arch": 0}
    >>> frame = pl.DataFrame([run | {"schedule": 12, "seed": 111, "budget": b, "value": 24.5} for b in (1, 2, 4)])
    >>> frame.select("budget", nbf.cumulative_time()).rows()
    [(1, 24.5), (2, 49.0), (4, None)]
    """
    elapsed = pl.col("value").cum_sum().over(_RUN, order_by="budget")
    epochs = pl.col("budget").cum_count().over(_RUN, order_by="budget")
    whole = epochs == pl.col("budget")
    return (
        pl.when((pl.col("metric") == "epoch_time") & whole)
        .then(elapsed)
        .when(pl.col("metric") == "time")
        .then(pl.col("value"))
        .alias("cumulative_time")
    )


def tied(value: str | pl.Expr = "value", *, tie: float = TIE) -> pl.Expr:
    """Values in which all of a tie are the same number: its smallest.

    Parameters
    ----------
    value
        Column or expression.
    tie
        In sorted order a new tie begins where the gap to the value before is at least this; 0 for equal values only.

    Returns
    -------
    Expr
        Float64; null stays null and NaN stays NaN.

    Raises
    ------
    InvalidArgumentError
        If ``tie`` is negative or not finite.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.expr import tied
    >>> pl.DataFrame({"value": [2.0, 1.0, 2.0 + 1e-7]}).select(tied() == 2.0).to_series().to_list()
    [True, False, True]
    """
    tie = check_tie(tie)

    def lowest(values: pl.Series) -> pl.Series:
        from nbframes.numerics.ties import Ties

        ties = Ties.of(values.to_numpy(), tie)
        return pl.Series(ties.of_rows(ties.lowest), dtype=pl.Float64).set(values.is_null(), None)

    return _column(value).cast(pl.Float64).map_batches(lowest, return_dtype=pl.Float64)


def rank(
    value: str | pl.Expr = "value", *, maximise: bool = True, method: RankMethod = "min", tie: float = TIE
) -> pl.Expr:
    """Rank of each row, 1 for the best, as ``rank``; use ``.over(...)`` to rank within groups.

    Values that tie share a rank. NaN, as of a run that diverged, comes last; null has no rank.

    Parameters
    ----------
    value
        Column or expression to rank by.
    maximise
        Whether the largest value is the best.
    method
        What a tie gets, as in `polars.Expr.rank`: by default the best rank of the tie.
    tie
        In sorted order a new tie begins where the gap to the value before is at least this; 0 for equal values only. The
        default suits accuracies in percent, not losses, times or costs: an expression does not see the metric.

    Returns
    -------
    Expr
        For ``select`` and ``with_columns``.

    Raises
    ------
    InvalidArgumentError
        If ``tie`` is negative or not finite.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> means = pl.DataFrame({"arch": [0, 1, 2], "value": [90.0, 94.0, 94.0]})
    >>> means.select(nbf.rank()).to_series().to_list()
    [3, 1, 1]
    """
    tie = check_tie(tie)

    def place(values: pl.Series) -> pl.Series:
        from nbframes.numerics.ties import codes

        costs = -values.to_numpy() if maximise else values.to_numpy()
        return pl.Series(codes(costs, tie), dtype=pl.UInt32).set(values.is_null(), None)

    places = _column(value).cast(pl.Float64).map_batches(place, return_dtype=pl.UInt32)
    return places.rank(method).alias("rank")


def regret(value: str | pl.Expr = "value", *, maximise: bool = True, tie: float = TIE) -> pl.Expr:
    """How much each row falls short of the best, as ``regret``; use ``.over(...)`` for the best of each group.

    Values that tie with the best have regret 0; the regret of NaN is NaN, that of null is null.

    Parameters
    ----------
    value
        Column or expression.
    maximise
        Whether the largest value is the best.
    tie
        As for `rank`.

    Returns
    -------
    Expr
        In the unit of the value, for ``select`` and ``with_columns``.

    Raises
    ------
    InvalidArgumentError
        If ``tie`` is negative or not finite.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> pl.DataFrame({"value": [90.0, 94.5]}).select(nbf.regret()).to_series().to_list()
    [4.5, 0.0]
    """
    values = tied(value, tie=tie)
    return (values.max() - values if maximise else values - values.min()).alias("regret")


def pareto_optimal(
    *, maximise: Objectives = (), minimise: Objectives = (), tie: float | Sequence[float] = TIE
) -> pl.Expr:
    """Whether no other row is at least as good in every objective and better in one, as ``pareto_optimal``.

    Values that tie are equal; rows that are equal in every objective are on the front together or not at all; a row with null
    or NaN in an objective is never on it. Use ``.over(...)`` for a front in each group.

    Parameters
    ----------
    maximise, minimise
        Columns or expressions to maximise and to minimise; at least one altogether.
    tie
        As for `rank`, for all objectives or for each of them, those to maximise first: ``tie=[1e-5, 0]`` keeps costs exact.

    Returns
    -------
    Expr
        Boolean, for ``select``, ``filter`` and ``with_columns``.

    Raises
    ------
    InvalidArgumentError
        If there is no objective, or ``tie`` is negative, not finite, or not one for each objective.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"accuracy": [94.0, 93.0, 90.0], "params": [1.0, 2.0, 0.5]})
    >>> frame.select(nbf.pareto_optimal(maximise="accuracy", minimise="params")).to_series().to_list()
    [True, False, True]
    """
    up, down = _objectives(maximise), _objectives(minimise)
    if not up and not down:
        msg = "pareto_optimal needs objectives: name columns to maximise and/or to minimise"
        raise InvalidArgumentError(msg)
    values = [_column(value).cast(pl.Float64) for value in (*up, *down)]
    maximise_each = [True] * len(up) + [False] * len(down)
    ties = [check_tie(least) for least in (tie if isinstance(tie, Sequence) else [tie] * len(values))]
    if len(ties) != len(values):
        msg = (
            f"tie={tie!r} has {len(ties)} values for {len(values)} objectives; give one value for each, or one for all"
        )
        raise InvalidArgumentError(msg)

    def on_front(columns: Sequence[pl.Series]) -> pl.Series:
        import numpy as np

        from nbframes.numerics.pareto import nondominated_mask

        points = np.stack([column.to_numpy() for column in columns]).T
        return pl.Series(nondominated_mask(points, maximise=maximise_each, tie=ties), dtype=pl.Boolean)

    return pl.map_batches(values, on_front, return_dtype=pl.Boolean).alias("pareto_optimal")


def check_tie(tie: float) -> float:
    """Return the least gap between values that do not tie if it is one: a finite number, 0 or more."""
    if isinstance(tie, bool) or not isinstance(tie, Real) or not 0 <= tie < inf:
        msg = f"tie={tie!r} should be a number, 0 or more: the least gap between two values that do not tie"
        raise InvalidArgumentError(msg)
    return float(tie)


def _objectives(given: Objectives) -> list[str | pl.Expr]:
    if given is None:
        return []
    return [given] if isinstance(given, (str, pl.Expr)) else list(given)


def _column(value: str | pl.Expr) -> pl.Expr:
    return pl.col(value) if isinstance(value, str) else value
