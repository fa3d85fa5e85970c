"""How much of a difference between architectures is the noise of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, sort
from nbframes.analysis._keys import numbered
from nbframes.analysis._means import Rows
from nbframes.analysis._metrics import Comparing
from nbframes.errors import FrameError, whole_number
from nbframes.numerics.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names

    Floats = NDArray[np.float64]

_MANY: Final = 20
"""Architectures whose runs all have one value before that is taken for one value that was published for all runs."""
_NO_DIFFERENCE: Final = 1e-12
"""Relative deviation that the mean of equal values may have."""


@described
def seed_noise(
    frame: Frame,
    /,
    *,
    value: str = "value",
    by: Names | None = None,
    distance: int = 1,
    bins: int | None = None,
    maximise: bool | None = None,
    tie: float | None = None,
) -> Frame:
    """Spread of each architecture's runs, and how often it reverses the order of neighbours in rank.

    Parameters
    ----------
    frame
        Results in long format, of the columns ``arch``, ``seed`` and ``value`` at least. Rows whose value is null are left out; a
        NaN, as of a run that diverged, makes its architecture NaN, which comes last.
    distance
        Which neighbours to compare: an architecture with the one so many places behind it.
    bins
        Average over so many bins of equally many architectures, in the order of their means; by default one row for each
        architecture.

    Returns
    -------
    DataFrame or LazyFrame
        Without ``bins``, sorted by ``by``, ``rank`` and ``arch``: the columns of ``by``, ``arch``, ``rank`` (1 is the best; ties
        share the best rank), ``runs``, ``mean``, ``std`` (of a sample, n - 1; null for a single run) and ``flip``, the share
        in [0, 1] of the pairs of one run of the architecture with one run of its neighbour that order the two otherwise than
        their means do. It is null where there is no such neighbour, where their means tie, or where either has one run only.

        With ``bins``, sorted by ``by`` and ``bin`` (0 holds the smallest means): ``n`` (architectures), ``runs``, ``low``,
        ``high`` and ``mean`` of their means, ``std`` (root of the mean variance) and ``flip`` (the mean), both of the
        architectures that have one.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, runs differ in a column of your own, all architectures' runs are equal (one
        value was published for all seeds: it has no noise to be seen), or unlike rows would be taken for seeds because ``by`` does not name the column that tells
        them apart. From a LazyFrame all but the first are raised when it is collected.
    InvalidArgumentError
        If ``distance`` or ``bins`` is less than 1.

    Notes
    -----
    Runs that tie are not reversed. Architectures that tie are placed by their index.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 0, 1, 1], "seed": [777, 888] * 2, "value": [93.0, 94.0, 92.0, 93.5]})
    >>> nbf.seed_noise(frame).select("arch", "rank", "mean", "flip").rows()
    [(0, 1, 93.5, 0.25), (1, 2, 92.75, None)]
    """
    distance = whole_number("distance", distance, 1)
    bins = bins if bins is None else whole_number("bins", bins, 1)
    comparing = Comparing.of(value, maximise, tie)
    rows: Rows = Rows.of(frame, value=value, by=by, over="seed", unit=["arch"])
    groups: Groups = rows.groups

    types = rows.spread_schema()
    floats = {name: pl.Float64() for name in ("mean", "std", "flip")}
    schema: dict[str, Any] = {name: types[name] for name in groups.by}
    if bins is None:
        schema |= {"arch": types["arch"], "rank": pl.UInt32(), "runs": pl.UInt32()} | floats
    else:
        schema |= {"bin": pl.UInt32(), "n": pl.UInt32(), "runs": pl.UInt32(), "low": pl.Float64(), "high": pl.Float64()}
        schema |= floats

    def noise(table: pl.DataFrame) -> pl.DataFrame:
        archs, runs = rows.spread_and_rows(table)
        groups.check(archs)
        _refuse_repeated_values(archs)
        archs = archs.with_columns(pl.col("mean").alias("value"))
        found, order = _placed(archs, runs, groups.keys, comparing, distance)
        if bins is None:
            return found[list(schema)][order]
        return sort(_binned(found, groups.keys, bins)[list(schema)], [*groups.by, "bin"])

    return answer(frame, rows.frame, noise, schema)


def _refuse_repeated_values(archs: pl.DataFrame) -> None:
    """Raise if no architecture's runs differ: one published value stands for all of them, and says nothing about noise."""
    repeated = archs.filter(pl.col("runs") > 1)
    if repeated.height >= _MANY and (repeated["std"] <= _NO_DIFFERENCE * repeated["mean"].abs()).all():
        msg = (
            f"all runs of each of {repeated.height:,} architectures have the same value: one value was published for all "
            "seeds (as times and latencies of NAS-Bench-201 and NATS-Bench are), so there is no noise to see"
        )
        raise FrameError(msg)


def _placed(
    archs: pl.DataFrame, runs: Floats, keys: Sequence[str], comparing: Comparing, distance: int
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Rank and place of each architecture in its group, and how often its runs and those of its neighbour disagree; and their order."""
    costs, tie = comparing.costs(archs)
    ties = Ties.of(costs, tie, numbered(archs, keys))
    number, order = ties.of_rows(np.arange(len(ties.starts))), ties.rows
    group, place = ties.of_rows(ties.groups), np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    flip = np.full(len(order), np.nan)
    ahead, behind = order[:-distance], order[distance:]
    counts = archs["runs"].to_numpy()
    compared = (group[ahead] == group[behind]) & (number[ahead] != number[behind])
    compared &= (counts[ahead] > 1) & (counts[behind] > 1) & ~np.isnan(costs[ahead]) & ~np.isnan(costs[behind])
    ahead, behind = ahead[compared], behind[compared]
    signs = np.where(costs == archs["value"].to_numpy(), 1.0, -1.0)
    gaps = tie if isinstance(tie, float) else tie[ahead]
    flip[ahead] = _flips(runs, counts, signs, (ahead, behind), gaps)
    placed = archs.with_columns(
        pl.Series("rank", ties.of_rows(ties.ranks().astype(np.uint32))),
        pl.Series("flip", flip).fill_nan(None),
        pl.Series("_place", place - group),
        pl.Series("_size", ties.of_rows(ties.sizes)),
        pl.Series("_sign", signs),
    )
    return placed, order


def _flips(
    runs: Floats, counts: NDArray[Any], signs: Floats, pairs: tuple[NDArray[Any], NDArray[Any]], tie: Floats | float
) -> Floats:
    """Share of the pairs of runs in which the architecture behind beats the one ahead."""
    ahead, behind = pairs
    starts = np.cumsum(counts) - counts
    reversed_pairs = np.zeros(len(ahead))
    for first in range(int(counts[ahead].max(initial=0))):
        for second in range(int(counts[behind].max(initial=0))):
            both = np.flatnonzero((counts[ahead] > first) & (counts[behind] > second))
            a, b = ahead[both], behind[both]
            gain = signs[a] * (runs[starts[a] + first] - runs[starts[b] + second])
            reversed_pairs[both] += (gain > 0) & (gain >= (tie if isinstance(tie, float) else tie[both]))
    share: Floats = reversed_pairs / (counts[ahead].astype(np.float64) * counts[behind])
    return share


def _binned(noise: pl.DataFrame, keys: Sequence[str], bins: int) -> pl.DataFrame:
    mean, place, size = pl.col("mean"), pl.col("_place"), pl.col("_size")
    from_smallest = pl.when(pl.col("_sign") < 0).then(size - 1 - place).otherwise(place)
    binned = noise.with_columns(bin=(from_smallest * bins // size).cast(pl.UInt32))
    return binned.group_by(*keys, "bin").agg(
        n=pl.len(),
        runs=pl.col("runs").sum(),
        low=mean.min(),
        high=mean.max(),
        mean=mean.mean(),
        std=pl.col("std").pow(2).mean().sqrt(),
        flip=pl.col("flip").mean(),
    )
