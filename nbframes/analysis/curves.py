"""Learning curves: how a metric develops with the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, as_lazy, require
from nbframes.analysis._means import Rows, check_over
from nbframes.analysis._options import check_quantiles, one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names

Align = Literal["epochs", "fraction"]


@described
def learning_curves(
    frame: Frame,
    /,
    *,
    value: str = "value",
    by: Names | None = None,
    over: Names | None = None,
    align: Align = "epochs",
    quantiles: float | Sequence[float] = (),
) -> Frame:
    """Mean and spread of a metric at every budget.

    Parameters
    ----------
    frame
        Results in long format. Rows whose value is null are left out; a NaN, as of a run that diverged, makes the mean NaN.
    by
        Columns that tell the curves apart. By default all that tell unlike results apart: those of benchmark, metric,
        dataset, split, arch, schedule and seed (and config) that the frame has and ``over`` does not name.
    over
        Columns to average over, one after the other; the spread is that of the last. ``"seed"``, the default, gives a curve for each
        architecture, ``("seed", "arch")`` the curve of the population of architectures, each counted once.
    align
        ``"epochs"`` puts the curves over ``budget`` (epochs completed), ``"fraction"`` over ``fraction``, the completed
        part of the schedule in (0, 1], so that benchmarks with schedules of different lengths can be compared.
    quantiles
        Quantiles of the spread to add, one or several, in [0, 1], interpolated linearly.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by its first columns: those of ``by``, ``budget`` or ``fraction``, then ``n`` (values of the last column of
        ``over``), ``runs`` (rows of the frame), ``mean``, ``std`` (of a sample, n - 1), ``sem`` (standard error of the
        mean, std / sqrt(n)) and the quantiles as ``q25`` for 0.25. Nothing is filled in: budgets at which some runs or
        architectures have no value have a smaller ``n``.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key (they would count as runs of their own), runs differ in a column of your own
        that no option names, or unlike rows (of several splits, say) would be averaged because ``by`` does not
        name the column that tells them apart. From a LazyFrame all but the first are raised when it is collected.
    InvalidArgumentError
        If ``by`` names a column of ``over``, or a quantile is outside [0, 1].

    Notes
    -----
    Rows in order, as a store has them, are reduced by looking at neighbours, without a hash table; others are sorted first. In
    the plan of a LazyFrame that is one step of Python over the columns that it needs.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {
    ...         "arch": [0, 0, 0, 0, 1, 1],
    ...         "schedule": [2] * 6,
    ...         "budget": [1, 2, 1, 2, 1, 2],
    ...         "seed": [777, 777, 888, 888, 777, 777],
    ...         "value": [50.0, 90.0, 54.0, 92.0, 40.0, 70.0],
    ...     }
    ... )
    >>> nbf.learning_curves(frame, over=("seed", "arch")).select("budget", "n", "runs", "mean").rows()
    [(1, 2, 3, 46.0), (2, 2, 3, 80.5)]
    >>> nbf.learning_curves(frame, align="fraction").select("arch", "fraction", "n", "mean").rows()
    [(0, 0.5, 2, 52.0), (0, 1.0, 2, 91.0), (1, 0.5, 1, 40.0), (1, 1.0, 1, 70.0)]
    """
    one_of("align", align, get_args(Align))
    quantiles = check_quantiles(quantiles)
    lazy, axis = as_lazy(frame), "budget"
    require(lazy, ["budget"])
    if align == "fraction":
        require(lazy, ["schedule"])
        lazy, axis = lazy.with_columns(fraction=pl.col("budget") / pl.col("schedule")).drop("budget"), "fraction"
    over = check_over("seed" if over is None else over)
    rows: Rows = Rows.of(lazy, value=value, by=by, over=over, unit=[axis])
    groups: Groups = rows.groups

    spread = rows.spread_schema(quantiles)
    schema = {name: spread[name] for name in [*groups.by, axis]}
    schema |= {name: dtype for name, dtype in spread.items() if name not in rows.keys}

    def curves(table: pl.DataFrame) -> pl.DataFrame:
        found = rows.spread(table, quantiles)
        groups.check(found)
        return rows.in_order(found[list(schema)], [*groups.by, axis])

    return answer(frame, rows.frame, curves, schema)
