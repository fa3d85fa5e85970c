"""Helpers on whole spaces, each beside the same question in plain Polars, which checks nothing: no repeated rows, no mixed groups, no ties.

    python -m tests.benchmarks.bench_helpers [--archs 15625] [--runs 3] [--repeat 15]

The frame holds the final accuracies of every run under all columns of a store, as `nbframes.scan` gives them. Ours and the plain question take
turns, and the least time of each counts.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import nbframes as nbf
from nbframes import analysis
from nbframes.schema import HIVE, RESULTS
from nbframes.spaces import tss
from tests.benchmarks.table import Row, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = "<= 1.5"
MEAN = pl.col("value").mean()


def finals(archs: int, runs: int) -> pl.DataFrame:
    """Final accuracies in steps of 1 / 10,000, in the order of a store."""
    random = np.random.default_rng(0)
    values = np.clip(random.normal(88, 5, (archs, 1)) + random.normal(0, 0.3, (archs, runs)), 1, 99)
    frame = pl.DataFrame(
        {
            "arch": np.repeat(np.arange(archs, dtype=np.int32), runs),
            "seed": np.tile(np.arange(runs, dtype=np.int32), archs),
            "value": values.round(2).ravel(),
        }
    )
    same = {"benchmark": "nats-tss", "dataset": "cifar10", "split": "test", "metric": "accuracy"}
    frame = frame.with_columns(schedule=pl.lit(200), budget=pl.lit(200), final=pl.lit(value=True), **{
        name: pl.lit(value) for name, value in same.items()
    })  # fmt: skip
    return frame.select(*RESULTS).cast(HIVE)


def costs(archs: int, runs: int) -> pl.DataFrame:
    """Costs of the same runs."""
    random = np.random.default_rng(1)
    frame = finals(archs, runs).select("benchmark", "arch", "dataset", "schedule", "seed")
    params = np.repeat(random.integers(200_000, 50_000_000, archs), runs)
    return frame.with_columns(
        params=pl.Series(params),
        mflops=pl.Series(params / 1e4),
        train_time=pl.Series(random.uniform(1e3, 1e4, archs * runs)),
    )


def questions(frame: pl.DataFrame, runs: pl.DataFrame) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Work by name: ours, and the plain question."""
    lazy = frame.lazy()
    means = lazy.group_by("arch").agg(MEAN)
    quantiles = [pl.col("value").quantile(q, "linear").alias(f"q{q}") for q in (0.25, 0.5, 0.75)]
    ends = [pl.col("value").min().alias("min"), pl.col("arch").sort_by("value").first().alias("min_arch")]
    ends += [pl.col("value").max().alias("max"), pl.col("arch").sort_by("value").last().alias("max_arch")]
    ranked = means.with_columns(rank=pl.col("value").rank("min", descending=True))
    beside = means.join(runs.lazy().group_by("arch").agg(pl.col("params", "mflops", "train_time").mean()), on="arch")
    spread = lazy.group_by("arch").agg(MEAN, std=pl.col("value").std()).sort("value", descending=True)
    pairs = lazy.group_by("arch").agg("value").sort(pl.col("value").list.mean(), descending=True)
    pairs = pairs.with_columns(other=pl.col("value").shift(-1)).explode("value").explode("other")
    flips = pairs.group_by("arch").agg((pl.col("value") < pl.col("other")).mean())
    asked = {
        "summarize": (
            lambda: nbf.summarize(frame),
            means.select(pl.len(), MEAN.alias("mean"), pl.col("value").std().alias("std"), *quantiles, *ends),
        ),
        "ecdf": (lambda: nbf.ecdf(frame), means.group_by("value").len().sort("value").with_columns(pl.col("len").cum_sum())),
        "best_archs, k=10": (lambda: nbf.best_archs(frame, k=10), ranked.filter(pl.col("rank") <= 10).sort("rank")),
        "best_archs under a cap": (
            lambda: nbf.best_archs(frame, k=10, runs=runs, at_most={"params": 1e7}),
            beside.filter(pl.col("params") <= 1e7)
            .with_columns(rank=pl.col("value").rank("min", descending=True))
            .filter(pl.col("rank") <= 10)
            .sort("rank"),
        ),
        "with_costs": (
            lambda: analysis.with_costs(frame, runs),
            beside.with_columns(rank=pl.col("value").rank("min", descending=True)).sort("rank", "arch"),
        ),
        "seed_noise": (
            lambda: nbf.seed_noise(frame),
            spread.join(flips, on="arch"),
        ),
    }  # fmt: skip
    return {name: (ours, plain.collect) for name, (ours, plain) in asked.items()}


def effects(archs: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Effects of operations in a topology space, with the pairs at hand, beside two joins."""
    frame = finals(archs, 3)
    table = pl.DataFrame(
        {"arch": pl.Series(range(archs), dtype=pl.Int32), "arch_str": tss.from_index(pl.Series(range(archs)))}
    )
    relation = analysis.replacement_pairs(table, space="tss")
    means = frame.lazy().group_by("arch").agg(MEAN)
    other = means.rename({"arch": "neighbour", "value": "changed"})
    change = pl.col("changed") - pl.col("value")
    plain = means.join(relation.lazy(), on="arch").join(other, on="neighbour").group_by("operation", "replacement")
    plain = plain.agg(pl.len(), change.mean().alias("mean"), change.std().alias("std"), (change > 0).mean().alias("up"))
    return lambda: analysis.operation_effects(frame, relation), plain.collect


def in_turn(ours: Callable[[], object], plain: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Least milliseconds of each, taken one after the other."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeat + 1):
        for work, taken in zip((ours, plain), times, strict=True):
            begun = time.perf_counter()
            work()
            taken.append((time.perf_counter() - begun) * 1e3)
    return min(times[0][1:]), min(times[1][1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archs", type=int, default=15_625)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    frame, runs = finals(options.archs, options.runs), costs(options.archs, options.runs)
    rows = [
        Row(name, *in_turn(ours, plain, options.repeat), "plain Polars", BUDGET)
        for name, (ours, plain) in questions(frame, runs).items()
    ]
    known = min(options.archs, 15_625)
    rows.append(
        Row(f"operation_effects of {known:,}", *in_turn(*effects(known), options.repeat), "plain Polars", BUDGET)
    )
    print_table(f"helpers on {options.archs:,} architectures, {frame.height:,} rows", rows)


if __name__ == "__main__":
    main()
