"""Successive halving and Hyperband."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbframes.errors import InvalidArgumentError
from nbframes.search.algorithms.base import Method
from nbframes.search.algorithms.parameters import at_least, several_budgets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from nbframes.search.observations import Observations
    from nbframes.search.problem import Problem

    Codes = NDArray[np.uint8]


class Rung(NamedTuple):
    """Part of a bracket: so many architectures, each trained for so many epochs."""

    archs: int
    budget: int


@dataclass(frozen=True)
class SuccessiveHalving(Method):
    """Successive halving: random architectures, of which the best 1 / eta go on with eta times the epochs; then anew.

    Parameters
    ----------
    eta
        Factor between rungs.
    initial
        Architectures of the first rung; by default so many that one reaches the last.

    Notes
    -----
    Rungs are trained from the start, as the tables measured it and as NATS-Bench's script counts it: an architecture that
    is promoted costs the whole larger budget again. Rungs end at the largest budget and go down by eta; what is not
    published is taken at the next smaller published budget.

    References
    ----------
    Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016, with the
    eta of Hyperband.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.SuccessiveHalving().name
    'halving'
    """

    _word = "halving"

    eta: int = 3
    initial: int | None = None

    def __post_init__(self) -> None:
        at_least(2, eta=self.eta)
        if self.initial is not None:
            at_least(1, initial=self.initial)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> Brackets:
        several_budgets(problem, "successive halving")
        budgets = ladder(problem.budgets, self.eta)
        initial = self.eta ** (len(budgets) - 1) if self.initial is None else self.initial
        return Brackets([_bracket(initial, budgets, self.eta)], runs, lambda n: problem.space.sample(n, rng))


@dataclass(frozen=True)
class Hyperband(Method):
    """Hyperband: successive halving in brackets that begin with ever fewer architectures and ever more epochs.

    Parameters
    ----------
    eta
        Factor between rungs.

    Notes
    -----
    As in algorithm 1 of the paper, where the smallest published budget is the unit; see `SuccessiveHalving` for
    what a promotion costs.

    References
    ----------
    Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 2018.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.Hyperband().eta
    3
    """

    _word = "hyperband"

    eta: int = 3

    def __post_init__(self) -> None:
        at_least(2, eta=self.eta)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> Brackets:
        several_budgets(problem, "Hyperband")
        budgets = ladder(problem.budgets, self.eta)
        most = len(budgets)
        brackets = [
            _bracket(ceil(most / (s + 1) * self.eta**s), budgets[most - s - 1 :], self.eta) for s in range(most)[::-1]
        ]
        return Brackets(brackets, runs, lambda n: problem.space.sample(n, rng))


class Brackets:
    """Brackets one after the other and round again, in searches side by side.

    Parameters
    ----------
    brackets
        Rungs of each bracket, counts falling.
    runs
        Number of searches.
    draw
        Gives a new architecture for each search.
    """

    def __init__(self, brackets: Sequence[Sequence[Rung]], runs: int, draw: Callable[[int], Codes]) -> None:
        self._plan = _forever(brackets)
        self._draw = draw
        self._each = np.arange(runs)[:, None]
        self._codes: list[Codes] = []
        self._scores: list[NDArray[np.float64]] = []
        self._promoted: Codes | None = None
        self._begin()

    def ask(self, n: int) -> tuple[Codes, int]:
        """Give the next architecture of the rung."""
        if self._promoted is None:
            return self._draw(n), self._rung.budget
        return self._promoted[:, len(self._codes)], self._rung.budget

    def tell(self, observations: Observations) -> None:
        """Take a score; at the end of a rung, go on to the next."""
        self._codes.append(observations.codes)
        self._scores.append(observations.score)
        if len(self._codes) == self._rung.archs:
            codes, scores = np.stack(self._codes, axis=1), np.stack(self._scores, axis=1)
            self._begin()
            if not self._first:
                best = np.argsort(-scores, axis=1, kind="stable")[:, : self._rung.archs]
                self._promoted = codes[self._each, best]

    def _begin(self) -> None:
        self._first, self._rung = next(self._plan)
        self._codes, self._scores, self._promoted = [], [], None


def _forever(brackets: Sequence[Sequence[Rung]]) -> Iterator[tuple[bool, Rung]]:
    """Rungs in turn, each with whether it is the first of its bracket."""
    while True:
        for bracket in brackets:
            yield from ((place == 0, rung) for place, rung in enumerate(bracket))


def ladder(budgets: Sequence[int], eta: int) -> list[int]:
    """Budgets of rungs, ascending: the largest divided by powers of eta, each the largest published one up to there."""
    lowest, highest = budgets[0], budgets[-1]
    powers = range(floor(log(highest / lowest) / log(eta) + 1e-9), -1, -1)
    wanted = [highest / eta**power for power in powers]
    rungs = sorted({max(budget for budget in budgets if budget <= epochs + 1e-9) for epochs in wanted})
    if len(rungs) < 2:
        msg = f"with eta={eta} there is only one rung: the budgets {list(budgets)} are too close together"
        raise InvalidArgumentError(msg)
    return rungs


def _bracket(initial: int, budgets: Sequence[int], eta: int) -> list[Rung]:
    return [Rung(max(initial // eta**place, 1), budget) for place, budget in enumerate(budgets)]
