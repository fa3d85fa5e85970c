"""What every search space owes: the protocol, and its array form checked against the forms for people."""

from __future__ import annotations

import pickle
import types

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

import nbframes as nbf
from nbframes import schema
from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from nbframes.spaces import GridSpace, Space, darts, nb101, resolve, sss, tss

MACRO = GridSpace(
    "NAS-Bench-Macro network",
    positions={f"layer_{k}": ("0", "1", "2") for k in range(1, 9)},
    template="{}" * 8,
)
MIXED = GridSpace("mixed network", positions={"depth": (1, 2, 11), "act": ("relu", "gelu")}, template="{}-{}")
SPACES = {"darts": darts, "nb101": nb101, "sss": sss, "tss": tss, "macro": MACRO, "mixed": MIXED}


@pytest.fixture(params=SPACES.values(), ids=SPACES.keys())
def space(request):
    return request.param


@pytest.fixture
def column(space):
    return space.sample(60, seed=3)["arch_str"]


def test_every_space_obeys_the_protocol(space):
    assert isinstance(space, Space)
    assert resolve(space) is space
    assert set(space.CHOICES) <= set(space.ENCODING)
    assert dict(space.parse(space.sample(2, seed=0)["arch_str"]).schema) == dict(space.ENCODING)


def test_spaces_are_found_by_name():
    for name in ("darts", "nb101", "sss", "tss"):
        assert resolve(name) is resolve(f"nbframes.spaces:{name}") is getattr(nbf.spaces, name)
    with pytest.raises(UnknownNameError, match="did you mean 'darts'"):
        resolve("dart")
    with pytest.raises(InvalidArgumentError, match="cannot be imported: No module named 'no_such'"):
        resolve("no_such:SPACE")
    with pytest.raises(InvalidArgumentError, match="cannot be imported"):
        resolve("nbframes.spaces:nothing")
    with pytest.raises(InvalidArgumentError, match=r"not a search space: it lacks CHOICES, ENCODING"):
        resolve("nbframes.schema:ARCHS")
    with pytest.raises(InvalidArgumentError, match="not a search space"):
        resolve(3)


def test_spaces_show_only_what_belongs_to_them():
    for space in (darts, nb101, sss, tss, nbf.spaces):
        public = [name for name in dir(space) if not name.startswith("_")]
        assert not [
            name for name in public if isinstance(getattr(space, name), types.ModuleType) and space is not nbf.spaces
        ]
        assert not {"np", "pl", "cast", "builtins", "annotations"} & set(public)


def test_codes_come_back_as_the_same_architectures(space, column):
    codes = space.codes.encode(column)
    assert codes.dtype == np.uint8
    assert codes.shape == (60, len(space.codes.sizes))
    assert (codes < np.array(space.codes.sizes)).all()
    assert space.codes.is_valid(codes).all()
    assert_series_equal(space.hash(space.codes.decode(codes)), space.hash(column))
    np.testing.assert_array_equal(space.codes.encode(space.codes.decode(codes)), codes)
    np.testing.assert_array_equal(space.codes.encode(column[7]), codes[7:8])
    np.testing.assert_array_equal(space.codes.encode(space.parse(column)), codes)


@pytest.mark.parametrize(
    "categories", [pl.Categorical, schema.categorical("archs"), None], ids=["plain", "named", "enum"]
)
def test_columns_of_categories_are_read_as_their_texts(space, column, categories):
    written = column.cast(categories or pl.Enum(column.unique()))
    assert_frame_equal(space.parse(written), space.parse(column))
    assert space.is_valid(written).all()
    assert_series_equal(space.hash(written), space.hash(column))
    with pytest.raises(InvalidArchitectureError, match=r"2 of 3 (rows|architectures) .*(?s:.*)no such"):
        space.validate(pl.Series([column[0], "no such", None], dtype=pl.String).cast(schema.categorical("archs")))


def test_numbers_come_back_as_the_same_architectures(space, column):
    numbers = space.index(column)
    assert numbers.to_list() == [space.index(text) for text in column]
    assert_series_equal(space.hash(space.from_index(numbers)), space.hash(column))
    assert [space.from_index(number) for number in numbers] == space.from_index(numbers).to_list()
    found = space.codes.index(space.codes.encode(column))
    assert found.dtype == np.int64
    assert found.tolist() == numbers.to_list()
    assert space.codes.index(space.codes.from_index(found)).tolist() == numbers.to_list()
    assert space.index(space.from_index(0)) == 0
    assert space.index(space.from_index(space.SIZE - 1)) == space.SIZE - 1


def test_neighbours_of_codes_are_those_of_strings(space, column):
    codes = space.codes.encode(column)
    rows, found = space.codes.neighbours(codes)
    assert space.codes.is_valid(found).all()
    expected = space.neighbours(space.codes.decode(codes))
    assert rows.tolist() == expected["row"].to_list()
    assert space.codes.decode(found).to_list() == expected["neighbour"].to_list()


def test_mutations_of_codes_reach_every_neighbour_equally(space, column):
    code = space.codes.encode(column[:1])
    _, expected = space.codes.neighbours(code)
    draws = 300 * len(expected)
    mutants = space.codes.mutate(np.repeat(code, draws, axis=0), seed=1)
    found, counts = np.unique(mutants, axis=0, return_counts=True)
    assert {tuple(row) for row in found.tolist()} == {tuple(row) for row in expected.tolist()}
    assert ((counts - 300.0) ** 2 / 300).sum() < len(expected) + 6 * np.sqrt(2 * len(expected))  # chi-square
    np.testing.assert_array_equal(code, space.codes.encode(column[:1]))


def test_codes_are_drawn_uniformly_from_the_valid_ones(space):
    codes = space.codes.sample(6000, seed=5)
    assert space.codes.is_valid(codes).all()
    np.testing.assert_array_equal(codes, space.codes.sample(6000, seed=5))
    if space is nb101:  # its valid codes are not all codes: compare with rejection from all of them
        everything = np.random.default_rng(0).integers(0, space.codes.sizes, (60_000, len(space.codes.sizes)), np.uint8)
        expected = everything[space.codes.is_valid(everything)].mean(axis=0)
        assert np.abs(codes.mean(axis=0) - expected).max() < 0.06
    else:
        for digits, size in zip(codes.T, space.codes.sizes, strict=True):
            counts = np.bincount(digits, minlength=size)
            assert ((counts - 6000 / size) ** 2 / (6000 / size)).sum() < size + 6 * np.sqrt(2 * size)


def test_a_generator_goes_on(space):
    rng = np.random.default_rng(0)
    assert not np.array_equal(space.codes.sample(20, seed=rng), space.codes.sample(20, seed=rng))


def test_codes_that_are_none_are_refused(space):
    width = len(space.codes.sizes)
    with pytest.raises(InvalidArgumentError, match=rf"shape \(n, {width}\)"):
        space.codes.decode(np.zeros((2, width + 1), np.uint8))
    with pytest.raises(InvalidArgumentError, match="float64"):
        space.codes.mutate(np.zeros((2, width)), seed=0)
    wrong = np.zeros((2, width), np.int64)
    wrong[1, 0] = -1
    with pytest.raises(InvalidArchitectureError, match="row 1 has -1 at position 0; valid: 0 to"):
        space.codes.index(wrong)
    for numbers in ([space.SIZE], [-1], [0.5], ["a"]):
        with pytest.raises(InvalidArgumentError):
            space.codes.from_index(np.array(numbers))


def test_codes_outside_the_space_are_refused_where_there_are_some():
    nothing = np.zeros((3, 26), np.uint8)
    assert not nb101.codes.is_valid(nothing).any()
    for act in (nb101.codes.index, nb101.codes.mutate):
        with pytest.raises(
            InvalidArchitectureError, match="3 of 3 codes are not NAS-Bench-101 cells; row 0 has no path"
        ):
            act(nothing)


def test_no_architecture_is_no_error(space):
    nothing = np.zeros((0, len(space.codes.sizes)), np.uint8)
    assert space.codes.decode(nothing).len() == len(space.codes.mutate(nothing, seed=0)) == 0
    assert len(space.codes.index(nothing)) == len(space.codes.neighbours(nothing)[0]) == 0
    assert space.codes.sample(0, seed=0).shape == nothing.shape
    assert space.from_index(pl.Series([], dtype=pl.Int64)).len() == 0


def test_draws_without_replacement_are_different(space):
    n = min(space.SIZE, 500)
    drawn = space.sample(n, seed=0, replace=False)
    assert drawn["arch_str"].n_unique() == n
    assert_frame_equal(drawn, space.sample(n, seed=0, replace=False))
    with pytest.raises(InvalidArgumentError, match="without replacement"):
        space.sample(space.SIZE + 1, replace=False)


# --- a grid of one's own -------------------------------------------------------------------------------------------


def test_a_grid_of_ones_own_is_read_and_written(knowledge):
    published = pl.Series(pl.read_json(knowledge("nas-bench-macro_cifar10.json").read_bytes()).columns)
    assert MACRO.SIZE == len(published) == 6561
    assert MACRO.is_valid(published).all()
    assert MACRO.index(published).to_list() == [int(text, 3) for text in published]
    assert MACRO.hash(published).n_unique() == 6561
    assert set(MACRO.enumerate()["arch_str"]) == set(published)
    assert len(MACRO.neighbours("01201201")) == 16


def test_grids_of_unequal_positions_count_in_mixed_base():
    assert MIXED.enumerate()["arch_str"].to_list() == ["1-relu", "1-gelu", "2-relu", "2-gelu", "11-relu", "11-gelu"]
    assert MIXED.parse("11-gelu") == (11, "gelu")
    assert MIXED.neighbours("2-relu") == ["1-relu", "11-relu", "2-gelu"]
    assert MIXED.neighbours(pl.Series(["2-relu"]))["neighbour"].to_list() == ["1-relu", "11-relu", "2-gelu"]
    with pytest.raises(InvalidArchitectureError, match=r"has 'relo' as act; did you mean 'relu'.; valid: relu, gelu"):
        MIXED.parse("2-relo")
    with pytest.raises(InvalidArchitectureError, match=r"is not of the form '\{\}-\{\}'"):
        MIXED.parse("2relu")
    for hostile in ("-" * 100_000, "2-" * 50_000, "", "2-", "-relu", "2-relu-", "0" * 100_000):
        for space in (MIXED, MACRO, sss, tss):
            assert not space.is_valid(hostile)
    with pytest.raises(InvalidArchitectureError, match="has '2-relu' as act"):
        MIXED.parse("2-2-relu")
    with pytest.raises(InvalidArgumentError, match="have no order"):
        MIXED.neighbours("2-relu", adjacent=True)


def test_an_official_order_is_kept():
    order = [5, 0, 3, 1, 2, 4]
    space = GridSpace("thing", positions={"a": (1, 2, 3), "b": ("x", "y")}, template="{}{}", order=order)
    lexicographic = ["1x", "1y", "2x", "2y", "3x", "3y"]
    assert space.enumerate()["arch_str"].to_list() == [lexicographic[place] for place in order]
    assert [space.index(lexicographic[place]) for place in order] == list(range(6))
    assert space.codes.index(space.codes.encode(pl.Series(lexicographic))).tolist() == [1, 3, 4, 2, 5, 0]


@pytest.mark.parametrize(
    ("positions", "template", "order", "reason"),
    [
        ({"a": (1, 2)}, "{}{}", None, "one {} for each"),
        ({}, "", None, "one {} for each"),
        ({"a": (1, 2)}, "{{}}", None, "no other braces"),
        ({"a": ("a", "a-b"), "b": ("b-c", "c")}, "{}-{}", None, "several architectures as 'a-b-c'"),
        ({"a": (1, 1)}, "{}", None, "written differently"),
        ({"a": ()}, "{}", None, "1 to 256 choices"),
        ({"a": (1, "x")}, "{}", None, "all be strings or all be whole numbers"),
        ({"a": ("1", "11"), "b": ("1", "11")}, "{}{}", None, "something between them"),
        ({f"a{k}": range(9) for k in range(22)}, "-".join(["{}"] * 22), None, "too large"),
        ({"a": (1, 2)}, "{}", [0, 0], "each of the 2 architectures once"),
    ],
)
def test_grids_that_cannot_be_are_refused(positions, template, order, reason):
    with pytest.raises(InvalidArgumentError, match=reason):
        GridSpace("thing", positions=positions, template=template, order=order).index(pl.Series(["x"]))


def test_grids_can_be_sent_to_other_processes():
    MACRO.codes.sample(1, seed=0)
    copy = pickle.loads(pickle.dumps(MACRO))
    assert_frame_equal(copy.enumerate(), MACRO.enumerate())
    assert (
        copy.codes.decode(copy.codes.sample(3, seed=0)).to_list()
        == MACRO.codes.decode(MACRO.codes.sample(3, seed=0)).to_list()
    )


@pytest.mark.parametrize("name", ["nb101", "tss", "sss", "darts"])
def test_a_mutated_column_keeps_its_name(name):
    space = getattr(nbf.spaces, name)
    column = space.format(space.sample(3, seed=0)).alias("parent")
    assert space.mutate(column, seed=1).name == "parent"
