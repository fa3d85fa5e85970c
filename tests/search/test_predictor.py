"""Ranking by predictors over training sizes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import nbframes as nbf
from nbframes.errors import InvalidArgumentError


class Ridge:
    """Ridge regression on centred values."""

    def fit(self, x, y):
        self.mean = y.mean()
        self.weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ (y - self.mean))

    def predict(self, x):
        return x @ self.weights + self.mean


@pytest.fixture(scope="module")
def cells():
    archs = nbf.spaces.tss.enumerate()
    runs = nbf.published.store().scan("nats-tss").filter(nbf.on("cifar100", "val"), nbf.schedule(200))
    means = runs.group_by("arch").agg(nbf.seed_mean().alias("mean")).collect().sort("arch")
    codes = nbf.spaces.tss.codes.encode(archs["arch_str"])
    return archs["arch_str"], np.eye(5)[codes].reshape(len(codes), -1), means["mean"].to_numpy()


def test_ridge_ranks_real_cells_better_with_more_of_them(cells):
    text, x, y = cells
    found = nbf.search.score_predictor(Ridge, x, y, sizes=[20, 100, 400], trials=3, groups=nbf.spaces.tss.hash(text))
    means = found.group_by("size", maintain_order=True).mean()["kendall"].to_list()
    assert means == sorted(means)
    assert means[0] > 0.3
    assert 0.5 < means[2] < 0.7
    again = nbf.search.score_predictor(Ridge, x, y, sizes=[20, 100, 400], trials=3, groups=nbf.spaces.tss.hash(text))
    assert again.equals(found)


def test_scores_are_those_of_scipy(cells):
    _, x, y = cells
    seen = []

    class Watched(Ridge):
        def predict(self, x):
            seen.append(super().predict(x))
            return seen[-1]

    found = nbf.search.score_predictor(Watched, x[:500], y[:500], sizes=[100], trials=2)
    rng = np.random.default_rng((0, 100, 1))
    test = np.setdiff1d(np.arange(500), rng.permutation(500)[:100])
    row = found.row(1, named=True)
    assert row["test"] == 400
    assert row["kendall"] == pytest.approx(stats.kendalltau(seen[1], y[test]).statistic)
    assert row["sparse_kendall"] == pytest.approx(stats.kendalltau(np.round(seen[1], 1), y[test]).statistic)
    assert row["rmse"] == pytest.approx(np.sqrt(np.mean((seen[1] - y[test]) ** 2)))


def test_isomorphic_cells_never_stand_on_both_sides(cells):
    text, _, y = cells
    hashes = nbf.spaces.tss.hash(text)
    numbers = hashes.rank("dense").to_numpy()
    sides = {}

    class Watched:
        def fit(self, x, y):
            sides["train"] = set(x[:, 0])

        def predict(self, x):
            sides["test"] = set(x[:, 0])
            return x[:, 0]

    found = nbf.search.score_predictor(Watched, numbers[:, None], y, sizes=[1000], trials=1, groups=hashes)
    assert not sides["train"] & sides["test"]
    assert found["test"][0] == (~np.isin(numbers, list(sides["train"]))).sum()


def test_a_constant_predictor_ranks_nothing():
    class Constant:
        def fit(self, x, y):
            pass

        def predict(self, x):
            return np.ones(len(x))

    found = nbf.search.score_predictor(Constant, np.zeros((20, 1)), np.arange(20), sizes=[5], trials=1)
    assert found.select("kendall", "sparse_kendall").row(0) == (None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": [1.0] * 3}, "go with n values"),
        ({"values": [float("nan")] * 20}, "go with n values"),
        ({"sizes": [20]}, "a training size should lie between 1 and 19, not be 20"),
        ({"sizes": [0]}, "a training size should lie"),
        ({"groups": [1] * 20}, "leave fewer than two of other groups"),
        ({"groups": [1]}, "groups should have a member for each of 20"),
        ({"trials": 0}, "trials should be 1 or more"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    options = {"values": np.arange(20), "sizes": [5], "trials": 1} | change
    with pytest.raises(InvalidArgumentError, match=message):
        nbf.search.score_predictor(Ridge, np.zeros((20, 1)), options.pop("values"), **options)
