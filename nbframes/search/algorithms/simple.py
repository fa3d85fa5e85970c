"""Random search and regularised evolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbframes.search.algorithms.base import Method
from nbframes.search.algorithms.parameters import at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.search.observations import Observations
    from nbframes.search.problem import Problem


@dataclass(frozen=True)
class Random(Method):
    """Random search: uniform architectures, independent of each other, so that one may come twice.

    References
    ----------
    Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012; ``random_wo_share.py`` of NATS-Bench's
    official scripts.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.Random().name
    'random'
    """

    _word = "random"

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> _Random:
        del runs
        return _Random(problem, rng)


class _Random:
    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self._space, self._rng = problem.space, rng

    def ask(self, n: int) -> NDArray[np.uint8]:
        return self._space.sample(n, self._rng)

    def tell(self, observations: Observations) -> None:
        """Learn nothing."""


@dataclass(frozen=True)
class Evolution(Method):
    """Regularised (ageing) evolution: the best of a few members of the population has a child, and the oldest dies.

    Parameters
    ----------
    population
        Members; the first so many architectures are random.
    sample
        Members drawn with replacement, of which the best becomes the parent.

    Notes
    -----
    Defaults are those of the NATS-Bench paper. A child is one of the parent's neighbours, all equally likely: one edge with
    another operation, one stage with another number of channels. (NATS-Bench's script draws the node before the edge, and
    may draw the same number of channels again.)

    References
    ----------
    Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019; ``regularized_ea.py`` of
    NATS-Bench's official scripts.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.Evolution(population=50).name
    'evolution(population=50)'
    """

    _word = "evolution"

    population: int = 10
    sample: int = 3

    def __post_init__(self) -> None:
        at_least(1, population=self.population, sample=self.sample)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> _Evolution:
        return _Evolution(self, problem, runs, rng)


class _Evolution:
    def __init__(self, options: Evolution, problem: Problem, runs: int, rng: np.random.Generator) -> None:
        self._space, self._rng, self._options = problem.space, rng, options
        self._codes = np.zeros((runs, options.population, len(problem.space.sizes)), np.uint8)
        self._scores = np.full((runs, options.population), -np.inf)
        self._each = np.arange(runs)
        self._born = 0

    def ask(self, n: int) -> NDArray[np.uint8]:
        if self._born < self._options.population:
            return self._space.sample(n, self._rng)
        drawn = self._rng.integers(self._options.population, size=(n, self._options.sample))
        best = self._scores[self._each[:, None], drawn].argmax(axis=1)
        return self._space.mutate(self._codes[self._each, drawn[self._each, best]], self._rng)

    def tell(self, observations: Observations) -> None:
        oldest = self._born % self._options.population
        self._codes[:, oldest] = observations.codes
        self._scores[:, oldest] = observations.score
        self._born += 1
