"""Results as papers print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.search.curves import anytime, final
from nbframes.search.frames import queries

if TYPE_CHECKING:
    from nbframes.search.problem import Problem


def table(
    frame: pl.DataFrame | pl.LazyFrame,
    problem: Problem,
    /,
    *,
    splits: tuple[str, ...] | None = None,
    at: float | None = None,
    digits: int = 2,
) -> pl.DataFrame:
    """Mean ± standard deviation over runs of what the found architectures are worth, as papers print it.

    Parameters
    ----------
    frame
        What `nbframes.search.run` returns for the problem.
    problem
        The problem.
    splits
        Splits on which the architectures are judged, each by its mean over seeds in the reported schedule; by default those
        of validation and test that the store has.
    at
        Time at which the incumbents are judged by the straight line through the two queries nearest to it, as in the table of
        the NATS-Bench paper. By default the incumbents at the end of each run.
    digits
        Digits behind the point.

    Returns
    -------
    DataFrame
        ``algorithm``, ``metric`` (what is reported), ``runs``, and for each split ``<split>_mean``, ``<split>_std`` (divided by n, as the paper's script
        has it) and ``<split>``, the text of both. The last row, ``(best)``, has the best architecture by the first of the splits.

    Raises
    ------
    FrameError
        If the frame is of another problem, or the store lacks a split.
    InvalidArgumentError
        If the problem is a surrogate's, which has no splits.

    References
    ----------
    Dong et al., "NATS-Bench", TPAMI 2021, table 5 and ``draw-table.py``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run(["random", "local"], problem, runs=20, budget=30)
    >>> nbf.search.table(frame, problem).columns
    ['algorithm', 'metric', 'runs', 'val_mean', 'val_std', 'val', 'valtest_mean', 'valtest_std', 'valtest']
    """
    if not 0 <= digits <= 10:
        msg = f"digits should lie between 0 and 10, not be {digits!r}"
        raise InvalidArgumentError(msg)
    named = queries(frame, ["problem"])["problem"].unique().to_list()
    if named != [problem.name]:
        msg = f"the frame has runs of {named}, not of {problem.name!r}"
        raise FrameError(msg)
    worth = problem.worth(splits)
    judged = final(frame) if at is None else frame.lazy().collect()
    rows = judged.with_columns(
        pl.Series(split, values[judged["incumbent"].to_numpy()]) for split, values in worth.items()
    )
    if at is None:
        grouped = rows.group_by("algorithm", maintain_order=True)
        found = grouped.agg(pl.len().alias("runs"), *_moments(list(worth)))
    else:
        found = _interpolated(rows, list(worth), at)
    first = next(iter(worth.values()))
    top = int(np.nanargmax(first))
    best = {"algorithm": "(best)", "runs": None} | {
        f"{split}_mean": float(values[top]) for split, values in worth.items()
    }
    found = found.with_columns(pl.col("algorithm").cast(pl.String), pl.col("runs").cast(pl.Int64))
    found = pl.concat([found, pl.DataFrame([best])], how="diagonal_relaxed")
    texts = [pl.Series(split, _texts(found, split, digits), pl.String) for split in worth]
    order = [name for split in worth for name in (f"{split}_mean", f"{split}_std", split)]
    metric = pl.lit(problem.reported_metric).alias("metric")
    return found.with_columns(metric, *texts).select("algorithm", "metric", "runs", *order)


def _moments(splits: list[str]) -> list[pl.Expr]:
    means = [pl.col(split).mean().alias(f"{split}_mean") for split in splits]
    return [*means, *(pl.col(split).std(ddof=0).alias(f"{split}_std") for split in splits)]


def _interpolated(rows: pl.DataFrame, splits: list[str], at: float) -> pl.DataFrame:
    parts = []
    for split in splits:
        curve = anytime(rows, value=split, times=[at], interpolate=True)
        population = ((pl.col("runs") - 1) / pl.col("runs")).sqrt()
        std = (pl.col("std").fill_null(0.0) * population).alias(f"{split}_std")
        parts.append(curve.select("algorithm", "runs", pl.col("mean").alias(f"{split}_mean"), std))
    found = parts[0]
    for part in parts[1:]:
        found = found.join(part.drop("runs"), on="algorithm", maintain_order="left")
    return found


def _texts(found: pl.DataFrame, split: str, digits: int) -> list[str]:
    pairs = found.select(f"{split}_mean", f"{split}_std").iter_rows()
    return [f"{mean:.{digits}f}" + ("" if std is None else f" ± {std:.{digits}f}") for mean, std in pairs]
