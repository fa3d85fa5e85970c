"""A quick answer from a store: the best architectures, with all that was decided on the way to them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes import benchmarks, expr
from nbframes.analysis._memory import check_fits
from nbframes.analysis.protocols import meant, meant_pairs, partitions_of, protocol, usual_protocol
from nbframes.display.text import printable
from nbframes.errors import InvalidArgumentError, UnknownNameError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.benchmarks import Metric
    from nbframes.benchmarks.values import Better
    from nbframes.schema import Partition
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_SEEDS_SHOWN: Final = 6


@dataclass(frozen=True)
class QueryTable:
    """Architectures by their mean over seeds, and what was asked of them.

    Attributes
    ----------
    benchmark, dataset, split, metric
        Whose values; ``cifar10`` and ``val`` follow the papers' protocol, see `nbframes.on`.
    unit
        Unit of the metric.
    better
        ``"max"`` or ``"min"``; None if neither end is better: then nothing is ranked.
    schedule
        Epochs that the runs were set to train.
    budgets
        Epochs after which the values were measured.
    seeds
        Seeds of the runs; not every architecture need have all of them.
    archs
        How many architectures were ranked.
    synthetic
        Whether the numbers are made up.
    frame
        ``rank``, ``arch``, ``value`` (the mean), ``value_std``, ``seed_count``, and ``arch_str`` where the store has it; sorted.
    """

    benchmark: str
    dataset: str
    split: str
    metric: str
    unit: str
    better: Better | None
    schedule: int
    budgets: tuple[int, ...]
    seeds: tuple[int, ...]
    archs: int
    synthetic: bool
    frame: pl.DataFrame

    def title(self) -> str:
        """Say in one line what the values are.

        Returns
        -------
        str
            Benchmark, metric with unit and direction, dataset, split, schedule, budget, seeds, number of architectures.

        Examples
        --------
        >>> import nbframes as nbf
        >>> from nbframes.analysis.query import query_table
        >>> query_table(nbf.synthetic.store(), "nats-sss", dataset="cifar100", split="val").title()
        'SYNTHETIC nats-sss: accuracy (percent [0, 100], more is better) on cifar100 val; schedule 90, budget 90; mean over seed 777; 96 architectures'
        """
        direction = {"max": ", more is better", "min": ", less is better", None: ""}[self.better]
        low, high = min(self.budgets), max(self.budgets)
        budget = f"budget {low}" if low == high else f"budgets {low} to {high}"
        shown = ", ".join(map(str, self.seeds[:_SEEDS_SHOWN]))
        more = f" and {len(self.seeds) - _SEEDS_SHOWN} more" if len(self.seeds) > _SEEDS_SHOWN else ""
        return printable(
            f"{'SYNTHETIC ' if self.synthetic else ''}{self.benchmark}: {self.metric} ({self.unit}{direction}) on {self.dataset} {self.split}; "
            f"schedule {self.schedule}, {budget}; mean over seed{'s' if self.seeds[1:] else ''} {shown}{more}; "
            f"{self.archs:,} architecture{'' if self.archs == 1 else 's'}"
        )

    def where(self, store: Store) -> pl.Expr:
        """Select the dataset and split of the values.

        Parameters
        ----------
        store
            The store that was asked.

        Returns
        -------
        Expr
            Predicate for ``filter``.

        Examples
        --------
        >>> import nbframes as nbf
        >>> from nbframes.analysis.query import query_table
        >>> store = nbf.synthetic.store()
        >>> store.scan("nats-sss").filter(query_table(store, "nats-sss").where(store)).collect()["split"].unique().to_list()
        ['test']
        """
        return protocol(store, self.dataset, self.split)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, the frame as ``rows``.

        Returns
        -------
        dict
            Ready for JSON.

        Examples
        --------
        >>> import nbframes as nbf
        >>> from nbframes.analysis.query import query_table
        >>> answer = query_table(nbf.synthetic.store(), "nats-sss", top=1).to_dict()
        >>> answer["schedule"], len(answer["rows"])
        (90, 1)
        """
        facts = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "frame"}
        return facts | {"rows": self.frame.to_dicts()}


def query_table(
    store: Store,
    benchmark: str,
    *,
    dataset: str | None = None,
    split: str | None = None,
    metric: str | None = None,
    schedule: int | None = None,
    budget: int | None = None,
    archs: Sequence[int] = (),
    top: int | None = 10,
    better: Better | None = None,
) -> QueryTable:
    """Rank the architectures of a benchmark by their mean over seeds.

    Parameters
    ----------
    store
        The store.
    benchmark
        A benchmark of it.
    dataset, split
        What to compare, in the sense of `nbframes.on`. By default CIFAR-10, else the first dataset by name, and the first that there is of
        test, valtest, val and train.
    metric
        By default ``accuracy``, else the first that there is.
    schedule
        Epochs that the runs were set to train; by default the most with such values.
    budget
        Epochs completed; by default the last published value of each run.
    archs
        Only these architectures; their ranks are those among all.
    top
        How many to show; all if None.
    better
        Which end is better: ``"max"`` or ``"min"``. By default what the benchmark says of its metric; if nobody says it,
        nothing is ranked, and the architectures come in their order.

    Returns
    -------
    QueryTable
        The table, with everything that was chosen by default.

    Raises
    ------
    InvalidArgumentError
        If there are no such values, or ``top`` is less than 1.
    UnknownNameError
        If a name does not exist.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.analysis.query import query_table
    >>> best = query_table(nbf.synthetic.store(), "nats-tss", top=3)
    >>> best.dataset, best.split, best.frame["rank"].to_list()
    ('cifar10', 'test', [1, 2, 3])
    """
    if top is not None and (isinstance(top, bool) or top < 1):
        msg = f"top is how many architectures to show, 1 or more, not {top!r}"
        raise InvalidArgumentError(msg)
    manifests = store.catalogue.manifests(benchmark)
    partitions = partitions_of(manifests)
    _check_names(benchmark, partitions, dataset, split, metric)
    metric = metric or _usual_metric(benchmark, sorted({part.metric for part in partitions}))
    pairs = meant_pairs(partitions, metric)
    dataset, split = _protocol_of(store, benchmark, metric, pairs, (dataset, split, schedule))
    rows = store.scan(benchmark).filter(store.metric(metric), protocol(store, dataset, split))
    rows = rows.filter(expr.budget(budget) if budget is not None else expr.final())
    known = quantity(manifests, metric)
    chosen = _schedule(rows, f"{benchmark} has no {metric} on {dataset} {split}", schedule, budget)
    asked = rows.filter(expr.schedule(chosen)).select("arch", "budget", "seed", "value")
    check_fits(asked, asked)
    values = asked.collect()
    better = better or (known.better if known else None)
    ranked = _ranked(values, better, known.tie if known else 0.0)
    if archs:
        ranked = ranked.filter(expr.arch(*archs))
        if absent := sorted(set(archs) - set(ranked["arch"])):
            msg = f"{benchmark} has no such values for the architectures {absent}"
            raise InvalidArgumentError(msg)
    return QueryTable(
        benchmark,
        dataset,
        split,
        metric,
        unit_of(manifests, metric) or "unit unknown",
        better,
        chosen,
        tuple(values["budget"].unique().sort()),
        tuple(values["seed"].unique().sort()),
        values["arch"].n_unique(),
        any(manifest.synthetic for manifest in manifests),
        _with_text(store, manifests[0], ranked if top is None else ranked.head(top)),
    )


def _protocol_of(
    store: Store,
    benchmark: str,
    metric: str,
    pairs: list[tuple[str, str]],
    asked: tuple[str | None, str | None, int | None],
) -> tuple[str, str]:
    """Dataset and split of a metric, those that were not asked for filled in; asked are they and the schedule."""
    dataset, split, schedule = asked
    fitting = [pair for pair in pairs if dataset in (None, pair[0]) and split in (None, pair[1])]
    if not fitting:
        words = " ".join(filter(None, (dataset, split)))
        there = listed(" ".join(pair) for pair in pairs)
        msg = f"{benchmark} has no {metric}" + (f" on {words}; it has {metric} on {there}" if pairs else "")
        raise InvalidArgumentError(msg)
    return usual_protocol(_trained(store, benchmark, metric, fitting, schedule))


def _trained(
    store: Store, benchmark: str, metric: str, pairs: list[tuple[str, str]], schedule: int | None
) -> list[tuple[str, str]]:
    """Those of some datasets and splits that have the schedule asked for, by default the full one; all if none has it."""
    known = benchmarks.find(benchmark)
    wanted = schedule if schedule is not None else known.full_schedule if known is not None else None
    if wanted is None:
        return pairs
    held = store.describe(benchmark).filter(
        (pl.col("metric").cast(pl.String) == metric) & (pl.col("schedule") == wanted)
    )
    parts = held.select(pl.col("dataset", "split").cast(pl.String)).rows()
    found = {pair for part in parts for pair in meant(*part)}
    return [pair for pair in pairs if pair in found] or pairs


def unit_of(manifests: Sequence[Manifest], metric: str) -> str:
    """Unit of a metric or cost as it is stored.

    Parameters
    ----------
    manifests
        Of a benchmark and its attachments.
    metric
        Its name.

    Returns
    -------
    str
        "" where nobody says it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.analysis.query import unit_of
    >>> unit_of([nbf.synthetic.store().manifest("nats-tss")], "accuracy")
    'percent [0, 100]'
    """
    return next((manifest.units[metric] for manifest in manifests if manifest.units.get(metric)), "")


def quantity(manifests: Sequence[Manifest], metric: str) -> Metric | None:
    """What is known of a metric: as its benchmark defines it, or as the manifests do.

    Parameters
    ----------
    manifests
        Of a benchmark and its attachments.
    metric
        Its name.

    Returns
    -------
    Metric or None
        None if nobody defines it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.analysis.query import quantity
    >>> quantity([nbf.synthetic.store().manifest("nats-tss")], "accuracy").label
    'accuracy (%)'
    """
    return benchmarks.find_metric(metric, manifests[0].benchmark, [manifest.metrics for manifest in manifests])


def _check_names(
    benchmark: str, partitions: Sequence[Partition], dataset: str | None, split: str | None, metric: str | None
) -> None:
    """Raise if the benchmark has nothing under a name; what other benchmarks have is no answer here."""
    datasets = sorted({pair[0] for part in partitions for pair in meant(part.dataset, part.split)})
    metrics = sorted({part.metric for part in partitions})
    for kind, name, held in (("dataset", dataset, datasets), ("metric", metric, metrics)):
        if name is not None and name not in held:
            what = f"{kind} of {benchmark}"
            raise UnknownNameError.of(what, name, held)
    if split is not None:
        expr.split(split)


def _usual_metric(benchmark: str, present: list[str]) -> str:
    known = benchmarks.find(benchmark)
    order = ["accuracy", *(metric.name for metric in known.metrics if metric.better)] if known else ["accuracy"]
    return next((name for name in order if name in present), present[0])


def _schedule(rows: pl.LazyFrame, absent: str, schedule: int | None, budget: int | None) -> int:
    schedules: list[int] = rows.select(pl.col("schedule").unique().sort()).collect().to_series().to_list()
    if not schedules:
        msg = absent + (f" at budget {budget}" if budget is not None else " among the last published values of runs")
        raise InvalidArgumentError(msg)
    if schedule is not None and schedule not in schedules:
        msg = f"no such values with schedule {schedule!r}; the schedules are {schedules}"
        raise InvalidArgumentError(msg)
    return schedules[-1] if schedule is None else schedule


def _ranked(values: pl.DataFrame, better: Better | None, tie: float) -> pl.DataFrame:
    means = values.group_by("arch").agg(expr.seed_mean(), expr.seed_std(), expr.seed_count())
    if better is None:
        return means.select(pl.lit(None, pl.UInt32).alias("rank"), pl.all()).sort("arch")
    ranked = means.select(expr.rank(maximise=better == "max", tie=tie), pl.all())
    return ranked.sort("rank", "arch")


def _with_text(store: Store, manifest: Manifest, ranked: pl.DataFrame) -> pl.DataFrame:
    if not manifest.rows("archs"):
        return ranked
    archs = store.scan_archs(manifest.benchmark)
    if "arch_str" not in archs.collect_schema():
        return ranked
    wanted = archs.filter(pl.col("arch").is_in(ranked["arch"].implode())).select("arch", "arch_str").collect()
    return ranked.join(wanted, on="arch", how="left", maintain_order="left")
