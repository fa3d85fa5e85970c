from __future__ import annotations

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError


@st.composite
def runs(draw):
    """Long frames of two benchmarks with ties, missing runs and missing budgets."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    keys = pl.DataFrame({"benchmark": ["a", "b"], "schedule": [4, 6]})
    for name, values in (("arch", [0, 1, 2, 3]), ("seed", [777, 888, 999]), ("budget", range(1, 7))):
        keys = keys.join(pl.DataFrame({name: values}), how="cross")
    keys = keys.filter(pl.col("budget") <= pl.col("schedule")).with_columns(
        value=rng.integers(0, 8, keys.height - 24) / 4
    )
    return keys.sample(fraction=draw(st.sampled_from([0.3, 0.8, 1.0])), seed=1, shuffle=True)


@settings(max_examples=25, deadline=None)
@given(runs())
def test_curves_of_architectures_agree_with_duckdb(frame):
    ours = nbf.learning_curves(frame, quantiles=[0.25, 0.9])
    theirs = duckdb.sql("""
        select benchmark, arch, schedule, budget, count(*) n, avg(value) mean, stddev_samp(value) std,
               stddev_samp(value) / sqrt(count(*)) sem, quantile_cont(value, 0.25) q25, quantile_cont(value, 0.9) q90
        from frame group by all order by all""").pl()
    assert_frame_equal(ours.drop("runs"), theirs, check_dtypes=False, abs_tol=1e-12)
    assert (ours["n"] == ours["runs"]).all()


@settings(max_examples=25, deadline=None)
@given(runs())
def test_population_curves_count_each_architecture_once(frame):
    ours = nbf.learning_curves(frame, over=("seed", "arch"))
    theirs = duckdb.sql("""
        with means as (select benchmark, schedule, budget, arch, avg(value) m, count(*) c from frame group by all)
        select benchmark, schedule, budget, count(*) n, sum(c)::bigint runs, avg(m) mean, stddev_samp(m) std,
               stddev_samp(m) / sqrt(count(*)) sem from means group by all order by all""").pl()
    assert_frame_equal(ours, theirs, check_dtypes=False, abs_tol=1e-12)


@settings(max_examples=60, deadline=None)
@given(runs(), st.sampled_from(["files of a store", "seeds descend", "curves in two pieces", "rows of a key apart"]))
def test_rows_that_stand_nearly_in_order_are_reduced_to_the_same_bits(frame, order):
    keys = ["benchmark", "arch", "schedule", "budget"]
    last = pl.col("budget") == pl.col("schedule")
    split = {
        "files of a store": last,
        "curves in two pieces": pl.col("arch") == 1,
        "rows of a key apart": pl.col("seed") == 888,
    }
    aside = split.get(order, pl.lit(value=False))
    ordered = frame.sort([*keys, "seed"], descending=[False] * 4 + [order == "seeds descend"])
    near = pl.concat([ordered.filter(~aside), ordered.filter(aside)])
    assert_frame_equal(nbf.learning_curves(near), nbf.learning_curves(frame.sort([*keys, "seed"])), check_exact=True)
    for repeated in (pl.concat([near[:1], near]), pl.concat([near, near[:1]])):
        with pytest.raises(FrameError, match="several rows for the same"):
            nbf.learning_curves(repeated)


@settings(max_examples=15, deadline=None)
@given(runs())
def test_two_benchmarks_at_once_give_what_each_gives_alone(frame):
    together = nbf.learning_curves(frame, over=("seed", "arch"), align="fraction")
    alone = [
        nbf.learning_curves(part, over=("seed", "arch"), align="fraction") for _, part in frame.group_by("benchmark")
    ]
    assert_frame_equal(together, pl.concat(alone).sort("benchmark", "schedule", "fraction"))


def test_means_of_published_runs(tss):
    curves = nbf.learning_curves(tss.filter(nbf.dataset("cifar10-valid")))
    assert curves["n"].value_counts().sort("n").rows() == [(2, 7456), (3, 8169)]
    best = curves.sort("mean").tail(1)
    assert best["arch"].item() == 6111
    assert best["mean"].item() == pytest.approx(91.60666665, abs=1e-8)


def test_a_fraction_of_the_schedule_aligns_benchmarks():
    frame = pl.DataFrame({"arch": [0, 1], "schedule": [108, 200], "budget": [54, 100], "value": [80.0, 90.0]})
    curve = nbf.learning_curves(frame, by=[], over=("schedule", "arch"), align="fraction")
    assert curve.select("fraction", "n", "mean").rows() == [(0.5, 2, 85.0)]


def test_lazy_in_lazy_out(tss):
    lazy = nbf.learning_curves(tss.lazy(), over=("seed", "arch"))
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), nbf.learning_curves(tss, over=("seed", "arch")))


def test_null_is_no_value():
    frame = pl.DataFrame({"arch": [0] * 4, "budget": [1, 1, 1, 2], "seed": [1, 2, 3, 1], "value": [5.0, None, 7, None]})
    assert nbf.learning_curves(frame).select("budget", "n", "mean").rows() == [(1, 2, 6.0)]


def test_unlike_rows_are_not_averaged(tss):
    with pytest.raises(FrameError, match=r"several values of 'split'.*'val', 'valtest'.*\n\nHint: filter"):
        nbf.learning_curves(tss, by=["benchmark", "metric", "schedule"], over=("seed", "arch", "dataset"))
    lazy = nbf.learning_curves(tss.lazy(), by="dataset")
    with pytest.raises(FrameError, match="several values of 'arch'"):
        lazy.collect()


def test_configurations_are_not_seeds():
    frame = pl.DataFrame(
        {"arch": [0, 0], "budget": [1, 1], "seed": [0, 1], "config": ["{}", '{"lr": 1}'], "value": [1.0, 2.0]}
    )
    assert nbf.learning_curves(frame)["n"].to_list() == [1, 1]
    with pytest.raises(FrameError, match="several values of 'config'"):
        nbf.learning_curves(frame, by="arch")


def test_options_are_checked():
    frame = pl.DataFrame({"arch": [0], "budget": [1], "seed": [0], "value": [1.0]})
    with pytest.raises(UnknownNameError, match="did you mean 'fraction'"):
        nbf.learning_curves(frame, align="fractions")
    with pytest.raises(InvalidArgumentError, match=r"quantiles should lie in \[0, 1\], got 25"):
        nbf.learning_curves(frame, quantiles=[0.5, 25])
    with pytest.raises(InvalidArgumentError, match="cannot group by 'seed'"):
        nbf.learning_curves(frame, by="seed")
    with pytest.raises(FrameError, match="lacks the columns 'bugdet'; did you mean 'budget'"):
        nbf.learning_curves(frame, by="bugdet")
    with pytest.raises(FrameError, match="lacks the columns 'schedule'"):
        nbf.learning_curves(frame, align="fraction")
    with pytest.raises(InvalidArgumentError, match="each once"):
        nbf.learning_curves(frame, over=("seed", "seed"))


def test_an_empty_frame_gives_no_curve(tss):
    assert nbf.learning_curves(tss.clear()).is_empty()
