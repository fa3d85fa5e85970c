"""What old entries hold: lists for curves, times that vary, missing latencies, weights."""

from __future__ import annotations

import copy
import math

import numpy as np
import polars as pl
import pytest

from nbframes.errors import SourceError
from tests.export.nb201.conftest import read, runs_of, same, with_weights
from tests.export.nb201.files import (
    WRITERS,
    Tensor,
    legacy,
    pickled,
    zipped,
)


def test_curves_may_be_lists_by_epoch(small, tmp_path):
    expected = read(legacy(tmp_path / "x", small))
    for run in runs_of(small):
        for field in ("train_acc1es", "train_losses", "train_times"):
            assert list(run[field]) == list(range(run["epochs"]))
            run[field] = list(run[field].values())
        if run["eval_names"] == ["ori-test"]:
            for field in ("eval_acc1es", "eval_losses", "eval_times"):
                run[field] = list(run[field].values())
    for container, write in WRITERS.items():
        same(read(write(tmp_path / container, small)), expected)


def test_evaluations_by_epoch_are_refused_where_they_could_mean_two_sets(small, tmp_path):
    run = small["arch2infos"][0]["full"]["all_results"]["cifar10-valid", 777]
    run["eval_losses"] = list(run["eval_losses"].values())
    with pytest.raises(SourceError, match="eval_losses of cifar10-valid has the key 0; its sets are x-valid, ori-test"):
        read(legacy(tmp_path / "x", small))


def test_times_that_vary_arrive_one_by_one_and_are_summed_in_order(small, tmp_path):
    rng = np.random.default_rng(0)
    for run in runs_of(small):
        run["train_times"] = {epoch: float(rng.uniform(1, 1000)) for epoch in range(run["epochs"])}
    tables = read(zipped(tmp_path / "x", small))
    for arch, info in small["arch2infos"].items():
        for kind, schedule in (("less", 12), ("full", 200)):
            for (dataset, seed), run in info[kind]["all_results"].items():
                total = 0.0
                for epoch, seconds in run["train_times"].items():
                    total += seconds
                    assert tables.value("epoch_time", dataset, "train", arch, schedule, epoch + 1, seed) == seconds
                row = tables.runs.row(
                    by_predicate=(pl.col("arch") == arch)
                    & (pl.col("dataset") == dataset)
                    & (pl.col("schedule") == schedule)
                    & (pl.col("seed") == seed),
                    named=True,
                )
                assert row["train_time"] == total


@pytest.mark.parametrize(
    ("latency", "mean", "kept"),
    [
        (None, None, []),
        ("absent", None, []),
        ([], None, []),
        (0.25, 0.25, [0.25]),
        ([0.1, 0.2, 0.7], (0.1 + 0.2 + 0.7) / 3, [0.1, 0.2, 0.7]),
        (np.array([0.5, 0.25]), 0.375, [0.5, 0.25]),
    ],
    ids=str,
)
def test_latencies_may_be_missing_or_many(small, tmp_path, latency, mean, kept):
    for run in runs_of(small):
        if isinstance(latency, str):
            del run["latency"]
        else:
            run["latency"] = copy.copy(latency)
    runs = read(legacy(tmp_path / "x", small)).runs
    assert runs["latency"].to_list() == [mean] * len(runs)
    assert runs["latencies"].to_list() == [kept] * len(runs)


def test_runs_without_times_have_none(small, tmp_path):
    for run in runs_of(small):
        run |= {"train_times": None, "eval_times": {}}
    tables = read(pickled(tmp_path / "x", small))
    assert not [key for key in tables.rows if key[0] == "epoch_time"]
    assert tables.runs["train_time"].null_count() == len(tables.runs)


def test_params_may_be_plain_floats(small, tmp_path):
    expected = read(legacy(tmp_path / "x", small))
    published = [float(run["params"]) for run in runs_of(small)]
    for run in runs_of(small):
        run["params"] = float(run["params"])
    tables = read(legacy(tmp_path / "x", small))
    same(tables, expected)
    assert sorted(np.asarray(tables.runs["params"]) / 1e6) == sorted(published)


def test_params_that_are_no_whole_count_stop_the_export(small, tmp_path):
    runs_of(small)[0]["params"] = math.pi
    with pytest.raises(SourceError, match="not a whole number of parameters"):
        read(legacy(tmp_path / "x", small))


@pytest.mark.parametrize("write", [legacy, zipped])
def test_weights_are_passed_over(small, tmp_path, monkeypatch, write):
    expected = read(write(tmp_path / "x", small))
    same(read(write(tmp_path / "y", with_weights(small, monkeypatch))), expected)


@pytest.mark.parametrize("write", [legacy, zipped])
def test_a_tensor_is_not_taken_for_a_number(small, tmp_path, monkeypatch, write):
    with_weights(small, monkeypatch)
    runs_of(small)[0]["flop"] = Tensor("flop", [1.0])
    with pytest.raises(SourceError, match=r"flop.*not a number"):
        read(write(tmp_path / "x", small))


def test_storages_must_be_those_that_the_object_names(tiny, tmp_path, monkeypatch):
    with_weights(tiny, monkeypatch)
    with pytest.raises(SourceError, match="storage '0' is missing"):
        read(zipped(tmp_path / "x", tiny, leave_out=["data/0"]))
    with pytest.raises(SourceError, match="not those that its object refers to"):
        read(legacy(tmp_path / "x", tiny, keys=["1"]))
