"""Search algorithms, each as its paper or the official script has it."""

from __future__ import annotations

from typing import Any, Final

from nbframes.search.algorithms.bohb import BOHB
from nbframes.search.algorithms.halving import Hyperband, SuccessiveHalving
from nbframes.search.algorithms.local import LocalSearch
from nbframes.search.algorithms.nsga2 import NSGA2
from nbframes.search.algorithms.reinforce import Reinforce
from nbframes.search.algorithms.simple import Evolution, Random

ALGORITHMS: Final[dict[str, Any]] = {
    "random": Random,
    "evolution": Evolution,
    "local": LocalSearch,
    "reinforce": Reinforce,
    "halving": SuccessiveHalving,
    "hyperband": Hyperband,
    "bohb": BOHB,
    "nsga2": NSGA2,
}
"""Algorithms by the names that `nbframes.search.run` takes."""

__all__ = [
    "ALGORITHMS",
    "BOHB",
    "NSGA2",
    "Evolution",
    "Hyperband",
    "LocalSearch",
    "Random",
    "Reinforce",
    "SuccessiveHalving",
]
