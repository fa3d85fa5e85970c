"""What the algorithms of the package share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from nbframes.search.algorithms.parameters import named

if TYPE_CHECKING:
    import numpy as np

    from nbframes.search.observations import Searcher
    from nbframes.search.problem import Problem


class Method(ABC):
    """An algorithm with its parameters, which are those of a frozen dataclass."""

    _word: ClassVar[str]

    @property
    def name(self) -> str:
        """What tables and figures call it: its word, and the parameters that are not the published ones."""
        return named(self._word, self)

    def start(self, problem: Problem, runs: int, rng: np.random.Generator) -> Searcher:
        """Begin searches that advance together.

        Parameters
        ----------
        problem
            What is searched.
        runs
            Number of independent searches.
        rng
            Where all random choices come from.

        Returns
        -------
        Searcher
            Its ``ask(runs)`` gives an architecture for each search, its ``tell`` takes what they gave.

        Raises
        ------
        InvalidArgumentError
            If the algorithm does not suit the problem.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> search = nbf.search.Evolution().start(problem, 4, np.random.default_rng(0))
        >>> search.ask(4).shape
        (4, 6)
        """
        return self._start(problem, runs, rng)

    @abstractmethod
    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> Searcher:
        """Begin searches that advance together."""
