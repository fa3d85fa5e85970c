"""The conformance kit passes what is right and names what is wrong."""

from __future__ import annotations

import random

import numpy as np
import pytest

import nbframes as nbf
from nbframes.testing import check_search


class Uniform:
    """The shortest algorithm."""

    def __init__(self, problem, rng):
        self.problem, self.space, self.rng = problem, problem.space, rng

    def ask(self, n):
        return self.space.sample(n, self.rng)

    def tell(self, observations):
        pass


@pytest.mark.parametrize("name", ["random", "evolution", "local", "reinforce", "halving", "hyperband", "bohb"])
def test_the_algorithms_of_the_package_pass(name):
    check_search(nbf.search.algorithms.ALGORITHMS[name]())


def test_an_algorithm_of_ones_own_passes(seconds):
    check_search(Uniform, problem=seconds)


class WrongShape(Uniform):
    def ask(self, n):
        return super().ask(n)[0]


class Floats(Uniform):
    def ask(self, n):
        return super().ask(n).astype(float)


class Beyond(Uniform):
    def ask(self, n):
        return super().ask(n) + 3


class WrongBudget(Uniform):
    def ask(self, n):
        return super().ask(n), 2


class Meddles(Uniform):
    def tell(self, observations):
        observations.scores[:] = 0


class GlobalGenerator(Uniform):
    def ask(self, n):
        return np.array([[random.randrange(size) for size in self.space.sizes]])


class AlwaysTheSame(Uniform):
    def ask(self, n):
        return np.zeros((n, len(self.space.sizes)), int)


class OneSearch(Uniform):
    def __init__(self, problem, rng):
        super().__init__(problem, np.random.default_rng(0))


class Silent:
    def __init__(self, problem, rng):
        pass


@pytest.mark.parametrize(
    ("algorithm", "message"),
    [
        (WrongShape, r"an array of shape \(3,\), not \(1, 3\)"),
        (Floats, "float64, not whole numbers"),
        (Beyond, "beyond the choices"),
        (WrongBudget, "budget 2, which is not one of"),
        (Meddles, "tell.. changed the observations"),
        (GlobalGenerator, "the same seed gives another search"),
        (AlwaysTheSame, "another seed gives the same search"),
        (OneSearch, "another seed gives the same search"),
        (Silent, "has no ask"),
    ],
)
def test_what_is_wrong_is_named(algorithm, message):
    with pytest.raises(AssertionError, match=message):
        check_search(algorithm)


def test_the_global_generator_is_left_as_it_was():
    random.seed(1)
    state = random.getstate()
    check_search(Uniform)
    assert random.getstate() == state
