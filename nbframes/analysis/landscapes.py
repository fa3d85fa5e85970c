"""How a metric varies between neighbouring architectures: walks, distances from the best, local optima."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, require, sort
from nbframes.analysis._means import Rows
from nbframes.analysis._metrics import Comparing
from nbframes.analysis._values import arch_values
from nbframes.analysis.relations import neighbour_pairs
from nbframes.errors import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names
    from nbframes.analysis.relations import Space
    from nbframes.numerics.walks import Graph

_LOCALITY: Final[dict[str, Any]] = {
    "distance": pl.UInt32,
    "autocorrelation": pl.Float64,
    "walked": pl.UInt32,
    "n": pl.UInt32,
    "mean": pl.Float64,
    "std": pl.Float64,
}
_LANDSCAPE: Final[dict[str, Any]] = {
    "n": pl.UInt32,
    "pairs": pl.UInt32,
    "isolated": pl.UInt32,
    "best": pl.Float64,
    "best_arch": pl.Int32,
    "best_count": pl.UInt32,
    "local_optima": pl.UInt32,
    "fitness_distance": pl.Float64,
    "autocorrelation": pl.Float64,
    "correlation_length": pl.Float64,
}
_OPTIMA: Final[dict[str, Any]] = {
    "arch": pl.Int32,
    "value": pl.Float64,
    "runs": pl.UInt32,
    "neighbours": pl.UInt32,
    "ties": pl.UInt32,
}


@described
def locality(
    frame: Frame,
    /,
    archs: pl.DataFrame | pl.LazyFrame,
    *,
    value: str = "value",
    by: Names | None = None,
    steps: int = 10,
    maximise: bool | None = None,
    tie: float | None = None,
    space: Space | None = None,
) -> Frame:
    """How alike architectures are that lie some edits apart, and how good those are that lie some edits from the best.

    Parameters
    ----------
    frame
        Results in long format; the value of an architecture is the mean over its seeds. Rows whose value is null are left out,
        and so are architectures with a NaN, as of a run that diverged.
    archs
        The ``archs`` table, or the pairs of neighbours that `neighbour_pairs` makes of it.
    value
        Column that is used, for example ``"train_time"``; the result calls it ``value``.
    steps
        Greatest distance, in edits.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each distance from 0 to ``steps``, sorted by ``by`` and ``distance``:

        - ``autocorrelation`` of the values that a random walk meets so many steps apart (null if they are all the same), and
          ``walked``, the number of architectures it walks over: those with a value that have a neighbour with one;
        - ``n``, ``mean`` and ``std`` (of a sample, n - 1) of the architectures so many edits from the best: of their
          shortest paths over architectures with values; from the nearest of the best if several tie.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, unlike rows would be averaged because
        ``by`` does not name the column that tells them apart, or frame and ``archs`` speak of different benchmarks. From
        a LazyFrame these are raised when it is collected.
    InvalidArgumentError
        If ``steps`` is negative, or the search space is not known.

    See Also
    --------
    landscape : One row of such figures.
    local_optima : Architectures that no neighbour beats.

    Notes
    -----
    The walk goes to each neighbour with equal probability and its autocorrelation [1]_ is the exact expectation of an endless
    walk, over neighbours with values only. NAS-Bench-101 shows both measures of its space [2]_, of drawn walks.

    References
    ----------
    .. [1] E. Weinberger: Correlated and uncorrelated fitness landscapes and how to tell the difference. Biological
       Cybernetics 63 (1990).
    .. [2] C. Ying et al.: NAS-Bench-101: Towards Reproducible Neural Architecture Search. ICML 2019, section on locality.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "value": [90.0, 91.0, 93.0]})
    >>> nbf.locality(results, archs, space="sss", steps=2).select("distance", "walked", "n", "mean").rows()
    [(0, 3, 1, 93.0), (1, 3, 1, 91.0), (2, 3, 1, 90.0)]
    """
    steps = whole_number("steps", steps)

    def along_distances(land: _Land) -> pl.DataFrame:
        at = pl.DataFrame({"distance": land.distances, "value": land.values}).group_by("distance")
        return (
            pl.DataFrame(
                {"distance": range(steps + 1), "autocorrelation": land.graph.autocorrelation(land.values, steps)}
            )
            .join(
                at.agg(pl.len().alias("n"), pl.col("value").mean().alias("mean"), pl.col("value").std().alias("std")),
                on="distance",
                how="left",
                maintain_order="left",
            )
            .with_columns(
                pl.col("n").fill_null(0),
                pl.col("autocorrelation").fill_nan(None),
                walked=pl.lit(int((land.graph.degrees > 0).sum())),
            )
        )

    comparing = Comparing.of(value, maximise, tie)
    return _survey(frame, archs, along_distances, _LOCALITY, by=by, order="distance", comparing=comparing, space=space)


def landscape(
    frame: Frame,
    /,
    archs: pl.DataFrame | pl.LazyFrame,
    *,
    value: str = "value",
    by: Names | None = None,
    maximise: bool | None = None,
    tie: float | None = None,
    space: Space | None = None,
) -> Frame:
    """Figures that say how smooth a metric is over a search space and how well it guides to its best.

    Parameters
    ----------
    frame, archs, value, by, maximise, tie, space
        As for `locality`.

    Returns
    -------
    DataFrame or LazyFrame
        One row per group, sorted by ``by``: ``n`` architectures with a value, ``pairs`` of neighbours among them,
        ``isolated`` ones without a neighbour; the ``best`` value, the lowest ``best_arch`` that has it and ``best_count``,
        how many tie for it; ``local_optima``, how many have neighbours of which none is better; ``fitness_distance``,
        Pearson's correlation of value and distance to the nearest best, over those from which it can be reached;
        ``autocorrelation`` of a random walk's next step, and ``correlation_length``, -1 / ln |autocorrelation|, in steps.

    Raises
    ------
    FrameError, InvalidArgumentError
        As for `locality`.

    Notes
    -----
    The correlation of fitness and distance is near -1 where values rise steadily towards the best (near 1 if the metric
    is minimised) [1]_. The correlation length is the number of steps in which the autocorrelation would fall to 1/e
    if it fell geometrically [2]_.

    References
    ----------
    .. [1] T. Jones, S. Forrest: Fitness Distance Correlation as a Measure of Problem Difficulty for Genetic Algorithms.
       ICGA 1995.
    .. [2] P. F. Stadler: Landscapes and their correlation functions. Journal of Mathematical Chemistry 20 (1996).

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import landscape
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1, 2], "value": [90.0, 91.0, 93.0]})
    >>> landscape(results, archs, space="sss").select("n", "pairs", "best", "best_arch", "local_optima").rows()
    [(3, 2, 93.0, 2, 1)]
    """

    def in_figures(land: _Land) -> pl.DataFrame:
        import numpy as np

        next_step = float(land.graph.autocorrelation(land.values, 1)[1])
        best = land.distances == 0
        return pl.DataFrame(
            {
                "n": len(land.values),
                "pairs": len(land.graph.neighbours) // 2,
                "isolated": int((land.graph.degrees == 0).sum()),
                "best": float(land.values[best][land.costs[best].argmin()]),
                "best_arch": int(land.archs[best].min()),
                "best_count": int(best.sum()),
                "local_optima": int(land.optimal.sum()),
                "fitness_distance": _correlation(land.values, land.distances, land.distances >= 0),
                "autocorrelation": next_step,
                "correlation_length": -1 / np.log(abs(next_step)) if 0 < abs(next_step) < 1 else None,
            },
            schema=_LANDSCAPE,
        ).with_columns(pl.col("autocorrelation").fill_nan(None))

    comparing = Comparing.of(value, maximise, tie)
    return _survey(frame, archs, in_figures, _LANDSCAPE, by=by, comparing=comparing, space=space)


def local_optima(
    frame: Frame,
    /,
    archs: pl.DataFrame | pl.LazyFrame,
    *,
    value: str = "value",
    by: Names | None = None,
    maximise: bool | None = None,
    tie: float | None = None,
    space: Space | None = None,
) -> Frame:
    """Architectures that have neighbours of which none is better.

    Parameters
    ----------
    frame, archs, value, by, maximise, tie, space
        As for `locality`.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by ``by``, then the best first: ``arch``, its ``value`` (the mean of so many ``runs``), how many
        ``neighbours`` with a value it has, and how many of them are ``ties`` (together they may be a plateau).

    Raises
    ------
    FrameError, InvalidArgumentError
        As for `locality`.

    Notes
    -----
    Values of a group that tie are plateaus: none is better than another.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import local_optima
    >>> archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1, 2], "value": [92.0, 91.0, 93.0]})
    >>> local_optima(results, archs, space="sss").rows()
    [(2, 93.0, 1, 1, 0), (0, 92.0, 1, 1, 0)]
    """

    def at_the_top(land: _Land) -> pl.DataFrame:
        import numpy as np

        found = np.flatnonzero(land.optimal)
        found = found[np.argsort(-land.goodness[found], kind="stable")]
        return pl.DataFrame(
            {
                "arch": land.archs[found],
                "value": land.values[found],
                "runs": land.runs[found],
                "neighbours": land.graph.degrees[found],
                "ties": land.graph.ties(land.goodness)[found],
            }
        )

    comparing = Comparing.of(value, maximise, tie)
    return _survey(frame, archs, at_the_top, _OPTIMA, by=by, comparing=comparing, space=space)


class _Land(NamedTuple):
    """The values of one group over the graph of their architectures, in ascending order of ``arch``."""

    archs: NDArray[np.int64]
    values: NDArray[np.float64]
    runs: NDArray[np.int64]
    costs: NDArray[np.float64]
    """The values, negative if large is good."""
    goodness: NDArray[np.float64]
    """The opposite of the costs, all of a tie the same."""
    graph: Graph
    optimal: NDArray[np.bool_]
    distances: NDArray[np.intp]
    """To the nearest of the best, -1 where it cannot be reached."""

    @classmethod
    def of(cls, group: pl.DataFrame, pairs: pl.DataFrame, comparing: Comparing) -> _Land:
        import numpy as np

        from nbframes.numerics.ties import Ties
        from nbframes.numerics.walks import Graph

        group = group.sort("arch")
        costs, tie = comparing.costs(group)
        ties = Ties.of(costs, tie)
        archs = group["arch"].cast(pl.Int64).to_numpy()
        ends, others = (pairs[name].cast(pl.Int64).to_numpy() for name in ("arch", "neighbour"))
        known = np.isin(ends, archs) & np.isin(others, archs)
        graph = Graph.of(len(archs), np.searchsorted(archs, ends[known]), np.searchsorted(archs, others[known]))
        goodness = -ties.of_rows(ties.lowest)
        return cls(
            archs,
            group["value"].to_numpy(),
            group["runs"].to_numpy(),
            costs,
            goodness,
            graph,
            (graph.degrees > 0) & (goodness >= graph.best(goodness)),
            graph.distances(goodness == goodness.max()),
        )


def _survey(
    frame: Frame,
    archs: pl.DataFrame | pl.LazyFrame,
    measure: Callable[[_Land], pl.DataFrame],
    columns: Mapping[str, Any],
    *,
    by: Names | None,
    comparing: Comparing,
    space: Space | None,
    order: str | None = None,
) -> Frame:
    """Measure each group of the frame on the graph of its architectures."""
    relation = archs.lazy()
    pairs = relation.collect() if "neighbour" in relation.collect_schema() else neighbour_pairs(relation, space=space)
    require(pairs.lazy(), ["arch", "neighbour"])
    rows: Rows = Rows.of(frame, value=comparing.value, by=by, unit=["arch"])
    groups: Groups = rows.groups
    keys = {name: dtype for name, dtype in rows.schema.items() if name in groups.keys}
    schema = {name: keys[name] for name in groups.by} | dict(columns)

    def surveyed(table: pl.DataFrame) -> pl.DataFrame:
        values = arch_values(rows, groups, table, pairs)
        parts = values.partition_by(groups.keys, as_dict=True) if groups.keys else {(): values}
        found = [
            measure(_Land.of(part, _of_benchmark(pairs, part), comparing)).select(
                *[pl.lit(value, dtype=keys[name]).alias(name) for name, value in zip(groups.keys, key, strict=True)],
                *[pl.col(name).cast(dtype) for name, dtype in columns.items()],
            )
            for key, part in parts.items()
            if part.height
        ]
        whole = pl.concat(found) if found else pl.DataFrame(schema={**keys, **columns})
        return sort(whole.select(list(schema)), [*groups.by, *([order] if order else [])])

    return answer(frame, rows.frame, surveyed, schema)


def _of_benchmark(pairs: pl.DataFrame, group: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that belong to the benchmark of a group."""
    if "benchmark" not in pairs.columns or "benchmark" not in group.columns:
        return pairs
    return pairs.filter(pl.col("benchmark").cast(pl.String) == str(group["benchmark"][0]))


def _correlation(values: NDArray[np.float64], distances: NDArray[np.intp], chosen: NDArray[np.bool_]) -> float | None:
    import numpy as np

    x, y = values[chosen], distances[chosen]
    if x.min() == x.max() or y.min() == y.max():
        return None
    return float(np.corrcoef(x, y)[0, 1])
