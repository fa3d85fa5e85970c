"""REINFORCE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbframes.search.algorithms.base import Method
from nbframes.search.algorithms.parameters import within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.search.observations import Observations
    from nbframes.search.problem import Problem

    Floats = NDArray[np.float64]

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8
_SPREAD = 1e-3
"""Standard deviation of the first logits."""


@dataclass(frozen=True)
class Reinforce(Method):
    """REINFORCE: an independent softmax for each position, moved by Adam towards what scores above a moving average.

    Parameters
    ----------
    learning_rate
        Of Adam.
    momentum
        Of the exponential moving average of the scores (with bias correction), which is the baseline.

    Notes
    -----
    The reward is the score in the unit of the metric (percent for accuracy). Architectures that cannot be queried, which
    only nb101 and stores of part of a space have, are drawn again.

    References
    ----------
    Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning", Machine Learning
    1992; ``reinforce.py`` of NATS-Bench's official scripts, whose parameters these are.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.Reinforce(learning_rate=0.1).name
    'reinforce(learning_rate=0.1)'
    """

    _word = "reinforce"

    learning_rate: float = 0.01
    momentum: float = 0.9

    def __post_init__(self) -> None:
        within(0, 100, learning_rate=self.learning_rate)
        within(0, 1, momentum=self.momentum)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> Policies:
        return Policies(self, problem, runs, rng)


class Policies:
    """Policies of searches side by side: logits of shape (runs, positions, choices), minus infinity beyond the choices."""

    def __init__(self, options: Reinforce, problem: Problem, runs: int, rng: np.random.Generator) -> None:
        self._options, self._space, self._rng = options, problem.space, rng
        sizes = np.array(problem.space.sizes)
        exists = np.arange(sizes.max()) < sizes[:, None]
        self.logits: Floats = np.where(exists, _SPREAD * rng.standard_normal((runs, *exists.shape)), -np.inf)
        self._moments: list[Floats] = [np.zeros_like(self.logits), np.zeros_like(self.logits)]
        self._average, self._weight, self._steps = np.zeros(runs), 0.0, 0

    def ask(self, n: int) -> NDArray[np.uint8]:
        """Draw an architecture from each policy."""
        bounds = np.cumsum(self.probabilities(), axis=-1)
        bounds[..., -1] = 1.0

        def draw(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
            u = self._rng.random((len(rows), bounds.shape[1], 1))
            chosen = bounds if len(rows) == n else bounds[rows]
            return np.asarray((u >= chosen).sum(axis=-1, dtype=np.uint8))

        return self._space.until_known(draw, n, self._rng)

    def tell(self, observations: Observations) -> None:
        """Move each policy by one step of Adam."""
        reward, keep = observations.score, self._options.momentum
        self._average = keep * self._average + (1 - keep) * reward
        self._weight = keep * self._weight + (1 - keep)
        self._descend(self.gradient(observations.codes, reward - self._average / self._weight))

    def probabilities(self) -> Floats:
        """Probability of every choice."""
        exponentials = np.exp(self.logits - self.logits.max(axis=-1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))

    def gradient(self, codes: NDArray[np.uint8], advantage: Floats) -> Floats:
        """Gradient, by the logits, of minus the advantage times the log-probability of the chosen architecture."""
        chosen = np.arange(self.logits.shape[-1]) == codes[..., None]
        return np.asarray(advantage[:, None, None] * (self.probabilities() - chosen))

    def _descend(self, gradient: Floats) -> None:
        self._steps += 1
        first, second = self._moments
        first += (1 - _BETAS[0]) * (gradient - first)
        second += (1 - _BETAS[1]) * (gradient**2 - second)
        scaled = np.sqrt(second / (1 - _BETAS[1] ** self._steps)) + _EPSILON
        self.logits -= self._options.learning_rate / (1 - _BETAS[0] ** self._steps) * first / scaled
