"""Broken frames and broken records of NAS-Bench-101: named, and only they are left out."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from nbframes.errors import SourceError
from nbframes.export.containers.tfrecord import frame
from nbframes.export.nb101.record import percent
from tests.export.nb101.conftest import CELLS, left, refused, with_middle
from tests.export.nb101.files import (
    CHAIN,
    FORK,
    read,
    run,
    text,
    write_tfrecord,
)

UNREACHABLE = next(x for x in np.nextafter(np.linspace(0.7, 0.8, 100), 1) if percent(np.array([x]))[0] / 100 != x)
"""An accuracy that no percentage in float64 divides back to."""


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
    with pytest.raises(SourceError, match=r"NAS-Bench-101|module_hash|not a TFRecord"):
        read(path)
    with pytest.raises(SourceError, match="no record of NAS-Bench-101"):
        read(path, on_error="skip")


def test_no_tfrecord_at_all_is_refused(path):
    path.write_bytes(b"this is a text" * 100)
    with pytest.raises(SourceError, match="not a TFRecord"):
        read(path)


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
