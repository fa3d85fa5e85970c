"""Searching where nothing is measured: a surrogate answers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError

pytest.importorskip("onnxruntime", reason="the surrogate is an ONNX model")


@pytest.fixture(scope="module")
def surrogate(data):
    return nbf.surrogate.load(data / "nb301" / "surrogate")


@pytest.fixture(scope="module")
def problem(surrogate):
    return nbf.search.Problem(surrogate, "nb301", dataset="cifar10")


def test_answers_are_predictions(surrogate, problem):
    rng = np.random.default_rng(0)
    codes = problem.space.sample(20, rng)
    for budget in (1, 9, 98):
        answer = problem.query(codes, rng, budget=budget)
        frame = surrogate.predict(nbf.spaces.darts.codes.decode(codes), budgets=sorted({budget, 98}))
        for metric, epochs, found in (
            ("accuracy", budget, answer.values[:, 0]),
            ("time", budget, answer.cost),
            ("accuracy", 98, answer.reported),
        ):
            expected = frame.filter(pl.col("metric") == metric, pl.col("budget") == epochs).sort("arch")["value"]
            assert found.tolist() == expected.to_list()
    assert (problem.space.codes_of(answer.arch) == codes).all()


def test_every_algorithm_searches_it_and_evolution_finds_more(problem):
    frame = nbf.search.run(["random", "evolution", "local", "reinforce", "bohb"], problem, runs=4, budget=300_000)
    means = nbf.search.final(frame).group_by("algorithm").agg(pl.col("reported").mean())
    found = dict(means.with_columns(pl.col("algorithm").cast(pl.String)).iter_rows())
    assert found["evolution"] > found["random"]
    assert frame["arch"].dtype == pl.Int64
    assert nbf.anytime(frame, value="reported")["mean"].null_count() == 0
    with pytest.raises(FrameError, match="the best prediction of a surrogate is unknown"):
        nbf.anytime(frame)


def test_what_a_surrogate_does_not_have_is_refused(surrogate, problem):
    for options in ({"split": "test"}, {"seed": 3}, {"metric": "loss"}):
        with pytest.raises(InvalidArgumentError, match="takes only a budget"):
            nbf.search.Problem(surrogate, "nb301", dataset="cifar10", observe=options)
    with pytest.raises(UnknownNameError, match="unknown dataset of this surrogate 'cifar100'"):
        nbf.search.Problem(surrogate, "nb301", dataset="cifar100")
    with pytest.raises(UnknownNameError, match="unknown budget 100"):
        nbf.search.Problem(surrogate, "nb301", dataset="cifar10", observe={"budget": 100})
    frame = nbf.search.run("random", problem, runs=1, budget=50_000)
    with pytest.raises(InvalidArgumentError, match="predicts validation accuracy only"):
        nbf.search.table(frame, problem)


def test_fewer_epochs_can_be_observed(surrogate):
    problem = nbf.search.Problem(surrogate, "nb301", dataset="cifar10", observe={"budget": 9}, clock="evaluations")
    assert problem.budgets == tuple(range(1, 10))
    frame = nbf.search.run("random", problem, runs=3, budget=20)
    assert_frame_equal(frame, nbf.search.run("random", problem, runs=3, budget=20))
    assert frame["budget"].unique().to_list() == [9]
