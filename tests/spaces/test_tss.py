"""The topology space against upstream's own code, order and published counts."""

from __future__ import annotations

import bz2
import itertools
import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from nbframes.errors import FrameError, InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from nbframes.spaces import tss
from tests import published_tables

CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
cells = st.tuples(*[st.sampled_from(tss.OPERATIONS)] * 6).map(lambda operations: tss.Cell(*operations))


@pytest.fixture(scope="module")
def official(data):
    """Upstream's list of all architectures."""
    with bz2.open(data / "nats" / "NATS-tss-v1_0-3ffb9-simple" / "meta.pickle.pbz2") as file:
        return pl.Series("arch_str", pickle.load(file)["meta_archs"])


@pytest.fixture(scope="module")
def upstream(official):
    """Upstream's structures, in official order."""
    utils = pytest.importorskip("nats_bench.genotype_utils")
    return [utils.topology_str2structure(text) for text in official]


def test_official_order(official):
    assert_series_equal(tss.enumerate()["arch_str"], official)
    assert_series_equal(tss.index(official), pl.Series("arch", range(tss.SIZE), pl.Int32))
    assert_series_equal(tss.from_index(pl.Series(range(tss.SIZE))), official)
    assert [tss.index(text) for text in official[::500]] == list(range(0, tss.SIZE, 500))
    assert [tss.from_index(index) for index in range(0, tss.SIZE, 500)] == official[::500].to_list()


def test_unique_strings_are_those_of_upstream(official, upstream):
    expected = [structure.to_unique_str(consider_zero=True) for structure in upstream]
    assert expected == tss.unique_str(official).to_list()
    assert expected[::100] == [tss.unique_str(text) for text in official[::100]]
    assert len(set(expected)) == tss.hash(official).n_unique() == 6466


def test_hash_is_one_to_one_with_the_unique_string(official):
    frame = pl.DataFrame({"key": tss.unique_str(official), "hash": tss.hash(official)}).unique()
    assert frame["key"].n_unique() == frame["hash"].n_unique() == len(frame)
    assert [tss.hash(text) for text in official[::100]] == tss.hash(official)[::100].to_list()


def test_connectedness_is_that_of_upstream(official, upstream):
    expected = [structure.check_valid() for structure in upstream]
    assert expected == tss.is_connected(official).to_list()
    assert expected[::50] == [tss.is_connected(text) for text in official[::50]]
    assert sum(expected) == 15284


def test_matrix_is_that_of_upstream(official):
    topology = pytest.importorskip("nats_bench.api_topology")
    some = official[::200]
    expected = np.stack([topology.NATStopology.str2matrix(text) for text in some])
    np.testing.assert_array_equal(tss.matrix(some), expected)
    np.testing.assert_array_equal(tss.matrix(some[3]), expected[3])


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "ImageNet16-120"])
def test_parameters_are_those_published(dataset):
    """Apart from the 150 architectures whose published counts differ between schedules (upstream's issue 36)."""
    archs = published_tables.tss_archs()
    millions = tss.params(archs["arch_str"], dataset=dataset).to_numpy() / 1e6
    assert np.count_nonzero(millions != archs[f"params_{dataset}"].to_numpy()) == 150


def test_costs_are_those_of_real_records(data):
    for path in sorted((data / "nats" / "NATS-tss-v1_0-3ffb9-simple").glob("0*.pbz2")):
        with bz2.open(path) as file:
            state = pickle.load(file)["12"]
        for (dataset, _), result in state["all_results"].items():
            assert tss.params(state["arch_str"], dataset=dataset) / 1e6 == result["params"]
            assert tss.mflops(state["arch_str"], dataset=dataset) == result["flop"]
            column = pl.Series([state["arch_str"]])
            assert tss.params(column, dataset=dataset).to_list() == [tss.params(state["arch_str"], dataset=dataset)]
            assert tss.mflops(column, dataset=dataset).to_list() == [result["flop"]]


@settings(max_examples=50, deadline=None)
@given(cells)
def test_one_architecture_and_a_column_agree(cell):
    text = tss.format(cell)
    column = pl.Series([text])
    assert tss.parse(text) == cell == tss.parse(cell)
    assert tss.parse(column).row(0) == cell
    assert tss.format(tss.parse(column)).to_list() == [text]
    assert tss.hash(tss.parse(column)).to_list() == tss.hash(column).to_list() == [tss.hash(text)] == [tss.hash(cell)]
    assert tss.neighbours(column)["neighbour"].to_list() == tss.neighbours(text)
    assert tss.neighbours(cell) == [tss.parse(other) for other in tss.neighbours(text)]


def test_encoding_has_its_types():
    frame = tss.parse(pl.Series([CELL]))
    assert dict(frame.schema) == tss.ENCODING


def test_neighbours_differ_in_one_edge(official):
    found = tss.neighbours(official)
    assert found["row"].dtype == pl.UInt32
    assert found.group_by("row").agg(pl.col("neighbour").n_unique())["neighbour"].unique().to_list() == [24]
    old, new = (tss.parse(column) for column in (official.gather(found["row"]), found["neighbour"]))
    assert sum((old[name] != new[name]).cast(pl.UInt8) for name in tss.ENCODING).unique().to_list() == [1]


def test_neighbours_are_mutual():
    assert all(CELL in tss.neighbours(other) for other in tss.neighbours(CELL))


def test_mutation_reaches_every_neighbour_equally():
    column = pl.Series("arch_str", [CELL] * 12_000)
    counts = tss.mutate(column, seed=0).value_counts()
    assert set(counts["arch_str"]) == set(tss.neighbours(CELL))
    assert counts["count"].is_between(400, 600).all()
    assert {tss.mutate(CELL, seed=seed) for seed in range(300)} == set(tss.neighbours(CELL))


def test_mutation_keeps_the_kind():
    assert isinstance(tss.mutate(tss.parse(CELL), seed=0), tss.Cell)
    column = pl.Series([CELL] * 5)
    assert_frame_equal(tss.mutate(tss.parse(column), seed=3), tss.parse(tss.mutate(column, seed=3)))


def test_sample_is_uniform_and_reproducible():
    drawn = tss.sample(20_000, seed=1)
    assert_frame_equal(drawn, tss.sample(20_000, seed=1))
    assert not drawn.equals(tss.sample(20_000, seed=2))
    for name in tss.ENCODING:
        assert drawn[name].value_counts()["count"].is_between(3800, 4200).all()
    assert_frame_equal(tss.parse(drawn["arch_str"]), drawn.drop("arch_str"))


def test_sample_without_replacement_is_the_whole_space(official):
    assert sorted(tss.sample(tss.SIZE, seed=0, replace=False)["arch_str"]) == sorted(official)
    with pytest.raises(InvalidArgumentError, match="without replacement"):
        tss.sample(tss.SIZE + 1, replace=False)


def test_a_generator_goes_on():
    rng = np.random.default_rng(0)
    assert not tss.sample(9, seed=rng).equals(tss.sample(9, seed=rng))


def test_sampling_leaves_global_random_state_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002 - the global state is what is tested
    tss.sample(10)
    tss.mutate(CELL)
    assert before == np.random.get_state()[1].tolist()  # noqa: NPY002 - as above


BROKEN = {
    "|nor_conv_3x3~0|+|none~0|none~1|": "2 nodes",
    CELL.replace("none", "nonne"): "did you mean 'none'",
    CELL.replace("none~1", "none~2"): "write 'none~1'",
    CELL.replace("|none~1", ""): "must be 3 of 'operation~input'",
    CELL[1:]: "between bars",
    CELL + "|": "node 3",
    "": "1 nodes",
    CELL + "\n": "node 3",
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.items())
def test_the_broken_rule_is_named(text, reason):
    assert not tss.is_valid(text)
    with pytest.raises(InvalidArchitectureError, match=reason):
        tss.validate(text)


def test_a_column_names_its_first_broken_rows():
    column = pl.Series([CELL, "x", CELL, None, "y", "z"])
    assert tss.is_valid(column).to_list() == [True, False, True, False, False, False]
    with pytest.raises(InvalidArchitectureError, match=r"4 of 6 rows(.|\n)*row 1: 'x'(.|\n)*row 3: null(.|\n)*1 more"):
        tss.validate(column)


def test_a_frame_names_its_broken_column():
    frame = tss.parse(pl.Series([CELL, CELL])).with_columns(op_1_3=pl.Series(["none", "conv"]))
    assert tss.is_valid(frame).to_list() == [True, False]
    with pytest.raises(InvalidArchitectureError, match=r"1 of 2 rows(.|\n)*row 1: op_1_3='conv'"):
        tss.format(frame)
    with pytest.raises(FrameError, match="op_2_3"):
        tss.format(frame.drop("op_2_3"))


@pytest.mark.parametrize("broken", [tss.Cell(*["none"] * 5, "conv"), ("none",)])
def test_a_broken_structure_is_refused(broken):
    with pytest.raises(InvalidArchitectureError):
        tss.format(broken)


def test_other_types_are_refused():
    for wrong in (17, pl.Series([1, 2])):
        with pytest.raises(InvalidArgumentError):
            tss.parse(wrong)


@pytest.mark.parametrize("wrong", [-1, 15625, pl.Series([0, 20000]), pl.Series([0, None]), pl.Series(["a"])])
def test_an_index_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        tss.from_index(wrong)


def test_an_unknown_dataset_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'cifar10'"):
        tss.params(CELL, dataset="cifar-10")


def test_an_empty_column_stays_empty():
    empty = pl.Series([], dtype=pl.String)
    assert tss.parse(empty).shape == (0, 6)
    assert tss.neighbours(empty).shape == (0, 2)
    assert tss.mutate(empty).len() == tss.hash(empty).len() == tss.params(empty).len() == 0


def test_operations_in_every_combination(official):
    assert set(tss.parse(official).rows()) == set(itertools.product(tss.OPERATIONS, repeat=6))
