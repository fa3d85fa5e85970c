"""Equal frames give equal results whatever the order of their rows and however they are collected, rounding apart."""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf


@pytest.fixture(scope="module")
def rows():
    store = nbf.synthetic.store(benchmarks=["nats-tss"])
    tss = store.scan("nats-tss").filter(nbf.metric("accuracy"), nbf.on("cifar10", "test"), nbf.schedule(200))
    return (
        tss.filter(nbf.final()).collect(),
        store.scan_archs("nats-tss").collect(),
        store.scan_runs("nats-tss").collect(),
    )


HELPERS = {
    "best_archs": lambda f, _, __: nbf.best_archs(f, k=20),
    "learning_curves": lambda f, _, __: nbf.learning_curves(f, over=("seed", "arch")),
    "summarize": lambda f, _, __: nbf.summarize(f),
    "ecdf": lambda f, _, __: nbf.ecdf(f),
    "seed_noise": lambda f, _, __: nbf.seed_noise(f, bins=5),
    "rank_stability": lambda f, _, __: nbf.rank_stability(f),
    "with_costs": lambda f, _, runs: nbf.with_costs(f, runs),
    "marginal_means": lambda f, archs, _: nbf.marginal_means(f, archs),
    "operation_effects": lambda f, archs, _: nbf.operation_effects(f, archs),
    "locality": lambda f, archs, _: nbf.locality(f, archs),
}


@pytest.mark.parametrize("name", HELPERS)
def test_the_order_of_the_rows_does_not_matter(rows, name):
    frame, archs, runs = rows
    results = []
    for seed in range(3):
        shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
        results.append(HELPERS[name](shuffled, archs, runs))
        results.append(HELPERS[name](shuffled.lazy(), archs, runs).lazy().collect())
    for other in results[1:]:
        assert_frame_equal(results[0], other, rel_tol=1e-13, abs_tol=1e-12)
