"""Drawings of what the helpers return: one function for each, on axes of yours or of a new figure."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbframes.plot._style import STYLE

if TYPE_CHECKING:
    from nbframes.plot.best import best_archs, top_overlap
    from nbframes.plot.comparison import compare
    from nbframes.plot.curves import learning_curves
    from nbframes.plot.landscapes import landscape, local_optima, locality
    from nbframes.plot.noise import seed_noise
    from nbframes.plot.operations import marginal_means, operation_effects
    from nbframes.plot.pareto import hypervolume, nondominated_rank, pareto_front
    from nbframes.plot.population import ecdf, summarize
    from nbframes.plot.ranking import rank_correlation, rank_stability
    from nbframes.plot.scatters import paired_ranks, with_costs
    from nbframes.plot.searches import anytime, final

_ROOMS = {
    "best": ("best_archs", "top_overlap"),
    "comparison": ("compare",),
    "curves": ("learning_curves",),
    "landscapes": ("landscape", "local_optima", "locality"),
    "operations": ("marginal_means", "operation_effects"),
    "pareto": ("hypervolume", "nondominated_rank", "pareto_front"),
    "scatters": ("paired_ranks", "with_costs"),
    "searches": ("anytime", "final"),
    "noise": ("seed_noise",),
    "population": ("ecdf", "summarize"),
    "ranking": ("rank_correlation", "rank_stability"),
}
_HOME = {name: f"nbframes.plot.{room}" for room, plots in _ROOMS.items() for name in plots}

__all__ = [
    "STYLE",
    "anytime",
    "best_archs",
    "compare",
    "ecdf",
    "final",
    "hypervolume",
    "landscape",
    "learning_curves",
    "local_optima",
    "locality",
    "marginal_means",
    "nondominated_rank",
    "operation_effects",
    "paired_ranks",
    "pareto_front",
    "rank_correlation",
    "rank_stability",
    "seed_noise",
    "summarize",
    "top_overlap",
    "with_costs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'nbframes.plot' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
