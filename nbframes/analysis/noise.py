"""How much of a difference between architectures is the noise of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.analysis._frames import Groups, like, measured, require, within
from nbframes.errors import InvalidArgumentError
from nbframes.expr import rank, tied
from nbframes.schema import TIE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.analysis._frames import Frame, Names


def seed_noise(
    frame: Frame,
    /,
    *,
    by: Names | None = None,
    distance: int = 1,
    bins: int | None = None,
    maximise: bool = True,
) -> Frame:
    """Spread of each architecture's runs, and how often it reverses the order of neighbours in rank.

    Parameters
    ----------
    frame
        Results in long format, of the columns ``arch``, ``seed`` and ``value`` at least; rows whose value is null or NaN are
        left out.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule and budget (and config) that the frame has.
    distance
        Which neighbours to compare: an architecture with the one so many places behind it.
    bins
        Average over so many bins of equally many architectures, in the order of their means; by default one row for each
        architecture.
    maximise
        Whether the largest value is the best.

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
        If a column is missing, or if unlike rows would be taken for seeds because ``by`` does not name the column that tells
        them apart. From a LazyFrame the latter is raised when it is collected.
    InvalidArgumentError
        If ``distance`` or ``bins`` is less than 1.

    Notes
    -----
    Values within 1e-5 are ties: runs that tie are not reversed. Architectures that tie are placed by their index.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 0, 1, 1], "seed": [777, 888] * 2, "value": [93.0, 94.0, 92.0, 93.5]})
    >>> nbf.seed_noise(frame).select("arch", "rank", "mean", "flip").rows()
    [(0, 1, 93.5, 0.25), (1, 2, 92.75, None)]
    """
    if distance < 1 or (bins is not None and bins < 1):
        msg = f"distance and bins should be at least 1, got distance={distance!r} and bins={bins!r}"
        raise InvalidArgumentError(msg)
    results = measured(frame)
    require(results, ["arch", "seed"])
    groups: Groups = Groups.of(results, by, free=["arch", "seed"])
    keys: tuple[str, ...] = groups.keys
    archs = _placed(results, keys, maximise=maximise)
    noise = archs.join(
        _flips(archs, keys, distance, maximise=maximise), on=[*keys, "arch"], how="left", nulls_equal=True
    )
    if bins is None:
        rows = noise.select(*keys, "arch", "rank", "runs", "mean", "std", "flip")
        return like(frame, groups.settle(rows), [*groups.by, "rank", "arch"])
    return like(frame, groups.settle(_binned(noise, keys, bins, maximise=maximise)), [*groups.by, "bin"])


def _placed(results: pl.LazyFrame, keys: Sequence[str], *, maximise: bool) -> pl.LazyFrame:
    """Each architecture's runs, and its place by their mean."""
    value = pl.col("value")
    archs = results.group_by(*keys, "arch").agg(runs=pl.len(), mean=value.mean(), std=value.std(), values=value)
    mean = tied("mean")
    place = pl.struct(-mean if maximise else mean, "arch").rank("ordinal")
    return archs.with_columns(
        within(keys, rank("mean", maximise=maximise)),
        within(keys, mean).alias("tie"),
        within(keys, place.cast(pl.Int64)).alias("place"),
    )


def _flips(archs: pl.LazyFrame, keys: Sequence[str], distance: int, *, maximise: bool) -> pl.LazyFrame:
    """Share of pairs of runs in which the neighbour behind beats the architecture."""
    repeated = archs.filter(pl.col("runs") > 1).select(*keys, "arch", "place", "tie", value="values").explode("value")
    behind = repeated.with_columns(place=pl.col("place") - distance)
    pairs = repeated.join(behind, on=[*keys, "place"], suffix="_behind", nulls_equal=True)
    gain = pl.col("value_behind") - pl.col("value")
    ahead = gain if maximise else -gain
    return pairs.filter(pl.col("tie") != pl.col("tie_behind")).group_by(*keys, "arch").agg(flip=(ahead >= TIE).mean())


def _binned(noise: pl.LazyFrame, keys: Sequence[str], bins: int, *, maximise: bool) -> pl.LazyFrame:
    mean, size = pl.col("mean"), within(keys, pl.len().cast(pl.Int64))
    from_smallest = size - pl.col("place") if maximise else pl.col("place") - 1
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
