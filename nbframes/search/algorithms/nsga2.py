"""NSGA-II."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbframes.errors import InvalidArgumentError
from nbframes.numerics.pareto import nondominated_rank
from nbframes.search.algorithms.base import Method
from nbframes.search.algorithms.parameters import at_least, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.search.observations import Observations
    from nbframes.search.problem import Problem

    Codes = NDArray[np.uint8]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NSGA2(Method):
    """NSGA-II: a population that is sorted into fronts, and by the distance to others within a front.

    Parameters
    ----------
    population
        Members, and children of a generation.
    crossover
        Probability that a child mixes two parents, each position from either with equal probability.
    mutation
        Probability that a position takes another choice; by default 1 / positions.

    Notes
    -----
    Defaults are the paper's; crossover and mutation are those for choices instead of real numbers. A child that
    cannot be queried is replaced by a neighbour of its first parent.

    References
    ----------
    Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Transactions on Evolutionary
    Computation 2002.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.NSGA2(population=20).name
    'nsga2(population=20)'
    """

    _word = "nsga2"

    population: int = 100
    crossover: float = 0.9
    mutation: float | None = None

    def __post_init__(self) -> None:
        at_least(2, population=self.population)
        within(0, 1, crossover=self.crossover)
        if self.mutation is not None:
            within(0, 1, mutation=self.mutation)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> _NSGA2:
        if len(problem.metrics) < 2:
            msg = (
                f"NSGA-II needs two objectives or more, but {problem.name} observes {problem.metrics[0]!r} alone\n\n"
                "Hint: name them in the problem, for example observe={'metric': ('accuracy', 'params')}"
            )
            raise InvalidArgumentError(msg)
        return _NSGA2(self, problem, runs, rng)


class _NSGA2:
    def __init__(self, options: NSGA2, problem: Problem, runs: int, rng: np.random.Generator) -> None:
        self._options, self._space, self._rng = options, problem.space, rng
        self._sizes = np.array(problem.space.sizes)
        self._mutation = 1 / len(self._sizes) if options.mutation is None else options.mutation
        self._each = np.arange(runs)[:, None]
        self._told: list[tuple[Codes, Floats]] = []
        self._codes: Codes | None = None
        self._scores = np.zeros((runs, 0, len(problem.metrics)))
        self._children: Codes | None = None

    def ask(self, n: int) -> Codes:
        if self._codes is None:
            return self._space.sample(n, self._rng)
        if self._children is None:
            self._children = self._breed()
        return self._children[:, len(self._told)]

    def tell(self, observations: Observations) -> None:
        self._told.append((observations.codes, observations.scores))
        if len(self._told) == self._options.population:
            codes, scores = (np.stack(part, axis=1) for part in zip(*self._told, strict=True))
            self._told, self._children = [], None
            self._select(codes, scores)

    def _select(self, codes: Codes, scores: Floats) -> None:
        """Keep the best of parents and children."""
        if self._codes is not None:
            codes = np.concatenate([self._codes, codes], axis=1)
            scores = np.concatenate([self._scores, scores], axis=1)
        rank = fronts(scores)
        distance = crowding(scores, rank)
        order = np.lexsort((-distance, rank), axis=1)[:, : self._options.population]
        self._codes, self._scores = codes[self._each, order], scores[self._each, order]

    def _breed(self) -> Codes:
        """Children of parents that win against another member; members lie in order of front and distance."""
        assert self._codes is not None  # noqa: S101 - the first generation is complete
        runs, members, positions = self._codes.shape
        winners = self._rng.integers(members, size=(2, runs, members, 2)).min(axis=-1)
        first, second = self._codes[self._each, winners[0]], self._codes[self._each, winners[1]]
        mixes = self._rng.random((runs, members, 1)) < self._options.crossover
        swap = mixes & (self._rng.random((runs, members, positions)) < 0.5)
        children = np.where(swap, second, first)
        shift = (self._rng.random(children.shape) * (self._sizes - 1)).astype(np.int64) + 1
        mutated = ((children + shift) % self._sizes).astype(np.uint8)
        children = np.where(self._rng.random(children.shape) < self._mutation, mutated, children)
        flat, parents = children.reshape(-1, positions), first.reshape(-1, positions)
        left = np.flatnonzero(~self._space.known(flat))
        flat[left] = self._space.mutate(parents[left], self._rng)
        return np.asarray(flat.reshape(children.shape))


def fronts(scores: Floats) -> NDArray[np.int64]:
    """Number of the front of each point, from 0, within each search; scores have shape (runs, points, objectives)."""
    return np.stack([nondominated_rank(points, maximise=True) for points in scores]).astype(np.int64) - 1


def crowding(scores: Floats, rank: NDArray[np.int64]) -> Floats:
    """Distance of each point to its neighbours in its front, summed over objectives as shares of the front's range."""
    total = np.zeros(rank.shape)
    for objective in np.moveaxis(scores, -1, 0):
        order = np.lexsort((objective, rank), axis=1)
        front, value = np.take_along_axis(rank, order, 1), np.take_along_axis(objective, order, 1)
        begins = np.ones(front.shape, bool)
        begins[:, 1:] = front[:, 1:] != front[:, :-1]
        ends = np.ones(front.shape, bool)
        ends[:, :-1] = begins[:, 1:]
        places = np.arange(front.shape[1])
        start = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
        end = np.minimum.accumulate(np.where(ends, places, front.shape[1] - 1)[:, ::-1], axis=1)[:, ::-1]
        span = np.take_along_axis(value, end, 1) - np.take_along_axis(value, start, 1)
        gap = np.zeros(front.shape)
        gap[:, 1:-1] = value[:, 2:] - value[:, :-2]
        share = np.divide(gap, span, out=np.zeros_like(gap), where=span > 0)
        share[begins | ends] = np.inf
        place = np.empty_like(share)
        np.put_along_axis(place, order, share, 1)
        total += place
    return total
