"""What the writers of full-size files draw is what comes out of an export of them, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from tests.tools import make_nats, make_nb101, make_nb301
from tests.tools.full_size import Chunk

ROOT = Path(__file__).resolve().parents[2]
KEY = ["dataset", "split", "arch", "schedule", "budget", "metric", "seed"]
SPLITS = {"x-valid": "val", "x-test": "test", "ori-test": "test"}


def exported(source, tmp_path):
    nbf.export(source, tmp_path / "store", jobs=1, progress=False)
    return nbf.open_store(tmp_path / "store")


def test_nas_bench_101_is_written_as_drawn(tmp_path):
    path = tmp_path / "nasbench_full.tfrecord"
    make_nb101.write(path, count=30, seed=3)
    store = exported(path, tmp_path)
    drawn = make_nb101.draw(Chunk(0, 30, 3))
    archs = store.scan_archs("nb101").sort("arch").collect()
    assert archs["arch_str"].to_list() == drawn.texts.to_list()
    assert archs["hash"].to_list() == drawn.hashes.to_list()
    runs = store.scan_runs("nb101").sort("arch", "schedule", "seed").collect()
    assert runs["params"].to_list() == np.repeat(drawn.params.to_numpy(), 12).tolist()
    results = store.scan("nb101").collect().sort("metric", "split", "arch", "schedule", "seed", "budget")
    for place, split in enumerate(("train", "val", "test")):
        found = results.filter(metric="accuracy", split=split)["value"].to_numpy() / 100
        np.testing.assert_array_equal(found, drawn.accuracies[..., place].ravel())
    np.testing.assert_array_equal(results.filter(metric="time")["value"].to_numpy(), drawn.seconds.ravel())
    assert results.height == 30 * 12 * 2 * 4


@pytest.mark.parametrize("form", ["simple", "monolith"])
@pytest.mark.parametrize("space", ["tss", "sss"])
def test_nats_bench_is_written_as_drawn(tmp_path, space, form):
    out = tmp_path / ("made-simple" if form == "simple" else "made.pickle.pbz2")
    make_nats.write(space, out, count=3, seed=5)
    store = exported(out, tmp_path)
    rows = [
        row
        for number, states in make_nats.draw(Chunk(0, 3, 5), space)
        for schedule, state in states.items()
        for (dataset, seed), result in state["all_results"].items()
        for row in nats_rows(dataset, result, (number, int(schedule), seed))
    ]
    drawn = pl.DataFrame(rows, schema=[*KEY, "value"], orient="row").sort(KEY)
    found = store.scan().select(*KEY, "value").collect()
    found = found.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String), pl.col(pl.Int32).cast(pl.Int64))
    assert_frame_equal(found.sort(KEY), drawn, check_exact=True)


def nats_rows(dataset, result, run):
    """Rows of results that a record of NATS-Bench says."""
    arch, schedule, seed = run
    for field, metric in (
        ("acc1es", "accuracy"),
        ("acc5es", "accuracy_top5"),
        ("losses", "loss"),
        ("times", "epoch_time"),
    ):
        for epoch, value in (result[f"train_{field}"] or {}).items():
            yield dataset, "train", arch, schedule, epoch + 1, metric, seed, value
        for at, value in result.get(f"eval_{field}", {}).items():
            name, epoch = at.split("@")
            split = "valtest" if name == "ori-test" and "x-test" in result["eval_names"] else SPLITS[name]
            yield dataset, split, arch, schedule, int(epoch) + 1, metric, seed, value


@pytest.mark.parametrize("name", ["folder", "archive.zip"])
def test_nas_bench_301_is_written_as_drawn(tmp_path, name):
    make_nb301.write(tmp_path / name, count=40, seed=7)
    store = exported(tmp_path / name, tmp_path)
    logs = dict(make_nb301.draw(Chunk(0, 40, 7)))
    runs = (
        store.scan_runs("nb301")
        .select("arch", "seed", "path", "optimizer", "best_val_accuracy", "train_time")
        .collect()
    )
    assert sorted(runs["path"]) == sorted(logs)
    results = store.scan("nb301").collect()
    for arch, seed, path, optimizer, best, seconds in runs.iter_rows():
        log = logs[path]
        assert (optimizer, best, seconds) == (
            log["created_by_optimizer"],
            log["info"][0]["val_accuracy"],
            log["runtime"],
        )
        of = results.filter(arch=arch, seed=seed).sort("budget")
        curves = log["learning_curves"]
        assert of.filter(metric="accuracy", split="val")["value"].to_list() == curves["Train/val_accuracy"]
        assert of.filter(metric="accuracy", split="val")["budget"].to_list() == curves["Train/epochs"]
        assert of.filter(metric="accuracy", split="test")["value"].item() == log["test_accuracy"]


@pytest.mark.parametrize(
    "words", [("make_nb101", "a.tfrecord"), ("make_nb301", "a.zip"), ("make_nats", "sss", "a.pickle.pbz2")]
)
def test_more_are_the_same_and_then_some_in_any_number_of_processes(tmp_path, words):
    def write(name, *options):
        path = tmp_path / name / words[-1]
        path.parent.mkdir()
        command = [sys.executable, "-m", f"tests.tools.{words[0]}", *words[1:-1], str(path), *options]
        subprocess.run(command, cwd=ROOT, check=True)
        return path

    few, more = write("few", "--count", "3", "--jobs", "1"), write("more", "--count", "40", "--jobs", "2")
    assert write("again", "--count", "40", "--jobs", "1").read_bytes() == more.read_bytes()
    if words[0] != "make_nb301":  # whose architectures are numbered by the paths of their runs
        of = [exported(path, path.parent).scan().filter(pl.col("arch") < 3).collect().sort(KEY) for path in (few, more)]
        assert of[0].select("arch").n_unique() == 3
        assert_frame_equal(*of)
