"""The DARTS space by number: a bijection, with and without a seed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal
from scipy import stats

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces import darts
from nbframes.spaces.darts.permutation import permuted, unpermuted

numbers = st.integers(0, darts.SIZE - 1)
seeds = st.one_of(st.none(), st.integers(0, 2**64))


def test_the_space_has_as_many_numbers_as_it_should():
    assert darts.SIZE == (180 * 7**8) ** 2 == 1_076_746_950_455_072_400 < 2**63


@given(st.lists(numbers, min_size=1, max_size=50, unique=True), seeds)
@settings(max_examples=60, deadline=None)
def test_numbers_and_architectures_are_one_to_one(some, seed):
    column = pl.Series("number", some, pl.Int64)
    texts = darts.from_index(column, seed=seed)
    assert darts.is_valid(texts).all()
    assert texts.n_unique() == len(some)
    assert_series_equal(darts.index(texts, seed=seed), column)
    assert darts.index(texts[0], seed=seed) == some[0]
    assert darts.from_index(some[-1], seed=seed) == texts[-1]


@given(numbers, seeds)
@settings(max_examples=40, deadline=None)
def test_a_range_is_what_its_numbers_are(start, seed):
    stop = min(start + 20, darts.SIZE)
    frame = darts.enumerate(start, stop, seed=seed)
    assert frame["number"].to_list() == list(range(start, stop))
    assert_series_equal(frame["arch_str"], darts.from_index(frame["number"], seed=seed))
    assert_frame_equal(frame.drop("number", "arch_str"), darts.parse(frame["arch_str"]))


def test_a_frame_has_its_columns_and_types():
    frame = darts.enumerate(5, 9)
    assert dict(frame.schema) == {"number": pl.Int64, "arch_str": pl.String, **darts.ENCODING}
    assert dict(darts.enumerate(7, 7, seed=1).schema) == dict(frame.schema)
    assert darts.enumerate(7, 7, seed=1).is_empty()


def test_numbers_are_digits_of_mixed_base():
    """Counted by hand: the normal cell first, within a cell operations before inputs."""
    text = darts.from_index(0)
    assert text == "|".join([" ".join(["max_pool_3x3~0 max_pool_3x3~1"] * 4)] * 2)
    changed = {
        1: ("max_pool_3x3~0 max_pool_3x3~1", "max_pool_3x3~0 max_pool_3x3~2"),  # next inputs of the last node
        180: ("max_pool_3x3~0 max_pool_3x3~1", "max_pool_3x3~0 avg_pool_3x3~1"),  # next operation of the last pair
    }
    for number, (before, after) in changed.items():
        assert text.endswith(before)
        assert darts.from_index(number) == text.removesuffix(before) + after
    normal, reduction = darts.from_index(darts.SIZE_OF_CELL).split("|")
    assert reduction == text.split("|")[1]
    assert darts.index(f"{reduction}|{normal}") == 1
    last = darts.from_index(darts.SIZE - 1)
    assert last == "|".join([" ".join(f"dil_conv_5x5~{n - 2} dil_conv_5x5~{n - 1}" for n in (2, 3, 4, 5))] * 2)


def reference(number, seed):
    """The documented network in Python's exact integers, for one number."""

    def mix(word, key):
        z = (word * 0x9E3779B97F4A7C15 + key) % 2**64
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return (z ^ z >> 31) % darts.SIZE_OF_CELL

    left, right = divmod(number, darts.SIZE_OF_CELL)
    for key in np.random.SeedSequence(seed).generate_state(8, np.uint64).tolist():
        left, right = right, (left + mix(right, key)) % darts.SIZE_OF_CELL
    return left * darts.SIZE_OF_CELL + right


@given(numbers, st.integers(0, 2**64))
@settings(max_examples=100, deadline=None)
def test_the_permutation_has_no_overflow(number, seed):
    sent = permuted(np.array([number]), seed)
    assert sent.tolist() == [reference(number, seed)]
    assert unpermuted(sent, seed).tolist() == [number]


def test_a_seed_scatters_neighbouring_numbers_evenly():
    """Chi-square of both cells, and no trace of the order."""
    row = np.arange(10**17, 10**17 + 200_000)
    sent = permuted(row, 11)
    assert np.unique(sent).size == row.size
    for part in (sent // darts.SIZE_OF_CELL, sent % darts.SIZE_OF_CELL):
        counts = np.histogram(part, bins=100, range=(0, darts.SIZE_OF_CELL))[0]
        assert stats.chisquare(counts).pvalue > 1e-4
        assert abs(stats.spearmanr(row, part).statistic) < 0.01
        assert abs(np.corrcoef(part[1:], part[:-1])[0, 1]) < 0.01
    assert np.unique(sent // darts.SIZE_OF_CELL).size > 199_900  # hardly two share a normal cell
    assert np.unique(row // darts.SIZE_OF_CELL).size == 1
    assert not np.array_equal(sent, permuted(row, 12))


def test_shuffled_shards_are_uniform_samples():
    frame = darts.enumerate(0, 70_000, seed=0)
    for columns, values in ((["reduce_7_op"], 7), (["normal_6_input", "normal_7_input"], 10)):
        counts = frame.group_by(columns).len()["len"].to_numpy()
        assert len(counts) == values
        assert stats.chisquare(counts).pvalue > 1e-4


def test_a_permutation_stays_the_same_for_ever():
    """Stores name cells by number and seed: these must never change."""
    fixed = [446002203562112033, 976827511237189442, 240419485815745692]
    assert permuted(np.array([0, 1, darts.SIZE - 1]), 0).tolist() == fixed


@pytest.mark.parametrize(
    ("start", "stop"), [(-1, 3), (5, 4), (0, darts.SIZE + 1), (0.5, 2), ("0", 2), (Fraction(1, 2), 1), (None, 1)]
)
def test_ranges_outside_the_space_are_refused(start, stop):
    with pytest.raises(InvalidArgumentError, match="start"):
        darts.enumerate(start, stop)


@pytest.mark.parametrize("seed", [-1, 0.5, "a"])
def test_a_seed_that_is_none_is_named(seed):
    for act in (
        lambda: darts.enumerate(0, 2, seed=seed),
        lambda: darts.from_index(0, seed=seed),
        lambda: darts.index(darts.from_index(0), seed=seed),
    ):
        with pytest.raises(InvalidArgumentError, match="seed should be a whole number from 0"):
            act()


def test_numbers_that_are_none_are_refused():
    for wrong in (-1, darts.SIZE, "a", 0.5, pl.Series([0, None]), pl.Series([0, darts.SIZE]), pl.Series(["a"])):
        with pytest.raises(InvalidArgumentError):
            darts.from_index(wrong)
    with pytest.raises(InvalidArchitectureError):
        darts.index("nonsense")
