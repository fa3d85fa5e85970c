"""BOHB: Hyperband whose new architectures come from kernel densities of the good and the bad ones so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbframes.search.algorithms.base import Method
from nbframes.search.algorithms.halving import Brackets, Rung, ladder
from nbframes.search.algorithms.parameters import at_least, several_budgets, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.search.observations import Observations
    from nbframes.search.problem import Problem

    Codes = NDArray[np.uint8]
    Floats = NDArray[np.float64]

_TINY = 1e-32


@dataclass(frozen=True)
class BOHB(Method):
    """BOHB: Hyperband with a model of which architectures are good.

    Parameters
    ----------
    eta
        Factor between rungs.
    num_samples
        Candidates drawn near good architectures, of which the one with the highest ratio of densities is taken.
    random_fraction
        Share of architectures drawn uniformly instead.
    top_n_percent
        Share of the observations of a budget that count as good.
    min_bandwidth
        Lower bound of the bandwidth at each position.
    max_bandwidth
        Upper bound. A kernel is a density up to (c - 1) / c for c choices; the rule of thumb may give more, which the
        authors' code leaves (None).

    Notes
    -----
    Defaults are the parameters of NATS-Bench's script (eta 3, budgets 1 to 12 epochs, num_samples 4, random_fraction 0,
    min_bandwidth 0.3); its bandwidth_factor of 3 widens continuous parameters, of which architectures have none. For the
    largest budget with enough observations, the best ``top_n_percent`` (but positions + 1 at least) and the others have
    a density each: a mean over them of products of Aitchison and Aitken's kernels, with the bandwidth
    1.06 · std · n^(-1 / (4 + positions)) of the choices' numbers. Kernels spread over all choices of a position, where the
    authors' code counts only those that occur in the data and divides by zero if that is one.

    References
    ----------
    Falkner, Klein and Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale", ICML 2018; HpBandSter 0.7;
    ``bohb.py`` of NATS-Bench's official scripts.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.search.BOHB(num_samples=64, random_fraction=1 / 3).name
    'bohb(num_samples=64, random_fraction=0.3333333333333333)'
    """

    _word = "bohb"

    eta: int = 3
    num_samples: int = 4
    random_fraction: float = 0.0
    top_n_percent: int = 15
    min_bandwidth: float = 0.3
    max_bandwidth: float | None = None

    def __post_init__(self) -> None:
        at_least(2, eta=self.eta)
        at_least(1, num_samples=self.num_samples, top_n_percent=self.top_n_percent)
        within(0, 1, random_fraction=self.random_fraction, min_bandwidth=self.min_bandwidth)

    def _start(self, problem: Problem, runs: int, rng: np.random.Generator) -> _BOHB:
        several_budgets(problem, "BOHB")
        return _BOHB(self, problem, runs, rng)


class _BOHB:
    def __init__(self, options: BOHB, problem: Problem, runs: int, rng: np.random.Generator) -> None:
        self._options, self._space, self._rng = options, problem.space, rng
        self._sizes = np.array(problem.space.sizes)
        self._codes: defaultdict[int, list[Codes]] = defaultdict(list)
        self._scores: defaultdict[int, list[Floats]] = defaultdict(list)
        budgets, eta = ladder(problem.budgets, options.eta), options.eta
        most = len(budgets)
        brackets = [
            [Rung(max(most // (s + 1) * eta**s // eta**i, 1), budgets[most - s - 1 + i]) for i in range(s + 1)]
            for s in range(most)[::-1]
        ]
        self._brackets = Brackets(brackets, runs, self._draw)

    def ask(self, n: int) -> tuple[Codes, int]:
        return self._brackets.ask(n)

    def tell(self, observations: Observations) -> None:
        self._codes[observations.budget].append(observations.codes)
        self._scores[observations.budget].append(observations.score)
        self._brackets.tell(observations)

    def _draw(self, n: int) -> Codes:
        """New architectures: from the model where there is one, except for the random share."""
        densities = self._densities()
        if densities is None:
            return self._space.sample(n, self._rng)
        good, bad = densities

        def draw(rows: NDArray[np.int64]) -> Codes:
            return best_candidates(
                good.take(rows), bad.take(rows), self._options.num_samples, self._options.min_bandwidth, self._rng
            )

        codes = self._space.until_known(draw, n, self._rng)
        uniform = np.flatnonzero(self._rng.random(n) < self._options.random_fraction)
        codes[uniform] = self._space.sample(len(uniform), self._rng)
        return codes

    def _densities(self) -> tuple[Densities, Densities] | None:
        least = len(self._sizes) + 1
        for budget in sorted(self._codes, reverse=True):
            n = len(self._codes[budget])
            good = max(least, self._options.top_n_percent * n // 100)
            bad = max(least, (100 - self._options.top_n_percent) * n // 100)
            if n - good >= least:
                break
        else:
            return None
        codes = np.stack(self._codes[budget], axis=1)
        order = np.argsort(-np.stack(self._scores[budget], axis=1), axis=1, kind="stable")
        ranked = np.take_along_axis(codes, order[:, : good + bad, None], axis=1)
        bounds = self._options.min_bandwidth, self._options.max_bandwidth
        return Densities.of(ranked[:, :good], self._sizes, *bounds), Densities.of(
            ranked[:, good:], self._sizes, *bounds
        )


class Densities(NamedTuple):
    """Kernel densities of searches side by side."""

    data: Codes
    """Observed architectures, shape (runs, observations, positions)."""
    bandwidth: Floats
    """Shape (runs, positions)."""
    sizes: NDArray[np.int64]
    """Number of choices at each position."""

    @classmethod
    def of(
        cls, data: Codes, sizes: NDArray[np.int64], min_bandwidth: float, max_bandwidth: float | None = None
    ) -> Densities:
        """Densities with the bandwidth of the normal reference rule, within bounds."""
        _, n, positions = data.shape
        rule = 1.06 * data.std(axis=1) * n ** (-1 / (4 + positions))
        return cls(data, np.clip(rule, min_bandwidth, max_bandwidth), sizes)

    def take(self, rows: NDArray[np.int64]) -> Densities:
        """Those of some searches."""
        return Densities(self.data[rows], self.bandwidth[rows], self.sizes)

    def at(self, codes: Codes) -> Floats:
        """Density of architectures of shape (runs, candidates, positions)."""
        product = np.ones((*codes.shape[:2], self.data.shape[1]))
        for place, size in enumerate(self.sizes):
            width = self.bandwidth[:, place]
            same = codes[:, :, None, place] == self.data[:, None, :, place]
            product *= np.where(same, (1 - width)[:, None, None], (width / max(size - 1, 1))[:, None, None])
        return np.asarray(product.mean(axis=2))


def best_candidates(
    good: Densities, bad: Densities, samples: int, min_bandwidth: float, rng: np.random.Generator
) -> Codes:
    """Of some candidates near good architectures, the one whose density among the good is highest to that among the bad.

    A candidate is a good architecture, each position of which is drawn anew with the bandwidth's probability.
    """
    runs, observations, positions = good.data.shape
    each = np.arange(runs)[:, None]
    near = good.data[each, rng.integers(observations, size=(runs, samples))]
    keep = rng.random(near.shape) < 1 - np.maximum(good.bandwidth, min_bandwidth)[:, None, :]
    fresh = (rng.random((runs, samples, positions)) * good.sizes).astype(np.uint8)
    candidates = np.where(keep, near, fresh)
    ratio = np.maximum(bad.at(candidates), _TINY) / np.maximum(good.at(candidates), _TINY)
    return np.asarray(candidates[each[:, 0], ratio.argmin(axis=1)])
