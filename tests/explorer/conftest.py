"""Explorers that several tests look at."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf


@pytest.fixture(scope="session")
def tss():
    return nbf.explore(nbf.published.store(), "nats-tss", dataset="cifar100", split="val", progress=False)


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """More architectures than a page shows one by one."""
    n = 60_000
    frame = pl.DataFrame({"arch": range(n)}).with_columns(
        dataset=pl.lit("cifar10"),
        split=pl.lit("test"),
        metric=pl.lit("accuracy"),
        schedule=3,
        budget=3,
        seed=777,
        value=(pl.col("arch") * 7919 % 9973) / 100,
    )
    runs = frame.select("arch", "dataset", "schedule", "seed", params=pl.col("arch") * 104_729 % 99_991 + 1)
    root = tmp_path_factory.mktemp("large")
    nbf.write_results(frame, root, benchmark="mine", runs=runs, synthetic=True)
    return nbf.explore(nbf.open_store(root), "mine", sample=2_000, seed=5, progress=False)
