"""What a store says of itself without opening a file of results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import StoreError, UnknownNameError
from nbframes.store import contents
from tests.frames import results

PARTS = ["benchmark", "metric", "dataset", "split", "schedule"]


def _counted(store):
    """The same from the rows themselves."""
    return (
        store.scan()
        .group_by(PARTS)
        .agg(
            budgets=pl.col("budget").unique().sort(),
            seeds=pl.col("seed").unique().sort(),
            archs=pl.col("arch").n_unique().cast(pl.Int64),
            rows=pl.len().cast(pl.Int64),
        )
        .sort(pl.col(PARTS).cast(pl.String))
        .collect()
    )


def test_it_is_what_the_rows_are(store):
    more = pl.concat(
        [
            results(3, dataset="mine", schedule=2, seeds=(0, 1, 2, 7)),
            results(9, dataset="mine", schedule=4, metric="loss"),
            results(5, dataset="mine", schedule=400, seeds=(2**31 - 1, 5)),
        ]
    )
    nbf.write_results(more, store.root, benchmark="third", units={"loss": "nats"})
    described = store.describe()
    counted = described.drop("unit", "owner").sort(pl.col(PARTS).cast(pl.String))
    assert_frame_equal(counted, _counted(store))
    assert described.filter(benchmark="third")["owner"].unique().to_list() == ["third"]
    assert described.filter(benchmark="third", metric="loss")["unit"].to_list() == ["nats"]
    assert store.describe("second")["rows"].to_list() == [results().height]
    with pytest.raises(UnknownNameError, match="did you mean 'first'"):
        store.describe("fist")
    assert store.verify().is_empty()


def test_exports_and_attachments_are_described_too():
    store = nbf.synthetic.store()
    assert_frame_equal(store.describe().drop("unit", "owner").sort(pl.col(PARTS).cast(pl.String)), _counted(store))
    assert store.describe()["unit"].null_count() == 0


def test_attachments_own_what_they_brought(store):
    board = pl.DataFrame({"arch": range(6), "dataset": "cifar10", "joules": 1.5})
    nbf.attach(board, store.root, to="first", name="board", metrics=[nbf.Metric("joules", "J", better="min")])
    (row,) = nbf.open_store(store.root).describe("first").filter(metric="joules").rows(named=True)
    assert (row["owner"], row["unit"], row["archs"], row["seeds"], row["budgets"]) == ("board", "J", 6, [0], [0])


def test_no_file_of_results_is_opened(store):
    expected = store.describe()
    for path in Path(store.root).rglob("*.parquet"):
        path.unlink()
    assert_frame_equal(nbf.open_store(store.root).describe(), expected)


def test_manifests_without_contents_tell_what_their_files_are_called(store):
    path = Path(store.root, "manifests", "second.json")
    document = json.loads(path.read_bytes())
    del document["contents"]
    path.write_text(json.dumps(document))
    (row,) = nbf.open_store(store.root).describe("second").rows(named=True)
    assert (row["dataset"], row["split"], row["rows"]) == ("mine", "test", results().height)
    assert row["schedule"] is row["seeds"] is row["archs"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("budgets", [[3, 1]]), ("seeds", [[0, 2**31]]), ("budgets", [[0, 2**31 - 1]]), ("archs", -1), ("split", "best")],
)
def test_contents_that_cannot_be_are_refused(store, field, value):
    path = Path(store.root, "manifests", "second.json")
    document = json.loads(path.read_bytes())
    document["contents"][0][field] = value
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match="not a manifest"):
        nbf.open_store(store.root).describe("second")


def test_contents_that_are_edited_are_found(store):
    path = Path(store.root, "manifests", "second.json")
    document = json.loads(path.read_bytes())
    document["contents"][0]["seeds"] = [[0, 5]]
    path.write_text(json.dumps(document))
    problems = store.verify("second")["problem"].to_list()
    assert any("contents that the manifest lists" in problem for problem in problems)
    assert any("edited" in problem for problem in problems)


numbers = st.integers(0, 9) | st.integers(0, 2**31 - 1) | st.integers(contents._TABLE - 2, contents._TABLE + 2)


@given(parts=st.lists(st.lists(st.tuples(*[numbers] * 4), min_size=1), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_contents_are_sets_whatever_the_numbers(parts):
    found, halves = contents.Contents(), [contents.Contents(), contents.Contents()]
    for place, part in enumerate(parts):
        columns = dict(zip(("arch", "schedule", "budget", "seed"), np.array(part, np.int32).T, strict=True))
        found.add(columns)
        halves[place % 2].add(columns)
    halves[0].merge(halves[1])
    rows = [row for part in parts for row in part]
    entries = list(found.entries())
    assert entries == list(halves[0].entries())
    assert [entry["schedule"] for entry in entries] == sorted({row[1] for row in rows})
    for entry in entries:
        mine = [row for row in rows if row[1] == entry["schedule"]]
        assert entry["rows"] == len(mine)
        assert entry["archs"] == len({row[0] for row in mine})
        for name, place in (("budgets", 2), ("seeds", 3)):
            listed = [n for first, last in entry[name] for n in range(first, last + 1)]
            assert listed == sorted({row[place] for row in mine})


def test_what_would_be_too_long_to_list_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "_RANGES", 5)
    monkeypatch.setattr(contents, "_SCHEDULES", 10)
    monkeypatch.setattr(contents, "_LISTED", 20)
    monkeypatch.setattr(contents, "_TABLE", 50)
    rows = pl.DataFrame({"arch": range(0, 200, 2), "seed": range(0, 200, 2), "budget": 1}).with_columns(
        schedule=pl.col("arch") // 10 + 1, value=1.0, dataset=pl.lit("d"), split=pl.lit("none"), metric=pl.lit("m")
    )
    nbf.write_results(rows, tmp_path, benchmark="mine")
    (row,) = nbf.open_store(tmp_path).describe().rows(named=True)
    assert (row["schedule"], row["budgets"], row["seeds"], row["archs"], row["rows"]) == (None, [1], None, None, 100)
    assert nbf.open_store(tmp_path).verify().is_empty()
