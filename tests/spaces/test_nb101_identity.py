"""The official hash, one by one and in bulk, and finding cells by it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from nbframes.errors import FrameError, InvalidArchitectureError
from nbframes.spaces import nb101
from nbframes.spaces.nb101._md5 import Batch, to_hexadecimal
from tests.spaces.nb101_cells import graphs, is_member, pruned, text

INCEPTION = (
    [
        [0, 1, 1, 1, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0],
    ],
    ["input", "conv1x1-bn-relu", *["conv3x3-bn-relu"] * 3, "maxpool3x3", "output"],
)


@pytest.fixture
def published(data):
    """Published cells and their hashes."""
    records = json.loads((data / "nb101" / "nasbench_sample.json").read_text())
    seven = [
        (text(record["module_adjacency"], record["module_operations"]), record["module_hash"]) for record in records
    ]
    small = pl.read_csv(data / "nb101" / "cells.csv", schema_overrides={"adjacency": pl.String})
    few = [(f"{row['adjacency']}|{row['operations']}", row["module_hash"]) for row in small.iter_rows(named=True)]
    return pl.DataFrame(seven + few, schema=["arch_str", "expected"], orient="row")


def renumbered(matrix, operations, order):
    """The same graph with its vertices in another order."""
    return np.asarray(matrix)[np.ix_(order, order)].tolist(), [operations[i] for i in order]


def orders(matrix):
    """Orders of the vertices in which all edges still lead upwards."""

    def extend(order):
        if len(order) == len(matrix):
            return [order]
        free = [j for j in range(len(matrix)) if j not in order and all(i in order for i in range(j) if matrix[i][j])]
        return [whole for j in free for whole in extend([*order, j])]

    return extend([])


def test_hashes_documented_by_upstream():
    assert nb101.hash([[0, 1], [0, 0]], ["input", "output"]) == "043721b9c7fe8c5fad811d47d83132ec"
    assert nb101.hash(INCEPTION) == nb101.hash(*INCEPTION) == "28cfc7874f6d200472e1a9dcd8650aa0"
    assert nb101.hash(text(*INCEPTION)) == nb101.hash(nb101.Cell(*INCEPTION)) == "28cfc7874f6d200472e1a9dcd8650aa0"


def test_hashes_of_published_cells(published):
    assert [nb101.hash(cell) for cell in published["arch_str"]] == published["expected"].to_list()
    assert nb101.hash(published["arch_str"]).to_list() == published["expected"].to_list()
    assert nb101.hash(nb101.parse(published["arch_str"])).to_list() == published["expected"].to_list()


@given(st.lists(graphs().filter(lambda cell: pruned(*cell)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=30)
def test_bulk_hash_is_the_single_hash_even_of_dense_and_unpruned_graphs(cells):
    texts = pl.Series([text(*cell) for cell in cells])
    assert nb101.hash(texts).to_list() == [nb101.hash(cell) for cell in cells]


def test_bulk_hash_over_more_than_a_batch(monkeypatch):
    monkeypatch.setattr("nbframes.spaces.nb101._hash._SLICE", 50)
    monkeypatch.setattr("nbframes.spaces.nb101._hash._BATCH", 7)
    cells = nb101.sample(120, seed=3)
    assert nb101.hash(cells).to_list() == [nb101.hash(cell) for cell in cells["arch_str"]]


@given(graphs(max_vertices=6).filter(lambda cell: pruned(*cell)), st.data())
@settings(deadline=None, max_examples=60)
def test_order_of_vertices_does_not_matter(cell, data):
    matrix, operations = pruned(*cell)
    order = data.draw(st.sampled_from(orders(matrix)))
    assert nb101.hash(*renumbered(matrix, operations, order)) == nb101.hash(*cell)
    if is_member(*cell):
        assert nb101.canonical(renumbered(matrix, operations, order)) == nb101.canonical(cell)


@pytest.mark.parametrize("disconnected", ["0000|input,output", pl.Series(["0100|input,output", "0000|input,output"])])
def test_a_cell_without_a_path_has_no_hash(disconnected):
    with pytest.raises(InvalidArchitectureError, match="no path from its input to its output"):
        nb101.hash(disconnected)


@given(st.text(st.characters(max_codepoint=127), max_size=150), st.text("0123456789abcdef", min_size=32, max_size=32))
@settings(deadline=None, max_examples=80)
def test_md5_of_many_is_that_of_hashlib(constant, colour):
    other = "0123456789abcdef" * 2
    batch = Batch([(2, len(constant) + 33)])
    (messages,) = batch.messages
    messages.text(constant)
    planes = np.frombuffer((colour + other).encode(), "<u4").reshape(2, 8)
    messages.words(planes.T.astype(np.uint32))
    messages.text("|")
    found = to_hexadecimal(batch.digest()).T.astype("<u4")
    expected = [hashlib.md5(f"{constant}{varying}|".encode()).hexdigest() for varying in (colour, other)]
    assert [row.tobytes().decode() for row in found] == expected


class TestFind:
    @pytest.fixture
    def archs(self, published):
        return published.select(arch=pl.int_range(pl.len(), dtype=pl.Int32), arch_str="arch_str", hash="expected")

    def test_unpruned_and_renumbered_cells_are_found(self, archs):
        wanted = archs.filter(pl.col("arch_str").str.len_chars() > 60).row(0, named=True)
        matrix, operations = nb101.parse(wanted["arch_str"])
        other = orders(matrix)[-1]
        assert other != list(range(len(matrix)))
        found = nb101.find(archs, renumbered(matrix, operations, other))
        assert found.row(0, named=True) == wanted
        wide = np.zeros((8, 8), int)
        wide[:4, :4] = [[0, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
        wide[3, 7] = wide[0, 7] = 1
        single = nb101.find(archs, (wide, ["input", *["conv3x3-bn-relu"] * 6, "output"]))
        assert single["arch_str"].to_list() == ["011001000|input,conv3x3-bn-relu,output"]

    def test_lazy_stays_lazy(self, archs):
        found = nb101.find(archs.lazy(), archs["arch_str"][4])
        assert isinstance(found, pl.LazyFrame)
        assert found.collect()["arch"].to_list() == [4]

    def test_a_column_is_found_in_its_order(self, archs):
        absent = "010001000|input,maxpool3x3,output"
        cells = pl.Series([archs["arch_str"][7], absent, archs["arch_str"][2], archs["arch_str"][7]])
        expected = archs[[7, 2, 7]].insert_column(0, pl.Series("row", [0, 2, 3], pl.UInt32))
        assert absent not in archs["arch_str"]
        assert_frame_equal(nb101.find(archs, cells), expected)
        assert_frame_equal(nb101.find(archs.lazy(), nb101.parse(cells)).collect(), expected)

    def test_absent_cells_give_no_rows(self, archs):
        assert nb101.find(archs, "010001000|input,maxpool3x3,output").is_empty()

    def test_cells_outside_of_the_space_are_refused(self, archs):
        dense = text(np.triu(np.ones((7, 7), int), 1), ["input", *["maxpool3x3"] * 5, "output"])
        with pytest.raises(InvalidArchitectureError, match="21 edges"):
            nb101.find(archs, dense)
        with pytest.raises(InvalidArchitectureError, match=r"(?s)1 of 1 rows.*21 edges"):
            nb101.find(archs, pl.Series([dense]))

    def test_a_table_without_hashes_is_refused(self, archs):
        with pytest.raises(FrameError, match="hash"):
            nb101.find(archs.drop("hash"), INCEPTION)


def test_matrix_and_operations_can_be_named():
    cell = {"matrix": [[0, 1], [0, 0]], "operations": ["input", "output"]}
    assert nb101.hash(**cell) == nb101.hash(*cell.values()) == "043721b9c7fe8c5fad811d47d83132ec"
