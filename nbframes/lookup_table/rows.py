"""The rows that a lookup is made of, and why there are none."""

from __future__ import annotations

import polars as pl

from nbframes.errors import FrameError, UnknownNameError, listed


def where(frame: pl.LazyFrame, wanted: dict[str, str]) -> pl.LazyFrame:
    """Rows with these names."""
    return frame.filter(pl.col(name) == value for name, value in wanted.items())


def read(frame: pl.LazyFrame, wanted: dict[str, str], undecided: tuple[str, ...]) -> pl.DataFrame:
    """Read the wanted rows; ``undecided`` are columns of which they must have one value.

    Raises
    ------
    UnknownNameError, FrameError
        If there are none, or they are of several benchmarks or schedules.
    """
    chosen = where(frame, wanted)
    _check_single(chosen, undecided)
    rows = chosen.select("arch", "seed", "budget", "value").collect()
    if rows.is_empty():
        raise _nothing(frame, wanted)
    return rows


def _check_single(rows: pl.LazyFrame, names: tuple[str, ...]) -> None:
    """Check that all rows are of one benchmark and one schedule, where that was not decided before."""
    if not names:
        return
    mixed = rows.select((pl.col(name) != pl.col(name).first()).any() for name in names).collect()
    for name in names:
        if mixed[name].item():
            several = rows.select(pl.col(name).unique()).collect()[name].sort().to_list()
            msg = f"the results hold several values of {name}: {listed(several)}\n\nHint: choose one with {name}="
            raise FrameError(msg)


def _nothing(frame: pl.LazyFrame, wanted: dict[str, str]) -> UnknownNameError | FrameError:
    """The error for a choice that selects no rows: which name is to blame."""
    if frame.select(pl.len()).collect().item() == 0:
        return FrameError("there are no rows to look up; is the benchmark, the schedule or the filter right?")
    for name, value in wanted.items():
        there = frame.select(pl.col(name).cast(pl.String).unique()).collect()[name].sort().to_list()
        if value not in there:
            return UnknownNameError.of(name, value, there)
    places = frame.filter(pl.col("metric") == wanted["metric"]).select("dataset", "split").unique().collect()
    pairs = sorted((str(dataset), str(split)) for dataset, split in places.iter_rows())
    return FrameError(f"the results hold no values with {wanted}\n\nThey have, as (dataset, split): {listed(pairs)}")
