"""Local search."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from nbframes.search.algorithms.base import Method
from nbframes.search.algorithms.parameters import at_least

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from nbframes.search.observations import Observations
    from nbframes.search.problem import Problem
    from nbframes.search.space import SearchSpace

    Codes = NDArray[np.uint8]

_STALE = 100
"""Draws without a new architecture after which a search takes an old one again: the space is used up."""


@dataclass(frozen=True)
class LocalSearch(Method):
    """Local search: climb from the best of some random architectures to a local optimum, then begin anew.

    Parameters
    ----------
    initial
        Random architectures before each climb, of which the best is where it begins.
    whole_neighbourhood
        Whether to query all neighbours and go to the best of them; otherwise the climb goes on from the first that is better.

    Notes
    -----
    Neighbours come in random order, and no architecture is queried twice in a run, as in the authors' code, whose defaults
    these are. With ``initial=1, whole_neighbourhood=True`` it is algorithm 1 of the paper, repeated.

    References
    ----------
    White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021; ``local_search`` of
    naszilla/naszilla.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.LocalSearch().initial
    10
    """

    _word = "local"

    initial: int = 10
    whole_neighbourhood: bool = False

    def __post_init__(self) -> None:
        at_least(1, initial=self.initial)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> _LocalSearches:
        return _LocalSearches([_Climber(self, problem.space, child) for child in rng.spawn(runs)])


class _LocalSearches:
    """Searches side by side; each is a generator that yields architectures and is sent their scores."""

    def __init__(self, climbers: list[_Climber]) -> None:
        self._walks = [climber.walk() for climber in climbers]
        self._next = [next(walk) for walk in self._walks]

    def ask(self, n: int) -> Codes:
        del n
        return np.stack(self._next)

    def tell(self, observations: Observations) -> None:
        scores = observations.score.tolist()
        self._next = [walk.send(score) for walk, score in zip(self._walks, scores, strict=True)]


class _Climber:
    def __init__(self, options: LocalSearch, space: SearchSpace, rng: np.random.Generator) -> None:
        self._options, self._space, self._rng = options, space, rng
        self._queried: set[int] = set()

    def walk(self) -> Generator[Codes, float, None]:
        while True:
            best, score = yield from self._begin()
            better = True
            while better:
                better, best, score = yield from self._step(best, score)

    def _begin(self) -> Generator[Codes, float, tuple[Codes, float]]:
        """Query random architectures and give the best."""
        begun: list[tuple[Codes, float]] = []
        for code in self._fresh(self._options.initial):
            score = yield code
            begun.append((code, score))
        return max(begun, key=itemgetter(1))

    def _step(self, here: Codes, score: float) -> Generator[Codes, float, tuple[bool, Codes, float]]:
        """Query neighbours and give where to go."""
        best, best_score = here, score
        neighbours = self._space.neighbours(here[None])[1]
        neighbours = neighbours[self._rng.permutation(len(neighbours))]
        for code, arch in zip(neighbours, self._space.arch(neighbours).tolist(), strict=True):
            if arch in self._queried:
                continue
            self._queried.add(arch)
            found = yield code
            if found > best_score:
                best, best_score = code, found
                if not self._options.whole_neighbourhood:
                    break
        return best_score > score, best, best_score

    def _fresh(self, n: int) -> list[Codes]:
        """Draw architectures that were not queried; old ones if the space seems to be used up."""
        found: list[Codes] = []
        for attempt in range(_STALE):
            codes = self._space.sample(n - len(found), self._rng)
            for code, arch in zip(codes, self._space.arch(codes).tolist(), strict=True):
                if arch not in self._queried or attempt == _STALE - 1:
                    self._queried.add(arch)
                    found.append(code)
            if len(found) == n:
                break
        return found
