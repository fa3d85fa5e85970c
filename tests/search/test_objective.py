"""Problems as functions for other optimisers, one of them for real."""

from __future__ import annotations

import numpy as np
import optuna
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, UnknownNameError


def test_an_architecture_is_a_number_a_text_or_choices(evaluations):
    obj = nbf.objective(evaluations)
    text = nbf.spaces.tss.from_index(4711)
    choices = nbf.spaces.tss.codes.encode(text)[0].tolist()
    values = {obj(4711), obj(np.int64(4711)), obj(text), obj(choices), obj(np.array(choices))}
    assert len(values) == 1
    assert obj.time == 5.0
    assert obj.history["arch"].to_list() == [4711] * 5


def test_the_history_is_a_frame_like_that_of_run(seconds):
    obj = nbf.objective(seconds, seed=3, name="mine")
    archs = [5, 9930, 6, 7]
    for arch in archs[:2]:
        obj(arch)
    assert obj.history.height == 2
    for arch in archs[2:]:
        obj(arch)
    frame = obj.history
    other = nbf.search.run("random", seconds, runs=1, budget=50_000)
    assert frame.schema == other.schema
    assert frame["step"].to_list() == [0, 1, 2, 3]
    assert frame["incumbent"].to_list() == [5, 9930, 9930, 9930]
    assert frame["time"][-1] == obj.time
    curves = nbf.anytime(pl.concat([frame, other]))
    assert curves["algorithm"].unique(maintain_order=True).to_list() == ["mine", "random"]
    again = nbf.objective(seconds, seed=3, name="mine")
    for arch in archs:
        again(arch)
    assert_frame_equal(again.history, frame)


@pytest.mark.parametrize("arch", [1.5, [1, 2], [[0] * 6], None, True])
def test_what_is_no_architecture_is_refused(arch, evaluations):
    with pytest.raises(InvalidArgumentError):
        nbf.objective(evaluations)(arch)


def test_wrong_choices_and_numbers_are_named(evaluations):
    obj = nbf.objective(evaluations)
    with pytest.raises(UnknownNameError, match="unknown choice at position 2 5"):
        obj([0, 0, 5, 0, 0, 0])
    for number in (15625, -1):
        with pytest.raises(InvalidArgumentError, match="there is no architecture"):
            obj(number)
    with pytest.raises(InvalidArgumentError, match="nothing has been queried"):
        _ = obj.history


def test_optuna_searches_a_problem(evaluations):
    """Its TPE sampler with a simulated clock: better than its own random sampler in the mean over a few seeds."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ends = {}
    for name, sampler in (("tpe", optuna.samplers.TPESampler), ("random", optuna.samplers.RandomSampler)):
        for seed in range(4):
            obj = nbf.objective(evaluations, name=name)
            study = optuna.create_study(directions=obj.directions, sampler=sampler(seed=seed))
            while obj.time < 80:
                trial = study.ask()
                study.tell(trial, obj(obj.suggest(trial)))
            assert obj.history["observed"].max() == study.best_value
            ends.setdefault(name, []).append(obj.history["regret"][-1])
    assert np.mean(ends["tpe"]) < np.mean(ends["random"])


def test_optuna_searches_two_objectives():
    problem = nbf.search.Problem(
        nbf.published.store(),
        "nats-tss",
        dataset="cifar100",
        observe={"metric": ("accuracy", "params")},
        clock="evaluations",
    )
    obj = nbf.objective(problem)
    study = optuna.create_study(
        directions=obj.directions, sampler=optuna.samplers.NSGAIISampler(seed=0, population_size=10)
    )
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    study.optimize(lambda trial: obj(obj.suggest(trial)), n_trials=30)
    front = {tuple(trial.values) for trial in study.best_trials}
    history = obj.history.select("observed", "params")
    beaten = [any((a >= x and b <= y) and (a, b) != (x, y) for a, b in history.iter_rows()) for x, y in sorted(front)]
    assert not any(beaten)
    assert obj.minimised((90.0, 5.0)) == [-90.0, 5.0]


def test_a_cheaper_query_takes_its_budget(curve):
    obj = nbf.objective(curve)
    obj(3, budget=1)
    first = obj.time
    obj(3, budget=12)
    assert obj.time - first > 5 * first
    assert obj.history["budget"].to_list() == [1, 12]
