"""Kendall's correlations on codes, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.numerics import kendall
from nbframes.numerics.kendall import MISSING, tau_b, weighted_tau

stats = pytest.importorskip("scipy.stats")


@st.composite
def rankings(draw):
    """Two matrices of small integers with ties, and which of their columns are missing in each row."""
    rows, n = draw(st.integers(1, 3)), draw(st.integers(1, 300))
    levels = draw(st.integers(1, 2 * n))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    missing = rng.random((rows, n)) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    return rng.integers(levels, size=(rows, n)), rng.integers(levels, size=(rows, n)), missing


def coded(values, missing):
    dense = np.unique(values, return_inverse=True, axis=None)[1].reshape(values.shape)
    per_row = [np.unique(row, return_inverse=True)[1] for row in dense]
    return np.where(missing, np.uint32(MISSING), np.array(per_row, dtype=np.uint32))


@pytest.mark.parametrize(("ours", "theirs"), [(tau_b, "kendalltau"), (weighted_tau, "weightedtau")])
@settings(max_examples=80, deadline=None)
@given(given_rankings=rankings())
@pytest.mark.filterwarnings("ignore:invalid value")
def test_every_row_agrees_with_scipy(ours, theirs, given_rankings):
    x, y, missing = given_rankings
    found = ours(coded(x, missing), coded(y, missing))
    for row, value in enumerate(found):
        a, b = x[row][~missing[row]], y[row][~missing[row]]
        if len(set(a)) < 2 or len(set(b)) < 2:
            assert np.isnan(value)
        else:
            np.testing.assert_allclose(value, getattr(stats, theirs)(a, b).statistic, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [255, 256, 257, 65_535, 65_536, 70_000])
def test_sizes_at_which_the_integer_types_change(n):
    rng = np.random.default_rng(n)
    x = rng.permutation(n)
    y = np.argsort(np.argsort(x + rng.normal(0, n / 5, n)))
    y[: n // 4] = y[0]
    codes = [np.unique(values, return_inverse=True)[1].astype(np.uint32)[None] for values in (x, y)]
    assert tau_b(*codes)[0] == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-13)


@pytest.mark.parametrize("levels", [2, 2**13 - 1, 2**13, 2**14 - 1, 2**14, 2**17])
def test_numbers_of_levels_at_which_the_integer_types_change(levels):
    rng = np.random.default_rng(levels)
    x = rng.integers(levels, size=140_000)
    y = (x + rng.integers(levels, size=140_000)) // 2
    lacking = rng.random(140_000) < 0.1
    codes = [np.where(lacking, MISSING, ranks).astype(np.uint32)[None] for ranks in (x, y)]
    assert tau_b(*codes)[0] == pytest.approx(stats.kendalltau(x[~lacking], y[~lacking]).statistic, abs=1e-13)


def test_the_codes_are_left_as_they_were():
    x = np.array([[0, 2, 1, MISSING]], dtype=np.uint32)
    before = x.copy()
    tau_b(x, x)
    weighted_tau(x, x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 63, 64, 65, 100, 1000, 4097])
def test_inversions_of_one_permutation_are_those_found_pair_by_pair(n):
    rng = np.random.default_rng(n)
    for permutation in (rng.permutation(n), np.arange(n), np.arange(n)[::-1]):
        expected = sum(int((permutation[:place] > value).sum()) for place, value in enumerate(permutation))
        assert kendall.inversions(permutation) == expected


def test_long_rankings_with_ties_and_gaps_agree_with_scipy(monkeypatch):
    monkeypatch.setattr(kendall, "_LONG", 0)
    rng = np.random.default_rng(0)
    for n in (50, 3_000):
        x, y = rng.integers(0, n // 2 + 1, n), rng.integers(0, n // 2 + 1, n)
        codes = [np.unique(ranks, return_inverse=True)[1].astype(np.uint32)[None] for ranks in (x, y)]
        assert kendall.tau_b(*codes)[0] == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12, nan_ok=True)
        lacking = rng.random(n) < 0.3
        gaps = [np.where(lacking, np.uint32(kendall.MISSING), code) for code in codes]
        left = [stats.rankdata(ranks[~lacking], "dense") for ranks in (x, y)]
        assert kendall.tau_b(*gaps)[0] == pytest.approx(stats.kendalltau(*left).statistic, abs=1e-12, nan_ok=True)
