"""Statistics of whole populations of architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, sort
from nbframes.analysis._means import Rows, check_over
from nbframes.analysis._metrics import Comparing
from nbframes.analysis._options import check_quantiles, quantile_name
from nbframes.numerics.segments import quantiles as quantiles_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names
    from nbframes.numerics.ties import Ties


_POPULATION: Final = ("seed", "arch")


@described
def summarize(
    frame: Frame,
    /,
    *,
    value: str = "value",
    by: Names | None = None,
    over: Names | None = None,
    quantiles: float | Sequence[float] = (0.25, 0.5, 0.75),
    tie: float | None = None,
) -> Frame:
    """Count, mean, spread and extremes of a metric, and which architectures have the extremes.

    Parameters
    ----------
    frame
        Results in long format. Rows whose value is null are left out; a NaN, as of a run that diverged, makes its architecture
        NaN, and mean, spread and quantiles with it.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        arch, schedule, budget and seed (and config) that the frame has and ``over`` does not name.
    over
        Columns to average over, one after the other; the summary is of the last. By default that of the architectures'
        means over their seeds, or of their values if the frame has no column ``seed``.
    quantiles
        Quantiles to add, one or several, in [0, 1], interpolated linearly.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by ``by``: these columns, ``n`` (values of the last column of ``over``), ``runs`` (rows of the frame),
        ``mean``, ``std`` (of a sample, n - 1), ``sem`` (std / sqrt(n)), the quantiles as ``q25`` for 0.25, ``min``,
        ``min_arch``, ``max`` and ``max_arch`` (of those that are not NaN; named for the last column of ``over``). Of architectures that tie for
        an extreme the one with the lowest index is named.

    Raises
    ------
    FrameError
        If a column is missing or not numeric, rows share a key (they would count as runs of their own), runs differ in a column
        of your own that no option names, or unlike rows would be thrown together because ``by`` does not name the column that
        tells them apart. From a LazyFrame all but the first are raised when it is collected.
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
    quantiles = check_quantiles(quantiles)
    comparing = Comparing.of(value, None, tie)
    rows: Rows = Rows.of(frame, value=value, by=by, over=check_over(over), default=_POPULATION)
    groups: Groups = rows.groups
    last = rows.over[-1]

    spread = rows.spread_schema(quantiles)
    schema = {name: spread[name] for name in groups.by}
    schema |= {name: dtype for name, dtype in spread.items() if name not in rows.keys}
    schema |= {
        name: dtype
        for end in ("min", "max")
        for name, dtype in ((end, pl.Float64()), (f"{end}_{last}", rows.schema[last]))
    }

    def summary(table: pl.DataFrame) -> pl.DataFrame:
        units = rows.units(table)
        groups.check(units)
        ties = comparing.ties(units, rows.keys, best_first=False, which=False)
        found = rows._replace(over=(last,), own=()).spread(units)
        columns = found.get_columns() + _ends(units.get_column(last), units.get_column("value").to_numpy(), ties)
        columns += _between(ties, quantiles)
        return sort(pl.DataFrame(columns)[list(schema)], groups.by)

    return answer(frame, rows.frame, summary, schema)


def _ends(of_rows: pl.Series, values: NDArray[np.float64], ties: Ties) -> list[pl.Series]:
    """Least and greatest number of each group, in the order of the groups, and the first row of the tie that has it; null if all are NaN."""
    group, ends = np.cumsum(ties.first) - 1, ties.starts + ties.counts
    columns = []
    for name, chosen, place in (
        ("min", ties.first & ~np.isnan(ties.lowest), ties.starts),
        ("max", ties.last_number, ends - 1),
    ):
        value, row = np.full(int(ties.first.sum()), np.nan), np.full(int(ties.first.sum()), -1)
        value[group[chosen]] = ties.ordered[place[chosen]]
        row[group[chosen]] = _first_rows(values, ties, ties.starts[chosen], ends[chosen])
        lacking = pl.Series(row < 0)
        columns.append(pl.Series(name, value).set(lacking, None))
        columns.append(of_rows.gather(np.maximum(row, 0)).set(lacking, None).alias(f"{name}_{of_rows.name}"))
    return columns


def _between(ties: Ties, at: Sequence[float]) -> list[pl.Series]:
    """Quantiles of each group, whose values are sorted to find ties."""
    begins = ties.starts[ties.first]
    counts = np.diff(begins, append=len(ties.ordered))
    of_groups = quantiles_of(ties.ordered, begins, counts, at)
    return [pl.Series(quantile_name(q), value) for q, value in zip(at, of_groups, strict=True)]


def _first_rows(
    values: NDArray[np.float64], ties: Ties, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """First row of each of some ties, one a group. Of a single group the values tell it, so that numbers alone need be sorted."""
    if not len(starts):
        return starts
    if len(starts) == ties.first.sum() == 1:
        low, high = ties.ordered[starts[0]], ties.ordered[ends[0] - 1]
        return np.atleast_1d(np.argmax((low <= values) & (values <= high)))
    bounds = np.ravel((starts, ends), order="F")  # every second stretch lies between two ties
    found: NDArray[np.int64] = np.minimum.reduceat(np.append(ties.order, 0), bounds)[::2]
    return found


@described
def ecdf(
    frame: Frame,
    /,
    *,
    value: str = "value",
    by: Names | None = None,
    over: Names | None = None,
    tie: float | None = None,
) -> Frame:
    """Share of the architectures that reach at most each value: the empirical cumulative distribution function.

    Parameters
    ----------
    frame
        Results in long format. Rows whose value is null are left out; a NaN, as of a run that diverged, makes its architecture
        NaN, which is the last step.
    by
        Columns to group by, as for `summarize`.
    over
        Columns to average over, one after the other; the distribution is that of the last. By default that of the
        architectures' means over their seeds.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each distinct value, sorted by ``by`` and ``value``: these columns, ``count`` (architectures at or below
        the value), ``n`` (all architectures that have a value) and ``share`` (count / n, in (0, 1]). Values that
        tie are one step, represented by the smallest.

    Raises
    ------
    FrameError
        If a column is missing or not numeric, rows share a key (they would count as runs of their own), runs differ in a column
        of your own that no option names, or unlike rows would be thrown together because ``by`` does not name the column that
        tells them apart. From a LazyFrame all but the first are raised when it is collected.
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
    comparing = Comparing.of(value, None, tie)
    rows: Rows = Rows.of(frame, value=value, by=by, over=check_over(over), default=_POPULATION)
    groups: Groups = rows.groups

    schema = {name: rows.schema[name] for name in groups.by}
    schema |= {"value": pl.Float64(), "count": pl.UInt32(), "n": pl.UInt32(), "share": pl.Float64()}

    def steps(table: pl.DataFrame) -> pl.DataFrame:
        units = rows.units(table)
        groups.check(units)
        return _steps(units, comparing.ties(units, rows.keys, best_first=False, which=False), groups.by)

    return answer(frame, rows.frame, steps, schema)


def _steps(units: pl.DataFrame, ties: Ties, by: Sequence[str]) -> pl.DataFrame:
    count = ties.starts - ties.groups + ties.counts
    groups = [units.get_column(name) for name in by]
    if ties.first.sum() > 1:
        groups = [column.gather(ties.order[ties.starts]) for column in groups]
    else:
        groups = [column.head(1).new_from_index(0, len(count)) if len(count) else column for column in groups]
    steps = [
        pl.Series("value", ties.lowest, dtype=pl.Float64),
        pl.Series("count", count.astype(np.uint32)),
        pl.Series("n", ties.sizes.astype(np.uint32)),
        pl.Series("share", count / ties.sizes, dtype=pl.Float64),
    ]
    return sort(pl.DataFrame([*groups, *steps]), by)  # of each group they ascend
