"""A run that diverged makes its architecture NaN, and NaN is the last in every ranking."""

from __future__ import annotations

import math

import polars as pl
import pytest

import nbframes as nbf

NAN = math.nan
RESULTS = pl.DataFrame(
    {
        "arch": [0, 0, 1, 1, 2, 2],
        "seed": [777, 888] * 3,
        "value": [93.0, 93.5, 99.0, NAN, 91.0, 92.0],
    }
)


@pytest.mark.parametrize(("maximise", "order"), [(True, [0, 2, 1]), (False, [2, 0, 1])])
def test_the_survivor_is_not_crowned(maximise, order):
    best = nbf.best_archs(RESULTS, k=3, maximise=maximise)
    assert best["arch"].to_list() == order
    assert best["rank"].to_list() == [1, 2, 3]
    assert math.isnan(best["value"][2])
    means = RESULTS.group_by("arch").agg(nbf.seed_mean()).with_columns(nbf.rank(maximise=maximise))
    assert means.sort("rank")["arch"].to_list() == order


def test_every_helper_keeps_the_rule():
    noise = nbf.seed_noise(RESULTS)
    assert noise["arch"].to_list() == [0, 2, 1]
    assert noise["flip"].to_list() == [0.0, None, None]
    steps = nbf.ecdf(RESULTS)
    assert steps.select("count", "n").rows() == [(1, 3), (2, 3), (3, 3)]
    assert math.isnan(steps["value"][-1])
    summary = nbf.summarize(RESULTS).row(0, named=True)
    assert math.isnan(summary["mean"])
    assert math.isnan(summary["q50"])
    assert (summary["n"], summary["min"], summary["min_arch"], summary["max"], summary["max_arch"]) == (
        3,
        91.5,
        2,
        93.25,
        0,
    )
    stable = nbf.rank_stability(RESULTS)
    assert stable.filter(arch=1).select("min", "max").row(0) == (1.0, 3.0)
    curve = nbf.learning_curves(RESULTS.with_columns(budget=1))
    assert math.isnan(curve.filter(arch=1)["mean"].item())


def test_correlations_of_ranks_take_it_as_the_worst():
    frame = pl.DataFrame(
        {"arch": [0, 1, 2, 3] * 2, "split": ["a"] * 4 + ["b"] * 4, "value": [1.0, 2, 3, NAN, 1, 2, 3, 9]}
    )
    as_worst = frame.with_columns(pl.col("value").fill_nan(-1.0))
    for method in ("kendall", "weighted_kendall", "spearman", "sparse_kendall"):
        found = nbf.rank_correlation(frame, "split", method=method)
        assert found.equals(nbf.rank_correlation(as_worst, "split", method=method))
        assert found["n"].item() == 4
    assert nbf.rank_correlation(frame, "split", method="pearson")["correlation"].item() is None
    lost = frame.with_columns(pl.col("value").fill_nan(10.0))
    minimised = nbf.rank_correlation(frame, "split", maximise=False)
    assert minimised.equals(nbf.rank_correlation(lost, "split", maximise=False))
    assert nbf.top_overlap(frame, "split", k=1).select("common").item() == 0


def test_maps_of_a_space_leave_it_out():
    archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    assert nbf.landscape(RESULTS, archs, space="sss").select("n", "best_arch").row(0) == (2, 0)
    means = nbf.marginal_means(RESULTS, archs, space="sss")
    assert means.filter(pl.col("position") == "channels_4")["n"].to_list() == [1, 1]
    assert not means["mean"].is_nan().any()
