"""Walks and distances on an undirected graph, as whole-array steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Mask = NDArray[np.bool_]


class Graph(NamedTuple):
    """Neighbours of every node, node after node."""

    starts: Ints
    """Shape (n + 1,): where the neighbours of each node begin."""
    neighbours: Ints

    @classmethod
    def of(cls, n: int, ends: Ints, others: Ints) -> Self:
        """Graph of ``n`` nodes with an edge for each pair; repeated, reversed and degenerate pairs add nothing."""
        apart = ends != others
        ends, others = ends[apart], others[apart]
        codes = np.sort(np.concatenate([ends * n + others, others * n + ends]))
        first = np.diff(codes, prepend=-1) > 0
        owners, neighbours = np.divmod(codes[first], max(n, 1))
        starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=n))])
        return cls(starts, neighbours)

    @property
    def degrees(self) -> Ints:
        """Number of neighbours of each node."""
        return np.diff(self.starts)

    def best(self, values: Floats) -> Floats:
        """Greatest value among the neighbours of each node, minus infinity where there is none."""
        return self._reduced(np.maximum, values, empty=-np.inf)

    def mean(self, values: Floats) -> Floats:
        """Mean over the neighbours of each node, 0 where there is none."""
        return self._reduced(np.add, values, empty=0) / np.maximum(self.degrees, 1)

    def ties(self, values: Floats) -> Ints:
        """Number of neighbours of each node that have its value."""
        owners = np.repeat(np.arange(len(values)), self.degrees)
        return np.bincount(owners[values[owners] == values[self.neighbours]], minlength=len(values))

    def distances(self, sources: Mask) -> Ints:
        """Fewest edges from each node to a source, -1 where none can be reached."""
        owners = np.repeat(np.arange(len(sources)), self.degrees)
        distances = np.where(sources, 0, -1)
        reached, steps = sources, 0
        while reached.any():
            steps += 1
            met = np.zeros(len(sources), np.bool_)
            met[self.neighbours[reached[owners]]] = True
            reached = met & (distances < 0)
            distances[reached] = steps
        return distances

    def autocorrelation(self, values: Floats, steps: int) -> Floats:
        """Correlation of the values that a random walk meets 0, 1, ... ``steps`` steps apart.

        The walk moves to each neighbour with equal probability and has gone on for ever: it is at a node with a probability
        proportional to its number of neighbours. The expectation is computed, no walk is drawn. All are NaN if the walk
        meets only one value, or nothing.
        """
        degrees = self.degrees
        met = values[degrees > 0]
        if not met.size or met.min() == met.max():
            return np.full(steps + 1, np.nan)
        weights = degrees / degrees.sum()
        centred = values - weights @ values
        products = np.array([weights @ (centred * ahead) for ahead in self._ahead(centred, steps)])
        correlation: Floats = products / products[0]
        return correlation

    def _ahead(self, values: Floats, steps: int) -> Iterator[Floats]:
        """Give what is to be expected at each node now, after one step, ... after so many steps."""
        yield values
        for _ in range(steps):
            values = self.mean(values)
            yield values

    def _reduced(self, combine: np.ufunc, values: Floats, *, empty: float) -> Floats:
        result = np.full(len(values), float(empty))
        linked = np.flatnonzero(self.degrees)
        if linked.size:
            result[linked] = combine.reduceat(values[self.neighbours], self.starts[linked])
        return result
