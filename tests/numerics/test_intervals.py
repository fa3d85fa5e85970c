"""Intervals of correlations: how often they cover the correlation of the distribution that samples are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nbframes.numerics.correlation import Correlation

SAMPLES, SIZE = 500, 40
OF_NORMALS = {
    "pearson": lambda rho: rho,
    "kendall": lambda rho: 2 / np.pi * np.arcsin(rho),
    "spearman": lambda rho: 6 / np.pi * np.arcsin(rho / 2),
}


def intervals(x, y, *, method="pearson", level=0.95):
    """Low and high of every row of ``x`` with the same row of ``y``."""
    rows = np.stack([x, y], axis=1).reshape(-1, x.shape[1])
    has = np.ones(rows.shape, bool)
    correlation = Correlation(rows, has, method=method, top=None, maximise=True, tie=0.0, threads=2)
    return correlation.interval(
        np.arange(0, len(rows), 2), np.arange(1, len(rows), 2), resamples=400, level=level, seed=0
    )


def covered(found, truth):
    return ((found[0] <= truth) & (truth <= found[1])).mean()


@pytest.mark.parametrize("rho", [0.5, 0.9])
@pytest.mark.parametrize("method", OF_NORMALS)
def test_intervals_cover_what_they_promise(method, rho):
    x, noise = np.random.default_rng(7).normal(size=(2, SAMPLES, SIZE))
    found = intervals(x, rho * x + np.sqrt(1 - rho**2) * noise, method=method)
    assert 0.925 <= covered(found, OF_NORMALS[method](rho)) <= 0.99
    assert (found[0] <= found[1]).all()


def student_together(random, shape):
    """Both sides of a pair share the length that makes tails heavy."""
    return random.normal(size=(2, *shape)) * np.sqrt(5 / random.chisquare(5, shape))


PAIRS = {
    "normal": lambda random, shape: random.normal(size=(2, *shape)),
    "Student's t with 5 degrees of freedom": lambda random, shape: random.standard_t(5, size=(2, *shape)),
    "the same, tails together": student_together,
    "exponential": lambda random, shape: random.exponential(size=(2, *shape)),
}


@pytest.mark.parametrize("rho", [0, 0.5, 0.9])
@pytest.mark.parametrize("pairs", PAIRS)
def test_intervals_of_pearson_cover_heavy_tails_and_skewness(pairs, rho):
    one, other = PAIRS[pairs](np.random.default_rng(11), (2000, 50))
    found = intervals(one, rho * one + np.sqrt(1 - rho**2) * other)
    assert 0.935 <= covered(found, rho) <= 0.975


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_intervals_of_pearson_are_near_those_of_fisher_where_these_hold(level):
    x, noise = np.random.default_rng(3).normal(size=(2, 20, 5000))
    low, high = np.arctanh(intervals(x, 0.6 * x + 0.8 * noise, level=level))
    fisher = 2 * stats.norm.ppf((1 + level) / 2) / np.sqrt(5000 - 3)
    assert (high - low).mean() == pytest.approx(fisher, rel=0.05)


@pytest.mark.parametrize("method", ["kendall", "pearson"])
def test_what_cannot_vary_has_an_interval_of_no_width(method):
    row = np.arange(20.0)[None]
    low, high = intervals(row, 2 * row, method=method, level=0.9)
    assert (low[0], high[0]) == pytest.approx((1, 1))


@pytest.mark.parametrize("few", [[1.0, 2.0], [1.0, 2.0, 4.0], [0.0, 0.0, 0.0, 1.0]])
def test_too_few_objects_say_nothing(few):
    row = np.array([few])
    low, high = intervals(row, row[:, ::-1] + row)
    assert np.isnan(low[0]) or (low[0], high[0]) == (-1, 1)
