"""A small store of one's own, and the engines beside Polars that read it."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

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
def jvm(tmp_path_factory):
    """Session of Spark itself, where there are Java and the package that brings Spark (its client alone does not)."""
    pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
    if not Path(pyspark.__file__).with_name("jars").is_dir():
        pytest.skip("pyspark-client speaks to Spark but does not bring it; the package pyspark does")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from pyspark.sql import SparkSession

    options = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.parquet.enableVectorizedReader": "false",  # it lacks an encoding: see test_spark.py
        "spark.sql.maxMetadataStringLength": "2000",  # plans say all of their filters
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    builder = SparkSession.builder.master("local[2]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.config(map=options).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def answering(session):
    """Rows that a session answers, as tuples; by Arrow, which Sail and Spark both give."""

    def answer(statement):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyspark warns of pandas 3
            return [tuple(row.values()) for row in session.sql(statement).toArrow().to_pylist()]

    return answer


@pytest.fixture(scope="session", params=["duckdb", "sail", "pyspark"])
def engine(request):
    """Dialect, and what answers in it."""
    if request.param == "duckdb":
        return "duckdb", request.getfixturevalue("duck")
    return "spark", answering(request.getfixturevalue("sail" if request.param == "sail" else "jvm"))
