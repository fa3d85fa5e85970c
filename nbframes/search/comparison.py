"""Fair statistics: which algorithm found more, and whether that could be chance."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, MissingDependencyError, UnknownNameError
from nbframes.search.curves import final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_VALUES = ("regret", "reported")


def compare(
    frame: pl.DataFrame | pl.LazyFrame, /, *, value: str = "regret", lower_is_better: bool | None = None
) -> pl.DataFrame:
    """Compare what the runs of every two algorithms had found in the end.

    Parameters
    ----------
    frame
        What `nbframes.search.run` returns, of two algorithms or more; frames of several problems may be concatenated.
    value
        ``"regret"`` or ``"reported"``.
    lower_is_better
        Direction of the value; by default lower regret, and a higher reported value.

    Returns
    -------
    DataFrame
        One row for each problem and pair of algorithms, in the order of the frame:

        - ``problem``, ``algorithm_a``, ``algorithm_b``, ``runs_a``, ``runs_b``, ``mean_a``, ``mean_b``, ``median_a``, ``median_b``;
        - ``p_better``: probability that a run of a is better than one of b, ties counting half (Vargha and Delaney's A);
          ``effect``: 2 p_better - 1, Cliff's delta, in [-1, 1], positive if a is better;
        - ``mann_whitney``: two-sided p-value of the runs as two independent samples (with correction for ties);
        - ``wilcoxon``: two-sided p-value of the runs paired by their numbers (zero differences count half for each
          side); null if the numbers of runs differ;
        - ``mann_whitney_holm``, ``wilcoxon_holm``: the same, corrected after Holm for all pairs of the problem.

    Raises
    ------
    FrameError
        If a problem has one algorithm only.
    UnknownNameError
        If ``value`` is something else.
    MissingDependencyError
        If scipy is not installed.

    Notes
    -----
    Runs of different algorithms draw from independent streams, so that the unpaired test is the plain choice; the paired one
    is what many papers print.

    References
    ----------
    Vargha and Delaney, "A Critique and Improvement of the CL Common Language Effect Size Statistics of McGraw and Wong", 2000;
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run(["random", "local"], problem, runs=20, budget=30)
    >>> nbf.search.compare(frame).select("algorithm_a", "algorithm_b", "runs_a").rows()
    [('random', 'local', 20)]
    """
    ends, sign = _ends(frame, value, lower_is_better)
    rows: list[dict[str, Any]] = []
    for (problem,), part in ends.partition_by("problem", as_dict=True, maintain_order=True).items():
        groups = {
            name: group for (name,), group in part.partition_by("algorithm", as_dict=True, maintain_order=True).items()
        }
        if len(groups) < 2:
            msg = f"{problem} has runs of {next(iter(groups))!r} only; a comparison takes two algorithms"
            raise FrameError(msg)
        pairs = [_pair(groups[a], groups[b], value, sign) for a, b in combinations(groups, 2)]
        for test in ("mann_whitney", "wilcoxon"):
            for row, corrected in zip(pairs, holm([row[test] for row in pairs]), strict=True):
                row[f"{test}_holm"] = corrected
        rows += pairs
    return pl.DataFrame(rows, infer_schema_length=None)


def mean_ranks(
    frame: pl.DataFrame | pl.LazyFrame, /, *, value: str = "regret", lower_is_better: bool | None = None
) -> pl.DataFrame:
    """Mean rank of each algorithm over problems, by the mean of what its runs had found in the end.

    Parameters
    ----------
    frame
        Frames of `nbframes.search.run` on several problems, concatenated; each problem has the same algorithms.
    value
        ``"regret"`` or ``"reported"``.
    lower_is_better
        Direction of the value; by default lower regret, and a higher reported value.

    Returns
    -------
    DataFrame
        ``algorithm``, ``mean_rank`` (1 is best, ties share the mean of their ranks), ``problems``; best first.

    Raises
    ------
    FrameError
        If a problem lacks an algorithm.
    UnknownNameError
        If ``value`` is something else.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run(["random", "local"], problem, runs=20, budget=30)
    >>> nbf.search.mean_ranks(frame)["mean_rank"].sum()
    3.0
    """
    ends, sign = _ends(frame, value, lower_is_better)
    means = ends.group_by("problem", "algorithm", maintain_order=True).agg(pl.col(value).mean() * sign)
    counts = means.group_by("algorithm", maintain_order=True).len("problems")
    problems = means["problem"].n_unique()
    if lacking := counts.filter(pl.col("problems") < problems)["algorithm"].cast(pl.String).to_list():
        msg = f"not every problem has runs of {lacking}; ranks need the same algorithms on each"
        raise FrameError(msg)
    ranks = means.with_columns(pl.col(value).rank("average", descending=True).over("problem").alias("mean_rank"))
    return (
        ranks.group_by("algorithm", maintain_order=True)
        .agg(pl.col("mean_rank").mean(), pl.len().cast(pl.Int64).alias("problems"))
        .sort("mean_rank", maintain_order=True)
    )


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Holm's correction of p-values; None stands for no test."""
    tests = sorted((value, place) for place, value in enumerate(p) if value is not None)
    corrected: list[float | None] = [None] * len(p)
    highest = 0.0
    for done, (value, place) in enumerate(tests):
        highest = max(highest, min(1.0, value * (len(tests) - done)))
        corrected[place] = highest
    return corrected


def probability_of_better(a: Floats, b: Floats) -> float:
    """Probability that a value of ``a`` is larger than one of ``b``, ties counting half."""
    ascending = np.sort(b)
    below, up_to = (np.searchsorted(ascending, a, side) for side in ("left", "right"))
    return float((below + up_to).sum() / (2 * len(a) * len(b)))


def _ends(frame: Any, value: str, lower_is_better: bool | None) -> tuple[pl.DataFrame, float]:
    if value not in _VALUES:
        raise UnknownNameError.of("value", value, _VALUES)
    ends = final(frame)
    if ends[value].is_nan().any():
        msg = f"{value} is not known for these runs; use value='reported'"
        raise InvalidArgumentError(msg)
    lower = value == "regret" if lower_is_better is None else lower_is_better
    return ends, -1.0 if lower else 1.0


def _pair(first: pl.DataFrame, second: pl.DataFrame, value: str, sign: float) -> dict[str, Any]:
    x, y = (group.sort("run")[value].to_numpy() for group in (first, second))
    better = probability_of_better(sign * x, sign * y)
    paired = first["run"].sort().equals(second["run"].sort())
    return {
        "problem": str(first["problem"][0]),
        "algorithm_a": str(first["algorithm"][0]),
        "algorithm_b": str(second["algorithm"][0]),
        "runs_a": len(x),
        "runs_b": len(y),
        "mean_a": float(x.mean()),
        "mean_b": float(y.mean()),
        "median_a": float(np.median(x)),
        "median_b": float(np.median(y)),
        "p_better": better,
        "effect": 2 * better - 1,
        "mann_whitney": _mann_whitney(x, y),
        "wilcoxon": _wilcoxon(x, y) if paired else None,
    }


def _mann_whitney(x: Floats, y: Floats) -> float:
    if (x[0] == x).all() and (y == x[0]).all():
        return 1.0
    return float(_stats().mannwhitneyu(x, y, alternative="two-sided").pvalue)


def _wilcoxon(x: Floats, y: Floats) -> float:
    if (x == y).all():
        return 1.0
    return float(_stats().wilcoxon(x, y, zero_method="zsplit", method="approx").pvalue)


def _stats() -> Any:
    try:
        from scipy import stats
    except ImportError as error:
        raise MissingDependencyError.of("scipy", "a test of two samples", "search") from error
    return stats
