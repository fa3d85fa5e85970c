"""Opening, listing and scanning a store."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, StoreError, UnknownNameError
from nbframes.schema import RESULTS
from nbframes.store import access, locks
from tests.frames import results


def _files_read(frame):
    """Number of files that a query opens, read from its plan."""
    plan = frame.explain()
    scan = re.search(r"Parquet SCAN \[(.*)\]", plan)
    listed = [part for part in scan[1].split(", ") if part]
    more = re.search(r"\.\.\. (\d+) other sources", scan[1])
    return len([part for part in listed if not part.startswith("...")]) + (int(more[1]) if more else 0)


def test_a_scan_has_the_columns_and_types_of_the_contract(store):
    for schema in (store.scan().collect_schema(), store.scan().collect().schema):
        assert list(schema.items()) == list(RESULTS.items())


def test_a_printed_frame_shows_architecture_and_value(store):
    header = str(store.scan("second").collect()).splitlines()[2]
    assert "arch" in header
    assert "value" in header


def test_no_file_has_unsigned_columns(tmp_path):
    cells = nbf.spaces.sss.enumerate()
    archs = cells.with_columns(pl.col("arch").cast(pl.UInt32), bits=pl.lit(2**32 - 1, pl.UInt32))
    run = results().select("arch", "dataset", "schedule", "seed").unique().with_columns(layers=pl.lit(8, pl.UInt16))
    nbf.write_results(results(), tmp_path, benchmark="mine", archs=archs, runs=run)
    for path in tmp_path.rglob("*.parquet"):
        types = pl.read_parquet_schema(path).values()
        assert not any(dtype.is_unsigned_integer() for dtype in types), path
    written = nbf.scan_archs("mine", store=tmp_path).collect()
    assert_frame_equal(written.drop("benchmark"), archs, check_dtypes=False)
    assert nbf.spaces.sss.index(written).to_list() == cells["arch"].to_list()


def test_a_store_of_format_1_is_refused_with_the_way_to_export_again(store):
    path = Path(store.root, "manifests", "first.json")
    path.write_text(path.read_text().replace('"format": 2', '"format": 1'))
    with pytest.raises(StoreError, match="nbframes export SOURCE --store STORE --overwrite"):
        store.scan("first")
    path.write_text(path.read_text().replace('"format": 1', '"format": 3'))
    with pytest.raises(StoreError, match="upgrade nbframes"):
        nbf.open_store(store.root).scan("first")


def test_scan_gives_back_what_was_written(store):
    got = store.scan("second").collect()
    want = results(dataset="mine")
    key = ["arch", "seed", "budget"]
    assert_frame_equal(got.select(*key, "value").sort(key), want.select(*key, "value").sort(key), check_dtypes=False)
    assert got["final"].to_list() == (got["budget"] == got["schedule"]).to_list()


@pytest.mark.parametrize(
    ("predicate", "files"),
    [
        (nbf.dataset("cifar10"), 4),
        (nbf.on("cifar100", "test"), 2),
        (nbf.split("val"), 4),
        (nbf.metric("loss"), 0),
        (nbf.dataset("cifar10", "cifar100") & nbf.split("val", "test") & nbf.metric("accuracy"), 8),
        (pl.col("benchmark") == "second", 2),
    ],
)
def test_partitions_that_cannot_match_are_not_read(store, predicate, files):
    assert _files_read(store.scan().filter(predicate)) == files


@pytest.mark.parametrize(
    "predicate",
    [nbf.arch(3), nbf.arch(1, 2), nbf.seed(777), nbf.budget(2), nbf.schedule(3), nbf.schedule("full"), nbf.final()],
)
def test_predicates_reach_the_files(store, predicate):
    query = store.scan().filter(predicate, nbf.dataset("cifar10")).select("arch", "value")
    plan = query.explain()
    assert "FILTER" not in plan
    assert "SELECTION" in plan
    everything = store.scan().collect()
    assert query.collect().height == everything.filter(predicate, nbf.dataset("cifar10")).height


def test_predicates_compose_with_joins_and_groups(store):
    best = (
        store.scan("first")
        .filter(nbf.on("cifar10", "test"), nbf.final())
        .group_by("arch")
        .agg(nbf.seed_mean(), nbf.seed_count())
        .join(store.scan_archs("first"), on="arch")
        .with_columns(nbf.rank())
        .filter(pl.col("rank") == 1)
        .collect()
    )
    means = results().filter(pl.col("budget") == 3).group_by("arch").agg(pl.col("value").mean())
    assert best["arch"].to_list() == means.filter(pl.col("value") == pl.col("value").max())["arch"].to_list()
    assert best["seed_count"].to_list() == [2]


def test_own_names_are_known_to_their_store(store):
    assert store.scan().filter(store.dataset("mine")).collect().height == results().height
    assert store.names("dataset") == ["cifar10", "cifar100", "mine"]
    with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
        store.dataset("mime")


def test_archs_of_several_benchmarks_stand_side_by_side(store):
    frame = store.scan_archs().collect()
    assert frame["benchmark"].value_counts().sort("benchmark")["count"].to_list() == [6, 6]
    assert frame.filter(pl.col("benchmark") == "first")["extra"].null_count() == 6


def test_runs_join_with_results(store):
    joined = store.scan("first").join(store.scan_runs("first"), on=["arch", "dataset", "schedule", "seed"]).collect()
    assert joined.height == results().height * 2
    with pytest.raises(StoreError, match="pass runs="):
        store.scan_runs("second")


def test_unknown_benchmarks_raise_with_the_nearest(store):
    for call in (store.scan, store.scan_archs, store.scan_runs, store.manifest, store.verify):
        with pytest.raises(UnknownNameError, match="did you mean 'first'"):
            call("frist")


def test_a_missing_store_says_how_to_make_one(tmp_path, monkeypatch):
    with pytest.raises(StoreError, match=r"nbframes export SOURCE --store STORE"):
        nbf.open_store(tmp_path / "nowhere")
    monkeypatch.setenv("NBFRAMES_STORE", str(tmp_path / "elsewhere"))
    with pytest.raises(StoreError, match=r"from \$NBFRAMES_STORE"):
        nbf.scan()


def test_the_environment_names_the_store(store, monkeypatch):
    monkeypatch.setenv("NBFRAMES_STORE", store.root)
    assert nbf.scan("second").collect().height == results().height
    assert nbf.open_store().root == store.root


def test_storage_options_are_for_object_stores(store):
    with pytest.raises(InvalidArgumentError, match="object stores"):
        nbf.open_store(store.root, storage_options={"aws_region": "x"})


def test_a_reader_that_meets_an_open_commit_says_so(store, tmp_path):
    record = tmp_path / "store" / ".nbframes" / "commit.json"
    record.write_text(json.dumps({"benchmark": "first"}))
    with pytest.raises(StoreError, match="a commit is open"):
        store.scan("first")
    with pytest.raises(StoreError, match="a commit is open"):
        store.benchmarks()


def test_a_store_open_for_long_sees_a_replaced_benchmark(store):
    before = store.scan("second").select(pl.len())
    nbf.write_results(results(archs=2, dataset="mine"), store.root, benchmark="second", overwrite=True)
    assert store.scan("second").select(pl.len()).collect().item() == 2 * 2 * 3
    with pytest.raises((FileNotFoundError, pl.exceptions.ComputeError)):
        before.collect()


def test_reprs_are_short_and_tell_what_is_there(store):
    assert "first" in repr(store)
    assert len(repr(store).splitlines()) == 3
    assert "<table>" in store._repr_html_()
    assert len(repr(store.manifest("first")).splitlines()) == 5
    assert "<table>" in store.manifest("first")._repr_html_()


def test_manifest_names_every_file_with_rows_and_hash(store):
    manifest = store.manifest("first")
    assert not manifest.official
    assert manifest.rows() == results().height * 4
    assert manifest.rows("archs") == 6
    on_disk = {path.relative_to(store.root).as_posix() for path in Path(store.root).rglob("*.parquet")}
    named = {f.path for name in store.benchmarks() for files in store.manifest(name).tables.values() for f in files}
    assert named == on_disk


def test_a_damaged_manifest_is_reported(store, tmp_path):
    (tmp_path / "store" / "manifests" / "first.json").write_text("{")
    with pytest.raises(StoreError, match="not a manifest"):
        store.scan("first")


def test_a_store_is_taken_where_its_path_is(store):
    assert nbf.open_store(store) is store


def test_a_list_of_names_is_refused_with_the_way_to_name_several(store):
    with pytest.raises(UnknownNameError, match="one by one"):
        store.scan(["first", "second"])


def test_a_manifest_that_is_no_text_is_called_damaged(store):
    Path(store.root, "manifests", "first.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match="not a manifest"):
        store.manifest("first")


@pytest.mark.parametrize("below", ["", "store"])
def test_a_file_where_the_store_should_be_is_said_in_plain_words(tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="a file where a folder should be"):
        nbf.write_results(results(), tmp_path / "file" / below, benchmark="mine")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_file_that_is_not_as_its_manifest_says_is_told_at_the_scan(store):
    path = Path(store.root, store.manifest("first").tables["results"][0].path)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(StoreError, match="bytes"):
        store.scan("first")
    path.unlink()
    with pytest.raises(StoreError, match="missing"):
        store.scan()
    assert store.scan("second").collect().height == results().height


def test_a_store_that_cannot_be_written_can_be_read_and_verified(store, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Read-only file system")

    for name in ("mkdir", "unlink", "rename", "replace", "touch", "write_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(locks.Lock, "acquire", refuse)
    opened = nbf.open_store(store.root)
    assert opened.verify().is_empty()
    assert opened.scan("first").collect().height == results().height * 4


def test_the_published_values_are_read_when_there_is_no_other_store(store, tmp_path, monkeypatch):
    monkeypatch.delenv("NBFRAMES_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.platform", "linux")
    packaged = Path(store.root).resolve()
    monkeypatch.setattr(access, "PACKAGED", packaged)
    opened = nbf.open_store()
    assert opened.root == str(packaged)
    assert "published values that come with nbframes" in repr(opened).splitlines()[0]
    assert nbf.scan("first").collect().height == results().height * 4
    with pytest.raises(InvalidArgumentError, match="stay as they are"):
        nbf.write_results(results(), packaged, benchmark="mine")
    nbf.write_results(results(), benchmark="mine")
    assert nbf.open_store().root == str(tmp_path / "data" / "nbframes")
    assert "(the default)" in repr(nbf.open_store())
    monkeypatch.setenv("NBFRAMES_STORE", store.root)
    assert "(from $NBFRAMES_STORE)" in repr(nbf.open_store())
    monkeypatch.setattr(access, "PACKAGED", tmp_path / "absent")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
    monkeypatch.delenv("NBFRAMES_STORE")
    with pytest.raises(StoreError, match="the default"):
        nbf.open_store()


def test_a_benchmark_that_others_hold_is_no_misspelling():
    store = nbf.published.store()
    with pytest.raises(UnknownNameError, match="the store does not hold 'nb101'") as caught:
        store.scan("nb101")
    assert "did you mean" not in str(caught.value)
    assert "nbframes export SOURCE" in str(caught.value)
    with pytest.raises(UnknownNameError, match="did you mean 'nats-tss'"):
        store.scan("nats_tss")
