"""Text form, encoding columns, the rules of the space and pruning of NAS-Bench-101 cells."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from nbframes.errors import FrameError, InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces import nb101
from tests.spaces.nb101_cells import graphs, is_member, pruned, text

SHORT = "011001000|input,maxpool3x3,output"


def encoding(matrix, operations):
    """The encoding columns of one cell, by their definition."""
    v = len(matrix)
    padded = np.zeros((7, 7), int)
    padded[:v, :v] = matrix
    digits = "".join(map(str, padded[np.triu_indices(7, 1)]))
    inner = [*operations[1:-1], *[None] * (7 - v)]
    return [v, int(padded.sum()), int(digits, 2), *inner]


@pytest.fixture
def published(data):
    records = json.loads((data / "nb101" / "nasbench_sample.json").read_text())
    return [(record["module_adjacency"], record["module_operations"]) for record in records]


def test_published_cells_survive_the_way_through_columns(published):
    texts = pl.Series("arch_str", [text(*cell) for cell in published])
    columns = nb101.parse(texts)
    assert columns.schema == pl.Schema(nb101.ENCODING)
    assert [list(row) for row in columns.rows()] == [encoding(*cell) for cell in published]
    assert_series_equal(nb101.format(columns), texts)
    assert nb101.is_valid(texts).all()


@given(st.lists(graphs(), max_size=20))
@settings(deadline=None, max_examples=60)
def test_columns_agree_with_single_cells(cells):
    texts = pl.Series([text(*cell) for cell in cells], dtype=pl.String)
    columns = nb101.parse(texts)
    assert [list(row) for row in columns.rows()] == [encoding(*cell) for cell in cells]
    assert nb101.format(columns).to_list() == [nb101.format(cell) for cell in cells] == texts.to_list()
    assert [nb101.parse(string) for string in texts] == [nb101.Cell(*cell) for cell in cells]
    expected = [is_member(*cell) for cell in cells]
    assert nb101.is_valid(texts).to_list() == nb101.is_valid(columns).to_list() == expected
    assert [nb101.is_valid(string) for string in texts] == [nb101.is_valid(cell) for cell in cells] == expected


@given(st.lists(graphs().filter(lambda cell: pruned(*cell)), max_size=20))
@settings(deadline=None, max_examples=60)
def test_pruning_leaves_the_vertices_on_paths(cells):
    texts = pl.Series("mine", [text(*cell) for cell in cells], dtype=pl.String)
    expected = [pruned(*cell) for cell in cells]
    assert nb101.prune(texts).to_list() == [text(*cell) for cell in expected]
    assert nb101.prune(texts).name == "mine"
    assert_frame_equal(nb101.prune(nb101.parse(texts)), nb101.parse(nb101.prune(texts)))
    assert [nb101.prune(cell) for cell in cells] == [nb101.Cell(*cell) for cell in expected]
    assert [nb101.prune(string) for string in texts] == [text(*cell) for cell in expected]


def test_a_cell_is_hashable_and_equal_whatever_it_was_made_of():
    matrix, operations = [[0, 1], [0, 0]], ["input", "output"]
    cell = nb101.Cell(np.array(matrix), np.array(operations))
    assert cell == nb101.Cell(matrix, operations) == nb101.Cell(np.array(matrix, bool), tuple(operations))
    assert len({cell, nb101.Cell(matrix, operations)}) == 1
    assert nb101.format(cell) == "0100|input,output"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("0100", "not of the form"),
        ("010|input,output", "square matrix of 0 and 1"),
        ("0200|input,output", "square matrix of 0 and 1"),
        ("|", "must be square"),
        ("0|input", "must be square"),
        ("0100|input,maxpool3x3,output", "2 vertices but 3 operations"),
        ("0110|input,output", r"the edge \(1, 0\)"),
        ("1100|input,output", r"the edge \(0, 0\)"),
        ("0100|output,input", "begins with 'output'"),
        ("010001000|input,maxpool,output", "unknown operation 'maxpool'; did you mean 'maxpool3x3'"),
        ("010001000|input,input,output", "unknown operation 'input'"),
        ("010000000|input,maxpool3x3,output", "no path from its input to its output"),
        ("0" + "1" * 6 + ("0" * 6 + "1") * 5 + "0" * 7 + "|input" + ",maxpool3x3" * 5 + ",output", "11 edges"),
        (text(np.eye(8, k=1, dtype=int), ["input", *["maxpool3x3"] * 6, "output"]), "8 vertices"),
    ],
)
def test_what_is_not_a_cell_is_refused_for_its_reason(bad, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        nb101.validate(bad)
    assert not nb101.is_valid(bad)
    assert nb101.is_valid(pl.Series([SHORT, bad])).to_list() == [True, False]
    with pytest.raises(InvalidArchitectureError, match=f"(?s)2 of 3 rows.*row 1: .*{message}.*row 2: null"):
        nb101.validate(pl.Series([SHORT, bad, None]))


def test_a_non_binary_matrix_is_refused():
    with pytest.raises(InvalidArchitectureError, match=r"an entry 0.5; valid: 0, 1"):
        nb101.validate(([[0, 0.5], [0, 0]], ["input", "output"]))
    with pytest.raises(InvalidArchitectureError, match="must be square"):
        nb101.validate(([[0, 1]], ["input", "output"]))


@pytest.mark.parametrize("other", [5, ("0100",), None, pl.Series([1, 2])])
def test_what_is_no_architecture_at_all_is_another_error(other):
    with pytest.raises(InvalidArgumentError, match=r"is not a NAS-Bench-101 cell|must hold strings") as error:
        nb101.is_valid(other)
    assert not isinstance(error.value, InvalidArchitectureError)


def test_wide_cells_are_valid_alone_and_must_be_pruned_for_a_column():
    wide = np.zeros((9, 9), int)
    wide[0, 1] = wide[1, 8] = wide[0, 2] = 1
    cell = nb101.Cell(wide, ["input", *["maxpool3x3"] * 7, "output"])
    assert nb101.is_valid(cell)
    assert nb101.prune(cell) == nb101.Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "maxpool3x3", "output"])
    assert nb101.parse(nb101.format(cell)) == cell
    with pytest.raises(InvalidArchitectureError, match="9 vertices; a column holds at most 7"):
        nb101.parse(pl.Series([nb101.format(cell)]))


def test_contradicting_columns_are_refused():
    good = nb101.parse(pl.Series([SHORT]))
    for change in (
        pl.lit(8).alias("vertices"),
        pl.lit(4).alias("vertices"),
        pl.lit(1).alias("adjacency"),
        pl.lit(None, pl.UInt32).alias("adjacency"),
        pl.lit("conv").alias("op_1"),
        pl.lit("maxpool3x3").alias("op_2"),
    ):
        frame = good.with_columns(change)
        assert nb101.is_valid(frame).to_list() == [False]
        with pytest.raises(InvalidArchitectureError, match=r"row 0: vertices=.* contradict each other"):
            nb101.format(frame)
    with pytest.raises(InvalidArchitectureError, match=r"row 0: .* has no path"):
        nb101.validate(good.with_columns(pl.lit(0).alias("adjacency")))
    with pytest.raises(FrameError, match="op_5"):
        nb101.format(good.drop("op_5"))


def test_encoding_columns_may_be_plain_strings_among_others():
    texts = pl.Series("arch_str", [SHORT, "0100|input,output"])
    columns = nb101.parse(texts).cast({pl.Enum: pl.String, pl.UInt8: pl.Int64}).with_columns(other=1)
    assert_series_equal(nb101.format(columns), texts)


def test_empty_columns_give_empty_columns():
    none = pl.Series([], dtype=pl.String)
    columns = nb101.parse(none)
    assert columns.schema == pl.Schema(nb101.ENCODING)
    for function in (nb101.format, nb101.hash, nb101.is_valid, nb101.params, nb101.depth, nb101.width):
        assert len(function(columns)) == 0
    for function in (nb101.prune, nb101.canonical, nb101.mutate):
        assert_frame_equal(function(columns), columns)
    assert nb101.neighbours(columns).schema == {"row": pl.UInt32, "neighbour": pl.String}
    nb101.validate(columns)
