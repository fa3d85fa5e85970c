"""Problems on published values."""

from __future__ import annotations

import pytest

import nbframes as nbf


@pytest.fixture(scope="session")
def seconds():
    """200 epochs on CIFAR-100, random runs, training seconds."""
    return nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")


@pytest.fixture(scope="session")
def evaluations():
    """The mean over runs on CIFAR-100 is observed and reported: nothing is left to chance but the search."""
    mean = {"split": "val", "seed": "mean"}
    store = nbf.published.store()
    return nbf.search.Problem(store, "nats-tss", dataset="cifar100", observe=mean, report=mean, clock="evaluations")


@pytest.fixture(scope="session")
def curve():
    """Synthetic learning curves of 12 epochs, with times of training and evaluation."""
    return nbf.search.Problem(
        nbf.synthetic.store(benchmarks=["nats-tss"]), "nats-tss", dataset="cifar10", observe={"schedule": 12}
    )
