"""Simulated search: many runs of NAS methods on published values, with the time that the queries would have taken."""

from __future__ import annotations

from nbframes.search.algorithms import (
    BOHB,
    NSGA2,
    Evolution,
    Hyperband,
    LocalSearch,
    Random,
    Reinforce,
    SuccessiveHalving,
)
from nbframes.search.answer import Answer
from nbframes.search.comparison import compare, mean_ranks
from nbframes.search.curves import anytime, final
from nbframes.search.objectives import Objective, objective
from nbframes.search.observations import Observations
from nbframes.search.predictor import score_predictor
from nbframes.search.problem import Problem
from nbframes.search.running import run
from nbframes.search.space import SearchSpace
from nbframes.search.tables import table

__all__ = [
    "BOHB",
    "NSGA2",
    "Answer",
    "Evolution",
    "Hyperband",
    "LocalSearch",
    "Objective",
    "Observations",
    "Problem",
    "Random",
    "Reinforce",
    "SearchSpace",
    "SuccessiveHalving",
    "anytime",
    "compare",
    "final",
    "mean_ranks",
    "objective",
    "run",
    "score_predictor",
    "table",
]
