"""One value for each architecture, made sure to match a table that relates architectures to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.analysis._frames import Groups, average, measured, require
from nbframes.errors import FrameError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.analysis._frames import Names


def arch_values(
    frame: pl.DataFrame | pl.LazyFrame,
    by: Names | None,
    relation: pl.DataFrame | None = None,
    along: Sequence[str] = (),
) -> tuple[Groups, pl.LazyFrame]:
    """Groups of a frame, and in each the ``value`` of every ``arch``: the mean of its seeds, ``runs`` many.

    With columns ``along``, each of their values has values of its own.

    Collecting the values raises `FrameError` if a column that tells unlike results apart varies within a group, if an
    architecture has several values that are no seeds, or if the relation may be that of another benchmark.
    """
    results = measured(frame)
    require(results, ["arch", *along])
    groups = Groups.of(results, by, free=("arch", "seed", *along))
    one = [*groups.keys, *along, "arch"]
    schema = results.collect_schema()
    if "seed" in schema:
        values = average(results, one, ["seed"])
    else:
        values = results.select(*one, "value", runs=pl.lit(1, dtype=pl.UInt32))

    def checked(values: pl.DataFrame) -> pl.DataFrame:
        groups.check(values, "by")
        _check_single(values, one)
        if relation is not None:
            _check_benchmarks(values, relation)
        return values

    types = {**{name: schema[name] for name in one}, "value": pl.Float64(), "runs": pl.UInt32()}
    values = values.map_batches(
        checked, schema=types, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
    )
    return groups, values


def _check_single(values: pl.DataFrame, one: Sequence[str]) -> None:
    several = values.filter(values.select(one).is_duplicated())
    if several.height:
        msg = (
            f"some architectures have several values, for example {several['arch'][0]}\n\n"
            "Hint: keep one value for each, or name the runs in a column 'seed' to take their mean"
        )
        raise FrameError(msg)


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
