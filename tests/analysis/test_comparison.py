"""All benchmarks asked the same questions: the answers are those of the helpers, benchmark by benchmark."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.analysis import compare, with_costs
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError

NAMES = ("nats-sss", "nats-tss", "nb101")


@pytest.fixture(scope="module")
def scans():
    """Made-up results and runs of three benchmarks: final values and others, several datasets, schedules and seeds."""
    rng = np.random.default_rng(0)
    cells = pl.DataFrame({"arch": range(40)}).join(pl.DataFrame({"seed": [777, 888]}), how="cross")
    kinds = [
        ("nats-sss", "cifar10-valid", "val", 90),
        ("nats-sss", "cifar10", "test", 90),
        ("nats-sss", "cifar10", "test", 12),
        ("nats-sss", "cifar100", "test", 90),
        ("nats-tss", "cifar10-valid", "val", 200),
        ("nats-tss", "cifar10-valid", "test", 200),
        ("nats-tss", "cifar10", "test", 200),
        ("nb101", "cifar10", "val", 108),
        ("nb101", "cifar10", "test", 108),
        ("nb101", "cifar10", "train", 108),
    ]
    parts = [
        cells.select(
            pl.lit(benchmark).alias("benchmark"),
            pl.lit(dataset).alias("dataset"),
            pl.lit(split).alias("split"),
            pl.lit(schedule, pl.Int32).alias("schedule"),
            pl.lit(schedule, pl.Int32).alias("budget"),
            "arch",
            "seed",
            metric=pl.lit("accuracy"),
            final=pl.lit(value=True),
            value=80 + pl.col("arch") / 4 + pl.Series(rng.normal(size=80)),
        )
        for benchmark, dataset, split, schedule in kinds
    ]
    results = pl.concat([*parts, parts[0].with_columns(final=pl.lit(value=False), budget=pl.lit(1, pl.Int32))])
    runs = results.select("benchmark", "dataset", "schedule", "arch", "seed").unique()
    return results.lazy(), runs.with_columns(params=(pl.col("arch") * 7919 % 101 + 1) * 1000).lazy()


def final(results, benchmark, split):
    """Final values of one benchmark's full schedule, in the sense of the papers."""
    chosen = pl.col("benchmark") == benchmark, nbf.final(), nbf.schedule("full"), nbf.on("cifar10", split)
    return results.filter(*chosen).collect()


def test_each_benchmark_gets_what_it_gets_alone(scans):
    results, runs = scans
    answers = compare(results, runs, bins=5)
    for name in NAMES:
        test = final(results, name, "test")
        assert test.height == 80
        of_name = [frame.filter(pl.col("benchmark") == name) for frame in answers]
        assert_frame_equal(of_name[0], nbf.ecdf(test))
        table = with_costs(test, runs)
        front = nbf.pareto_front(table, maximise="value", minimise="params")
        assert_frame_equal(of_name[1].select(front.columns), front)
        noise = nbf.seed_noise(test, bins=5)
        assert_frame_equal(of_name[2], noise.filter(pl.col("std").is_not_null()))
        both = pl.concat([test, final(results, name, "val")]).drop("dataset")
        expected = nbf.rank_correlation(both, "split", by="benchmark")
        assert_frame_equal(of_name[3], expected)
        assert of_name[3]["n"].item() == 40


def test_own_benchmarks_count_with_their_longest_schedule():
    rows = {"benchmark": "mine", "metric": "score", "dataset": "toy", "seed": 0, "final": True}
    results = pl.DataFrame(
        [
            rows | {"split": split, "arch": arch, "schedule": schedule, "budget": schedule, "value": value}
            for split, shift in (("val", 0.5), ("test", 0.0))
            for schedule in (5, 10)
            for arch, value in ((0, schedule + shift), (1, 2.0 * schedule + shift), (2, 1.0 + shift))
        ]
    )
    runs = pl.DataFrame({"benchmark": "mine", "arch": [0, 1, 2], "dataset": "toy", "schedule": 10, "params": [5, 9, 7]})
    answers = compare(results, runs.with_columns(seed=pl.lit(0)), dataset="toy", metric="score")
    assert answers.distribution["value"].to_list() == [1.0, 10.0, 20.0]
    assert answers.front["arch"].to_list() == [1, 0]
    assert answers.noise.is_empty()
    assert answers.agreement["correlation"].to_list() == [1.0]


def test_what_no_benchmark_has(scans):
    with pytest.raises(FrameError, match="no benchmark has final values of 'accuracy' on 'nowhere'"):
        compare(*scans, dataset="nowhere")
    with pytest.raises(UnknownNameError, match="'tset'"):
        compare(*scans, split="tset")
    with pytest.raises(InvalidArgumentError, match="both 'val'"):
        compare(*scans, split="val")
    with pytest.raises(FrameError, match="'benchmark'"):
        compare(scans[0].drop("benchmark"), scans[1])
