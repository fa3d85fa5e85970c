"""Aggregating helpers beside DuckDB and pandas: python -m tests.benchmarks.bench_aggregates [--archs 15625] [--budgets 200]."""

from __future__ import annotations

import argparse

import duckdb
import numpy as np
import polars as pl

import nbframes as nbf
from nbframes.schema import DATASET, METRIC, SPLIT, categorical
from tests.benchmarks.bench_ranking import curves
from tests.benchmarks.table import Row, measure, print_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archs", type=int, default=15_625)
    parser.add_argument("--budgets", type=int, default=200)
    options = parser.parse_args()
    frame = curves(options.archs, options.budgets).with_columns(
        benchmark=pl.lit("nats-tss", categorical("benchmark")),
        metric=pl.lit("accuracy", METRIC),
        dataset=pl.lit("cifar10", DATASET),
        split=pl.lit("test", SPLIT),
        schedule=pl.lit(options.budgets, pl.Int32),
    )
    final = frame.filter(pl.col("budget") == options.budgets)
    plain = frame.select("arch", "budget", "seed", "value")
    last = final.select("arch", "seed", "value")
    pandas = {"all": plain.to_pandas(), "last": last.to_pandas()}
    tables = duckdb.connect()
    tables.register("frame", frame.to_arrow())
    tables.register("last", last.to_arrow())
    keys = "benchmark, metric, dataset, split, schedule, arch, budget"
    rows = [
        Row(
            f"learning_curves: {options.archs:,} x {options.budgets} from {frame.height:,} rows",
            measure(lambda: nbf.learning_curves(frame), repeat=3),
            measure(
                lambda: tables.sql(
                    f"select {keys}, count(*), avg(value), stddev_samp(value) from frame group by all order by all"
                ).pl(),
                repeat=3,
            ),
            "duckdb on the same frame",
        ),
        Row(
            "the same, of arch and budget alone",
            measure(lambda: nbf.learning_curves(plain), repeat=3),
            measure(
                lambda: pandas["all"].groupby(["arch", "budget"])["value"].agg(["count", "mean", "std"]),
                repeat=2,
                warmup=0,
            ),
            "pandas",
        ),
        Row(
            "learning_curves of the population, quantiles 0.1 0.9",
            measure(lambda: nbf.learning_curves(frame, over=("seed", "arch"), quantiles=[0.1, 0.9]), repeat=3),
            measure(
                lambda: tables.sql(
                    f"with m as (select {keys}, avg(value) v from frame group by all) select budget, count(*), avg(v), stddev_samp(v), "
                    "quantile_cont(v, 0.1), quantile_cont(v, 0.9) from m group by all order by all"
                ).pl(),
                repeat=3,
            ),
            "duckdb on the same frame",
        ),
        Row(
            f"summarize: {final.height:,} rows",
            measure(lambda: nbf.summarize(final)),
            measure(lambda: pandas["last"].groupby("arch")["value"].mean().describe()),
            "pandas, without the architectures",
        ),
        Row(
            "best_archs, k=10",
            measure(lambda: nbf.best_archs(final, k=10)),
            measure(
                lambda: tables.sql(
                    "select arch, avg(value) v, rank() over (order by avg(value) desc) r from last group by arch qualify r <= 10"
                ).pl()
            ),
            "duckdb",
        ),
        Row(
            "ecdf",
            measure(lambda: nbf.ecdf(final)),
            measure(lambda: np.unique(pandas["last"].groupby("arch")["value"].mean().to_numpy(), return_counts=True)),
            "pandas and numpy",
        ),
        Row("seed_noise", measure(lambda: nbf.seed_noise(final))),
    ]
    print_table("aggregates", rows)


if __name__ == "__main__":
    main()
