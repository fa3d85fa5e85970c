"""Statistics of whole populations of architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.analysis._frames import Groups, averaged, like, measured, require, spread, units, within
from nbframes.expr import tied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.analysis._frames import Frame, Names


def summarize(
    frame: Frame,
    /,
    *,
    by: Names | None = None,
    over: Names = ("seed", "arch"),
    quantiles: Sequence[float] = (0.25, 0.5, 0.75),
) -> Frame:
    """Count, mean, spread and extremes of a metric, and which architectures have the extremes.

    Parameters
    ----------
    frame
        Results in long format; rows whose value is null or NaN are left out.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        arch, schedule, budget and seed (and config) that the frame has and ``over`` does not name.
    over
        Columns to average over, one after the other; the summary is of the last. By default that of the architectures'
        means over their seeds.
    quantiles
        Quantiles to add, in [0, 1], interpolated linearly.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by ``by``: these columns, ``n`` (values of the last column of ``over``), ``runs`` (rows of the frame),
        ``mean``, ``std`` (of a sample, n - 1), ``sem`` (std / sqrt(n)), the quantiles as ``q25`` for 0.25, ``min``,
        ``min_arch``, ``max`` and ``max_arch`` (named for the last column of ``over``). Of architectures that tie for
        an extreme, that is within 1e-5 of each other, the one with the lowest index is named.

    Raises
    ------
    FrameError
        If a column is missing, or if unlike rows would be thrown together because ``by`` does not name the column that
        tells them apart. From a LazyFrame the latter is raised when it is collected.
    InvalidArgumentError
        If ``by`` names a column of ``over``, or a quantile is outside [0, 1].

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 0, 1, 2], "seed": [777, 888, 777, 777], "value": [90.0, 92.0, 94.0, 94.0]})
    >>> nbf.summarize(frame, quantiles=[]).select("n", "runs", "mean", "min", "min_arch", "max", "max_arch").rows()
    [(3, 4, 93.0, 91.0, 0, 94.0, 1)]
    """
    over = averaged(over)
    results = measured(frame)
    require(results, over)
    groups: Groups = Groups.of(results, by, free=over)
    last, ties = pl.col(over[-1]), pl.col("_tied")
    extremes: list[pl.Expr] = [
        pl.col("value").min().alias("min"),
        last.filter(ties == ties.min()).min().alias(f"min_{over[-1]}"),
        pl.col("value").max().alias("max"),
        last.filter(ties == ties.max()).min().alias(f"max_{over[-1]}"),
    ]
    values = _with_ties(units(results, groups.keys, over), groups.keys)
    aggregates = [*spread(over, quantiles), *extremes]
    summary = values.group_by(groups.keys).agg(aggregates) if groups.keys else values.select(aggregates)
    return like(frame, groups.settle(summary), groups.by)


def ecdf(frame: Frame, /, *, by: Names | None = None, over: Names = ("seed", "arch")) -> Frame:
    """Share of the architectures that reach at most each value: the empirical cumulative distribution function.

    Parameters
    ----------
    frame
        Results in long format; rows whose value is null or NaN are left out.
    by
        Columns to group by, as for `summarize`.
    over
        Columns to average over, one after the other; the distribution is that of the last. By default that of the
        architectures' means over their seeds.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each distinct value, sorted by ``by`` and ``value``: these columns, ``count`` (architectures at or below
        the value), ``n`` (all architectures that have a value) and ``share`` (count / n, in (0, 1]). Values within
        1e-5 of each other are one, represented by the smallest.

    Raises
    ------
    FrameError
        If a column is missing, or if unlike rows would be thrown together because ``by`` does not name the column that
        tells them apart. From a LazyFrame the latter is raised when it is collected.
    InvalidArgumentError
        If ``by`` names a column of ``over``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 1, 2, 3], "seed": [777] * 4, "value": [90.0, 94.0, 94.0, 91.5]})
    >>> nbf.ecdf(frame).rows()
    [(90.0, 1, 4, 0.25), (91.5, 2, 4, 0.5), (94.0, 4, 4, 1.0)]
    """
    over = averaged(over)
    results = measured(frame)
    require(results, over)
    groups: Groups = Groups.of(results, by, free=over)
    count, total = pl.col("count").cum_sum(), pl.col("count").sum()
    steps = (
        _with_ties(units(results, groups.keys, over), groups.keys)
        .group_by(*groups.keys, value="_tied")
        .agg(count=pl.len())
        .sort(*groups.keys, "value")
        .with_columns(within(groups.keys, count), within(groups.keys, total.alias("n")))
        .with_columns(share=pl.col("count") / pl.col("n"))
    )
    return like(frame, groups.settle(steps), [*groups.by, "value"])


def _with_ties(frame: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    return frame.with_columns(within(keys, tied()).alias("_tied"))
