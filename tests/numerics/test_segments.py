"""Reductions over runs of equal keys, against group_by of Polars."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from nbframes.numerics import segments
from nbframes.numerics.segments import Keys, Runs, sums


@st.composite
def tables(draw):
    """Keys of two columns in order, in two ordered stretches, or in none, and values."""
    n, levels = draw(st.integers(0, 200)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    frame = pl.DataFrame(
        {
            "a": rng.integers(-levels, levels, n),
            "b": rng.integers(2**40, 2**40 + levels, n),
            "value": rng.normal(90, 5, n),
        },
        schema={"a": pl.Int64, "b": pl.Int64, "value": pl.Float64},
    )
    order = draw(st.sampled_from(["sorted", "two stretches", "none"]))
    if order == "sorted":
        return frame.sort("a", "b")
    half = n // 2
    return pl.concat([frame[:half].sort("a", "b"), frame[half:].sort("a", "b")]) if order == "two stretches" else frame


@given(tables(), st.sampled_from([3, 16, 2**17]))
@settings(max_examples=150, deadline=None)
def test_they_are_those_of_group_by(frame, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "_BLOCK", block)
        keys = Keys.of([frame["a"].to_numpy(), frame["b"].to_numpy()], frame.height)
        order = keys.order()
        packed, values = keys.packed, frame["value"].to_numpy()
        if order is not None:
            packed, values = packed[order], values[order]
        assert (packed[1:] >= packed[:-1]).all()
        runs = Runs.of([packed], values)
        unit = packed[runs.starts]
        ours = pl.DataFrame(
            {
                "a": keys.unpack(unit, 0),
                "b": keys.unpack(unit, 1),
                "n": runs.counts,
                "mean": runs.mean,
                "std": runs.std,
                "q": runs.quantiles(values, [0.3])[0],
            }
        )
    value = pl.col("value")
    theirs = frame.group_by("a", "b").agg(
        n=pl.len(), mean=value.mean(), std=value.std(), q=value.quantile(0.3, "linear")
    )
    assert_frame_equal(ours.with_columns(pl.col("std").fill_nan(None)), theirs.sort("a", "b"), check_dtypes=False)


@given(tables(), st.sampled_from([1, 3, 16, 2**17]))
@settings(max_examples=100, deadline=None)
def test_runs_of_rows_in_any_order_are_those_of_rle(frame, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "_BLOCK", block)
        a, b = frame["a"].to_numpy(), frame["b"].to_numpy()
        runs = Runs.of([a], frame["value"].to_numpy(), within=b)
    lengths = frame["a"].rle().struct.unnest()
    assert runs.counts.tolist() == lengths["len"].to_list()
    assert a[runs.starts].tolist() == lengths["value"].to_list()
    rising = (pl.col("a") != pl.col("a").shift()) | (pl.col("b") > pl.col("b").shift())
    assert runs.apart == frame.select(rising).to_series()[1:].all()


def test_ranges_that_do_not_fit_one_integer_are_refused():
    wide = np.array([-(2**62), 2**62])
    with pytest.raises(OverflowError, match="64 bits"):
        Keys.of([wide], 2)


def test_a_nan_makes_its_run_nan_and_no_other():
    runs = Runs.of([np.array([0, 0, 1, 1])], np.array([1.0, np.nan, 2.0, 4.0]))
    assert np.isnan(runs.mean[0])
    assert runs.mean[1] == 3
    assert np.isnan(runs.quantiles(np.array([1.0, np.nan, 2.0, 4.0]), [0.0])[0][0])


@pytest.mark.parametrize("longest", [1, 2, 3, 8, 9, 30])
@pytest.mark.parametrize("alike", [True, False])
def test_sums_are_bit_by_bit_those_of_reduceat(longest, alike):
    rng = np.random.default_rng(longest)
    for _ in range(50):
        counts = np.full(40, longest) if alike else rng.integers(1, longest + 1, 40)
        values = rng.normal(size=counts.sum()) * 10.0 ** rng.integers(-8, 8, counts.sum())
        values[rng.integers(len(values), size=3)] = [-0.0, np.inf, np.nan]
        starts = np.cumsum(counts) - counts
        with np.errstate(invalid="ignore"):
            expected = np.add.reduceat(values, starts)
            found = sums(values, starts, counts)
        np.testing.assert_array_equal(found, expected)
        assert (np.signbit(found) == np.signbit(expected))[~np.isnan(expected)].all()
