"""Tabular NAS benchmarks as Polars frames: export once to Parquet, query in milliseconds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbframes.export import export
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
from nbframes.lookup import lookup
from nbframes.store import Store, open_store, scan, scan_archs, scan_runs

if TYPE_CHECKING:
    from nbframes import errors, plot, sample, schema, spaces, surrogate
    from nbframes.analysis import (
        best_archs,
        ecdf,
        hypervolume,
        learning_curves,
        locality,
        pareto_front,
        rank_correlation,
        seed_noise,
        summarize,
        top_overlap,
    )
    from nbframes.downloads import available, download
    from nbframes.manifest import Manifest
    from nbframes.results import write_results

__version__ = "0.1.0"

_LATE = {
    "available": "nbframes.downloads",
    "download": "nbframes.downloads",
    "write_results": "nbframes.results",
    "Manifest": "nbframes.manifest",
    "best_archs": "nbframes.analysis",
    "ecdf": "nbframes.analysis",
    "hypervolume": "nbframes.analysis",
    "learning_curves": "nbframes.analysis",
    "locality": "nbframes.analysis",
    "pareto_front": "nbframes.analysis",
    "rank_correlation": "nbframes.analysis",
    "seed_noise": "nbframes.analysis",
    "summarize": "nbframes.analysis",
    "top_overlap": "nbframes.analysis",
}
"""Names whose modules are loaded on first use, so that ``import nbframes`` loads polars alone."""

_LATE_MODULES = ("errors", "plot", "sample", "schema", "spaces", "surrogate")

__all__ = [
    "Manifest",
    "Store",
    "arch",
    "available",
    "best_archs",
    "budget",
    "cumulative_time",
    "dataset",
    "download",
    "ecdf",
    "errors",
    "export",
    "final",
    "hypervolume",
    "learning_curves",
    "locality",
    "lookup",
    "metric",
    "on",
    "open_store",
    "pareto_front",
    "pareto_optimal",
    "plot",
    "rank",
    "rank_correlation",
    "regret",
    "sample",
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
    "top_overlap",
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
