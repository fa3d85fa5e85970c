"""Ties: against a walk over the sorted values, and on published accuracies."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.numerics import ties
from nbframes.numerics.ties import Ties, codes, lexicographic, opens

GOLDEN = Path(__file__).parents[1] / "data" / "tss_imagenet16-120_val_12_epochs_distinct.parquet"

near = st.one_of(
    st.integers(-3, 3).map(float), st.integers(-3, 3).map(lambda k: k + 4e-6), st.just(math.nan), st.just(math.inf)
)


def walked(values, tie):
    """Number of the tie of each value, found one value after the other; NaN is the last."""
    code, last, of_value = -1, None, {}
    for value in sorted(v for v in values if not math.isnan(v)):
        code += last is None or (value > last and value - last >= tie)
        last = of_value[value] = value
        of_value[value] = code
    return [code + 1 if math.isnan(v) else of_value[v] for v in values]


@given(st.lists(near, max_size=30), st.sampled_from([0.0, 1e-6, 1e-5, 2.0]))
@settings(max_examples=150, deadline=None)
def test_codes_are_those_of_a_walk(values, tie):
    array = np.array(values, dtype=float)
    assert codes(array, tie).tolist() == walked(values, tie)
    ties = Ties.of(array, tie)
    assert ties.of_rows(np.arange(len(ties.starts))).tolist() == walked(values, tie)
    alone = Ties.of_values(array, tie)
    for name in ("ordered", "starts", "groups", "counts", "sizes", "lowest"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(ties, name))


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4), (1, 4), (0, 4), (3, 0)])
def test_codes_of_many_rows_are_those_of_each(monkeypatch, shape):
    values = np.random.default_rng(0).integers(0, 3, shape) / 2
    gaps = np.full((*shape[:-1], 1), 0.0)
    gaps[:1] = 1.0
    for batch in (1, 8, 1 << 17):  # as many threads as rows, rows shared out, one thread
        monkeypatch.setattr(ties, "_BATCH", batch)
        found = codes(values, gaps)
        assert found.shape == shape
        for place in np.ndindex(shape[:-1]):
            assert found[place].tolist() == walked(values[place].tolist(), gaps[place].item())


@given(st.lists(st.tuples(near, st.integers(0, 3)), max_size=40))
@settings(max_examples=150, deadline=None)
def test_each_group_is_what_it_is_alone(rows):
    values, groups = np.array([v for v, _ in rows], dtype=float), np.array([g for _, g in rows], dtype=np.int64)
    together = Ties.of(values, 1e-5, groups)
    for group in np.unique(groups):
        chosen = groups == group
        alone = Ties.of(values[chosen], 1e-5)
        for method in ("min", "average"):
            ranks = together.of_rows(together.ranks(method))[chosen]
            np.testing.assert_array_equal(ranks, alone.of_rows(alone.ranks(method)))
        np.testing.assert_array_equal(together.of_rows(together.lowest)[chosen], alone.of_rows(alone.lowest))
        np.testing.assert_array_equal(together.of_rows(together.counts)[chosen], alone.of_rows(alone.counts))


def test_a_tie_for_each_row():
    values = np.array([0.0, 4e-6, 0.0, 4e-6])
    ties = Ties.of(values, np.array([0, 0, 1e-5, 1e-5]), np.array([0, 0, 1, 1]))
    assert ties.of_rows(ties.ranks()).tolist() == [1, 2, 1, 1]
    assert codes(values.reshape(2, 2), np.array([[0.0], [1e-5]])).tolist() == [[0, 1], [0, 0]]


def test_infinities_tie_with_themselves():
    assert opens(np.array([-math.inf, -math.inf, 0.0, math.inf, math.inf, math.nan, math.nan]), 0).tolist() == [
        True,
        False,
        True,
        True,
        False,
        True,
        False,
    ]


def test_equal_counts_of_correct_images_are_one_rank():
    """Published validation accuracies of ImageNet16-120 at 12 epochs: 905 counts of 3,000 images in 6,715 floats."""
    values = pl.read_parquet(GOLDEN)
    images = (values["value"] * 30).round()
    assert (values.height, images.n_unique()) == (6_715, 905)
    ranks = values.select(nbf.rank(method="dense"))["rank"]
    assert (ranks - 1).equals((905 - images.rank("dense").cast(pl.UInt32)).alias("rank"))
    assert values.select(nbf.rank(tie=1e-9))["rank"].n_unique() == 6_712


def test_the_best_ten_of_the_whole_space_are_thirteen(measured):
    chosen = measured.filter(nbf.on("ImageNet16-120", "val"), nbf.schedule(12), nbf.metric("accuracy"))
    assert chosen.height == 15_625
    assert chosen.select(nbf.rank())["rank"].n_unique() == 905
    assert chosen.filter(nbf.rank() <= 10).height == 13
    best = nbf.best_archs(chosen, k=10)
    assert best.height == 13
    assert best["arch"].sort().to_list() == chosen.filter(nbf.rank() <= 10)["arch"].sort().to_list()


def test_means_over_seeds_of_equal_counts_tie(tss):
    """The sum of the runs' counts of correct images over the number of runs is the mean, exactly."""
    images = {"cifar10-valid": 25_000, "cifar100": 10_000, "ImageNet16-120": 6_000}
    for name, size in images.items():
        runs = tss.filter(nbf.dataset(name)).with_columns(correct=(pl.col("value") * size / 100).round().cast(pl.Int64))
        means = runs.group_by("arch").agg(nbf.seed_mean(), pl.col("correct").sum(), runs=pl.len())
        exact = means.select((pl.col("correct") * 6 // pl.col("runs")).n_unique()).item()
        assert means.select(nbf.rank())["rank"].n_unique() == exact
        assert nbf.best_archs(tss.filter(nbf.dataset(name)), k=means.height)["rank"].n_unique() == exact


def test_continuous_values_keep_their_ranks_with_exact_comparison():
    values = np.random.default_rng(0).normal(size=1_000_000)
    frame = pl.DataFrame({"value": values})
    expected = pl.Series("rank", values).rank("min", descending=True)
    assert frame.select(nbf.rank(tie=0))["rank"].equals(expected)
    assert frame.select(nbf.rank())["rank"].n_unique() < 1_000_000


@pytest.mark.parametrize("bits", [63, 1])
def test_rows_of_a_tie_stand_in_their_own_order(bits, monkeypatch):
    monkeypatch.setattr(ties, "_BITS", bits)
    rng = np.random.default_rng(0)
    for _ in range(100):
        values, groups = rng.integers(0, 9, 60) + rng.random(60) * 1e-7, rng.integers(0, 3, 60)
        found = Ties.of(values, 1e-5, groups).rows
        assert found.tolist() == np.lexsort((np.arange(60), values.round(), groups)).tolist()
    assert Ties.of(np.array([2.0, 1.0]), 0.0).rows.tolist() == [1, 0]
    assert Ties.of(np.empty(0), 0.0).rows.tolist() == []


@pytest.mark.parametrize("bits", [63, 1])
def test_lexicographic_order_is_that_of_numpy(bits, monkeypatch):
    monkeypatch.setattr(ties, "_BITS", bits)
    rng = np.random.default_rng(0)
    for width in (1, 2, 3, 4):
        for n in (0, 1, 2, 50):
            columns = [rng.integers(0, 4, n).astype(np.float64) for _ in range(width)]
            columns[0] = columns[0].astype(np.uint32)
            assert lexicographic(columns).tolist() == np.lexsort(columns[::-1]).tolist()
    assert lexicographic([np.array([np.inf, -np.inf, 0.0, -0.0])]).tolist() == [1, 2, 3, 0]
