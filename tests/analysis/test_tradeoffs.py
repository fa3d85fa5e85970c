"""The table of values and costs, and fronts of real architectures made from it."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.analysis import pareto_front, with_costs
from nbframes.errors import FrameError
from tests import published_tables


@pytest.fixture(scope="module")
def results():
    """Real accuracies of the topology space after 200 epochs, several seeds and datasets."""
    return published_tables.measured().filter(benchmark="nats-tss", metric="accuracy", schedule=200)


@pytest.fixture(scope="module")
def runs():
    """Published parameter counts, one run for each architecture and dataset."""
    archs = published_tables.tss_archs()
    names = {
        "params_cifar10": "cifar10-valid",
        "params_cifar100": "cifar100",
        "params_ImageNet16-120": "ImageNet16-120",
    }
    return (
        archs.unpivot(list(names), index="arch", variable_name="dataset", value_name="millions")
        .with_columns(pl.col("dataset").replace(names), params=(pl.col("millions") * 1e6).round().cast(pl.Int64))
        .with_columns(benchmark=pl.lit("nats-tss"), schedule=pl.lit(200, pl.Int32), seed=pl.lit(777, pl.Int32))
        .drop("millions")
    )


def test_every_architecture_has_its_mean_and_its_costs(results, runs):
    table = with_costs(results, runs)
    expected = duckdb.sql(
        """select r.dataset, r.arch, avg(value) as value, count(*)::uinteger as runs, any_value(params)::double as params
        from results r join runs c on r.arch = c.arch and r.dataset = c.dataset group by all order by all"""
    ).pl()
    assert table.height == 3 * 15_625
    ours = table.select("dataset", "arch", "value", "runs", "params").sort("dataset", "arch")
    assert_frame_equal(ours, expected)


def test_front_of_three_real_datasets_is_three_fronts(results, runs):
    table = with_costs(results, runs)
    front = pareto_front(table, maximise="value", minimise="params")
    for dataset, best in (("cifar10-valid", 6111), ("cifar100", 9930)):
        rows = front.filter(dataset=dataset)
        assert rows["arch"][0] == best
        assert rows.select("value", "params").rows() == sorted(rows.select("value", "params").rows(), reverse=True)
    lazy = pareto_front(with_costs(results.lazy(), runs.lazy()), maximise="value", minimise="params")
    assert_frame_equal(lazy.collect(), front)


def test_architectures_without_cost_keep_their_row_and_miss_the_front(results, runs):
    of_cifar100 = results.filter(dataset="cifar100")
    table = with_costs(of_cifar100, runs.filter(pl.col("arch") != 9930))
    assert table.row(0, named=True)["arch"] == 9930
    assert table["params"].null_count() == 1
    assert 9930 not in pareto_front(table, maximise="value", minimise="params")["arch"]


def test_costs_of_several_datasets_are_never_mixed(results, runs):
    with pytest.raises(FrameError, match="dataset"):
        with_costs(results.filter(dataset="cifar100").drop("dataset"), runs)
