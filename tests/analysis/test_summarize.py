from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import column, dataframes

import nbframes as nbf
from nbframes.errors import FrameError

populations = dataframes(
    [
        column("dataset", strategy=st.sampled_from(["x", "y"])),
        column("arch", dtype=pl.Int32, strategy=st.integers(0, 9)),
        column("seed", dtype=pl.Int32, strategy=st.integers(0, 3)),
        column("value", dtype=pl.Float64, strategy=st.integers(0, 6).map(lambda n: n / 3)),
    ],
    min_size=1,
    max_size=40,
    allow_null=False,
).map(lambda frame: frame.unique(["dataset", "arch", "seed"]))


@settings(max_examples=40, deadline=None)
@given(populations)
def test_summaries_agree_with_duckdb(frame):
    ours = nbf.summarize(frame, quantiles=[0.1, 0.5])
    theirs = duckdb.sql("""
        with means as (select dataset, arch, round(avg(value), 9) m, count(*) c from frame group by all)
        select dataset, count(*) n, sum(c)::bigint runs, avg(m) mean, stddev_samp(m) std, stddev_samp(m) / sqrt(count(*)) sem,
               quantile_cont(m, 0.1) q10, quantile_cont(m, 0.5) q50,
               min(m) min, arg_min(arch, (m, arch)) min_arch, max(m) max, arg_min(arch, (-m, arch)) max_arch
        from means group by all order by all""").pl()
    assert_frame_equal(ours, theirs, check_dtypes=False, abs_tol=1e-8)


def test_extremes_of_published_spaces(tss, sss):
    summary = nbf.summarize(pl.concat([tss, sss]))
    extremes = {(row["benchmark"], row["dataset"]): row for row in summary.iter_rows(named=True)}
    val = extremes["nats-tss", "cifar10-valid"]
    assert (val["max_arch"], round(val["max"], 8)) == (6111, 91.60666665)
    valtest = extremes["nats-tss", "cifar100"]
    assert (valtest["max_arch"], round(valtest["max"], 5)) == (9930, 73.50333)
    assert {row["n"] for key, row in extremes.items() if key[0] == "nats-tss"} == {15_625}
    assert {row["runs"] for key, row in extremes.items() if key[0] == "nats-tss"} == {2 * 7_456 + 3 * 8_169}
    assert {row["n"] for key, row in extremes.items() if key[0] == "nats-sss"} == {32_768}


def test_two_benchmarks_at_once_give_what_each_gives_alone(tss, sss):
    together = nbf.summarize(pl.concat([tss, sss]))
    assert_frame_equal(together.filter(pl.col("benchmark") == "nats-tss"), nbf.summarize(tss))
    assert_frame_equal(together.filter(pl.col("benchmark") == "nats-sss"), nbf.summarize(sss))


def test_after_12_epochs_10165_is_ahead_of_13714_by_more_than_a_tie(measured):
    frame = measured.filter(nbf.schedule(12), nbf.on("cifar100", "val"))
    summary = nbf.summarize(frame).row(0, named=True)
    assert (summary["max_arch"], summary["max"]) == (10165, pytest.approx(61.32))
    second = nbf.summarize(frame.filter(pl.col("arch") != 10165)).row(0, named=True)
    assert (second["max_arch"], second["max"]) == (13714, 61.31999992675781)


def test_ties_name_the_lowest_index():
    frame = pl.DataFrame({"arch": [5, 3, 4], "value": [1.0, 1.0 + 5e-10, 1.0 - 5e-10]})
    summary = nbf.summarize(frame, over="arch", quantiles=[])
    assert summary.select("min_arch", "max_arch").row(0) == (3, 3)


def test_lazy_in_lazy_out(tss):
    lazy = nbf.summarize(tss.lazy(), by="dataset")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), nbf.summarize(tss, by="dataset"))


def test_unlike_rows_are_not_thrown_together(tss):
    with pytest.raises(FrameError, match="several values of 'dataset', 'split'"):
        nbf.summarize(tss, by=[])


def test_without_seeds_the_architectures_are_named_as_the_only_column(tss):
    means = tss.group_by("dataset", "arch").agg(nbf.seed_mean())
    columns = ["dataset", "n", "mean", "std", "max_arch"]
    assert_frame_equal(
        nbf.summarize(means, over="arch").select(columns), nbf.summarize(tss, by="dataset").select(columns)
    )


def test_a_group_of_runs_that_all_diverged_has_no_extremes_and_others_keep_theirs():
    nan = float("nan")
    frame = pl.DataFrame(
        {"dataset": list("xxyyzz"), "arch": [0, 1, 0, 1, 0, 1], "value": [nan, nan, 2.0, 1.0, nan, 3.0]}
    )
    found = nbf.summarize(frame, quantiles=[]).select("dataset", "n", "min", "min_arch", "max", "max_arch")
    assert found.rows() == [("x", 2, None, None, None, None), ("y", 2, 1.0, 1, 2.0, 0), ("z", 2, 3.0, 1, 3.0, 1)]
