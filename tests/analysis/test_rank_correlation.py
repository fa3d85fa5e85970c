from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError

stats = pytest.importorskip("scipy.stats")

THEIRS = {
    "kendall": lambda x, y: stats.kendalltau(x, y).statistic,
    "sparse_kendall": lambda x, y: stats.kendalltau(np.round(x + 1e-5, 1), np.round(y + 1e-5, 1)).statistic,
    "weighted_kendall": lambda x, y: stats.weightedtau(x, y).statistic,
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
}


@st.composite
def runs(draw):
    """Three budgets of up to thirty architectures, with ties, missing runs and missing architectures."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    archs, levels = draw(st.integers(1, 30)), draw(st.integers(1, 40))
    frame = pl.DataFrame({"arch": range(archs)}).join(pl.DataFrame({"budget": [1, 12, 200]}), how="cross")
    frame = frame.join(pl.DataFrame({"seed": [777, 888]}), how="cross")
    frame = frame.with_columns(value=rng.integers(levels, size=frame.height) / 16)
    return frame.sample(fraction=draw(st.sampled_from([0.7, 1.0])), shuffle=True, seed=0)


@pytest.mark.parametrize("method", THEIRS)
@settings(max_examples=25, deadline=None)
@given(frame=runs())
def test_every_method_agrees_with_scipy_on_the_shared_architectures(method, frame):
    means = frame.group_by("arch", "budget").agg(pl.col("value").mean())
    levels = sorted(means["budget"].unique())
    pairs = list(combinations(levels, 2))
    if not pairs:
        return
    found = nbf.rank_correlation(frame, "budget", method=method)
    assert found.select("budget_a", "budget_b").rows() == pairs
    for a, b, n, value in found.iter_rows():
        x, y = (means.filter(pl.col("budget") == level).select("arch", "value") for level in (a, b))
        both = x.join(y, on="arch", suffix="_b")
        assert n == both.height
        rounded = both.select((pl.col("value", "value_b") + 1e-5).round(1)) if method == "sparse_kendall" else both
        if min(rounded["value"].n_unique(), rounded["value_b"].n_unique()) < 2:
            assert value is None
        else:
            assert value == pytest.approx(
                THEIRS[method](both["value"].to_numpy(), both["value_b"].to_numpy()), abs=1e-9
            )


def test_architectures_are_matched_where_the_rows_are_nearly_a_grid():
    """Numbers that stand as a full grid are not looked up; names of the same order always are."""
    random = np.random.default_rng(0)
    grid = pl.DataFrame(
        {"arch": np.repeat([2, 3, 5, 8], 3), "budget": [1, 12, 200] * 4, "value": random.normal(size=12)}
    )
    for missing in [(), *combinations(range(12), 1), *combinations(range(12), 2)]:
        frame = grid.filter(~pl.int_range(12).is_in(missing))
        for numbered in (frame, frame.with_columns(budget=pl.col("budget") + pl.col("arch") % 2)):
            named = numbered.with_columns(pl.col("arch").cast(pl.String))
            assert_frame_equal(
                nbf.rank_correlation(numbered, "budget", method="pearson"),
                nbf.rank_correlation(named, "budget", method="pearson"),
            )


def chained(values):
    """Number of gaps of at least 1e-5 below each value."""
    ordered = np.sort(values)
    return np.searchsorted(ordered[1:][np.diff(ordered) >= 1e-5], values, side="right")


def smallest_of_ties(values):
    """Smallest of the values that tie with each."""
    number = chained(values)
    return np.array([values[number == n].min() for n in range(number.max() + 1)])[number]


@pytest.mark.parametrize("method", THEIRS)
def test_whole_space_agrees_with_scipy(tss, method):
    found = nbf.rank_correlation(tss, ("dataset", "split"), method=method)
    wide = (
        tss.group_by("arch", "dataset").agg(nbf.seed_mean()).pivot("dataset", index="arch", values="value").sort("arch")
    )
    assert found["n"].to_list() == [15_625] * 3
    for row in found.iter_rows(named=True):
        x, y = (wide[row[end]].to_numpy() for end in ("dataset_a", "dataset_b"))
        if method == "sparse_kendall":
            x, y = smallest_of_ties(x), smallest_of_ties(y)
        elif method != "pearson":
            x, y = chained(x), chained(y)
        assert row["correlation"] == pytest.approx(THEIRS[method](x, y), abs=1e-9)


def test_seeds_are_compared_on_the_architectures_that_have_both(tss):
    found = nbf.rank_correlation(tss, "seed", by="dataset")
    counts = found.select("seed_a", "seed_b", "n").unique().sort("seed_a", "seed_b").rows()
    assert counts == [(777, 888, 15_625), (777, 999, 8_169), (888, 999, 8_169)]


def test_a_split_metric_or_benchmark_can_be_compared():
    frame = pl.DataFrame(
        {"arch": [0, 1, 2] * 2, "benchmark": ["nb201"] * 3 + ["nats-tss"] * 3, "value": [1.0, 2, 3, 1, 3, 2]}
    )
    found = nbf.rank_correlation(frame, "benchmark")
    assert found.select("benchmark_a", "benchmark_b", "n").row(0) == ("nats-tss", "nb201", 3)
    assert found["correlation"].item() == pytest.approx(1 / 3)


def test_benchmarks_with_indices_of_their_own_are_compared_by_hash():
    frame = pl.DataFrame(
        {
            "benchmark": ["nb101"] * 3 + ["mine"] * 4,
            "arch": [0, 1, 2, 7, 5, 6, 9],
            "hash": ["x", "y", "z", "y", "x", "x", "w"],
            "seed": [0] * 7,
            "value": [1.0, 2.0, 3.0, 5.0, 2.0, 4.0, 9.0],
        }
    )
    found = nbf.rank_correlation(frame, "benchmark", on="hash", over=("seed", "arch"))
    assert found.row(0) == ("mine", "nb101", 2, 1.0)
    with pytest.raises(FrameError, match="Hint: 'arch' vary"):
        nbf.rank_correlation(frame, "benchmark", on="hash")


def test_two_groups_at_once_give_what_each_gives_alone(tss):
    together = nbf.rank_correlation(tss, "seed", resamples=20)
    for name in tss["dataset"].unique():
        alone = nbf.rank_correlation(tss.filter(nbf.dataset(name)), "seed", resamples=20)
        assert_frame_equal(together.filter(pl.col("dataset") == name), alone)


@settings(max_examples=30, deadline=None)
@given(frame=runs(), top=st.sampled_from([10, 33.3, 50, 100]), maximise=st.booleans())
def test_top_percent_by_the_second_value(frame, top, maximise):
    if frame["budget"].n_unique() < 2:
        return
    means = frame.group_by("arch", "budget").agg(pl.col("value").mean())
    for a, b, n, value in nbf.rank_correlation(frame, "budget", top=top, maximise=maximise).iter_rows():
        x, y = (means.filter(pl.col("budget") == level).select("arch", "value") for level in (a, b))
        both = x.join(y, on="arch", suffix="_b")
        count = int(np.ceil(both.height * (top / 100)))
        best = both.filter(pl.col("value_b").rank("min", descending=maximise) <= count)
        assert n == best.height
        if min(best["value"].n_unique(), best["value_b"].n_unique()) > 1:
            assert value == pytest.approx(
                THEIRS["kendall"](best["value"].to_numpy(), best["value_b"].to_numpy()), abs=1e-12
            )
        else:
            assert value is None


def test_against_one_value(tss):
    every = nbf.rank_correlation(tss, ("dataset", "split"))
    one = nbf.rank_correlation(tss, ("dataset", "split"), against=("cifar100", "valtest"))
    assert one["dataset_b"].to_list() == ["cifar100"] * 2
    expected = every.filter((pl.col("dataset_a") == "cifar100") | (pl.col("dataset_b") == "cifar100"))["correlation"]
    assert one["correlation"].to_list() == expected.to_list()


@pytest.mark.parametrize("method", THEIRS)
def test_bootstrap_intervals_are_reproducible_and_hold_the_estimate(tss, method):
    few = tss.filter(pl.col("arch") < 200)
    once, again = (nbf.rank_correlation(few, "seed", method=method, resamples=200, seed=3) for _ in range(2))
    assert_frame_equal(once, again)
    assert once.select(
        ((pl.col("low") < pl.col("correlation")) & (pl.col("correlation") < pl.col("high"))).all()
    ).item()
    other = nbf.rank_correlation(few, "seed", method=method, resamples=200, seed=4)
    assert once["low"].equals(other["low"]) == (method == "pearson")


@pytest.mark.parametrize("method", THEIRS)
def test_architectures_without_both_values_do_not_sway_the_bootstrap(tss, method):
    one = tss.filter(nbf.dataset("cifar100"), nbf.seed(777, 999), pl.col("arch") % 50 == 7)
    both = one.filter(pl.len().over("arch") == 2)
    assert both.height < one.height
    options = {"method": method, "resamples": 30}
    assert_frame_equal(nbf.rank_correlation(one, "seed", **options), nbf.rank_correlation(both, "seed", **options))


def test_bootstrap_interval_is_near_that_of_scipy(tss):
    few = tss.filter(pl.col("arch") < 300, nbf.dataset("cifar100"), nbf.seed(777, 888))
    ours = nbf.rank_correlation(few, "seed", method="spearman", resamples=4000)
    sides = [few.filter(nbf.seed(seed)).sort("arch")["value"].to_numpy() for seed in (777, 888)]
    theirs = stats.bootstrap(
        sides,
        lambda x, y, axis: stats.pearsonr(*(stats.rankdata(side, axis=axis) for side in (x, y)), axis=axis).statistic,
        paired=True,
        method="BCa",
        n_resamples=4000,
        rng=1,
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours["low"].item() == pytest.approx(theirs.low, abs=width / 10)
    assert ours["high"].item() == pytest.approx(theirs.high, abs=width / 10)


def test_means_within_1e_9_are_ties():
    frame = pl.DataFrame(
        {"arch": [0, 1, 2] * 2, "budget": [1] * 3 + [2] * 3, "value": [1.0, 1 + 5e-10, 2.0, 3.0, 4.0, 5.0]}
    )
    expected = stats.kendalltau([1, 1, 2], [3, 4, 5]).statistic
    assert nbf.rank_correlation(frame, "budget")["correlation"].item() == pytest.approx(expected)


def test_lazy_in_lazy_out(tss):
    lazy = nbf.rank_correlation(tss.lazy(), "seed", resamples=2)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), nbf.rank_correlation(tss, "seed", resamples=2))
    filtered = lazy.filter(pl.col("seed_a") == 888).select("n").collect()
    assert filtered["n"].to_list() == [8_169] * 3


def test_an_empty_frame_gives_no_pairs(tss):
    assert nbf.rank_correlation(tss.clear(), "seed").is_empty()


def test_unlike_rows_are_not_averaged(tss):
    with pytest.raises(FrameError, match=r"several values of 'split'(?s:.*)name the column in between or by"):
        nbf.rank_correlation(tss, "dataset", by=[])


def test_a_frame_with_nothing_to_compare_says_what_varies_along(tss, measured):
    with pytest.raises(FrameError, match="single value of 'schedule'") as raised:
        nbf.rank_correlation(tss, "schedule")
    assert "Hint" not in str(raised.value)
    both = measured.filter(nbf.metric("accuracy"), nbf.dataset("cifar100"))
    with pytest.raises(FrameError, match=r"Hint: .*'budget'"):
        nbf.rank_correlation(both, "schedule")


def test_rows_that_only_an_unnamed_column_tells_apart_are_refused():
    frame = pl.DataFrame({"arch": [0, 0, 1], "budget": [1, 1, 2], "note": ["x", "y", "x"], "value": [1.0, 2.0, 3.0]})
    with pytest.raises(FrameError, match="several rows for the same 'arch', 'budget'"):
        nbf.rank_correlation(frame, "budget")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "kendal"}, UnknownNameError, "did you mean 'kendall'"),
        ({"top": 0}, InvalidArgumentError, r"percentage in \(0, 100\], got 0"),
        ({"level": 95}, InvalidArgumentError, r"level lie in \(0, 1\), got 0 and 95"),
        ({"resamples": -1}, InvalidArgumentError, "got -1"),
        ({"against": 776}, UnknownNameError, "unknown value of seed 776.*Valid: 777, 888, 999"),
        ({"against": (777, 888)}, InvalidArgumentError, "one value for each column"),
        ({"over": "seed"}, InvalidArgumentError, "cannot compare values of 'seed'"),
        ({"by": "seed"}, InvalidArgumentError, "cannot group by 'seed'"),
    ],
)
def test_options_are_checked(tss, options, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        nbf.rank_correlation(tss, "seed", **options)
