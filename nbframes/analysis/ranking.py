"""How rankings of the same architectures agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import polars as pl

from nbframes.analysis._frames import as_lazy, average, like, measured, one_of, within
from nbframes.analysis._pairs import Comparison, Table
from nbframes.errors import InvalidArgumentError
from nbframes.expr import rank
from nbframes.numerics.correlation import Correlation, Method
from nbframes.schema import TIE

if TYPE_CHECKING:
    from nbframes.analysis._frames import Frame, Names


def rank_correlation(
    frame: Frame,
    /,
    between: Names,
    *,
    by: Names | None = None,
    method: Method = "kendall",
    against: object = None,
    top: float | None = None,
    maximise: bool = True,
    over: Names | None = None,
    on: Names = "arch",
    resamples: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> Frame:
    """Correlation of the architectures' values between budgets, schedules, datasets, splits, seeds, metrics or benchmarks.

    Parameters
    ----------
    frame
        Results in long format; rows whose value is null or NaN are left out.
    between
        Columns whose values are compared in pairs: ``"budget"``, or ``("dataset", "split")`` where both differ.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule, budget and seed (and config) that the frame has and ``between``, ``over`` and ``on`` do not name.
    method
        ``"kendall"`` is Kendall's tau-b; ``"sparse_kendall"`` the same of values rounded to 0.1 (percent), so that
        smaller differences are ties; ``"weighted_kendall"`` the weighted tau, in which the best architectures count most
        (weights 1 / rank, as `scipy.stats.weightedtau`); ``"spearman"`` and ``"pearson"`` as usual.
    against
        Compare only with this value of ``between`` (a tuple for several columns): it is the second of every pair.
    top
        Restrict each pair to the best ``top`` percent, in (0, 100], of its architectures by the second value; those that
        tie with the last one belong to them.
    maximise
        Whether the largest value is the best: matters for ``top`` and ``"weighted_kendall"``.
    over
        Columns to average over before comparing; by default ``"seed"``, if the frame has it and ``between`` is not about it.
    on
        Columns that identify an architecture. Between benchmarks that number architectures differently, join ``hash`` from
        their ``archs`` and pass ``on="hash", over=("seed", "arch")``: isomorphic architectures are averaged.
    resamples
        Bootstrap resamples for confidence intervals; 0 for none.
    level
        Probability that the interval covers, in (0, 1).
    seed
        Seed of the bootstrap. Each pair draws from a generator of its own, so that its interval does not depend on what
        else is in the frame.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each pair of values of ``between``, sorted: the columns of ``by``; those of ``between``, ending in
        ``_a`` and ``_b``; ``n``, the architectures that have both values; ``correlation``, null where it is not defined
        (fewer than two architectures, or all tied); with ``resamples`` also ``low`` and ``high``.

    Raises
    ------
    FrameError
        If a column is missing, there is no pair to compare, or unlike rows would be averaged because ``by`` does not
        name the column that tells them apart. From a LazyFrame all but the first are raised when it is collected.
    UnknownNameError
        If ``method`` is not one of the above, or the frame does not have the value ``against``.
    InvalidArgumentError
        If a number is out of its range, or a column is named for two purposes.

    See Also
    --------
    top_overlap : Agreement on which architectures are the best.

    Notes
    -----
    Means that differ by less than 1e-5 are ties, for all methods but Pearson's.

    Kendall's tau-b [1]_ is (C - D) / sqrt((N - Tx)(N - Ty)), where of N pairs of architectures C are ordered alike, D are
    ordered oppositely, and Tx and Ty tie in one of the values. Weighted tau is that of [2]_. Rounding to 0.1 percent
    follows the sparse Kendall tau of [3]_; here both values are rounded, where surrogate models round the prediction.

    References
    ----------
    .. [1] M. G. Kendall: The treatment of ties in ranking problems. Biometrika 33 (1945).
    .. [2] S. Vigna: A weighted correlation index for rankings with ties. WWW 2015.
    .. [3] K. Yu, C. Sciuto, M. Jaggi, C. Musat, M. Salzmann: Evaluating the search phase of neural architecture search.
       ICLR 2020.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {
    ...         "arch": [0, 1, 2, 3] * 2,
    ...         "budget": [12] * 4 + [200] * 4,
    ...         "seed": [777] * 8,
    ...         "value": [60.0, 70.0, 65.0, 80.0, 90.0, 91.0, 93.0, 94.0],
    ...     }
    ... )
    >>> nbf.rank_correlation(frame, "budget")
    shape: (1, 4)
    ┌──────────┬──────────┬─────┬─────────────┐
    │ budget_a ┆ budget_b ┆ n   ┆ correlation │
    │ ---      ┆ ---      ┆ --- ┆ ---         │
    │ i64      ┆ i64      ┆ u32 ┆ f64         │
    ╞══════════╪══════════╪═════╪═════════════╡
    │ 12       ┆ 200      ┆ 4   ┆ 0.666667    │
    └──────────┴──────────┴─────┴─────────────┘
    """
    one_of("method", method, get_args(Method))
    if top is not None and not 0 < top <= 100:
        msg = f"top should be a percentage in (0, 100], got {top!r}"
        raise InvalidArgumentError(msg)
    if resamples < 0 or not 0 < level < 1:
        msg = f"resamples should not be negative and level lie in (0, 1), got {resamples!r} and {level!r}"
        raise InvalidArgumentError(msg)
    comparison = Comparison.of(as_lazy(frame), between, by=by, on=on, over=over, against=against)

    def correlated(table: Table) -> pl.DataFrame:
        correlation = Correlation(
            table.values,
            table.has,
            method=method,
            top=top,
            maximise=maximise,
            tie=TIE,
            threads=pl.thread_pool_size(),
        )
        n, value = correlation.of(table.first, table.second)
        found = {"n": n, "correlation": value}
        if resamples:
            bounds = correlation.interval(table.first, table.second, resamples=resamples, level=level, seed=seed)
            found |= dict(zip(("low", "high"), bounds, strict=True))
        return table.rows(found)

    statistics: dict[str, Any] = {"n": pl.UInt32(), "correlation": pl.Float64()}
    if resamples:
        statistics |= {"low": pl.Float64(), "high": pl.Float64()}
    return comparison.result(frame, correlated, statistics)


def rank_stability(
    frame: Frame,
    /,
    across: Names = "seed",
    *,
    by: Names | None = None,
    maximise: bool = True,
    over: Names | None = None,
    on: Names = "arch",
) -> Frame:
    """How far the rank of each architecture varies from ranking to ranking.

    Parameters
    ----------
    frame
        Results in long format; rows whose value is null or NaN are left out.
    across
        Columns each of whose values gives a ranking: ``"seed"``, say, or ``("dataset", "split")``.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule, budget and seed (and config) that the frame has and ``across``, ``over`` and ``on`` do not name.
    maximise
        Whether the largest value is the best.
    over
        Columns to average over before ranking; by default ``"seed"``, if the frame has it and ``across`` is not about it.
    on
        Columns that identify an architecture.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each architecture that has a value in every ranking of its group, sorted by ``by`` and ``on``: these
        columns, ``n`` (such architectures: ranks go from 1, the best, to ``n``), ``rankings``, and of its ranks ``mean``,
        ``std`` (of a sample, n - 1), ``min`` and ``max``. Architectures that tie, that is within 1e-5, share the mean of
        their ranks.

    Raises
    ------
    FrameError
        If a column is missing, or if unlike rows would be ranked together because ``by`` does not name the column that
        tells them apart. From a LazyFrame the latter is raised when it is collected.
    InvalidArgumentError
        If a column is named for two purposes.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import rank_stability
    >>> frame = pl.DataFrame(
    ...     {"arch": [0, 1, 2] * 2, "seed": [777] * 3 + [888] * 3, "value": [90.0, 91.0, 94.0, 90.5, 90.0, 94.5]}
    ... )
    >>> rank_stability(frame).select("arch", "n", "mean", "min", "max").rows()
    [(0, 3, 2.5, 2.0, 3.0), (1, 3, 2.5, 2.0, 3.0), (2, 3, 1.0, 1.0, 1.0)]
    """
    comparison: Comparison = Comparison.of(as_lazy(frame), across, by=by, on=on, over=over, against=None)
    keys: tuple[str, ...] = comparison.groups.keys
    across, on = comparison.between, comparison.on
    means = average(measured(frame), [*keys, *across, *on], comparison.over)
    rankings = within(keys, pl.struct(across).n_unique())
    complete = means.with_columns(rankings=rankings).filter(pl.len().over(*keys, *on) == pl.col("rankings"))
    ranks = complete.select(*keys, *on, "rankings", rank=rank(maximise=maximise, method="average").over(*keys, *across))
    position = pl.col("rank")
    stability = (
        ranks.group_by(*keys, *on)
        .agg(
            pl.col("rankings").first(),
            position.mean().alias("mean"),
            position.std().alias("std"),
            position.min().alias("min"),
            position.max().alias("max"),
        )
        .with_columns(n=within(keys, pl.len()))
        .select(*keys, *on, "n", pl.exclude(*keys, *on, "n"))
    )
    return like(frame, comparison.groups.settle(stability), [*comparison.groups.by, *on])
