"""Questions asked of results: frame in, tidy frame out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbframes.analysis.best import best_archs, top_overlap
    from nbframes.analysis.comparison import Comparison, compare
    from nbframes.analysis.curves import learning_curves
    from nbframes.analysis.landscapes import landscape, local_optima, locality
    from nbframes.analysis.noise import seed_noise
    from nbframes.analysis.operations import marginal_means, operation_effects
    from nbframes.analysis.pairing import paired_ranks
    from nbframes.analysis.pareto import hypervolume, nondominated_rank, pareto_front
    from nbframes.analysis.population import ecdf, summarize
    from nbframes.analysis.ranking import rank_correlation, rank_stability
    from nbframes.analysis.relations import neighbour_pairs, replacement_pairs
    from nbframes.analysis.tradeoffs import with_costs

_ROOMS = {
    "best": ("best_archs", "top_overlap"),
    "comparison": ("Comparison", "compare"),
    "curves": ("learning_curves",),
    "landscapes": ("landscape", "local_optima", "locality"),
    "noise": ("seed_noise",),
    "operations": ("marginal_means", "operation_effects"),
    "pairing": ("paired_ranks",),
    "pareto": ("hypervolume", "nondominated_rank", "pareto_front"),
    "population": ("ecdf", "summarize"),
    "ranking": ("rank_correlation", "rank_stability"),
    "relations": ("neighbour_pairs", "replacement_pairs"),
    "tradeoffs": ("with_costs",),
}
_HOME = {name: f"nbframes.analysis.{room}" for room, helpers in _ROOMS.items() for name in helpers}

__all__ = [
    "Comparison",
    "best_archs",
    "compare",
    "ecdf",
    "hypervolume",
    "landscape",
    "learning_curves",
    "local_optima",
    "locality",
    "marginal_means",
    "neighbour_pairs",
    "nondominated_rank",
    "operation_effects",
    "paired_ranks",
    "pareto_front",
    "rank_correlation",
    "rank_stability",
    "replacement_pairs",
    "seed_noise",
    "summarize",
    "top_overlap",
    "with_costs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'nbframes.analysis' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
