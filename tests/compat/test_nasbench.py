"""`nbframes.compat.nasbench` on the official values, hashes and budgets of NAS-Bench-101, and on graphs that are simple enough to know."""

from __future__ import annotations

import csv
import itertools
import json
import random
import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.compat.nasbench import api
from nbframes.compat.nasbench.lib import config, graph_util, model_spec
from nbframes.errors import MissingDependencyError, StoreError
from tests.spaces.nb101_cells import graphs, is_member, pruned

OPERATIONS = config.build_config()["available_ops"]
FINAL = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")


@pytest.fixture(scope="module")
def cells(data):
    """The same records as plain JSON, by hash."""
    return {cell["module_hash"]: cell for cell in json.loads((data / "nb101" / "nasbench_sample.json").read_text())}


@pytest.fixture(scope="module")
def store(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nasbench")
    nbf.export(data / "nb101" / "nasbench_sample.tfrecord", folder, progress=False)
    return nbf.open_store(folder)


@pytest.fixture
def nasbench(store, capsys):
    opened = api.NASBench(store, seed=3)
    assert capsys.readouterr().out.startswith("Loading dataset from file")
    return opened


def _spec(cell):
    return api.ModelSpec(cell["module_adjacency"], list(cell["module_operations"]))


def test_everything_that_was_measured_comes_back(nasbench, cells):
    assert list(nasbench.hash_iterator()) == list(cells)
    for module_hash, cell in cells.items():
        fixed, computed = nasbench.get_metrics_from_hash(module_hash)
        assert fixed["module_adjacency"].dtype == np.int8
        assert fixed["module_adjacency"].tolist() == cell["module_adjacency"]
        assert fixed["module_operations"] == cell["module_operations"]
        assert fixed["trainable_parameters"] == cell["trainable_parameters"]
        assert computed == {int(epochs): runs for epochs, runs in cell["metrics"].items()}
        assert nasbench.get_metrics_from_spec(_spec(cell))[1] == computed
    assert nasbench.valid_epochs == {int(epochs) for cell in cells.values() for epochs in cell["metrics"]}
    assert dict(nasbench.computed_statistics).keys() == dict(nasbench.fixed_statistics).keys() == cells.keys()


@given(seed=st.integers(0, 2**32), chosen=st.lists(st.tuples(st.integers(0, 32), st.booleans()), max_size=12))
@settings(max_examples=40, deadline=None)
def test_queries_draw_repeats_as_upstream_and_count_what_they_cost(store, cells, seed, chosen):
    known = [cell for cell in cells.values() if len(cell["metrics"]["108"]) >= 3]
    nasbench = api.NASBench(store, seed=seed)
    draw, seconds, epochs = random.Random(seed), 0.0, 0
    for place, halfway in chosen:
        cell = known[place % len(known)]
        run = cell["metrics"]["108"][draw.randint(0, 2)]
        answer = nasbench.query(_spec(cell), stop_halfway=halfway)
        assert {name: answer[name] for name in FINAL} == {
            name: run[f"{'halfway' if halfway else 'final'}_{name}"] for name in FINAL
        }
        seconds, epochs = seconds + answer["training_time"], epochs + (54 if halfway else 108)
        assert nasbench.get_budget_counters() == (seconds, epochs)
    nasbench.reset_budget_counters()
    assert nasbench.get_budget_counters() == (0.0, 0)


def test_isomorphic_and_unpruned_cells_are_the_same_cell(nasbench, cells):
    cell = next(cell for cell in cells.values() if len(cell["module_operations"]) <= 6)
    v = len(cell["module_operations"])
    matrix = np.zeros((v + 1, v + 1), int)
    kept = [*range(v - 1), v]
    matrix[np.ix_(kept, kept)] = cell["module_adjacency"]
    matrix[0, v - 1] = 1  # a dead end
    operations = [*cell["module_operations"][:-1], "maxpool3x3", "output"]
    spec = api.ModelSpec(matrix, operations)
    assert spec.hash_spec(OPERATIONS) == cell["module_hash"]
    assert nasbench.get_metrics_from_spec(spec)[0]["trainable_parameters"] == cell["trainable_parameters"]
    assert spec.original_matrix.tolist() == matrix.tolist()
    assert spec.original_ops == operations


LINE = ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
FULL = np.triu(np.ones((7, 7), int), 1)


@pytest.mark.parametrize(
    ("matrix", "operations", "said"),
    [
        ([[0, 0], [0, 0]], ["input", "output"], "disconnected"),
        (LINE[0], ["x", "maxpool3x3", "output"], "first operation should be 'input'"),
        (LINE[0], ["input", "maxpool3x3", "x"], "last operation should be 'output'"),
        (LINE[0], ["input", "x", "output"], "unsupported op x"),
        (FULL, ["input", *["maxpool3x3"] * 5, "output"], "too many edges, got 21"),
        (np.eye(8, k=1, dtype=int), ["input", *["maxpool3x3"] * 6, "output"], "too many vertices, got 8"),
    ],
)
def test_what_is_outside_the_space_is_out_of_domain(nasbench, matrix, operations, said):
    spec = api.ModelSpec(matrix, operations)
    assert not nasbench.is_valid(spec)
    with pytest.raises(api.OutOfDomainError, match=said):
        nasbench.query(spec)
    assert nasbench.get_budget_counters() == (0.0, 0)


def test_what_was_not_measured_is_an_error(nasbench, cells):
    with pytest.raises(api.OutOfDomainError, match=r"invalid number of epochs, must be one of \{.*108"):
        nasbench.query(_spec(next(iter(cells.values()))), epochs=5)
    spec = api.ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    assert nasbench.is_valid(spec)
    with pytest.raises(KeyError):
        nasbench.query(spec)
    with pytest.raises(KeyError):
        nasbench.get_metrics_from_hash("nonsense")
    with pytest.raises(StoreError, match="trains nothing"):
        nasbench.evaluate(spec, "folder")


def test_answers_are_copies(nasbench, cells):
    module_hash = next(iter(cells))
    fixed, computed = nasbench.get_metrics_from_hash(module_hash)
    fixed["module_operations"].clear()
    computed[108].clear()
    assert nasbench.get_metrics_from_hash(module_hash)[0]["module_operations"]
    assert nasbench.get_metrics_from_hash(module_hash)[1][108]


def test_the_official_file_of_108_epochs_has_no_others():
    store = nbf.synthetic.store(benchmarks=["nb101"])
    assert api.NASBench(store).valid_epochs == {4, 12, 36, 108}
    nbf.compat.install(store)
    try:
        small = api.NASBench("/data/nasbench_only108.tfrecord")
        whole = api.NASBench("/data/nasbench_full.tfrecord")
    finally:
        nbf.compat.uninstall()
    module_hash = next(iter(small.hash_iterator()))
    assert small.valid_epochs == small.computed_statistics[module_hash].keys() == {108}
    assert whole.valid_epochs == {4, 12, 36, 108}


# Graphs


def test_official_hashes(data):
    rows = list(csv.DictReader((data / "nb101" / "cells.csv").read_text().splitlines()))
    assert len(rows) >= 46
    for row in rows:
        v = len(row["operations"].split(","))
        matrix = np.array(list(map(int, row["adjacency"]))).reshape(v, v)
        assert api.ModelSpec(matrix, row["operations"].split(",")).hash_spec(OPERATIONS) == row["module_hash"]


@given(graphs())
@settings(max_examples=200, deadline=None)
def test_specs_of_any_graph(graph):
    matrix, operations = graph
    spec = api.ModelSpec(matrix, operations)
    expected = pruned(matrix, operations)
    assert spec.valid_spec == (expected is not None)
    if expected is None:
        assert spec.matrix is spec.ops is None
        return
    assert (spec.matrix.tolist(), spec.ops) == expected
    assert graph_util.is_full_dag(spec.matrix)
    assert graph_util.num_edges(spec.matrix) == sum(map(sum, expected[0]))
    if is_member(matrix, operations):
        assert spec.hash_spec(OPERATIONS) == nbf.spaces.nb101.hash((matrix, operations))


@pytest.mark.parametrize(
    ("matrix", "operations", "said"),
    [
        ([[0, 1]], ["input"], "square"),
        ([0, 1], ["input", "output"], "square"),
        ([[0, 1], [0, 0]], ["input"], "length of ops"),
        ([[0, 1], [1, 0]], ["input", "output"], "upper triangular"),
        ([[1, 1], [0, 0]], ["input", "output"], "upper triangular"),
    ],
)
def test_malformed_specs(matrix, operations, said):
    with pytest.raises(ValueError, match=said):
        model_spec.ModelSpec(matrix, operations)


def test_edges_from_bits():
    places = [(i, j) for j in range(5) for i in range(j)]
    for bits in (0, 3, 5, 7, 0b10_1101_0010):
        matrix = np.fromfunction(graph_util.gen_is_edge_fn(bits), (5, 5), dtype=np.int8)
        assert matrix.tolist() == [
            [int(i < j and bits >> places.index((i, j)) & 1) for j in range(5)] for i in range(5)
        ]  # fmt: skip


@given(graphs(max_vertices=5), st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=60, deadline=None)
def test_permuted_graphs_are_isomorphic_and_share_a_hash(graph, draw, change):
    matrix, operations = np.array(graph[0]), [hash(name) % 1000 for name in graph[1]]
    order = list(range(len(operations)))
    draw.shuffle(order)
    moved, labels = graph_util.permute_graph(matrix, operations, order)
    assert all(moved[order[i], order[j]] == matrix[i, j] for i, j in itertools.product(range(len(order)), repeat=2))
    assert [labels[place] for place in order] == operations
    assert graph_util.hash_module(moved, labels) == graph_util.hash_module(matrix, operations)
    if change:
        labels = [labels[0] + 1, *labels[1:]]
    assert graph_util.is_isomorphic((matrix, operations), (moved, labels)) is not change


def test_labels_may_be_numpy_s_integers():
    matrix = np.triu(np.ones((3, 3), np.int8), 1)
    assert graph_util.hash_module(matrix, np.array([-1, 0, -2])) == graph_util.hash_module(matrix, [-1, 0, -2])
    for call in (graph_util.hash_module, lambda *of: graph_util.is_isomorphic(of, (np.zeros((2, 2)), [1, 2]))):
        with pytest.raises(AssertionError):
            call(matrix, [-1, -2])


def test_drawings_need_graphviz(monkeypatch):
    spec = api.ModelSpec(*LINE)
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(MissingDependencyError, match="pip install graphviz"):
        spec.visualize()
    with pytest.raises(ValueError, match="disconnected"):
        api.ModelSpec([[0, 0], [0, 0]], ["input", "output"]).visualize()
    drawn = []
    fake = ModuleType("graphviz")
    fake.Digraph = type(
        "Digraph", (), {"node": lambda _, *of: drawn.append(of), "edge": lambda _, *of: drawn.append(of)}
    )
    monkeypatch.setitem(sys.modules, "graphviz", fake)
    spec.visualize()
    assert drawn == [("0", "input"), ("1", "maxpool3x3"), ("2", "output"), ("0", "1"), ("1", "2")]
