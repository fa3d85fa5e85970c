"""The part of the demo that answers on published values: tables and figures of real networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import nbframes as nbf
from nbframes.cli.figures import save_figures

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from nbframes.store import Store

_FRONT: Final = "Pareto front: CIFAR-100 validation accuracy against parameters"


def summarise(store: Store) -> dict[str, pl.DataFrame]:
    """Make the tables: best architectures, val against valtest, 12 against 200 epochs, accuracy against parameters."""
    import polars as pl

    from nbframes.analysis import pareto_front, rank_correlation, with_costs
    from nbframes.analysis.query import query_table

    tss = _accuracy(store, "nats-tss")
    val = tss.filter(nbf.on("cifar100", "val"))
    splits = tss.filter(nbf.dataset("cifar100", "ImageNet16-120"), nbf.split("val", "valtest"), nbf.schedule("full"))
    best = query_table(store, "nats-tss", dataset="cifar100", split="val", top=5)
    costs = with_costs(val.filter(nbf.schedule("full")), store.scan_runs("nats-tss"))
    tau = pl.col("correlation").alias("Kendall's tau-b")
    return {
        best.title(): best.frame,
        "val against valtest: rank correlation": rank_correlation(splits, "split", by="dataset")
        .select("dataset", "n", tau)
        .collect(),
        "12 epochs against 200, CIFAR-100 val: rank correlation": rank_correlation(val, ("schedule", "budget"))
        .select("schedule_a", "schedule_b", "n", tau)
        .collect(),
        _FRONT: pareto_front(costs, maximise="value", minimise="params").collect(),
    }


def draw(store: Store, summary: dict[str, pl.DataFrame], folder: Path) -> list[Path]:
    """Draw the figures into a folder."""
    import polars as pl

    from nbframes import plot
    from nbframes.analysis import ecdf, paired_ranks, with_costs

    tss = _accuracy(store, "nats-tss").filter(nbf.schedule("full"))
    val = tss.filter(nbf.on("cifar100", "val"))
    spaces = _accuracy(store, "nats-tss", "nats-sss").filter(nbf.on("cifar10", "val"), nbf.schedule("full"))
    ranks = paired_ranks(tss.filter(pl.col("dataset") == "cifar100"), "split").collect()
    costs = with_costs(val, store.scan_runs("nats-tss")).collect()
    axes = {
        "published_ecdf": plot.ecdf(ecdf(spaces).collect()),
        "published_val_valtest": plot.paired_ranks(ranks),
        "published_pareto_front": plot.pareto_front(summary[_FRONT], maximise="value", minimise="params", cloud=costs),
    }
    for ax in axes.values():
        ax.set_title("published values", loc="right", fontsize="small")
    return save_figures(axes, folder)


def _accuracy(store: Store, *benchmarks: str) -> pl.LazyFrame:
    return store.scan(*benchmarks).filter(nbf.metric("accuracy"), nbf.final())
