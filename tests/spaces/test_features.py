"""Features against direct computation, architecture by architecture, and splits that keep isomorphic ones together."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from nbframes.spaces import GridSpace, darts, nb101, sss, tss
from tests import published_tables

MIXED = GridSpace("mixed network", positions={"depth": (1, 2, 11), "act": ("relu", "gelu")}, template="{}-{}")
SPACES = {"darts": darts, "nb101": nb101, "sss": sss, "tss": tss, "mixed": MIXED}
GRAPHS = {"darts": darts, "nb101": nb101, "tss": tss}


def column_numbers(operations, longest, shortest=1):
    """Number of each sequence: short ones first, then in the order of the operations."""
    sequences = [s for length in range(shortest, longest + 1) for s in product(operations, repeat=length)]
    return {sequence: number for number, sequence in enumerate(sequences)}


def paths(edges, start, ends):
    """All paths from a vertex, as lists of vertices, by walking."""
    found = [[start]] if start in ends else []
    for source, target in edges:
        if source == start:
            found += [[start, *rest] for rest in paths(edges, target, ends)]
    return found


def marked(number, sequences):
    row = np.zeros(len(number), np.uint8)
    row[[number[sequence] for sequence in sequences]] = 1
    return row


# --- topology ------------------------------------------------------------------------------------------------------


def test_topology_paths_are_those_walked():
    number = column_numbers([name for name in tss.OPERATIONS if name != "none"], 3)
    column = tss.sample(300, seed=0)["arch_str"]
    for row, text in zip(tss.features(column, "path"), column, strict=True):
        cell = tss.parse(text)._asdict()
        edges = {(int(name[3]), int(name[5])): op for name, op in cell.items() if op != "none"}
        walked = {tuple(edges[step] for step in pairwise(way)) for way in paths(edges, 0, {3})}
        np.testing.assert_array_equal(row, marked(number, walked))


def test_topology_one_hot_and_adjacency_say_the_operations():
    column = tss.enumerate()["arch_str"]
    adjacency, hot = tss.features(column, "adjacency"), tss.features(column)
    cells = tss.parse(column)
    for place, name in enumerate(tss.ENCODING):
        assert [tss.OPERATIONS[k] for k in adjacency[:, place]] == cells[name].to_list()
        for k, operation in enumerate(tss.OPERATIONS):
            np.testing.assert_array_equal(hot[:, 5 * place + k], (cells[name] == operation).to_numpy())


# --- NAS-Bench-101 -------------------------------------------------------------------------------------------------


def wide(text):
    """Edges and operations with the output as vertex 6, of a pruned cell."""
    cell = nb101.parse(nb101.prune(text))
    last = len(cell.matrix) - 1
    moved = {last: 6}
    edges = [(i, moved.get(j, j)) for i, row in enumerate(cell.matrix) for j, entry in enumerate(row) if entry]
    return edges, dict(enumerate(cell.operations[1:-1], start=1))


@pytest.mark.parametrize("by", ["cell", "matrix"])
def test_nb101_features_are_those_of_the_graph(by):
    number = column_numbers(nb101.OPERATIONS, 5, shortest=0)
    places = [(i, j) for i in range(7) for j in range(i + 1, 7)]
    column = nb101.sample(200, seed=4, by=by)["arch_str"]
    rows = zip(column, *(nb101.features(column, kind) for kind in ("one_hot", "adjacency", "path")), strict=True)
    for text, hot, adjacency, path in rows:
        edges, operations = wide(text)
        bits = [int(place in edges) for place in places]
        codes = [nb101.OPERATIONS.index(operations[v]) if v in operations else -1 for v in range(1, 6)]
        assert adjacency.tolist() == bits + [code + 1 for code in codes]
        assert hot.tolist() == bits + [int(code == k) for code in codes for k in range(3)]
        walked = {tuple(operations[v] for v in way[1:-1]) for way in paths(edges, 0, {6})}
        np.testing.assert_array_equal(path, marked(number, walked))


def test_isomorphic_cells_have_the_same_paths():
    column = nb101.sample(500, seed=0, by="matrix")["arch_str"]
    redrawn = nb101.canonical(column)
    assert (column != redrawn).any()
    np.testing.assert_array_equal(nb101.features(column, "path"), nb101.features(redrawn, "path"))
    text = "0110000100010000|input,maxpool3x3,conv3x3-bn-relu,output"
    np.testing.assert_array_equal(
        nb101.features(nb101.canonical(text)), nb101.features(nb101.canonical(pl.Series([text])))
    )


def test_nb101_counts_its_columns():
    assert nb101.features("0100|input,output", "path").tolist() == [[1] + [0] * 363]
    assert nb101.features("0100|input,output").sum() == 1


# --- DARTS ---------------------------------------------------------------------------------------------------------


def test_darts_features_are_those_of_the_graph():
    number = column_numbers(darts.OPERATIONS, 4)
    places = [(i, j) for j in range(2, 6) for i in range(j)]
    column = darts.sample(60, seed=4)["arch_str"]
    rows = zip(column, *(darts.features(column, kind) for kind in ("one_hot", "adjacency", "path")), strict=True)
    for text, hot, adjacency, path in rows:
        codes, marks = [], []
        for pairs in darts.parse(text):
            edges = {(source, 2 + k // 2): op for k, (op, source) in enumerate(pairs)}
            codes += [darts.OPERATIONS.index(edges[place]) if place in edges else -1 for place in places]
            for source in (0, 1):
                ways = paths(edges, source, {2, 3, 4, 5})
                walked = {tuple(edges[step] for step in pairwise(way)) for way in ways}
                marks.append(marked(number, walked))
        assert adjacency.tolist() == [code + 1 for code in codes]
        assert hot.tolist() == [int(code == k) for code in codes for k in range(7)]
        np.testing.assert_array_equal(path, np.concatenate(marks))


def test_isomorphic_darts_architectures_have_the_same_paths():
    cell = "sep_conv_3x3~0 sep_conv_3x3~1 {} sep_conv_3x3~0 sep_conv_3x3~1"
    one = cell.format("skip_connect~0 skip_connect~1 max_pool_3x3~0 max_pool_3x3~1")
    other = cell.format("max_pool_3x3~1 max_pool_3x3~0 skip_connect~0 skip_connect~1")
    same, different = (
        darts.features(pl.Series([f"{one}|{one}", f"{other}|{one}"]), "path"),
        darts.features(f"{one}|{other}"),
    )
    np.testing.assert_array_equal(same[0], same[1])
    assert (different != darts.features(f"{one}|{one}")).any()


# --- all -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_features_are_small_integers_of_known_shape(space):
    column = space.sample(30, seed=0)["arch_str"]
    for kind in ("one_hot", "adjacency", "path") if space in GRAPHS.values() else ("one_hot",):
        features = space.features(column, kind)
        assert features.dtype == np.uint8
        np.testing.assert_array_equal(space.features(space.parse(column), kind=kind), features)
        np.testing.assert_array_equal(space.features(column[3], kind), features[3:4])
        assert space.features(column[:0], kind).shape == (0, features.shape[1])
        assert len(np.unique(features, axis=0)) <= column.n_unique()
    with pytest.raises(UnknownNameError, match="did you mean 'one_hot'"):
        space.features(column, "one-hot")
    with pytest.raises(InvalidArchitectureError):
        space.features(pl.Series(["nonsense"]))


@pytest.mark.parametrize("space", [sss, MIXED], ids=["sss", "mixed"])
def test_chains_have_no_graph(space):
    for kind in ("path", "adjacency"):
        with pytest.raises(UnknownNameError, match="has no graph"):
            space.features(space.sample(2, seed=0), kind)


def test_one_hot_and_grid_codes_say_the_same():
    column = MIXED.enumerate()["arch_str"]
    assert MIXED.features(column).tolist()[5] == [0, 0, 1, 0, 1]
    assert MIXED.features(column).sum(axis=1).tolist() == [2] * 6


def test_features_serve_a_predictor_of_real_values():
    """A ridge regression on a tenth of the space ranks the others."""
    real = (
        published_tables.measured().lazy()
        .filter(benchmark="nats-tss", metric="accuracy", dataset="cifar100", schedule=200)
        .group_by("arch").agg(pl.col("value").mean()).sort("arch").collect()["value"].to_numpy()
    )  # fmt: skip
    cells = tss.enumerate()
    test = tss.split(cells, test=0.9).to_numpy()
    for kind, least in (("one_hot", 0.5), ("path", 0.6)):
        x = np.column_stack([tss.features(cells, kind).astype(float), np.ones(len(cells))])
        weights = np.linalg.solve(x[~test].T @ x[~test] + np.eye(x.shape[1]), x[~test].T @ real[~test])
        assert stats.kendalltau(x[test] @ weights, real[test]).statistic > least


# --- splits --------------------------------------------------------------------------------------------------------


def test_isomorphic_architectures_are_never_on_both_sides():
    cells = tss.enumerate()
    for seed in range(5):
        test = tss.split(cells, test=0.3, seed=seed)
        assert test.dtype == pl.Boolean
        sides = pl.DataFrame({"hash": tss.hash(cells), "test": test}).group_by("hash").agg(pl.col("test").n_unique())
        assert sides["test"].max() == 1
        assert sides.height == 6466
    redrawn = pl.Series(["0110000100010000|input,maxpool3x3,conv3x3-bn-relu,output"] * 50)
    assert all(
        nb101.split(redrawn, seed=seed)[0] == nb101.split(nb101.canonical(redrawn), seed=seed)[0] for seed in range(10)
    )


@pytest.mark.parametrize("space", [darts, nb101, sss, tss], ids=["darts", "nb101", "sss", "tss"])
def test_an_architecture_keeps_its_side_whatever_stands_beside_it(space):
    column = space.sample(4000, seed=1)["arch_str"]
    whole = space.split(column, test=0.25, seed=9)
    assert space.split(column[::7], test=0.25, seed=9).to_list() == whole[::7].to_list()
    assert space.split(space.parse(column), test=0.25, seed=9).to_list() == whole.to_list()
    wider = space.split(column, test=0.5, seed=9)
    assert not (whole & ~wider).any()  # a larger test set holds the smaller one
    other = space.split(column, test=0.25, seed=10)
    distinct = pl.DataFrame({"hash": space.hash(column), "whole": whole, "other": other}).unique("hash")
    n = distinct.height
    for share, p in (
        (distinct["whole"].mean(), 0.25),
        (distinct.select((pl.col("whole") & pl.col("other")).mean()).item(), 0.0625),
    ):
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / n)


@pytest.mark.parametrize("wrong", [0, 1, -0.5, 20, "a", float("nan")])
def test_a_share_that_is_none_is_refused(wrong):
    for space in SPACES.values():
        with pytest.raises(InvalidArgumentError, match="between 0 and 1"):
            space.split(space.sample(2, seed=0)["arch_str"], test=wrong)
        with pytest.raises(InvalidArgumentError, match="whole number"):
            space.split(space.sample(2, seed=0)["arch_str"], seed=0.5)


def test_a_column_without_rows_has_no_sides():
    assert tss.split(pl.Series([], dtype=pl.String)).dtype == pl.Boolean
