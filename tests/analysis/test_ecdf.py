from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf

stats = pytest.importorskip("scipy.stats")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_shares_agree_with_scipy(values):
    frame = pl.DataFrame({"arch": range(len(values)), "value": [value / 4 for value in values]})
    ours = nbf.ecdf(frame, over="arch")
    theirs = stats.ecdf(frame["value"].to_numpy()).cdf
    np.testing.assert_array_equal(ours["value"], theirs.quantiles)
    np.testing.assert_allclose(ours["share"], theirs.probabilities)
    assert (ours["n"] == len(values)).all()
    assert ours["count"].to_list()[-1] == len(values)


def test_groups_are_those_alone(tss):
    together = nbf.ecdf(tss)
    for name in ("cifar10-valid", "cifar100", "ImageNet16-120"):
        alone = nbf.ecdf(tss.filter(nbf.dataset(name)), by="dataset")
        assert_frame_equal(together.filter(nbf.dataset(name)).select(alone.columns), alone)
        assert alone["share"].is_sorted()
        assert alone["share"][-1] == 1.0


def test_half_of_the_architectures_are_below_the_median(tss):
    one = tss.filter(nbf.dataset("cifar100"))
    median = nbf.summarize(one)["q50"].item()
    steps = nbf.ecdf(one)
    assert steps.filter(pl.col("value") <= median)["share"].max() == pytest.approx(0.5, abs=1e-4)


def test_values_that_tie_are_one_step():
    frame = pl.DataFrame({"arch": [0, 1, 2], "value": [1.0, 1.0 + 5e-10, 2.0]})
    assert nbf.ecdf(frame, over="arch").rows() == [(1.0, 2, 3, 2 / 3), (2.0, 3, 3, 1.0)]


def test_steps_stand_in_the_order_of_by_and_diverged_runs_last(tss):
    together = nbf.ecdf(tss, by=["split", "dataset", "metric", "benchmark", "schedule", "budget"])
    assert_frame_equal(together, together.sort("split", "dataset", "value"))
    assert together["dataset"].n_unique() > 1
    frame = pl.DataFrame({"arch": [0, 1, 2, 3], "dataset": ["a"] * 4, "value": [float("nan"), 2.0, float("nan"), 1.0]})
    steps = nbf.ecdf(frame)
    assert steps["count"].to_list() == [1, 2, 4]
    assert steps["dataset"].to_list() == ["a"] * 3
    assert steps["value"].is_nan().to_list() == [False, False, True]


def test_lazy_in_lazy_out(tss):
    lazy = nbf.ecdf(tss.lazy(), by="dataset")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), nbf.ecdf(tss, by="dataset"))
