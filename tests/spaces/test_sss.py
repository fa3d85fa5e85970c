"""The size space against upstream's order and published counts."""

from __future__ import annotations

import bz2
import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from nbframes.errors import FrameError, InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces import sss

NETWORK = "8:16:64:32:8"
networks = st.tuples(*[st.sampled_from(sss.CHANNELS)] * 5)


@pytest.fixture(scope="module")
def official(data):
    """Upstream's list of all architectures."""
    with bz2.open(data / "nats" / "NATS-sss-v1_0-50262-simple" / "meta.pickle.pbz2") as file:
        return pl.Series("arch_str", pickle.load(file)["meta_archs"])


def test_official_order(official):
    assert_series_equal(sss.enumerate()["arch_str"], official)
    assert_series_equal(sss.index(official), pl.Series("arch", range(sss.SIZE), pl.Int32))
    assert_series_equal(sss.from_index(pl.Series(range(sss.SIZE))), official)
    assert [sss.index(text) for text in official[::1000]] == list(range(0, sss.SIZE, 1000))
    assert [sss.from_index(index) for index in range(0, sss.SIZE, 1000)] == official[::1000].to_list()


def test_costs_are_those_of_real_records(data):
    for path in sorted((data / "nats" / "NATS-sss-v1_0-50262-simple").glob("0*.pbz2")):
        with bz2.open(path) as file:
            state = pickle.load(file)["90"]
        for (dataset, _), result in state["all_results"].items():
            assert sss.params(state["arch_str"], dataset=dataset) / 1e6 == result["params"]
            assert sss.mflops(state["arch_str"], dataset=dataset) == result["flop"]
            column = pl.Series([state["arch_str"]])
            assert sss.params(column, dataset=dataset).to_list() == [sss.params(state["arch_str"], dataset=dataset)]
            assert sss.mflops(column, dataset=dataset).to_list() == [result["flop"]]


@settings(max_examples=50, deadline=None)
@given(networks)
def test_one_architecture_and_a_column_agree(network):
    text = sss.format(network)
    column = pl.Series([text])
    assert sss.parse(text) == network == sss.parse(network)
    assert sss.parse(column).row(0) == network
    assert sss.format(sss.parse(column)).to_list() == [text]
    assert (
        sss.hash(sss.parse(column)).to_list() == sss.hash(column).to_list() == [sss.hash(text)] == [sss.hash(network)]
    )
    for adjacent in (False, True):
        expected = sss.neighbours(text, adjacent=adjacent)
        assert sss.neighbours(column, adjacent=adjacent)["neighbour"].to_list() == expected
        assert sss.neighbours(network, adjacent=adjacent) == [sss.parse(other) for other in expected]


def test_encoding_has_its_types():
    assert dict(sss.parse(pl.Series([NETWORK])).schema) == sss.ENCODING


def test_no_two_architectures_share_a_hash():
    assert sss.hash(sss.enumerate()).n_unique() == sss.SIZE


def test_neighbours_differ_in_one_stage():
    column = sss.sample(500, seed=0)["arch_str"]
    for adjacent, counts in ((False, [35]), (True, [5, 6, 7, 8, 9, 10])):
        found = sss.neighbours(column, adjacent=adjacent)
        sizes = found.group_by("row").agg(pl.col("neighbour").n_unique())["neighbour"]
        assert set(sizes) <= set(counts)
        old, new = (sss.parse(texts).cast(pl.Int16) for texts in (column.gather(found["row"]), found["neighbour"]))
        steps = np.abs(old.to_numpy() - new.to_numpy())
        assert (np.count_nonzero(steps, axis=1) == 1).all()
        assert set(steps.max(axis=1).tolist()) == ({8} if adjacent else set(range(8, 64, 8)))


@pytest.mark.parametrize("adjacent", [False, True])
def test_mutation_reaches_every_neighbour_equally(adjacent):
    expected = sss.neighbours(NETWORK, adjacent=adjacent)
    drawn = sss.mutate(pl.Series("arch_str", [NETWORK] * 7000), seed=0, adjacent=adjacent).value_counts()
    assert set(drawn["arch_str"]) == set(expected)
    fair = 7000 / len(expected)
    assert drawn["count"].is_between(0.6 * fair, 1.4 * fair).all()
    assert sss.mutate(NETWORK, seed=0, adjacent=adjacent) in expected


def test_mutation_keeps_the_kind():
    assert sss.mutate((8, 8, 8, 8, 8), seed=0) in sss.neighbours((8, 8, 8, 8, 8))
    column = pl.Series([NETWORK] * 5)
    assert_frame_equal(sss.mutate(sss.parse(column), seed=3), sss.parse(sss.mutate(column, seed=3)))


def test_sample_is_uniform_and_reproducible():
    drawn = sss.sample(16_000, seed=1)
    assert_frame_equal(drawn, sss.sample(16_000, seed=1))
    for name in sss.ENCODING:
        assert drawn[name].value_counts()["count"].is_between(1800, 2200).all()
    assert_frame_equal(sss.parse(drawn["arch_str"]), drawn.drop("arch_str"))


BROKEN = {
    "8:8:8:8": "4 numbers",
    "8:8:72:8:8": "'72' channels in stage 3; valid: 8, 16",
    "8:8:08:8:8": "'08' channels",
    "8:8:8:8:8:8": "6 numbers",
    "": "1 numbers",
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.items())
def test_the_broken_rule_is_named(text, reason):
    assert not sss.is_valid(text)
    with pytest.raises(InvalidArchitectureError, match=reason):
        sss.validate(text)
    with pytest.raises(InvalidArchitectureError, match=f"1 of 2 rows(.|\n)*row 1(.|\n)*{reason}"):
        sss.validate(pl.Series([NETWORK, text]))


@pytest.mark.parametrize("wrong", [12, 0, 72, None])
def test_a_frame_names_its_broken_column(wrong):
    frame = sss.parse(pl.Series([NETWORK, NETWORK])).with_columns(channels_4=pl.Series([8, wrong]))
    assert sss.is_valid(frame).to_list() == [True, False]
    with pytest.raises(InvalidArchitectureError, match=rf"1 of 2 rows(.|\n)*row 1: channels_4={wrong}"):
        sss.hash(frame)


def test_channels_must_be_whole_numbers():
    frame = sss.parse(pl.Series([NETWORK])).with_columns(pl.lit(8.5).alias("channels_2"))
    with pytest.raises(InvalidArchitectureError, match=r"channels_2=8\.5"):
        sss.format(frame)


def test_a_frame_without_its_columns_is_refused():
    with pytest.raises(FrameError, match="channels_1"):
        sss.format(pl.DataFrame({"channel_1": [8]}))


@pytest.mark.parametrize("wrong", [(8, 8, 8, 8), (8, 8, 8, 8, 9)])
def test_a_broken_tuple_is_refused(wrong):
    with pytest.raises(InvalidArchitectureError):
        sss.format(wrong)


@pytest.mark.parametrize("wrong", [-1, 32768])
def test_an_index_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        sss.from_index(wrong)
