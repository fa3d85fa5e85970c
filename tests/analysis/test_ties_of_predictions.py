"""Predictions are dense and exact: whatever way they came into a store, helpers and SQL give each its own rank."""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.analysis.query import quantity, query_table
from nbframes.benchmarks import find_metric

N = 1001
STEP = 1e-7
"""A hundredth of the tolerance of accuracies, in which all values would be chained into one tie."""
EXACT = nbf.Metric("accuracy", "percent [0, 100]", "max", "accuracy (%)", tie=0.0)
PLACE = np.random.default_rng(3).permutation(N)
"""How many values each architecture exceeds."""


def predictions(**columns):
    keys = {"dataset": "cifar10", "split": "val", "schedule": 100, "budget": 100, "seed": 0, "metric": "accuracy"}
    frame = pl.DataFrame({"arch": np.arange(N, dtype=np.int32), "value": 90 + PLACE * STEP})
    return frame.with_columns(pl.lit(value).alias(name) for name, value in (keys | columns).items())


def written(folder):
    nbf.write_results(predictions(), folder, benchmark="mine", metrics=[EXACT])
    return "mine"


def named(folder):
    nbf.write_results(predictions(), folder, benchmark="nb301-surrogate")
    return "nb301-surrogate"


def renamed(folder):
    nbf.write_results(predictions(benchmark="nb301-surrogate"), folder, benchmark="mine")
    return "mine"


def adopted(folder):
    part = folder / "made/results/benchmark=mine/metric=accuracy/dataset=cifar10/split=val"
    part.mkdir(parents=True)
    keys = ["arch", "schedule", "budget", "seed"]
    rows = predictions().select(pl.col(keys).cast(pl.Int32), pl.lit(True).alias("final"), "value")
    rows.write_parquet(part / "final.parquet")
    nbf.adopt(folder / "made", folder, benchmark="mine", metrics=[EXACT])
    return "mine"


def attached(folder):
    keys = {"arch": np.arange(N), "metric": "loss", "value": 1.0}
    nbf.write_results(predictions().with_columns(**{k: pl.lit(v) for k, v in keys.items()}), folder, benchmark="mine")
    nbf.attach(predictions(), folder, to="mine", name="predicted", metrics=EXACT)
    return "mine"


@pytest.fixture(params=[written, named, renamed, adopted, attached])
def stored(request, tmp_path):
    name = request.param(tmp_path)
    return nbf.open_store(tmp_path), name


ACCURACY = nbf.metric("accuracy")


def test_helpers_rank_each_by_itself(stored):
    store, name = stored
    rows = store.scan(name).filter(ACCURACY).collect()
    best = nbf.best_archs(rows, k=N).sort("arch")
    np.testing.assert_array_equal(best["rank"], N - PLACE)
    steps = nbf.ecdf(rows)
    np.testing.assert_array_equal(steps["count"], np.arange(1, N + 1))
    front = nbf.nondominated_rank(rows, objectives="value").sort("arch")
    np.testing.assert_array_equal(front.get_column(front.columns[-1]), N - PLACE)
    levels = pl.concat([rows, rows.with_columns(budget=pl.lit(50, pl.Int32))])
    assert nbf.rank_correlation(levels, "budget", method="spearman")["correlation"].item() == pytest.approx(1)


def test_the_shell_and_sql_rank_them_alike(stored):
    store, name = stored
    table = query_table(store, name, metric="accuracy", top=None)
    np.testing.assert_array_equal(table.frame.sort("arch")["rank"], N - PLACE)
    found = duckdb.sql(nbf.query_sql("ranks", store, ACCURACY)).fetchall()
    assert {row[6]: row[8] for row in found} == dict(enumerate((N - PLACE).tolist()))
    steps = duckdb.sql(nbf.query_sql("ecdf", store, ACCURACY)).fetchall()
    assert [row[7] for row in steps] == list(range(1, N + 1))


def test_sql_about_a_table_knows_what_the_scan_knows(tmp_path):
    table = nbf.scan(written(tmp_path), store=tmp_path).collect()
    connection = duckdb.connect()
    connection.register("results", table.to_arrow())
    found = connection.sql(nbf.query_sql("best", "results", ACCURACY, k=N)).fetchall()
    assert [row[6] for row in found] == list(range(1, N + 1))


def test_values_that_nobody_says_to_be_exact_are_those_of_trained_networks(tmp_path):
    """The same numbers: neighbours are nearer than the tolerance, and a store that says otherwise is forgotten with the next scan."""
    (tmp_path / "exact").mkdir()
    written(tmp_path / "exact")
    nbf.write_results(predictions(), tmp_path / "trained", benchmark="mine")
    assert nbf.best_archs(nbf.scan("mine", store=tmp_path / "exact").collect()).height == 1
    trained = nbf.open_store(tmp_path / "trained")
    assert nbf.best_archs(trained.scan("mine").collect()).height == N
    assert {row[8] for row in duckdb.sql(nbf.query_sql("ranks", trained)).fetchall()} == {1}
    assert quantity(nbf.open_store(tmp_path / "exact").catalogue.manifests("mine"), "accuracy").tie == 0
    assert quantity(trained.catalogue.manifests("mine"), "accuracy").tie == find_metric("accuracy").tie == 1e-5


def test_a_benchmark_of_its_own_says_what_its_metrics_are(tmp_path):
    """What a file says of the accuracies of NATS-Bench is kept, but they stay what they are."""
    manifest = nbf.write_results(predictions(), tmp_path, benchmark="nats-tss", metrics=[EXACT])
    assert manifest.metrics["accuracy"]["tie"] == 0
    assert nbf.best_archs(nbf.scan("nats-tss", store=tmp_path).collect()).height == N
    same = find_metric("accuracy", "nats-tss")
    assert nbf.write_results(predictions(), tmp_path / "same", benchmark="nats-tss", metrics=[same]).metrics == {}


def test_which_end_of_a_metric_is_better_is_taken_from_the_store(tmp_path):
    joules = nbf.Metric("joules_of_board", "J", "min")
    nbf.write_results(predictions(metric="joules_of_board"), tmp_path, benchmark="mine", metrics=[joules])
    best = nbf.best_archs(nbf.scan("mine", store=tmp_path).collect())
    assert best["arch"].to_list() == [int(np.argmin(PLACE))]
