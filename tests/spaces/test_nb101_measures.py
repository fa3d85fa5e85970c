"""Parameters, depth and width of NAS-Bench-101 cells."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces import nb101
from tests.spaces.nb101_cells import graphs, is_member, paths, pruned, text

CONV3, CONV1, POOL = nb101.OPERATIONS


def test_every_published_parameter_count_is_computed(data):
    records = json.loads((data / "nb101" / "nasbench_sample.json").read_text())
    small = pl.read_csv(data / "nb101" / "cells.csv", schema_overrides={"adjacency": pl.String})
    texts = [text(record["module_adjacency"], record["module_operations"]) for record in records]
    texts += small.select(pl.concat_str("adjacency", "operations", separator="|")).to_series().to_list()
    expected = [record["trainable_parameters"] for record in records] + small["trainable_parameters"].to_list()
    assert nb101.params(pl.Series(texts)).to_list() == expected
    assert [nb101.params(cell) for cell in texts] == expected
    assert nb101.params(nb101.parse(pl.Series(texts))).dtype == pl.Int64


def test_known_extremes_of_the_parameter_counts():
    """formats.md: the published counts go from 227,274 to 49,979,274."""
    counts = nb101.params(nb101.enumerate())
    assert (counts.min(), counts.max()) == (227_274, 49_979_274)


def test_inception_like_cell_of_the_readme():
    matrix = np.zeros((7, 7), int)
    matrix[[0, 0, 0, 0, 1, 2, 3, 4, 5], [1, 2, 3, 5, 6, 6, 4, 6, 6]] = 1
    assert nb101.params((matrix, ["input", CONV1, CONV3, CONV3, CONV3, POOL, "output"])) == 2_694_282


def test_the_first_vertices_get_the_odd_channels():
    """Three vertices share 128 channels as 43, 43 and 42, so that isomorphic cells differ."""
    matrix = [[0, 1, 1, 1, 0], *[[0, 0, 0, 0, 1]] * 3, [0] * 5]
    last = (matrix, ["input", POOL, POOL, CONV3, "output"])
    first = (matrix, ["input", CONV3, POOL, POOL, "output"])
    assert nb101.hash(first) == nb101.hash(last)
    assert nb101.params(first) > nb101.params(last)


@given(graphs().filter(lambda cell: is_member(*cell)))
@settings(deadline=None, max_examples=80)
def test_depth_is_the_longest_path_and_width_the_largest_cut(cell):
    matrix, operations = pruned(*cell)
    v = len(matrix)
    longest = max(len(path) - 1 for path in paths(matrix))
    cut = max(
        sum(matrix[i][j] for i in range(v) for j in range(v) if side[i] and not side[j])
        for side in product((False, True), repeat=v)
    )
    column = pl.Series([text(matrix, operations), text(*cell)])
    assert nb101.depth(cell) == longest
    assert nb101.width(cell) == cut
    assert nb101.depth(column).to_list() == [longest] * 2
    assert nb101.width(column).to_list() == [cut] * 2
    assert nb101.params(column).to_list() == [nb101.params(cell)] * 2


@pytest.mark.parametrize("measure", [nb101.params, nb101.depth, nb101.width])
def test_cells_outside_of_the_space_have_no_measures(measure):
    with pytest.raises(InvalidArchitectureError, match="no path"):
        measure("0000|input,output")
    with pytest.raises(InvalidArchitectureError, match=r"(?s)1 of 2 rows.*row 1: .* no path"):
        measure(pl.Series(["0100|input,output", "0000|input,output"]))
