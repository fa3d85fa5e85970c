"""Non-dominated masks and ranks of arrays, against moocore and the definition."""

from __future__ import annotations

import moocore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nbframes.errors import InvalidArgumentError
from nbframes.numerics.pareto import nondominated_mask, nondominated_rank
from nbframes.schema import TIE

many_ties = st.integers(1, 5).flatmap(
    lambda m: st.tuples(
        hnp.arrays(np.float64, st.tuples(st.integers(1, 80), st.just(m)), elements=st.integers(-4, 4)),
        st.lists(st.booleans(), min_size=m, max_size=m),
    )
)


def by_definition(points, maximise, tie=TIE):
    """Dominance written out: O(n²), with ties found by walking the sorted values."""
    costs = np.where(maximise, -points, points)
    levels = np.zeros(costs.shape, dtype=int)
    for j, column in enumerate(costs.T):
        level, last, of_value = -1, -np.inf, {}
        for value in sorted(column):
            level += value > last and value - last >= tie
            of_value[value] = level
            last = value
        levels[:, j] = [of_value[value] for value in column]
    no_worse = (levels[:, None] <= levels[None]).all(axis=2)
    better = (levels[:, None] < levels[None]).any(axis=2)
    return ~(no_worse & better).any(axis=0)


def on_a_sphere(n, m, seed):
    points = np.abs(np.random.default_rng(seed).normal(size=(n, m)))
    return points / np.linalg.norm(points, axis=1)[:, None]


@given(many_ties, st.booleans())
@settings(max_examples=150, deadline=None)
def test_mask_agrees_with_moocore(case, keep_weakly):
    points, maximise = case
    expected = moocore.is_nondominated(points, maximise=maximise, keep_weakly=keep_weakly)
    np.testing.assert_array_equal(
        nondominated_mask(points, maximise=maximise, keep_weakly=keep_weakly), expected.astype(bool)
    )


@given(many_ties)
@settings(max_examples=100, deadline=None)
def test_ranks_agree_with_moocore(case):
    points, maximise = case
    if len(maximise) == 1:  # moocore 0.3.2 numbers single objectives in the order of the rows
        expected = np.unique(np.where(maximise, -points, points), return_inverse=True)[1].ravel() + 1
    else:
        expected = moocore.pareto_rank(points, maximise=maximise) + 1
    np.testing.assert_array_equal(nondominated_rank(points, maximise=maximise), expected)


@given(many_ties, st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_near_values_are_ties(case, seed):
    points, maximise = case
    points = np.trunc(points / 2) + np.random.default_rng(seed).integers(-3, 4, size=points.shape) * 0.4 * TIE
    mask = nondominated_mask(points, maximise=maximise, tie=TIE)
    np.testing.assert_array_equal(mask, by_definition(points, maximise))


@given(many_ties)
@settings(max_examples=100, deadline=None)
def test_exact_values_by_the_definition(case):
    points, maximise = case
    front = by_definition(points, maximise, tie=0)
    np.testing.assert_array_equal(nondominated_mask(points, maximise=maximise), front)
    ranks = nondominated_rank(points, maximise=maximise)
    np.testing.assert_array_equal(ranks == 1, front)
    rest = ranks > 1
    np.testing.assert_array_equal(ranks[rest] == 2, by_definition(points[rest], maximise, tie=0))


def test_every_objective_has_ties_of_its_own():
    points = [[1.0, 2.0], [1.0 + 4e-6, 1.0], [1.0 + 8e-6, 0.5]]
    assert nondominated_mask(points).tolist() == [True, True, True]
    assert nondominated_mask(points, tie=[1e-5, 0]).tolist() == [False, False, True]
    with pytest.raises(InvalidArgumentError, match="tie has 1 values for 2 objectives"):
        nondominated_mask(points, tie=[0.1])


@pytest.mark.parametrize("objectives", [2, 3, 4, 5])
@pytest.mark.parametrize("shape", ["cloud", "all on the front", "few levels", "one chain"])
def test_thousands_of_points_agree_with_moocore(objectives, shape):
    random = np.random.default_rng(objectives)
    n = 20_000
    points = {
        "cloud": random.random((n, objectives)),
        "all on the front": on_a_sphere(n, objectives, 0),
        "few levels": random.integers(0, 12, (n, objectives)).astype(float),
        "one chain": random.permutation(np.repeat(np.arange(n, dtype=float)[:, None], objectives, axis=1)),
    }[shape]
    expected = moocore.is_nondominated(points, keep_weakly=True).astype(bool)
    np.testing.assert_array_equal(nondominated_mask(points), expected)


@pytest.mark.parametrize("keep_weakly", [True, False])
def test_many_points_with_ties_duplicates_and_nan_agree_with_moocore_on_the_exact_values(keep_weakly):
    random = np.random.default_rng(0)
    exact = random.integers(0, 300, (30_000, 3)).astype(float)
    points = exact + random.uniform(0, TIE / 10, exact.shape)
    points[random.random(len(points)) < 0.1, 1] = np.nan
    complete = ~np.isnan(points).any(axis=1)
    expected = np.zeros(len(points), bool)
    expected[complete] = moocore.is_nondominated(exact[complete], maximise=[True, False, True], keep_weakly=keep_weakly)
    found = nondominated_mask(points, maximise=[True, False, True], keep_weakly=keep_weakly, tie=TIE)
    np.testing.assert_array_equal(found, expected)


def test_everything_on_a_plane_is_on_the_front():
    x, y = np.random.default_rng(0).random((2, 20_000))
    assert nondominated_mask(np.column_stack([x, y, -x - y])).all()


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_ranks_of_a_chain_count_its_points(objectives):
    places = np.random.default_rng(0).permutation(500)
    points = np.repeat(places.astype(float)[:, None], objectives, axis=1)
    np.testing.assert_array_equal(nondominated_rank(points), places + 1)


def test_a_run_of_near_values_is_one_tie_even_if_its_ends_are_far():
    steps = np.arange(5) * 0.6 * TIE
    points = np.column_stack([steps, [4.0, 3.0, 2.0, 1.0, 0.0]])
    assert nondominated_mask(points, tie=TIE).tolist() == [False] * 4 + [True]
    assert nondominated_mask(points).all()


def test_ties_count_points_that_are_dominated():
    # the middle value is dominated itself, yet joins its neighbours to one run
    points = [[0.0, 1.0], [0.6 * TIE, 5.0], [1.2 * TIE, 0.0]]
    assert nondominated_mask(points, tie=TIE).tolist() == [False, False, True]


def test_duplicates_are_kept_or_the_first_stands_for_them():
    points = [[1.0, 0.0], [0.0, 1.0], [1.0, 1e-12], [0.0, 1.0], [2.0, 2.0]]
    assert nondominated_mask(points, tie=TIE).tolist() == [True, True, True, True, False]
    assert nondominated_mask(points, keep_weakly=False, tie=TIE).tolist() == [True, True, False, False, False]
    assert nondominated_rank(points, tie=TIE).tolist() == [1, 1, 1, 1, 2]


def test_points_with_nan_neither_dominate_nor_survive():
    points = [[0.0, np.nan], [1.0, 1.0], [np.nan, np.nan], [2.0, 2.0]]
    assert nondominated_mask(points).tolist() == [False, True, False, False]
    assert nondominated_rank(points).tolist() == [0, 1, 0, 2]


def test_infinities_are_values_like_others():
    points = [[-np.inf, np.inf], [-np.inf, np.inf], [0.0, 0.0], [np.inf, np.inf]]
    assert nondominated_mask(points).tolist() == [True, True, True, False]


@pytest.mark.parametrize("objectives", [1, 2, 3, 5])
def test_no_points_give_no_values(objectives):
    assert nondominated_mask(np.empty((0, objectives))).shape == (0,)
    assert nondominated_rank(np.full((3, objectives), np.nan)).tolist() == [0, 0, 0]


def test_so_many_levels_that_points_do_not_fit_one_integer():
    points = on_a_sphere(3000, 8, 0)
    assert nondominated_mask(np.concatenate([points, 2 * points])).tolist() == [True] * 3000 + [False] * 3000


@pytest.mark.parametrize("keep_weakly", [True, False])
def test_input_is_left_unchanged(keep_weakly):
    points = np.random.default_rng(0).random((5000, 3))
    points.flags.writeable = False
    before = points.copy()
    nondominated_mask(points, maximise=True, keep_weakly=keep_weakly)
    nondominated_rank(points, maximise=True)
    np.testing.assert_array_equal(points, before)


@pytest.mark.parametrize("points", [[1.0, 2.0], [[[1.0]]], np.empty((3, 0))])
def test_points_of_another_shape_are_refused(points):
    with pytest.raises(InvalidArgumentError, match=r"shape \(n, m\)"):
        nondominated_mask(points)


def test_maximise_must_match_the_objectives():
    with pytest.raises(InvalidArgumentError, match="2 values for 3 objectives"):
        nondominated_rank(np.zeros((4, 3)), maximise=[True, False])
