"""What is unusual in a TFRecord of NAS-Bench-101 but right."""

from __future__ import annotations

import json
import struct

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.export.nb101.reader import TFRecordReader
from nbframes.export.probe import Probe
from tests.export.nb101.conftest import CELLS
from tests.export.nb101.files import (
    accuracy,
    double,
    published,
    read,
    run,
    text,
    varint,
    write_tfrecord,
)


def test_made_records_come_back(whole):
    assert len(published(whole)) == len(CELLS) * 8
    for each in CELLS:
        seed = int(each.final[2] - 21.25)
        assert published(whole)[each.hash, "time", "train", each.epochs, False, seed] == each.halfway[2]
        assert published(whole)[each.hash, "accuracy", "test", each.epochs, True, seed] == each.final[5]


@pytest.mark.parametrize("order", ["by epochs", "by run", "reversed epochs", "riffled"])
def test_records_of_a_cell_may_stand_anywhere(path, whole, order):
    keys = {
        "by epochs": lambda each: each.epochs,
        "by run": lambda each: each.final[2],
        "reversed epochs": lambda each: (each.hash, -each.epochs),
        "riffled": lambda each: (each.epochs * 7 + each.final[2]) % 5,
    }
    runs = sorted(CELLS, key=keys[order])
    per_group = {}
    for each in runs:
        per_group.setdefault((each.hash, each.epochs), []).append(each.final[2])
    tables = read(write_tfrecord(path, runs))
    assert tables.archs["hash"].to_list() == list(dict.fromkeys(each.hash for each in runs))
    times = {
        (hash, epochs, seed): value
        for (hash, metric, _, epochs, final, seed), value in published(tables).items()
        if metric == "time" and final
    }
    assert times == {(*key, seed): time for key, found in per_group.items() for seed, time in enumerate(found)}
    if order == "reversed epochs":
        assert_frame_equal(tables.results, whole.results)


@pytest.mark.parametrize("breaks", [1, 7, 76])
def test_base64_may_have_line_breaks(path, whole, breaks):
    tables = read(write_tfrecord(path, [each.but(breaks=breaks) for each in CELLS]))
    assert_frame_equal(tables.results, whole.results)
    assert_frame_equal(tables.runs, whole.runs)


@pytest.mark.parametrize(
    "written",
    [
        lambda row: json.dumps(row, separators=(",", ":")),
        lambda row: json.dumps(row, indent=1),
        lambda row: " " + json.dumps(row) + "\n",
        lambda row: json.dumps(row).replace("/", "\\/").replace("input", "\\u0069nput"),
    ],
)
def test_json_may_be_written_otherwise(path, whole, written):
    odd = [written(each.row).encode() if k % 5 == 3 else each for k, each in enumerate(CELLS)]
    tables = read(write_tfrecord(path, odd))
    assert_frame_equal(tables.results, whole.results)
    assert_frame_equal(tables.archs, whole.archs)


@pytest.mark.parametrize(
    "extra",
    [
        double(9, 1.5),
        varint(9 << 3) + varint(300),
        varint(9 << 3 | 5) + b"abcd",
        text(6, b"a/checkpoint"),
        text(2000, b""),
        varint(9 << 3 | 3) + double(1, 7.0) + text(2, b"inside") + varint(9 << 3 | 4),
    ],
    ids=["fixed64", "varint", "fixed32", "checkpoint_path", "empty", "group"],
)
def test_unknown_fields_are_stepped_over(path, whole, extra):
    tables = read(write_tfrecord(path, [each.but(extra=extra) for each in CELLS]))
    assert_frame_equal(tables.results, whole.results)
    assert_frame_equal(tables.runs, whole.runs)


def test_fields_of_another_wire_type_are_unknown_fields(path, whole):
    wrong = [each.but(extra=varint(4 << 3) + varint(5) + text(3, b"x")) for each in CELLS]
    assert_frame_equal(read(write_tfrecord(path, wrong)).results, whole.results)


def test_of_a_field_that_occurs_twice_the_last_counts(path, whole):
    before = [each.but(extra=double(5, 0.25)) for each in CELLS]
    assert_frame_equal(read(write_tfrecord(path, before)).results, whole.results)
    behind = [each.but(final=dict(sorted(each.final.items(), reverse=True))) for each in before]
    tests = read(write_tfrecord(path, behind)).results.filter(pl.col("final"), split="test")
    assert set(tests["value"]) == {25.0}


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_missing_numbers_are_absent_rows(path, whole, number):
    def without(each):
        return each.but(final={key: value for key, value in each.final.items() if key != number})

    runs = [without(each) if each.epochs == 12 else each for each in CELLS]
    tables = read(write_tfrecord(path, runs))
    where = {2: ("time", "train"), 3: ("accuracy", "train"), 4: ("accuracy", "val"), 5: ("accuracy", "test")}[number]
    gone = (
        (pl.struct("metric", "split") == {"metric": where[0], "split": where[1]})
        & pl.col("final")
        & (pl.col("schedule") == 12)
    )
    assert_frame_equal(tables.results, whole.results.filter(~gone))
    absent = pl.col("schedule") == 12 if number == 2 else pl.lit(value=False)
    assert_frame_equal(tables.runs, whole.runs.with_columns(pl.when(~absent).then("train_time")))


def test_a_missing_current_epoch_is_no_fault(path, whole):
    runs = [each.but(final={key: value for key, value in each.final.items() if key != 1}) for each in CELLS]
    assert_frame_equal(read(write_tfrecord(path, runs)).results, whole.results)


def test_missing_params_are_null(path, whole):
    tables = read(write_tfrecord(path, [each.but(params=None) for each in CELLS]))
    assert tables.runs["params"].null_count() == tables.runs.height
    assert_frame_equal(tables.results, whole.results)


@pytest.mark.parametrize("params", [0, 127, 128, 2_097_151, 2_097_152, 2**31 - 1])
def test_params_of_any_length_come_back(path, params):
    assert set(read(write_tfrecord(path, [each.but(params=params) for each in CELLS])).runs["params"]) == {params}


def test_a_cell_with_two_runs_is_kept_and_counted(path):
    tables = read(write_tfrecord(path, [*CELLS[:5], *CELLS[6:]]))
    counts = tables.runs.group_by("arch", "schedule").len().filter(pl.col("len") != 3)
    assert counts.rows() == [(0, 12, 2)]
    assert tables.report.notes["architectures_without_three_runs_of_each_schedule"] == 1
    assert tables.report.skipped == []


def test_runs_with_equal_numbers_are_runs_and_counted(path):
    tables = read(write_tfrecord(path, [run(seed=0), run(seed=1), run(seed=0)]))
    assert tables.runs["seed"].to_list() == [0, 1, 2]
    assert tables.report.notes["runs_equal_to_an_earlier_run"] == 1


def test_the_version_follows_the_schedules(path):
    only = [each for each in CELLS if each.epochs == 108]
    assert read(write_tfrecord(path, only)).report.version == "nasbench_only108 layout, not the published TFRecord"
    assert read(write_tfrecord(path, CELLS)).report.version == "nasbench_full layout, not the published TFRecord"


def test_closing_early_stops_without_a_trace(path):
    runs = [run(seed=seed, hash=f"{number:032x}") for number in range(3000) for seed in range(3)]
    batches = TFRecordReader(Probe(write_tfrecord(path, runs))).batches(jobs=2, on_error="raise")
    next(batches)
    batches.close()
    with pytest.raises(StopIteration):
        next(batches)


def test_accuracies_at_both_ends_come_back(path):
    ends = [
        run(seed=k).but(final={1: 108.0, 2: 1.0, 3: accuracy(0), 4: accuracy(9984), 5: accuracy(1)}) for k in range(3)
    ]
    assert struct.pack(
        "<d", published(read(write_tfrecord(path, ends)))[ends[0].hash, "accuracy", "test", 108, True, 2]
    ) == struct.pack("<d", accuracy(1))
