"""Tabular NAS benchmarks as Polars frames: export once to Parquet, query in milliseconds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbframes.benchmarks import Benchmark, Metric, register
from nbframes.export import Limits, export
from nbframes.expr import (
    arch,
    budget,
    cumulative_time,
    dataset,
    final,
    metric,
    on,
    pareto_optimal,
    rank,
    regret,
    schedule,
    seed,
    seed_count,
    seed_mean,
    seed_std,
    split,
)
from nbframes.lookup_table import lookup
from nbframes.store import Store, open_store, scan, scan_archs, scan_runs

if TYPE_CHECKING:
    from nbframes import benchmarks, errors, plot, schema, spaces, surrogate, synthetic
    from nbframes.analysis import (
        Comparison,
        best_archs,
        compare,
        ecdf,
        hypervolume,
        landscape,
        learning_curves,
        local_optima,
        locality,
        marginal_means,
        neighbour_pairs,
        nondominated_rank,
        operation_effects,
        paired_ranks,
        pareto_front,
        rank_correlation,
        rank_stability,
        replacement_pairs,
        seed_noise,
        summarize,
        top_overlap,
        with_costs,
    )
    from nbframes.downloads import available, download
    from nbframes.store.manifest import Manifest
    from nbframes.store.write import write_results

__version__ = "0.1.0"

_ANALYSIS = (
    "compare",
    "Comparison",
    "best_archs",
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
)
_LATE = {
    "write_results": "nbframes.store.write",
    "Manifest": "nbframes.store.manifest",
    "available": "nbframes.downloads",
    "download": "nbframes.downloads",
} | dict.fromkeys(_ANALYSIS, "nbframes.analysis")
"""Names whose modules are loaded on first use, so that ``import nbframes`` loads polars alone."""

_LATE_MODULES = ("errors", "plot", "synthetic", "schema", "spaces", "surrogate")

__all__ = [
    "Benchmark",
    "Comparison",
    "Limits",
    "Manifest",
    "Metric",
    "Store",
    "arch",
    "available",
    "benchmarks",
    "best_archs",
    "budget",
    "compare",
    "cumulative_time",
    "dataset",
    "download",
    "ecdf",
    "errors",
    "export",
    "final",
    "hypervolume",
    "landscape",
    "learning_curves",
    "local_optima",
    "locality",
    "lookup",
    "marginal_means",
    "metric",
    "neighbour_pairs",
    "nondominated_rank",
    "on",
    "open_store",
    "operation_effects",
    "paired_ranks",
    "pareto_front",
    "pareto_optimal",
    "plot",
    "rank",
    "rank_correlation",
    "rank_stability",
    "register",
    "regret",
    "replacement_pairs",
    "scan",
    "scan_archs",
    "scan_runs",
    "schedule",
    "schema",
    "seed",
    "seed_count",
    "seed_mean",
    "seed_noise",
    "seed_std",
    "spaces",
    "split",
    "summarize",
    "surrogate",
    "synthetic",
    "top_overlap",
    "with_costs",
    "write_results",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        value = getattr(import_module(_LATE[name]), name)
    elif name in _LATE_MODULES:
        value = import_module(f"nbframes.{name}")
    else:
        msg = f"module 'nbframes' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
