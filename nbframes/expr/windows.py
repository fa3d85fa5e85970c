"""Windows over results, for ``with_columns``: elapsed time, ranks, regrets, Pareto fronts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.schema import TIE

if TYPE_CHECKING:
    from polars._typing import RankMethod

Objectives = str | pl.Expr | Sequence[str | pl.Expr] | None

_RUN = ("benchmark", "metric", "dataset", "split", "arch", "schedule", "seed")


def cumulative_time() -> pl.Expr:
    """Seconds that a run took up to each row's budget, as ``cumulative_time``.

    Rows of metric ``epoch_time`` get the sum of their run's epochs ``1..budget`` in ascending order, within their split;
    rows of metric ``time`` get their value, which is cumulative as published; all others get null. So does a row whose
    earlier epochs are not all in the frame: apply it before filtering by budget.

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


def tied(value: str | pl.Expr = "value") -> pl.Expr:
    """Values in which all of a tie are the same number.

    In sorted order, a value that differs from its neighbour by less than 1e-9 belongs to the neighbour's tie; each tie is
    represented by its smallest value. NaN becomes null.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.expr import tied
    >>> pl.DataFrame({"value": [2.0, 1.0, 2.0 + 1e-12]}).select(tied() == 2.0).to_series().to_list()
    [True, False, True]
    """
    column = _column(value).cast(pl.Float64).fill_nan(None)
    ordered = column.sort(nulls_last=True)
    opens = (ordered - ordered.shift() >= TIE).fill_null(value=True)
    return pl.when(opens).then(ordered).forward_fill().gather(column.rank("ordinal") - 1)


def rank(value: str | pl.Expr = "value", *, maximise: bool = True, method: RankMethod = "min") -> pl.Expr:
    """Rank of each row, 1 for the best, as ``rank``; use ``.over(...)`` to rank within groups.

    Values that differ by less than 1e-9 share a rank; null and NaN have none.

    Parameters
    ----------
    value
        Column or expression to rank by.
    maximise
        Whether the largest value is the best.
    method
        What a tie gets, as in `polars.Expr.rank`: by default the best rank of the tie.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> means = pl.DataFrame({"arch": [0, 1, 2], "value": [90.0, 94.0, 94.0]})
    >>> means.select(nbf.rank()).to_series().to_list()
    [3, 1, 1]
    """
    return tied(value).rank(method, descending=maximise).alias("rank")


def regret(value: str | pl.Expr = "value", *, maximise: bool = True) -> pl.Expr:
    """How much each row falls short of the best, as ``regret``; use ``.over(...)`` for the best of each group.

    Values that differ from the best by less than 1e-9 have regret 0; null and NaN have none.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> pl.DataFrame({"value": [90.0, 94.5]}).select(nbf.regret()).to_series().to_list()
    [4.5, 0.0]
    """
    values = tied(value)
    return (values.max() - values if maximise else values - values.min()).alias("regret")


def pareto_optimal(*, maximise: Objectives = (), minimise: Objectives = ()) -> pl.Expr:
    """Whether no other row is at least as good in every objective and better in one, as ``pareto_optimal``.

    Values that differ by less than 1e-9 are equal; rows that are equal in every objective are on the front together or
    not at all; a row with null or NaN in an objective is never on it. Use ``.over(...)`` for a front in each group.
    The sweep is `nbframes.numerics.pareto.nondominated_mask`, in one ``map_batches``: as plain expressions it took sixty times longer.

    Parameters
    ----------
    maximise, minimise
        Columns or expressions to maximise and to minimise; at least one altogether.

    Raises
    ------
    InvalidArgumentError
        If there is no objective.

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

    def on_front(columns: Sequence[pl.Series]) -> pl.Series:
        import numpy as np

        from nbframes.numerics.pareto import nondominated_mask

        points = np.stack([column.to_numpy() for column in columns]).T
        return pl.Series(nondominated_mask(points, maximise=maximise_each), dtype=pl.Boolean)

    return pl.map_batches(values, on_front, return_dtype=pl.Boolean).alias("pareto_optimal")


def _objectives(given: Objectives) -> list[str | pl.Expr]:
    if given is None:
        return []
    return [given] if isinstance(given, (str, pl.Expr)) else list(given)


def _column(value: str | pl.Expr) -> pl.Expr:
    return pl.col(value) if isinstance(value, str) else value
