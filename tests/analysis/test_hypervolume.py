"""Hypervolume, against moocore and by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from polars.testing import assert_frame_equal

from nbframes.analysis import hypervolume, pareto_front
from nbframes.errors import FrameError, InvalidArgumentError

moocore = pytest.importorskip("moocore")

cases = st.integers(2, 5).flatmap(
    lambda m: st.tuples(
        hnp.arrays(np.float64, st.tuples(st.integers(1, 30 if m < 5 else 12), st.just(m)), elements=st.integers(-5, 5)),
        st.lists(st.booleans(), min_size=m, max_size=m),
    )
)


def framed(points, maximise):
    names = [f"objective_{j}" for j in range(points.shape[1])]
    sides = {
        "maximise": [name for name, up in zip(names, maximise, strict=True) if up],
        "minimise": [name for name, up in zip(names, maximise, strict=True) if not up],
    }
    return pl.DataFrame(points, schema=names, orient="row"), sides


@given(cases, st.integers(-4, 4))
@settings(max_examples=150, deadline=None)
def test_agrees_with_moocore(case, reference):
    points, maximise = case
    frame, sides = framed(points, maximise)
    ours = hypervolume(frame, ref=dict.fromkeys(frame.columns, reference), **sides)
    expected = moocore.hypervolume(points, ref=np.full(points.shape[1], float(reference)), maximise=maximise)
    assert ours["hypervolume"].item() == pytest.approx(expected, rel=1e-12)
    gains = np.where(maximise, points - reference, reference - points)
    assert ours["n_better"].item() == (gains > 0).all(axis=1).sum()


@pytest.mark.parametrize(("objectives", "n"), [(2, 5000), (3, 5000), (4, 300), (5, 60)])
def test_agrees_with_moocore_on_large_fronts(objectives, n):
    points = np.abs(np.random.default_rng(0).normal(size=(n, objectives)))
    points /= np.linalg.norm(points, axis=1)[:, None]
    frame, sides = framed(points, [True] * objectives)
    ours = hypervolume(frame, ref=dict.fromkeys(frame.columns, 0.0), **sides)
    expected = moocore.hypervolume(points, ref=np.zeros(objectives), maximise=True)
    assert ours["hypervolume"].item() == pytest.approx(expected, rel=1e-12)


@given(cases)
@settings(max_examples=40, deadline=None)
def test_only_the_front_counts(case):
    points, maximise = case
    frame, sides = framed(points, maximise)
    ref = {name: -6.0 if name in sides["maximise"] else 6.0 for name in frame.columns}
    whole, front = (hypervolume(f, ref=ref, **sides) for f in (frame, pareto_front(frame, **sides)))
    assert whole["hypervolume"].item() == pytest.approx(front["hypervolume"].item(), rel=1e-12)


def test_one_objective_is_the_best_gain():
    frame = pl.DataFrame({"time": [5.0, 3.0, 9.0, 12.0]})
    assert hypervolume(frame, minimise="time", ref={"time": 10}).rows() == [(7.0, 4, 3)]


def test_values_nearer_than_a_tie_still_count():
    frame = pl.DataFrame({"a": [1.0, 1.0 + 1e-10], "b": [1000.0, 1.0]})
    volume = hypervolume(frame, maximise=["a", "b"], ref={"a": 0, "b": 0})["hypervolume"].item()
    assert volume == math.fsum([1000.0, 1e-10]) or volume == pytest.approx(1000.0 + 1e-10, abs=1e-13)
    assert volume > 1000.0


def test_groups_give_what_each_gives_alone_and_lazily_too():
    random = np.random.default_rng(3)
    frame = pl.DataFrame(random.integers(0, 9, (60, 3)), schema=["a", "b", "c"]).with_columns(
        g=pl.Series(random.choice(["x", "y", "z"], 60))
    )
    options = {"maximise": ["a", "b"], "minimise": "c", "ref": {"a": 1, "b": 0, "c": 9}}
    together = hypervolume(frame, by="g", **options)
    alone = [hypervolume(frame.filter(g=g), **options).insert_column(0, pl.Series("g", [g])) for g in "xyz"]
    assert_frame_equal(together, pl.concat(alone))
    assert_frame_equal(hypervolume(frame.lazy(), by=["g"], **options).collect(), together)


def test_missing_values_are_left_out_and_not_counted():
    frame = pl.DataFrame({"a": [3.0, None, float("nan"), 1.0], "b": [2.0, 9.0, 9.0, None]})
    assert hypervolume(frame, maximise=["a", "b"], ref={"a": 0, "b": 0}).rows() == [(6.0, 1, 1)]
    assert hypervolume(frame.clear(), maximise=["a", "b"], ref={"a": 0, "b": 0}).rows() == [(0.0, 0, 0)]


def test_an_endless_gain_has_endless_volume():
    frame = pl.DataFrame({"a": [1.0, math.inf], "b": [2.0, 1.0]})
    assert hypervolume(frame, maximise=["a", "b"], ref={"a": 0, "b": 0})["hypervolume"].item() == math.inf


@pytest.mark.parametrize("ref", [{"a": 0}, {"a": 0, "b": 0, "c": 0}, {"a": 0, "b": math.inf}, {"a": math.nan, "b": 0}])
def test_reference_must_be_finite_and_match_the_objectives(ref):
    with pytest.raises(InvalidArgumentError, match="ref must"):
        hypervolume(pl.DataFrame({"a": [1.0], "b": [1.0]}), maximise=["a", "b"], ref=ref)


def test_missing_column():
    with pytest.raises(FrameError, match="'accurcy'; did you mean 'accuracy'"):
        hypervolume(pl.DataFrame({"accuracy": [1.0]}), maximise="accurcy", ref={"accurcy": 0})
