"""Bootstrap intervals: how often they cover the correlation of the distribution that samples are drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from nbframes.numerics.correlation import Correlation

SAMPLES, SIZE = 500, 40
OF_NORMALS = {
    "pearson": lambda rho: rho,
    "kendall": lambda rho: 2 / np.pi * np.arcsin(rho),
    "spearman": lambda rho: 6 / np.pi * np.arcsin(rho / 2),
}


@pytest.mark.parametrize("rho", [0.5, 0.9])
@pytest.mark.parametrize("method", OF_NORMALS)
def test_intervals_cover_what_they_promise(method, rho):
    random = np.random.default_rng(7)
    x, noise = random.normal(size=(2, SAMPLES, SIZE))
    rows = np.stack([x, rho * x + np.sqrt(1 - rho**2) * noise], axis=1).reshape(2 * SAMPLES, SIZE)
    found = Correlation(
        rows, np.ones(rows.shape, bool), method=method, top=None, maximise=True, tie=0.0, threads=2
    ).interval(np.arange(0, 2 * SAMPLES, 2), np.arange(1, 2 * SAMPLES, 2), resamples=400, level=0.95, seed=0)
    truth = OF_NORMALS[method](rho)
    covered = ((found[0] <= truth) & (truth <= found[1])).mean()
    assert 0.925 <= covered <= 0.99
    assert (found[0] <= found[1]).all()


def test_what_cannot_vary_has_an_interval_of_no_width():
    rows = np.array([np.arange(20.0), np.arange(20.0) * 2])
    correlation = Correlation(
        rows, np.ones(rows.shape, bool), method="kendall", top=None, maximise=True, tie=0, threads=1
    )
    low, high = correlation.interval(np.array([0]), np.array([1]), resamples=50, level=0.9, seed=0)
    assert (low[0], high[0]) == pytest.approx((1, 1))
