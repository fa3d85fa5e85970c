"""A small store of one's own, and two engines beside Polars that read it."""

from __future__ import annotations

import warnings

import duckdb
import numpy as np
import polars as pl
import pytest

import nbframes as nbf


def results(rng, archs=40):
    """Rows with ties, near-ties and lacking seeds."""
    rows = [
        (arch, schedule, budget, seed, metric, split, float(np.round(rng.normal(90, 2), 1)))
        for arch in range(archs)
        for schedule, budget in ((12, 12), (200, 100), (200, 200))
        for seed in ((777, 888, 999) if arch % 2 else (777, 888))
        for metric in ("accuracy", "loss")
        for split in ("val", "test")
    ]
    names = ["arch", "schedule", "budget", "seed", "metric", "split", "value"]
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(final=pl.col("budget") == pl.col("schedule"))
    noise = pl.Series(rng.choice([0.0, 1e-7, -1e-7], frame.height))
    nearly = pl.when(pl.col("metric") == "accuracy").then(pl.col("value") + noise).otherwise(pl.col("value"))
    return frame.with_columns(value=nearly).join(pl.DataFrame({"dataset": ["cifar10", "cifar100"]}), how="cross")


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("engines")
    frame = results(rng)
    runs = frame.select("arch", "dataset", "schedule", "seed").unique(maintain_order=True)
    runs = runs.with_columns(params=pl.Series(rng.integers(1, 9, runs.height) * 100_000))
    nbf.write_results(frame, folder, benchmark="mine", runs=runs)
    nbf.write_results(results(rng, 7), folder, benchmark="other", runs=runs.filter(pl.col("arch") < 7))
    return nbf.open_store(folder)


@pytest.fixture(scope="session")
def duck(store):
    """Rows that DuckDB answers, as tuples."""
    connection = duckdb.connect()
    return lambda statement: connection.sql(statement).fetchall()


@pytest.fixture(scope="session")
def spark(sail):
    """Rows that Sail answers over Spark Connect, as tuples."""

    def answer(statement):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyspark warns of pandas 3
            return [tuple(row.values()) for row in sail.sql(statement).toArrow().to_pylist()]

    return answer


@pytest.fixture(scope="session", params=["duckdb", "spark"])
def engine(request):
    """Dialect, and what answers in it."""
    return request.param, request.getfixturevalue("duck" if request.param == "duckdb" else "spark")
