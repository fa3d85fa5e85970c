"""NAS-Bench-Graph, added from outside: the light files value by value, and the conformance kit on its reader."""

from __future__ import annotations

import pickle

import polars as pl
import pytest

import nbframes as nbf
from nbframes.contributed import nb_graph
from nbframes.errors import SourceError, UnsafePickleError
from nbframes.testing import check_reader


@pytest.fixture(autouse=True)
def registered():
    nbf.register(nb_graph.BENCHMARK)


def light(path, graph, entries):
    """Write a light file."""
    table = {
        number: dict(zip(("valid_perf", "perf", "latency", "para"), values, strict=True))
        for number, values in entries.items()
    }
    (path / f"{graph}.bench").write_bytes(pickle.dumps(table))
    return path / f"{graph}.bench"


@pytest.fixture
def small(tmp_path):
    light(tmp_path, "cora", {1111: (0.5, 0.75, 0.01, 1.5), 0: (0.25, 0.5, 0.02, 2.0), 82341: (0.1, 0.2, 0.03, 0.25)})
    light(tmp_path, "proteins", {1111: (0.7, 0.8, 0.004, 0.5)})
    return tmp_path


def test_the_small_files_become_a_benchmark(small, tmp_path):
    manifest = nbf.export(small, tmp_path / "store", progress=False)
    store = nbf.open_store(tmp_path / "store")
    assert manifest.benchmark == "nb-graph"
    assert store.verify().is_empty()
    archs = store.scan_archs("nb-graph").collect()
    assert archs["arch_str"].to_list() == [
        "0,0,0,0|gat,gat,gat,gat",
        "0,0,0,0|gcn,gcn,gcn,gcn",
        "0,1,2,3|gin,cheb,sage,gcn",
    ]
    assert archs["hash"].to_list() == ["0", "1111", "82341"]
    rows = (
        store.scan("nb-graph").select(pl.col("metric", "dataset", "split").cast(pl.String), "arch", "value").collect()
    )
    assert ("mean_roc_auc", "proteins", "test", 1, 0.8) in rows.rows()
    assert ("mean_accuracy", "cora", "val", 2, 0.1) in rows.rows()
    assert rows.height == 8
    assert "not a run" in manifest.notes["means"]
    assert "arxiv.bench: not in the source" in manifest.not_exported


def test_the_kit_finds_nothing(small):
    found = check_reader(nb_graph.GraphReader, small)
    assert found["rows"].sum() == 8


@pytest.mark.parametrize("graph", ["cora", "arxiv", "proteins"])
def test_every_published_value_comes_out(knowledge, graph, tmp_path):
    path = knowledge(f"nas-bench-graph/{graph}.bench")
    published = pickle.loads(path.read_bytes())
    nbf.export(path, tmp_path, progress=False)
    store = nbf.open_store(tmp_path)
    names = store.scan_archs("nb-graph").select("arch", "hash")
    rows = (
        store.scan("nb-graph").join(names, on="arch").select(pl.col("split").cast(pl.String), "hash", "value").collect()
    )
    assert rows.height == 2 * len(published)
    columns = {"val": "valid_perf", "test": "perf"}
    assert all(published[int(number)][columns[split]] == value for split, number, value in rows.rows())
    runs = store.scan_runs("nb-graph").join(names, on="arch").select("hash", "params", "latency").collect()
    assert all(abs(published[int(number)]["para"] * 1e6 - params) < 1e-3 for number, params, _ in runs.rows())
    assert all(published[int(number)]["latency"] == latency for number, _, latency in runs.rows())


@pytest.mark.parametrize(
    "entry", [{99999: (0.5, 0.5, 1, 1)}, {-1: (0.5, 0.5, 1, 1)}, {0: (1.5, 0.5, 1, 1)}, {"x": (0.5, 0.5, 1, 1)}]
)
def test_what_is_no_architecture_or_fraction_is_refused_or_left_out(tmp_path, entry):
    light(tmp_path, "cora", {0: (0.5, 0.5, 1, 1)} | entry if 0 not in entry else entry | {1: (0.5, 0.5, 1, 1)})
    with pytest.raises(SourceError, match=r"cora\.bench, architecture"):
        nbf.export(tmp_path, tmp_path / "store", progress=False)
    manifest = nbf.export(tmp_path, tmp_path / "store", progress=False, on_error="skip")
    assert len(manifest.skipped) == 1
    assert manifest.rows("archs") == 1


def test_a_program_in_a_light_file_is_not_run(tmp_path):
    (tmp_path / "cora.bench").write_bytes(pickle.dumps({0: print}))
    with pytest.raises(UnsafePickleError, match="print"):
        nbf.export(tmp_path, tmp_path / "store", progress=False, on_error="skip")
