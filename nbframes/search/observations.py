"""What algorithms are told, and what they have to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nbframes.search.problem import Problem

    Proposal: TypeAlias = NDArray[np.uint8] | tuple[NDArray[np.uint8], int]
    """Rows to query; or rows and the budget in epochs, one of `Problem.budgets`. By default the largest."""


@dataclass(frozen=True, slots=True)
class Observations:
    """What one query of each of n searches gave.

    Parameters
    ----------
    codes
        The architectures as rows of integers, shape (n, positions).
    arch
        Their numbers in the store.
    scores
        Values of the objectives, turned so that larger is better, shape (n, objectives); ``score`` is the first of them.
    budget
        Epochs after which the values were measured.
    time
        Clock of each search after the query.

    Examples
    --------
    >>> import nbframes as nbf, numpy as np
    >>> told = nbf.search.Observations(np.zeros((1, 6), np.uint8), np.array([7]), np.array([[70.5, -1.0]]), 200, np.array([9.0]))
    >>> told.score.tolist()
    [70.5]
    """

    codes: NDArray[np.uint8]
    arch: NDArray[np.int64]
    scores: NDArray[np.float64]
    budget: int
    time: NDArray[np.float64]

    @property
    def score(self) -> NDArray[np.float64]:
        """The first objective, larger is better."""
        return self.scores[:, 0]


class Searcher(Protocol):
    """A search, or n of them side by side."""

    def ask(self, n: int, /) -> Proposal:
        """Propose one architecture for each of the ``n`` searches."""

    def tell(self, observations: Observations, /) -> None:
        """Take what the proposals gave, in the same order."""


class Algorithm(Protocol):
    """An algorithm with its parameters, from which searches are started."""

    @property
    def name(self) -> str:
        """What tables and figures call it."""

    def start(self, problem: Problem, runs: int, rng: np.random.Generator) -> Searcher:
        """Begin ``runs`` independent searches that advance together."""
