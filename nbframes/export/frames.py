"""Rows that fit in memory, as a reader hands them over: for benchmarks whose source is one small table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.errors import FrameError
from nbframes.export.reader import Batch, Rows
from nbframes.schema import FILE_KEY, RESULT_FILE, RUNS
from nbframes.store.write import partitions

if TYPE_CHECKING:
    from collections.abc import Iterator


def batch_of(results: pl.DataFrame, archs: pl.DataFrame, runs: pl.DataFrame | None = None, *, progress: int) -> Batch:
    """Everything that a source holds, in one batch.

    Parameters
    ----------
    results
        Long: ``arch``, ``dataset``, ``split``, ``schedule``, ``budget``, ``seed``, ``metric``, ``value`` and perhaps ``final``
        (by default ``budget == schedule``), in any order of rows.
    archs
        One row an architecture: ``arch``, ``position``, ``arch_str``, ``hash`` and further columns.
    runs
        One row a training run: ``arch``, ``dataset``, ``schedule``, ``seed`` and its costs.
    progress
        Units of progress that the source counts.

    Returns
    -------
    Batch
        With the rows of each partition sorted as readers hand them over.

    Raises
    ------
    FrameError
        If a column is missing or a value is null.

    Examples
    --------
    >>> rows = {"arch": [1, 0], "dataset": "cifar10", "split": "test", "schedule": 50, "budget": 50, "seed": 0}
    >>> results = pl.DataFrame(rows | {"metric": "accuracy", "value": [92.5, 91.0]})
    >>> names = pl.DataFrame({"arch": [0, 1], "position": [0, 1], "arch_str": ["a", "b"], "hash": ["a", "b"]})
    >>> (rows,) = batch_of(results, names, progress=2).rows
    >>> rows.partition.metric, rows.value.tolist()
    ('accuracy', [91.0, 92.5])
    """
    needed = ["metric", "dataset", "split", *FILE_KEY, "value"]
    if missing := [name for name in needed if name not in results.columns]:
        raise FrameError.missing_columns(missing, results.columns)
    if nulls := [name for name in needed if results[name].null_count()]:
        msg = f"null values in {nulls}: a reader leaves out what was not measured"
        raise FrameError(msg)
    if "final" not in results.columns:
        results = results.with_columns(final=pl.col("budget") == pl.col("schedule"))
    keys = {name: dtype for name, dtype in RUNS.items() if name in ("arch", "schedule", "seed")}
    side = (
        pl.DataFrame() if runs is None else runs.with_columns(pl.col(name).cast(dtype) for name, dtype in keys.items())
    )
    numbers = results.with_columns(pl.col(name).cast(RESULT_FILE[name]) for name in (*FILE_KEY, "value"))
    return Batch(list(_rows(numbers)), archs.with_columns(pl.col("arch", "position").cast(pl.Int32)), side, progress)


def runs_table(known: pl.DataFrame, *own: str) -> pl.DataFrame:
    """Columns of ``runs``, null where a source does not tell, then the source's ``own`` columns."""
    absent = (pl.lit(None, dtype).alias(name) for name, dtype in RUNS.items() if name not in known.columns)
    return known.with_columns(absent).select(*RUNS, *own)


def _rows(results: pl.DataFrame) -> Iterator[Rows]:
    for partition, final, columns in partitions(results.sort(FILE_KEY)):
        yield Rows(partition, final, *(columns[name] for name in (*FILE_KEY, "value")))
