"""One-edit neighbours and mutations of NAS-Bench-101 cells."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_series_equal
from scipy.stats import chisquare

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces import nb101
from tests.spaces.nb101_cells import OPERATIONS, graphs, is_member, text

members = graphs().filter(lambda cell: is_member(*cell))


def one_edits(matrix, operations):
    """All cells of the space that differ in one edge or operation, in the documented order."""
    v = len(matrix)
    found = []
    for i in range(v):
        for j in range(i + 1, v):
            other = np.array(matrix)
            other[i, j] ^= 1
            found.append((other.tolist(), operations))
    for k in range(1, v - 1):
        found += [
            (matrix, [*operations[:k], name, *operations[k + 1 :]]) for name in OPERATIONS if name != operations[k]
        ]
    return [text(*cell) for cell in found if is_member(*cell)]


@given(members)
@settings(deadline=None, max_examples=40)
def test_neighbours_are_all_one_edits(cell):
    expected = one_edits(*cell)
    assert nb101.neighbours(text(*cell)) == expected
    assert nb101.neighbours(cell) == [nb101.parse(neighbour) for neighbour in expected]
    assert len(set(expected)) == len(expected)


@given(members)
@settings(deadline=None, max_examples=15)
def test_a_cell_is_a_neighbour_of_its_neighbours(cell):
    assert all(text(*cell) in nb101.neighbours(neighbour) for neighbour in nb101.neighbours(text(*cell)))


def test_columns_list_what_single_cells_do(monkeypatch):
    monkeypatch.setattr("nbframes.spaces.nb101.moves._SLICE", 7)
    cells = pl.concat([nb101.sample(20, seed=0), nb101.enumerate(max_vertices=3), nb101.sample(5, seed=1, by="matrix")])
    found = nb101.neighbours(cells["arch_str"])
    expected = [(row, other) for row, cell in enumerate(cells["arch_str"]) for other in nb101.neighbours(cell)]
    assert found.rows() == expected
    assert nb101.neighbours(cells).equals(found)
    assert found.schema == {"row": pl.UInt32, "neighbour": pl.String}


def test_pruned_cells_have_no_neighbour_that_is_isomorphic_to_them():
    cells = nb101.sample(300, seed=4)
    found = nb101.neighbours(cells["arch_str"])
    assert (nb101.hash(found["neighbour"]) != nb101.hash(cells).gather(found["row"])).all()


def test_mutations_are_neighbours_of_the_same_kind():
    cells = nb101.sample(200, seed=2).filter(pl.col("vertices") > 2)
    texts = cells["arch_str"].alias("mine")
    mutants = nb101.mutate(texts, seed=3)
    assert mutants.name == "mine"
    assert all(mutant in nb101.neighbours(cell) for cell, mutant in zip(texts, mutants, strict=True))
    assert_series_equal(nb101.format(nb101.mutate(cells, seed=3)), mutants.alias("arch_str"))
    assert_series_equal(nb101.mutate(texts, seed=3), mutants)
    assert not nb101.mutate(texts, seed=4).equals(mutants)
    cell = nb101.parse(texts[0])
    assert nb101.mutate(cell, seed=1) in nb101.neighbours(cell)
    assert nb101.mutate(texts[0], seed=1) == nb101.format(nb101.mutate(cell, seed=1))


def test_all_neighbours_are_equally_likely():
    cell = nb101.sample(1, seed=0, by="matrix")["arch_str"]
    drawn = Counter(nb101.mutate(pl.concat([cell] * 20_000), seed=7))
    options = nb101.neighbours(cell[0])
    assert set(drawn) == set(options)
    assert chisquare([drawn[option] for option in options]).pvalue > 1e-4


def test_cells_with_spare_vertices_can_grow():
    """A walk from matrices reaches cells of seven used vertices, which are rare at the start."""
    walkers = nb101.sample(300, seed=0, by="matrix")
    rng = np.random.default_rng(1)
    before = nb101.prune(walkers)["vertices"].mean()
    for _ in range(60):
        walkers = nb101.mutate(walkers, seed=rng)
    assert nb101.prune(walkers)["vertices"].mean() > before


def test_the_cell_of_two_vertices_has_nowhere_to_go():
    assert nb101.neighbours("0100|input,output") == []
    with pytest.raises(InvalidArchitectureError, match="two vertices has no neighbour"):
        nb101.mutate("0100|input,output")
    with pytest.raises(InvalidArchitectureError, match="row 1: the cell of two vertices has no neighbour"):
        nb101.mutate(pl.Series(["010001000|input,maxpool3x3,output", "0100|input,output"]))


@pytest.mark.parametrize("function", [nb101.neighbours, nb101.mutate])
def test_cells_outside_of_the_space_are_refused(function):
    with pytest.raises(InvalidArchitectureError, match="no path"):
        function("0000|input,output")
    with pytest.raises(InvalidArchitectureError, match=r"(?s)1 of 1 rows.*no path"):
        function(pl.Series(["0000|input,output"]))


def test_input_is_left_alone():
    cells = nb101.sample(50, seed=0)
    before = cells.clone()
    nb101.mutate(cells, seed=0)
    nb101.neighbours(cells)
    nb101.prune(cells)
    assert cells.equals(before)
