"""All benchmarks of a store asked the same questions."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from nbframes import benchmarks
from nbframes.analysis._frames import as_lazy, require
from nbframes.analysis._memory import check_fits
from nbframes.analysis._metrics import Rule
from nbframes.analysis.noise import seed_noise
from nbframes.analysis.pareto import pareto_front
from nbframes.analysis.population import ecdf
from nbframes.analysis.ranking import rank_correlation
from nbframes.analysis.tradeoffs import with_costs
from nbframes.display.text import html_table, table_lines
from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.expr import final, on, schedule


class Comparison(NamedTuple):
    """Answers for several benchmarks, each a frame with a column ``benchmark``: what `compare` gives.

    Parameters
    ----------
    distribution
        `nbframes.ecdf` of the architectures' means.
    front
        `nbframes.pareto_front` of mean value (most) and parameters (fewest).
    noise
        `nbframes.seed_noise` in bins, of the benchmarks that have several seeds.
    agreement
        `nbframes.rank_correlation` of the two splits, of the benchmarks that have both.

    Examples
    --------
    >>> import nbframes as nbf
    >>> store = nbf.synthetic.store(benchmarks=["nats-tss"])
    >>> answers = nbf.compare(store.scan("nats-tss"), store.scan_runs("nats-tss"))
    >>> answers._fields
    ('distribution', 'front', 'noise', 'agreement')
    """

    distribution: pl.DataFrame
    front: pl.DataFrame
    noise: pl.DataFrame
    agreement: pl.DataFrame

    def __repr__(self) -> str:
        return "\n".join(["Comparison", *table_lines(self._overview())])

    def _repr_html_(self) -> str:
        return html_table(self._overview(), "Comparison")

    def _overview(self) -> pl.DataFrame:
        """One row a benchmark: what is in the four frames, in a few numbers."""
        every = self.distribution.group_by("benchmark", maintain_order=True)
        rows = every.agg(
            pl.col("n").first().alias("architectures"),
            pl.col("value").filter(pl.col("share") >= 0.5).min().alias("median"),
            pl.col("value").min().alias("least"),
            pl.col("value").max().alias("greatest"),
        )
        seeds = pl.col("std").filter(pl.col("std").is_not_null())
        for part in (
            self.front.group_by("benchmark").len("on the front"),
            self.noise.group_by("benchmark").agg((seeds.dot("n") / pl.col("n").sum()).alias("mean std over seeds")),
            self.agreement.select("benchmark", pl.col("correlation").alias("Kendall's tau of the splits")),
        ):
            rows = rows.join(part, on="benchmark", how="left", maintain_order="left")
        return rows


def compare(
    results: pl.DataFrame | pl.LazyFrame,
    runs: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    dataset: str = "cifar10",
    split: str = "test",
    against: str = "val",
    metric: str = "accuracy",
    bins: int = 20,
) -> Comparison:
    """Distribution, best trade-offs, seed noise and agreement of two splits, for every benchmark that has the dataset.

    Parameters
    ----------
    results
        Results in long format, for example ``store.scan()``. Taken are the final values of each benchmark's own full
        schedule (of a benchmark of your own, its longest).
    runs
        Costs of the runs, for example ``store.scan_runs()``.
    dataset, split
        What to compare, in the sense of `nbframes.on`.
    against
        Split whose ranking is compared with that of ``split``.
    metric
        Metric that is compared; it says itself which end is the better one.
    bins
        Bins of the seed noise, see `nbframes.seed_noise`.

    Returns
    -------
    Comparison
        The frames ``distribution``, ``front``, ``noise`` and ``agreement``.

    Raises
    ------
    FrameError
        If a column is missing, or no benchmark has such results.
    InvalidArgumentError
        If ``split`` and ``against`` are the same.
    UnknownNameError
        If a split does not exist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.analysis import compare
    >>> spaces = ["nats-tss", "nats-sss"]
    >>> store = nbf.synthetic.store(benchmarks=spaces)
    >>> answers = compare(store.scan(*spaces), store.scan_runs(*spaces))
    >>> answers.agreement["benchmark"].to_list()
    ['nats-sss', 'nats-tss']
    """
    if split == against:
        msg = f"split and against are both {split!r}: name two splits whose rankings are compared"
        raise InvalidArgumentError(msg)
    require(as_lazy(results), ("benchmark", "metric", "dataset", "split", "arch", "schedule", "seed", "final", "value"))
    here, there = _where(dataset, split), _where(dataset, against)
    longest = pl.col("schedule") == pl.col("schedule").max().over("benchmark")
    own = ~pl.col("benchmark").cast(pl.String).is_in(list(benchmarks.full_schedules()))
    chosen = results.lazy().filter(final(), pl.col("metric") == metric, here | there, schedule("full") | own)
    check_fits(chosen, chosen)
    rows = chosen.filter(schedule("full") | longest).collect()
    values = rows.filter(here)
    if values.is_empty():
        msg = f"no benchmark has final values of {metric!r} on {dataset!r}, split {split!r}, after its full schedule"
        raise FrameError(msg)
    both = rows.select("benchmark", "arch", "seed", "split", "value")
    paired = both.filter(pl.col("split").n_unique().over("benchmark") > 1)
    noise = seed_noise(values, bins=bins)
    up, down = (("value",), ()) if Rule.of_metric(metric, values["benchmark"][0]).maximise else ((), ("value",))
    return Comparison(
        ecdf(values),
        pareto_front(with_costs(values, runs), maximise=up, minimise=(*down, "params")),
        noise.filter(pl.col("std").is_not_null()),
        rank_correlation(paired, "split", by="benchmark"),
    )


def _where(dataset: str, split: str) -> pl.Expr:
    if dataset in benchmarks.dataset_names():
        return on(dataset, split)
    return (pl.col("dataset") == dataset) & (pl.col("split") == split)
