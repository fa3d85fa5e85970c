"""The query vocabulary: plain `polars.Expr` for filters, aggregations and windows over results.

Names are checked when the expression is made, so that a typo raises instead of selecting nothing. Predicates compare
columns with literals, which lets Polars skip the folders and row groups that cannot match.
"""

from nbframes.expr.aggregates import seed_count, seed_mean, seed_std
from nbframes.expr.predicates import arch, budget, dataset, final, metric, on, schedule, seed, split
from nbframes.expr.windows import cumulative_time, pareto_optimal, rank, regret, tied

__all__ = [
    "arch",
    "budget",
    "cumulative_time",
    "dataset",
    "final",
    "metric",
    "on",
    "pareto_optimal",
    "rank",
    "regret",
    "schedule",
    "seed",
    "seed_count",
    "seed_mean",
    "seed_std",
    "split",
    "tied",
]
