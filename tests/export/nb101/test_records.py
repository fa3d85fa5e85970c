"""NAS-Bench-101: the real records number by number, from both of their formats, against the peer that reads them."""

from __future__ import annotations

import base64
import hashlib
import json
import struct

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.export.containers.tfrecord import scan
from nbframes.export.nb101.record import percent
from tests.export.nb101.files import published, read, write_pickle

SPLITS = {"train": "train", "val": "validation", "test": "test"}


@pytest.fixture(scope="module")
def source(data):
    return data / "nb101" / "nasbench_sample.tfrecord"


@pytest.fixture(scope="module")
def oracle(data):
    return json.loads((data / "nb101" / "nasbench_sample.json").read_bytes())


@pytest.fixture(scope="module")
def tables(source):
    return read(source)


@pytest.fixture(scope="module")
def pickled(source, oracle, tmp_path_factory):
    """The real records in the layout of NASBenchAPI's pickle; ``derived`` is taken from the JSON file."""
    rows = real_rows(source)
    wanted = {
        (cell["module_hash"], int(epochs)): iter(runs) for cell in oracle for epochs, runs in cell["metrics"].items()
    }
    params = {cell["module_hash"]: cell["trainable_parameters"] for cell in oracle}
    records = []
    for row in rows:
        final = next(wanted[row[0], row[1]])
        numbers = {name.removeprefix("final_"): value for name, value in final.items() if name.startswith("final")}
        records.append((row, {"trainable_parameters": params[row[0]]} | numbers))
    return write_pickle(tmp_path_factory.mktemp("nb101") / "nasbench101.pkl", records)


def real_rows(source):
    content = source.read_bytes()
    frames, _ = scan(content)
    spans = zip(frames.start.tolist(), frames.length.tolist(), strict=True)
    return [json.loads(content[start + 12 : start + 12 + length]) for start, length in spans]


def expected(oracle):
    """Every number of the JSON file under the key that `published` gives it."""
    found = {}
    for cell in oracle:
        for epochs, runs in cell["metrics"].items():
            for seed, run in enumerate(runs):
                for when in ("halfway", "final"):
                    key = int(epochs), when == "final", seed
                    found[cell["module_hash"], "time", "train", *key] = run[f"{when}_training_time"]
                    for split, name in SPLITS.items():
                        found[cell["module_hash"], "accuracy", split, *key] = run[f"{when}_{name}_accuracy"]
    return found


def test_every_number_of_the_real_records_comes_back_bit_for_bit(tables, oracle):
    assert published(tables) == expected(oracle)
    assert tables.results.height == 108 * 8


def test_budgets_are_halfway_and_the_end(tables):
    budgets = tables.results.select("schedule", "budget", "final").unique().sort(pl.all())
    assert budgets.rows() == [
        (4, 2, False), (4, 4, True), (12, 6, False), (12, 12, True), (36, 18, False), (36, 36, True), (108, 54, False), (108, 108, True),
    ]  # fmt: skip


def test_architectures_are_those_of_the_json_file_in_file_order(tables, oracle, source):
    cells = {cell["module_hash"]: cell for cell in oracle}
    order = list(dict.fromkeys(row[0] for row in real_rows(source)))
    assert tables.archs["hash"].to_list() == order
    for row in tables.archs.iter_rows(named=True):
        adjacency, operations = row["arch_str"].split("|")
        cell = cells[row["hash"]]
        assert adjacency == "".join(str(bit) for line in cell["module_adjacency"] for bit in line)
        assert operations.split(",") == cell["module_operations"]
        assert row["vertices"] == len(cell["module_operations"])
        assert row["edges"] == sum(map(sum, cell["module_adjacency"]))


def test_hashes_are_those_of_the_cells(tables):
    assert nbf.spaces.nb101.hash(tables.archs["arch_str"]).to_list() == tables.archs["hash"].to_list()


def test_runs_have_the_published_costs(tables, oracle):
    params = {cell["module_hash"]: cell["trainable_parameters"] for cell in oracle}
    times = {
        key[0:1] + key[3:4] + key[5:]: value for key, value in expected(oracle).items() if key[1] == "time" and key[4]
    }
    runs = tables.runs.join(tables.archs.select("arch", "hash"), on="arch")
    assert dict(tables.runs.schema) == nbf.schema.RUNS
    assert runs.height == 108
    for run in runs.iter_rows(named=True):
        assert run["params"] == params[run["hash"]]
        assert run["train_time"] == times[run["hash"], run["schedule"], run["seed"]]
        assert (run["mflops"], run["latency"], run["latencies"]) == (None, None, None)
    assert set(runs["dataset"]) == {"cifar10"}


def test_the_report_says_what_was_read(tables, source):
    report = tables.report
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert report.files == [{"path": source.name, "size": source.stat().st_size, "sha256": digest}]
    assert (report.notes["architectures"], report.notes["runs"], report.skipped) == (33, 108, [])
    assert report.notes["schedules"] == [4, 12, 36, 108]
    assert report.notes["architectures_without_three_runs_of_each_schedule"] == 32
    assert report.notes["official_file"] is False
    assert tables.progress == source.stat().st_size


def test_two_processes_give_the_same_tables(source, tables):
    again = read(source, jobs=2)
    assert_frame_equal(again.results, tables.results)
    assert_frame_equal(again.archs, tables.archs)
    assert_frame_equal(again.runs, tables.runs)
    assert again.report == tables.report


def test_the_pickle_layout_gives_the_same_tables(pickled, tables):
    again = read(pickled)
    assert_frame_equal(again.results, tables.results)
    assert_frame_equal(again.archs, tables.archs)
    assert_frame_equal(again.runs, tables.runs)


def test_nasbenchapi_agrees_on_every_answer(pickled, tables):
    peer = pytest.importorskip("nasbenchapi.nasbench101_api").NASBench101(str(pickled), verbose=False)
    ours = published(tables)
    told = peer.get_statistics()
    assert (told["architectures"], told["records"]) == (tables.archs.height, tables.runs.height)
    archs = {row["hash"]: row for row in tables.archs.iter_rows(named=True)}
    told = {}
    for arch in peer.iter_all():
        info, metrics = peer.query(arch)
        found = archs[info["module_hash"]]
        encoded = peer.encode(arch)
        assert found["arch_str"] == f"{encoded['adjacency_str']}|{encoded['operations_str']}"
        runs = tables.runs.filter(pl.col("arch") == found["arch"])
        assert info["trainable_parameters"] == runs["params"].unique().item()
        assert info["training_time"] == pytest.approx(runs["train_time"].mean(), rel=1e-15)
        for epochs, each in metrics.items():
            for seed, run in enumerate(each):
                for when in ("halfway", "final"):
                    key = epochs, when == "final", seed
                    told[found["hash"], "time", "train", *key] = run[f"{when}_training_time"]
                    for split, name in SPLITS.items():
                        told[found["hash"], "accuracy", split, *key] = run[f"{when}_{name}_accuracy"]
        last = max(
            seed
            for hash, metric, _, epochs, final, seed in ours
            if (hash, metric, epochs, final) == (found["hash"], "time", 108, True)
        )
        for split in SPLITS:
            summary = peer.query(arch, split=split, summary=True)
            assert summary["metric"] == ours[found["hash"], "accuracy", split, 108, True, last]
            assert summary["cost"] == ours[found["hash"], "time", "train", 108, True, last]
    assert told == ours


def test_export_puts_the_same_numbers_into_a_store(source, tables, tmp_path):
    manifest = nbf.export(source, tmp_path, progress=False, jobs=1)
    assert manifest.benchmark == "nb101"
    assert manifest.source["files"] == tables.report.files
    results = nbf.scan("nb101", store=tmp_path).select(tables.results.columns)
    stored = results.with_columns(pl.col("metric", "split").cast(pl.String)).collect()
    assert_frame_equal(stored, tables.results, check_row_order=False)
    assert_frame_equal(
        nbf.scan_runs("nb101", store=tmp_path).select(tables.runs.columns).collect(), tables.runs, check_row_order=False
    )


def test_percent_gives_back_every_published_accuracy():
    fractions = (np.arange(9985) / 9984).astype(np.float32).astype(np.float64)
    percents = percent(fractions)
    assert (percents / 100 == fractions).all()
    assert percents.min() == 0.0
    assert percents.max() == 100.0


@given(st.floats(0, 1))
def test_percent_finds_the_number_that_divides_back_if_there_is_one(fraction):
    found = float(percent(np.array([fraction]))[0])
    near = [found]
    for _ in range(3):
        near = [float(np.nextafter(near[0], -1)), *near, float(np.nextafter(near[-1], 200))]
    assert (found / 100 == fraction) == any(value / 100 == fraction for value in near)


def test_the_protobuf_bytes_of_the_real_records_are_read_by_field_number(source, tables):
    """The published bytes, taken apart by hand for one record."""
    row = real_rows(source)[0]
    raw = base64.b64decode(row[4])
    assert raw[94:96] == b"\x0a\x2d"
    time, *accuracies = struct.unpack("<" + "xd" * 4, raw[96 + 9 : 96 + 45])
    ours = published(tables)
    assert time == ours[row[0], "time", "train", 108, True, 0]
    assert accuracies == [ours[row[0], "accuracy", split, 108, True, 0] for split in SPLITS]
