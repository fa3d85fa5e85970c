"""How rankings of the same architectures agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, sort
from nbframes.analysis._keys import FrameKeys
from nbframes.analysis._metrics import Comparing
from nbframes.analysis._options import one_of, several
from nbframes.analysis._pairs import Pairs, Table
from nbframes.errors import InvalidArgumentError
from nbframes.numerics.correlation import Correlation, Method, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names

    Floats = NDArray[np.float64]


@described
def rank_correlation(
    frame: Frame,
    /,
    between: Names,
    *,
    value: str = "value",
    by: Names | None = None,
    method: Method = "kendall",
    against: object = None,
    top: float | Sequence[float] | None = None,
    decimals: int | Sequence[int] = 1,
    maximise: bool | None = None,
    tie: float | None = None,
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
        Results in long format. Rows whose value is null are left out; a NaN, as of a run that diverged, makes its architecture
        NaN, the last of a ranking; Pearson's
        correlation with it is not defined.
    between
        Columns whose values are compared in pairs: ``"budget"``, or ``("dataset", "split")`` where both differ.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule, budget and seed (and config) that the frame has and ``between``, ``over`` and ``on`` do not name. Between
        metrics, those of dataset, split, schedule and budget of which each metric has a single value do not part them: a proxy,
        which has no split, is compared with accuracies.
    method
        ``"kendall"`` is Kendall's tau-b; ``"sparse_kendall"`` the same of values rounded to ``decimals``, so that
        smaller differences are ties; ``"weighted_kendall"`` the weighted tau, in which the best architectures count most
        (weights 1 / rank, as `scipy.stats.weightedtau`); ``"spearman"`` and ``"pearson"`` as usual.
    against
        Compare only with this value of ``between`` (a tuple for several columns): it is the second of every pair.
    top
        Restrict each pair to the best ``top`` percent, in (0, 100], of its architectures by the second value; those that
        tie with the last one belong to them. With several, a column ``top`` says which.
    decimals
        Digits behind the point for ``"sparse_kendall"``; values up to ``tie`` below a half are rounded up, so that the noise of
        single precision does not decide. With several, a column ``decimals`` says which.
    maximise
        Whether the largest value is the best: matters for ``top``, ``"weighted_kendall"`` and NaN. By default what the metric says,
        so that a loss is minimised; True where the compared metrics disagree.
    over
        Columns to average over before comparing; by default ``"seed"``, if the frame has it and ``between`` is not about it.
    on
        Columns that identify an architecture. Between benchmarks that number architectures differently, join ``hash`` from
        their ``archs`` and pass ``on="hash", over=("seed", "arch")``: isomorphic architectures are averaged.
    resamples
        Bootstrap resamples for confidence intervals; 0 for none. Pearson's intervals draw none, but are asked for alike.
    level
        Probability that the interval covers, in (0, 1).
    seed
        Seed of the bootstrap. Each pair draws from a generator of its own, so that its interval does not depend on what
        else is in the frame.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each pair of values of ``between``, sorted: the columns of ``by``, null where the two metrics of a pair were
        measured under different conditions; those of ``between``, ending in
        ``_a`` and ``_b``; ``n``, the architectures that have both values; ``correlation``, null where it is not defined
        (fewer than two architectures, or all tied); with ``resamples`` also ``low`` and ``high``.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, there is no pair to compare, or unlike rows would be averaged because ``by`` does not
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
    Ties are those of ``tie``, for all methods but Pearson's. Intervals are bias-corrected and accelerated bootstrap intervals [4]_,
    Pearson's those of the jackknife of Fisher's z [5]_ with Student's t of the degrees of freedom that the spread of its terms
    leaves: of 95 percent they covered 94 to 97 of normal, heavy-tailed and skewed samples of 50, the bootstrap's 89 to 95.

    Kendall's tau-b [1]_ is (C - D) / sqrt((N - Tx)(N - Ty)), where of N pairs of architectures C are ordered alike, D are
    ordered oppositely, and Tx and Ty tie in one of the values. Weighted tau is that of [2]_. Rounding to 0.1 percent
    follows the sparse Kendall tau of [3]_; here both values are rounded, where surrogate models round the prediction.

    References
    ----------
    .. [1] M. G. Kendall: The treatment of ties in ranking problems. Biometrika 33 (1945).
    .. [2] S. Vigna: A weighted correlation index for rankings with ties. WWW 2015.
    .. [3] K. Yu, C. Sciuto, M. Jaggi, C. Musat, M. Salzmann: Evaluating the search phase of neural architecture search.
       ICLR 2020.
    .. [4] B. Efron: Better bootstrap confidence intervals. Journal of the American Statistical Association 82 (1987).
    .. [5] D. V. Hinkley: Improving the jackknife with special reference to correlation estimation. Biometrika 65 (1978).

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
    tops, roundings = _each(top), _each(decimals) if method == "sparse_kendall" else [None]
    if wrong := [part for part in tops if part is not None and not 0 < part <= 100]:
        msg = f"top should be a percentage in (0, 100], got {wrong[0]!r}"
        raise InvalidArgumentError(msg)
    if resamples < 0 or not 0 < level < 1:
        msg = f"resamples should not be negative and level lie in (0, 1), got {resamples!r} and {level!r}"
        raise InvalidArgumentError(msg)
    comparing = Comparing.of(value, maximise, tie)
    pairs = Pairs.of(frame, between, value=value, by=by, on=on, over=over, against=against)
    variants = [(part, digits) for part in tops for digits in roundings]

    def correlated(table: Table) -> pl.DataFrame:
        largest, ties = table.rules(comparing)
        columns: dict[str, list[Any]] = {name: [] for name in statistics}
        for part, digits in variants:
            correlation = Correlation(
                table.values if digits is None else rounded(table.values, ties, int(digits)),
                table.has,
                method=method,
                top=part,
                maximise=largest,
                tie=ties,
                threads=pl.thread_pool_size(),
            )
            n, found = correlation.of(table.first, table.second)
            measured = {"n": n, "correlation": found}
            measured |= {"top": np.full(len(n), part), "decimals": np.full(len(n), digits)}
            if resamples:
                bounds = correlation.interval(table.first, table.second, resamples=resamples, level=level, seed=seed)
                measured |= dict(zip(("low", "high"), bounds, strict=True))
            for name in statistics:
                columns[name].append(measured[name])
        return table.repeated(len(variants)).rows({name: np.stack(parts, 1).ravel() for name, parts in columns.items()})

    statistics: dict[str, Any] = {"top": pl.Float64()} if several(top) else {}
    if several(decimals) and method == "sparse_kendall":
        statistics["decimals"] = pl.Int32()
    statistics |= {"n": pl.UInt32(), "correlation": pl.Float64()}
    if resamples:
        statistics |= {"low": pl.Float64(), "high": pl.Float64()}
    return pairs.result(frame, correlated, statistics)


def _each(given: Any) -> list[Any]:
    found = list(given) if several(given) else [given]
    if not found:
        msg = "top and decimals should be numbers, one or several; got none"
        raise InvalidArgumentError(msg)
    return found


@described
def rank_stability(
    frame: Frame,
    /,
    between: Names = "seed",
    *,
    value: str = "value",
    by: Names | None = None,
    maximise: bool | None = None,
    tie: float | None = None,
    over: Names | None = None,
    on: Names = "arch",
) -> Frame:
    """How far the rank of each architecture varies from ranking to ranking.

    Parameters
    ----------
    between
        Columns each of whose values gives a ranking: ``"seed"``, say, or ``("dataset", "split")``.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule, budget and seed (and config) that the frame has and ``between``, ``over`` and ``on`` do not name.
    over
        Columns to average over before ranking; by default ``"seed"``, if the frame has it and ``between`` is not about it.
    on
        Columns that identify an architecture.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each architecture that has a value in every ranking of its group, sorted by ``by`` and ``on``: these
        columns, ``n`` (such architectures: ranks go from 1, the best, to ``n``), ``rankings``, and of its ranks ``mean``,
        ``std`` (of a sample, n - 1), ``min`` and ``max``. Architectures that tie share the mean of
        their ranks.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, or unlike rows would be ranked together because ``by`` does not name the column that
        tells them apart. From a LazyFrame all but the first are raised when it is collected.
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
    comparing = Comparing.of(value, maximise, tie)
    pairs = Pairs.of(frame, between, value=value, by=by, on=on, over=over)
    groups: Groups = pairs.groups
    keys: tuple[str, ...] = groups.keys
    levels: list[str] = list(pairs.between)
    objects: list[str] = list(pairs.on)

    types = pairs.rows.schema
    schema: Any = {name: types[name] for name in (*groups.by, *objects)}
    schema |= {"n": pl.UInt32(), "rankings": pl.UInt32()}
    schema |= dict.fromkeys(("mean", "std", "min", "max"), pl.Float64())

    def stability(table: pl.DataFrame) -> pl.DataFrame:
        means = pairs.rows.means(table)
        groups.check(means, "between or by")
        rankings = pl.struct(levels).n_unique()
        means = means.with_columns(rankings=rankings.over(keys) if keys else rankings)
        complete = means.filter(_counts(means, [*keys, *objects], levels) == pl.col("rankings"))
        ties = comparing.ties(complete, [*keys, *levels])
        found = _spread(complete, ties.of_rows(ties.ranks("average")), [*keys, *objects], levels)
        found = found.with_columns(n=pl.len().over(keys) if keys else pl.len())
        return sort(found[list(schema)].cast(schema), [*groups.by, *objects])

    return answer(frame, pairs.rows.frame, stability, schema)


def _counts(means: pl.DataFrame, keys: Sequence[str], levels: Sequence[str]) -> pl.Series:
    """How many rankings have the object of each row."""
    units = FrameKeys.of(means, [*keys, *levels]).sorted()
    counts = units.reduced(levels, np.zeros(means.height), spread=False).counts
    of_rows = np.empty(means.height, np.int64)
    of_rows[slice(None) if units.order is None else units.order] = np.repeat(counts, counts)
    return pl.Series(of_rows)


def _spread(complete: pl.DataFrame, ranks: Floats, keys: Sequence[str], levels: Sequence[str]) -> pl.DataFrame:
    """Mean, deviation, least and greatest rank of each object."""
    units = FrameKeys.of(complete, [*keys, *levels]).sorted()
    ranks = units.in_order(ranks)
    runs = units.reduced(levels, ranks)
    least, greatest = (
        ends.reduceat(ranks, runs.starts) if len(ranks) else np.empty(0) for ends in (np.minimum, np.maximum)
    )
    found = units.unpacked(runs.starts, keys)
    columns: dict[str, NDArray[Any]] = {
        "rankings": runs.counts,
        "mean": runs.mean,
        "std": runs.std,
        "min": least,
        "max": greatest,
    }
    found += [pl.Series(name, values) for name, values in columns.items()]
    return pl.DataFrame(found).with_columns(pl.when(pl.col("rankings") > 1).then("std").alias("std"))
