"""NAS-Bench-101 files as they must not be, and as they may be though they are unusual."""

from __future__ import annotations

import base64
import json
import pickle
import struct

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.containers.tfrecord import frame
from nbframes.export.nb101.reader import TFRecordReader
from nbframes.export.nb101.record import percent
from nbframes.export.probe import Probe
from tests.export.nb101_files import (
    CHAIN,
    FORK,
    accuracy,
    cell,
    derived,
    double,
    published,
    read,
    run,
    text,
    varint,
    write_pickle,
    write_tfrecord,
)

CELLS = [*cell("a"), *cell("b", FORK), *cell("c", ("0100", "input,output"))]


UNREACHABLE = next(x for x in np.nextafter(np.linspace(0.7, 0.8, 100), 1) if percent(np.array([x]))[0] / 100 != x)
"""An accuracy that no percentage in float64 divides back to."""


def with_middle(changed):
    """A file in which one record in the middle is another one."""
    return [*CELLS[:17], changed, *CELLS[18:]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "nasbench.tfrecord"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return read(write_tfrecord(tmp_path_factory.mktemp("nb101") / "whole.tfrecord", CELLS))


def refused(path, match):
    """Check that reading stops with an error that names the file, and that skipping goes on; give what that gives."""
    with pytest.raises(SourceError, match=match) as caught:
        read(path)
    assert path.name in str(caught.value)
    assert "skip" in str(caught.value)
    return read(path, on_error="skip")


def left(tables):
    """How many runs each cell has."""
    counts = tables.runs.join(tables.archs, on="arch").group_by("hash").len()
    return {hash[0]: count for hash, count in counts.iter_rows()}


# ---------------------------------------------------------------- unusual but right


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


# ---------------------------------------------------------------- broken frames


@pytest.mark.parametrize("place", ["length", "checksum of the length", "hash", "metrics", "checksum of the payload"])
def test_flipped_bits_are_seen(path, place):
    frames = [bytearray(frame(each.payload)) for each in CELLS]
    offset = {"length": 1, "checksum of the length": 9, "hash": 20, "metrics": -30, "checksum of the payload": -2}[
        place
    ]
    frames[17][offset] ^= 4
    path.write_bytes(b"".join(frames))
    tables = refused(path, "checksum")
    start = sum(map(len, frames[:17]))
    assert tables.report.skipped[0]["record"] == f"bytes {start} to {start + len(frames[17])}"
    assert len(tables.report.skipped) == 1
    assert left(tables) == {"a": 12, "b": 11, "c": 12}


@pytest.mark.parametrize("kept", [1, 7, 8, 11, 12, 13, 60, 200, -5, -4, -1])
def test_truncation_is_seen(path, kept):
    frames = [frame(each.payload) for each in CELLS]
    path.write_bytes(b"".join(frames[:-1]) + frames[-1][:kept])
    tables = refused(path, "cut short")
    assert len(tables.report.skipped) == 1
    assert left(tables) == {"a": 12, "b": 12, "c": 11}


def test_a_file_cut_between_two_records_lacks_runs_and_says_so(path):
    tables = read(write_tfrecord(path, CELLS[:-2]))
    assert tables.report.notes["architectures_without_three_runs_of_each_schedule"] == 1


def test_a_hole_in_the_file_costs_only_what_it_covers(path):
    content = b"".join(frame(each.payload) for each in CELLS)
    size = len(frame(CELLS[0].payload))
    path.write_bytes(content[: size * 6 + 100] + content[size * 8 + 50 :])
    tables = refused(path, "checksum|cut short")
    assert sum(left(tables).values()) == len(CELLS) - 3


@pytest.mark.parametrize(
    "payloads",
    [
        [b"\x0a\x05hello"] * 3,
        [b"[1, 2, 3]"],
        [b"{}", b"null"],
        [json.dumps(["hash", 108, "0100", "input,output", "AAAA"]).encode()],
        [],
    ],
    ids=["protobuf", "other list", "other json", "no hash", "empty"],
)
def test_a_foreign_tfrecord_is_refused(path, payloads):
    path.write_bytes(b"".join(map(frame, payloads)))
    with pytest.raises(SourceError, match=r"NAS-Bench-101|module_hash|no TFRecord"):
        read(path)
    with pytest.raises(SourceError, match="no record of NAS-Bench-101"):
        read(path, on_error="skip")


def test_no_tfrecord_at_all_is_refused(path):
    path.write_bytes(b"this is a text" * 100)
    with pytest.raises(SourceError, match="no TFRecord"):
        read(path)


# ---------------------------------------------------------------- broken records


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"final": {1: 36.0}}, "current_epoch is 36 where 4 is expected"),
        ({"final": {1: 4.0, 2: float("nan")}}, "final_training_time is nan"),
        ({"final": {1: 4.0, 2: 1.0, 3: float("inf")}}, "final_train_accuracy is inf"),
        ({"final": {1: 4.0, 2: 1.0, 5: UNREACHABLE}}, "no percentage divided by 100 gives it back"),
        ({"params": 2**31}, "not a count"),
        ({"extra": b"\x0f"}, "invalid field tag"),
        ({"extra": text(1, b"")}, "evaluations instead of 3"),
        ({"cell": ("0100", "input,conv3x3-bn-relu,output")}, "input,conv3x3-bn-relu,output"),
        ({"cell": ("010001000", "input,conv7x7-bn-relu,output")}, "conv7x7"),
        ({"cell": ("010001000", 'input,conv3x3-bn-relu,"output')}, "output"),
    ],
)
def test_a_broken_record_is_named_and_only_it_is_left_out(path, changes, match):
    broken = run(4, hash="d" * 32).but(**changes)
    runs = with_middle(broken)
    tables = refused(write_tfrecord(path, runs), match)
    assert left(tables) == {"a": 12, "b": 11, "c": 12}
    start = sum(len(frame(each.payload)) for each in runs[:17])
    assert [entry["record"] for entry in tables.report.skipped] == [f"byte {start}"]


@pytest.mark.parametrize(
    ("place", "value", "match"),
    [
        (1, 5, "epochs 5 is not one of 4, 12, 36, 108"),
        (1, "108", "epochs '108'"),
        (1, True, "epochs True"),
        (2, 7, "adjacency 7 is not a string"),
        (4, "====", "base64|evaluations"),
        (4, "Ci0J!AAA", "base64"),
        (4, "Ci0J", "the metrics end within"),
        (4, "", "0 evaluations instead of 3"),
    ],
)
def test_a_broken_row_is_named_and_only_it_is_left_out(path, place, value, match):
    row = CELLS[17].row
    row[place] = value
    tables = refused(write_tfrecord(path, with_middle(json.dumps(row).encode())), match)
    assert left(tables) == {"a": 12, "b": 11, "c": 12}


@pytest.mark.parametrize("size", [1, 2, 34, 35, 36, 40, 44, 60, 120, 200, -1])
@pytest.mark.parametrize("last", [True, False])
def test_a_row_cut_within_a_sound_frame_is_named(path, size, last):
    cut = CELLS[17].payload[:size]
    tables = refused(
        write_tfrecord(path, [*CELLS[:17], *CELLS[18:], cut] if last else with_middle(cut)), "JSON|hexadecimal"
    )
    assert left(tables) == {"a": 12, "b": 11, "c": 12}


def test_metrics_cut_anywhere_are_seen(path):
    message = CELLS[17].message
    whole_without = (len(message) - 9, len(message) - 9 - 4)
    for size in range(0, len(message), 2):
        row = [*CELLS[17].row[:4], base64.b64encode(message[:size]).decode()]
        tables = read(write_tfrecord(path, with_middle(json.dumps(row).encode())), on_error="skip")
        assert (not tables.report.skipped) == (size in whole_without)


def test_one_hash_with_two_cells_is_refused(path):
    runs = with_middle(run(4, hash="b" * 32, cell=CHAIN))
    tables = refused(write_tfrecord(path, runs), "b{32} names two cells")
    assert left(tables) == {"a": 12, "c": 12}
    assert len(tables.report.skipped) == 12
    odd = json.dumps(run(4, hash="b" * 32, cell=CHAIN).row, indent=1).encode()
    assert left(refused(write_tfrecord(path, with_middle(odd)), "names two cells")) == {"a": 12, "c": 12}


def test_a_copied_record_is_refused_as_a_copy(path):
    tables = refused(
        write_tfrecord(path, [*CELLS, CELLS[17]]), "a copy of another record: 4 runs of 12 epochs of cell b{32}"
    )
    assert left(tables) == {"a": 12, "b": 12, "c": 12}
    assert len(tables.report.skipped) == 1


def test_a_file_joined_to_itself_is_refused(path):
    tables = refused(write_tfrecord(path, CELLS * 2), "a copy of another record")
    assert left(tables) == {"a": 12, "b": 12, "c": 12}
    assert len(tables.report.skipped) == len(CELLS)


def test_a_fourth_different_run_leaves_no_way_to_tell_which_is_surplus(path):
    tables = refused(write_tfrecord(path, [*CELLS, run(12, seed=7, hash="b" * 32, cell=FORK)]), "4 runs of 12 epochs")
    assert left(tables) == {"a": 12, "b": 9, "c": 12}
    assert len(tables.report.skipped) == 4


# ---------------------------------------------------------------- pickles


def pickled(path, records=CELLS, protocol=pickle.HIGHEST_PROTOCOL, told=derived, **changes):
    rows = [(each.row, told(each)) for each in records]
    return write_pickle(path.with_suffix(".pkl"), rows, protocol, **changes)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("breaks", [0, 76])
def test_pickles_of_every_protocol_give_the_same_tables(path, whole, protocol, breaks):
    tables = read(pickled(path, [each.but(breaks=breaks) for each in CELLS], protocol))
    assert_frame_equal(tables.results, whole.results)
    assert_frame_equal(tables.archs, whole.archs)
    assert_frame_equal(tables.runs, whole.runs)


def test_a_pickle_of_many_cells_is_read_across_its_windows(path):
    hashes = [f"{number:032x}" for number in range(1500)]
    runs = [run(epochs, seed=seed, hash=hash) for hash in hashes for epochs in (36, 108) for seed in range(2)]
    official = read(write_tfrecord(path, runs))
    tables = read(pickled(path, runs))
    assert tables.runs.height == 6000
    assert_frame_equal(tables.results, official.results)
    assert_frame_equal(tables.archs, official.archs)


def test_derived_must_say_what_the_metrics_say(path):
    for name in derived(CELLS[0]):

        def told(each, name=name):
            return derived(each) | ({name: derived(each)[name] / 2} if each is CELLS[17] else {})

        tables = refused(pickled(path, told=told), f"{name} is .* in 'derived'")
        assert left(tables) == {"a": 12, "b": 11, "c": 12}
        assert tables.report.skipped[0]["record"] == f"entries_by_arch['{'b' * 32}'][5]"


def test_derived_may_lack_numbers_or_have_more(path, whole):
    lacking = read(pickled(path, told=lambda each: {"trainable_parameters": each.params}))
    assert_frame_equal(lacking.results, whole.results)
    more = read(pickled(path, told=lambda each: {"note": 1.5} | derived(each) | {"rank": 3}))
    assert_frame_equal(more.results, whole.results)
    none = read(pickled(path, told=lambda each: None))
    assert_frame_equal(none.results, whole.results)


def test_a_pickle_must_hold_as_many_records_as_it_says(path):
    with pytest.raises(SourceError, match="says 35, but there are 36 records"):
        read(pickled(path, num_records=35))


def test_odd_entries_are_named_and_left_out(path):
    target = path.with_suffix(".pkl")
    write_pickle(target, [(each.row, derived(each)) for each in CELLS])
    document = pickle.loads(target.read_bytes())
    document["entries_by_arch"]["b" * 32][5] = "no dict"
    document["entries_by_arch"]["not a hash"] = []
    target.write_bytes(pickle.dumps(document))
    tables = refused(target, "epochs None|module_hash")
    assert left(tables) == {"a": 12, "b": 11, "c": 12}
    assert len(tables.report.skipped) == 2


def test_a_pickle_cut_anywhere_is_refused(path):
    target = pickled(path)
    content = target.read_bytes()
    for size in [20, 100, *range(500, len(content), 997), len(content) - 200, len(content) - 30, len(content) - 1]:
        target.write_bytes(content[:size])
        with pytest.raises(SourceError, match=r"truncated|cut short|no record"):
            read(target, on_error="skip")


class Program:
    def __reduce__(self):
        return print, ("this must not be run",)


def test_a_pickle_that_is_a_program_is_refused(path, capsys):
    with pytest.raises(UnsafePickleError, match="print"):
        read(pickled(path, benchmark=Program()))
    assert capsys.readouterr().out == ""


# ---------------------------------------------------------------- closing early


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
