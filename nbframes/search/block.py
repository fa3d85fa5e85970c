"""Searches that are simulated together, and their random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from nbframes.search.problem import Problem


class Block(NamedTuple):
    """Searches that are simulated together."""

    algorithm: Any
    """An `Algorithm`, or a class of one's own."""
    name: str
    problem: Problem
    budget: float
    first: int
    """Number of the first run."""
    runs: int
    seed: int

    def generators(self) -> list[np.random.Generator]:
        """Two streams of random numbers: the search's, and that of the runs that its queries draw."""
        source = np.random.SeedSequence(self.seed, spawn_key=(crc32(self.name.encode()), self.first))
        return [np.random.default_rng(child) for child in source.spawn(2)]
