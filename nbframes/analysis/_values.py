"""One value for each architecture, made sure to match a table that relates architectures to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.errors import FrameError, listed

if TYPE_CHECKING:
    from nbframes.analysis._frames import Groups
    from nbframes.analysis._means import Rows


def arch_values(rows: Rows, groups: Groups, table: pl.DataFrame, relation: pl.DataFrame) -> pl.DataFrame:
    """In each group the ``value`` of every ``arch``, the mean over its seeds, ``runs`` many; without those that are NaN.

    Raises
    ------
    FrameError
        If a column that tells unlike results apart varies within a group, rows share a key, or the relation may be that of
        another benchmark.
    """
    values = rows.means(table)
    groups.check(values)
    _check_benchmarks(values, relation)
    return values.filter(pl.col("value").is_not_nan())


def _check_benchmarks(values: pl.DataFrame, relation: pl.DataFrame) -> None:
    of_frame, of_archs = _benchmarks(values), _benchmarks(relation)
    if of_archs and (unknown := [name for name in of_frame if name not in of_archs]):
        msg = f"archs does not hold {listed(unknown)} of the frame; its benchmarks are {listed(of_archs)}"
        raise FrameError(msg)
    if (len(of_frame) > 1 and not of_archs) or (len(of_archs) > 1 and not of_frame):
        several, lacks = ("the frame", "archs") if of_frame else ("archs", "the frame")
        msg = f"{several} holds several benchmarks ({listed(of_frame or of_archs)}), but {lacks} has no column 'benchmark'"
        raise FrameError(msg)


def _benchmarks(table: pl.DataFrame) -> list[str]:
    return table["benchmark"].cast(pl.String).unique().sort().to_list() if "benchmark" in table.columns else []
