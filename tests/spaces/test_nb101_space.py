"""The whole space: enumeration, random cells, the cells a table lacks."""

from __future__ import annotations

import random
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import chisquare

from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.spaces import nb101
from tests.spaces.nb101_cells import drawings

PUBLISHED = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}


def test_as_many_cells_as_were_published():
    cells = nb101.enumerate()
    assert dict(cells["vertices"].value_counts().rows()) == PUBLISHED
    assert len(cells) == nb101.SIZE == cells["arch_str"].n_unique()
    assert cells.columns == ["arch_str", *nb101.ENCODING]
    assert nb101.is_valid(cells).all()
    assert cells.select("vertices", "adjacency", pl.exclude("vertices", "adjacency", "edges", "arch_str")).equals(
        cells.sort(["vertices", "adjacency", "op_1", "op_2", "op_3", "op_4", "op_5"]).select(
            "vertices", "adjacency", pl.exclude("vertices", "adjacency", "edges", "arch_str")
        )
    )
    assert_frame_equal(nb101.canonical(cells), cells.drop("arch_str"))


@pytest.mark.parametrize("v", [2, 3, 4, 5])
def test_small_cells_are_those_the_official_hash_tells_apart(v):
    """Upstream's own way: all drawings, one by one, kept if their hash is new."""
    drawn = list(drawings(v))
    by_hash = {}
    for cell in drawn:
        by_hash.setdefault(nb101.hash(cell), set()).add(cell)
    cells = nb101.enumerate(max_vertices=v).filter(pl.col("vertices") == v)["arch_str"]
    assert len(by_hash) == len(cells) == PUBLISHED[v]
    assert {nb101.hash(cell) for cell in cells} == set(by_hash)
    canonical = dict(zip(drawn, nb101.canonical(pl.Series(drawn)), strict=True))
    assert all(len({canonical[cell] for cell in same} - same) == 0 for same in by_hash.values())
    assert all(len({canonical[cell] for cell in same}) == 1 for same in by_hash.values())


def test_published_cells_are_in_the_enumeration(data):
    small = pl.read_csv(data / "nb101" / "cells.csv", schema_overrides={"adjacency": pl.String})
    cells = nb101.enumerate(max_vertices=4)
    assert small["module_hash"].is_in(nb101.hash(cells).implode()).all()


@pytest.mark.slow
def test_all_cells_have_hashes_of_their_own():
    cells = nb101.enumerate()
    assert nb101.hash(cells).n_unique() == nb101.SIZE


@pytest.mark.parametrize("bad", [1, 8, 2.5])
def test_impossible_numbers_of_vertices_are_refused(bad):
    with pytest.raises(InvalidArgumentError, match="one of 2 to 7 but got"):
        nb101.enumerate(max_vertices=bad)


class TestSample:
    def test_uniform_over_the_cells(self):
        drawn = nb101.sample(60_000, seed=1)
        expected = nb101.enumerate().group_by("edges", "op_1").len()
        found = drawn.group_by("edges", "op_1").len()
        counts = expected.join(found, on=["edges", "op_1"], how="left", suffix="_found", nulls_equal=True).filter(
            pl.col("len") > 500
        )
        shares = counts["len"] / counts["len"].sum()
        observed = counts["len_found"].fill_null(0)
        assert chisquare(observed, shares * observed.sum()).pvalue > 1e-4

    def test_by_matrix_is_the_official_random_search(self):
        """Against a plain loop of the same experiment, by number of vertices after pruning."""
        rng = np.random.default_rng(0)
        loop = np.zeros(8)
        for _ in range(20_000):
            matrix = np.triu(rng.integers(0, 2, (7, 7)), 1)
            cell = (matrix.tolist(), ["input", *[nb101.OPERATIONS[k] for k in rng.integers(0, 3, 5)], "output"])
            if nb101.is_valid(cell):
                loop[len(nb101.prune(cell).matrix)] += 1
        drawn = nb101.sample(50_000, seed=2, by="matrix")
        counts = dict(nb101.prune(drawn)["vertices"].value_counts().rows())
        shares = np.array([counts[v] for v in range(2, 7)]) / sum(counts[v] for v in range(2, 7))
        assert chisquare(loop[2:7], shares * loop[2:7].sum()).pvalue > 1e-4
        assert drawn["vertices"].unique().to_list() == [7]
        assert nb101.is_valid(drawn).all()

    @pytest.mark.parametrize("by", ["cell", "matrix"])
    def test_seeds_repeat_and_global_state_is_left_alone(self, by):
        np.random.seed(0)  # noqa: NPY002 - the global state is what is tested
        random.seed(0)
        before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
        first = nb101.sample(20, seed=5, by=by)
        assert_frame_equal(first, nb101.sample(20, seed=5, by=by))
        assert not first.equals(nb101.sample(20, seed=6, by=by))
        generator = np.random.default_rng(5)
        assert_frame_equal(first, nb101.sample(20, seed=generator, by=by))
        assert not first.equals(nb101.sample(20, seed=generator, by=by))
        assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002

    def test_text_and_columns_agree(self):
        drawn = nb101.sample(50, seed=0)
        assert_frame_equal(nb101.parse(drawn["arch_str"]), drawn.drop("arch_str"))
        assert nb101.sample(0).schema == drawn.schema == nb101.sample(0, by="matrix").schema

    def test_without_replacement_no_cell_comes_twice(self):
        assert nb101.sample(nb101.SIZE, seed=0, replace=False)["arch_str"].n_unique() == nb101.SIZE

    def test_impossible_draws_are_refused(self):
        with pytest.raises(InvalidArgumentError, match="whole number from 0, not -1"):
            nb101.sample(-1)
        with pytest.raises(InvalidArgumentError, match="423625 cells without replacement"):
            nb101.sample(nb101.SIZE + 1, replace=False)
        with pytest.raises(InvalidArgumentError, match="by='cell'"):
            nb101.sample(1, by="matrix", replace=False)
        with pytest.raises(UnknownNameError, match="did you mean 'matrix'"):
            nb101.sample(1, by="matrices")


class TestMissing:
    def test_absent_cells_are_listed_with_their_hash(self):
        cells = nb101.enumerate(max_vertices=5)
        cells.insert_column(0, nb101.hash(cells))
        gone = [0, 3, 100, 2531]
        present = cells.filter(~pl.int_range(pl.len()).is_in(gone))["hash"].shuffle(seed=0)
        assert_frame_equal(nb101.missing(present, max_vertices=5), cells[gone])
        assert nb101.missing(cells["hash"], max_vertices=5).is_empty()
        assert len(nb101.missing(pl.Series(["nonsense", None]), max_vertices=4)) == 91

    @pytest.mark.parametrize("wanted", [True, False])
    def test_progress_counts_up_to_the_total(self, monkeypatch, wanted):
        calls, steps = [], []

        @contextmanager
        def recorder(title, *, total, unit, show):
            calls.append((total, unit, show))
            yield SimpleNamespace(update=steps.append)

        monkeypatch.setattr("nbframes.spaces.nb101.space.bar", recorder)
        monkeypatch.setattr("nbframes.spaces.nb101._hash._SLICE", 1000)
        nb101.missing(pl.Series([], dtype=pl.String), max_vertices=5, progress=wanted)
        assert calls == [(2532, "cell", wanted)]
        assert steps == [1000, 1000, 532]

    def test_hashes_must_be_text(self):
        with pytest.raises(InvalidArgumentError, match="column of strings"):
            nb101.missing(pl.Series([1, 2]))
