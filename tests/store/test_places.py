"""Stores in places whose names mean something to others: folders like partitions, names like patterns."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.schema import KEY, RESULTS, Partition
from tests.frames import results

PLACES = ["dataset=imagenet/x", "lr=0.1", "metric=accuracy/benchmark=mine/split=val", "a[1]b", "[a]/lr=0.1", "a{b,c}d"]
PLACES += [] if os.name == "nt" else ["x*y?"]


def rows():
    val = results(dataset="mine", split="val")
    return pl.concat([results(), val, val.with_columns(metric=pl.lit("loss"))])


@pytest.fixture
def plain(tmp_path):
    nbf.write_results(rows(), tmp_path / "plain", benchmark="mine")
    return nbf.open_store(tmp_path / "plain")


@pytest.mark.parametrize("below", PLACES)
def test_a_store_there_is_written_attached_to_scanned_and_verified(tmp_path, plain, below):
    nbf.write_results(rows(), tmp_path / below, benchmark="mine")
    store = nbf.open_store(tmp_path / below)
    assert dict(store.scan().collect_schema()) == RESULTS
    assert_frame_equal(store.scan().collect().sort(KEY), plain.scan().collect().sort(KEY))
    board = pl.DataFrame({"arch": [0, 1], "dataset": "mine", "size_mb": [1.0, 2.0]})
    nbf.attach(board, store, to="mine", name="board", metrics=nbf.Metric("size_mb", "MB"))
    sizes = store.scan("mine").filter(nbf.metric("size_mb", known=store)).select("value").collect()
    assert sizes["value"].to_list() == [1.0, 2.0]
    flags = rows().with_columns(final=pl.col("budget") == pl.col("schedule"))
    nbf.write_results(flags, store, benchmark="mine", overwrite=True)
    assert store.verify().is_empty()
    for number, part in enumerate(flags.partition_by("metric")):
        nbf.write_results(part, store, benchmark=f"part-{number}")
    assert store.scan().select(pl.len()).collect().item() == 2 * flags.height + 2


QUESTIONS = {
    "one partition": lambda frame: frame.filter(nbf.on("cifar10", "test"), nbf.metric("accuracy")),
    "several predicates": lambda frame: frame.filter(nbf.metric("accuracy")).filter(
        pl.col("dataset") == "mine", nbf.arch(1, 2)
    ),
    "either of two": lambda frame: frame.filter(nbf.metric("loss") | (pl.col("dataset") == "cifar10")),
    "not one of them": lambda frame: frame.filter(~nbf.metric("loss"), pl.col("split").is_not_null()),
    "with rows as well": lambda frame: frame.filter(nbf.metric("loss") | nbf.arch(3)),
    "nothing": lambda frame: frame.filter(nbf.split("train")),
    "the first rows": lambda frame: frame.head(7),
    "some rows": lambda frame: frame.slice(30, 20),
    "the last rows": lambda frame: frame.tail(5),
    "first rows, then those wanted": lambda frame: frame.head(40).filter(nbf.dataset("cifar10")),
    "those wanted, then the first": lambda frame: frame.filter(nbf.metric("loss")).head(3),
    "two columns": lambda frame: frame.filter(nbf.metric("loss")).select("arch", "value"),
    "a count": lambda frame: frame.select(pl.len()),
    "means": lambda frame: frame.filter(nbf.final()).group_by("dataset", "arch").agg(nbf.seed_mean()),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_below_folders_like_partitions_have_the_same_answers(tmp_path, plain, question):
    nbf.write_results(rows(), tmp_path / "dataset=cifar10/lr=1", benchmark="mine")
    store = nbf.open_store(tmp_path / "dataset=cifar10/lr=1")
    got, want = (QUESTIONS[question](one.scan("mine")).collect() for one in (store, plain))
    assert_frame_equal(got, want, check_row_order=question != "means")


@pytest.mark.parametrize(
    ("predicate", "read"),
    [
        (nbf.metric("loss"), {"loss"}),
        (nbf.on("cifar10", "test") & nbf.metric("accuracy") & nbf.arch(1), {"cifar10"}),
        ((pl.col("split") == "val") & (pl.col("value") > 0), {"mine", "loss"}),
        (nbf.metric("loss") | (pl.col("dataset") == "cifar10"), {"loss", "cifar10"}),
        (nbf.metric("loss") | (pl.col("arch") == 1), {"loss", "cifar10", "mine"}),
    ],
)
@pytest.mark.parametrize("below", ["plain", "dataset=cifar10/lr=1"])
def test_partitions_that_cannot_match_are_not_opened(tmp_path, below, predicate, read):
    """Files of the same size that are no Parquet: a query fails exactly where it opens one."""
    nbf.write_results(rows(), tmp_path / below, benchmark="mine")
    store = nbf.open_store(tmp_path / below)
    want = store.scan().filter(predicate).collect()
    for file in store.manifest("mine").tables["results"]:
        partition = Partition.of_path(file.path)
        named = {partition.dataset if partition.metric == "accuracy" else partition.metric}
        if not named & read:
            Path(store.root, file.path).write_bytes(bytes(file.size))
    assert_frame_equal(store.scan().filter(predicate).collect(), want)
    for file in store.manifest("mine").tables["results"]:
        Path(store.root, file.path).write_bytes(bytes(file.size))
    with pytest.raises(pl.exceptions.ComputeError):
        store.scan().filter(predicate).collect()
