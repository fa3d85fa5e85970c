"""Any column as the value, any column as a cost, metrics that say which end is the better one."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.analysis import nondominated_rank, with_costs
from nbframes.errors import FrameError, InvalidArgumentError

RUNS = pl.DataFrame(
    {
        "arch": [0, 0, 1, 1, 2],
        "seed": [777, 888, 777, 888, 777],
        "train_time": [10.0, 12.0, 5.0, 7.0, 30.0],
        "score": [1.0, 3.0, 5.0, 5.0, 0.0],
    }
)
AS_VALUE = RUNS.select("arch", "seed", value="train_time")


def _at_two_budgets(helper):
    def asked(frame, **options):
        return helper(pl.concat([frame.with_columns(budget=b) for b in (1, 2)]), "budget", **options)

    return asked


RANKING = {
    "best_archs": lambda frame, **options: nbf.best_archs(frame, k=3, **options),
    "seed_noise": nbf.seed_noise,
    "rank_stability": nbf.rank_stability,
    "rank_correlation": _at_two_budgets(nbf.rank_correlation),
    "top_overlap": _at_two_budgets(nbf.top_overlap),
    "paired_ranks": _at_two_budgets(nbf.paired_ranks),
}
PLAIN = {
    "summarize": nbf.summarize,
    "ecdf": nbf.ecdf,
    "learning_curves": lambda frame, **options: nbf.learning_curves(frame.with_columns(budget=1), **options),
}


@pytest.mark.parametrize("name", RANKING | PLAIN)
def test_any_column_can_be_the_value(name):
    frame = RUNS.drop("score").with_columns(value=pl.lit(50.0))
    if name in RANKING:
        expected = RANKING[name](AS_VALUE, maximise=False, tie=0)
        assert_frame_equal(RANKING[name](frame, value="train_time"), expected)
        assert (
            not RANKING[name](frame, value="train_time", maximise=True, tie=100).equals(expected)
            or name == "rank_correlation"
        )
    else:
        assert_frame_equal(PLAIN[name](frame, value="train_time"), PLAIN[name](AS_VALUE))


def test_a_loss_is_minimised_and_its_near_values_do_not_tie():
    frame = pl.DataFrame(
        {"metric": ["loss"] * 3, "arch": [0, 1, 2], "seed": [0] * 3, "value": [0.300002, 0.300001, 0.5]}
    )
    assert nbf.best_archs(frame, k=2).select("rank", "arch").rows() == [(1, 1), (2, 0)]
    assert nbf.best_archs(frame, maximise=True)["arch"].item() == 2
    assert nbf.best_archs(frame, k=2, tie=1e-5)["rank"].to_list() == [1, 1]
    assert nbf.seed_noise(frame).select("arch", "rank").rows() == [(1, 1), (0, 2), (2, 3)]


def test_each_group_follows_its_own_metric():
    frame = pl.DataFrame(
        {
            "metric": ["loss"] * 3 + ["accuracy"] * 3 + ["hw_mine"] * 3,
            "arch": [0, 1, 2] * 3,
            "value": [0.3, 0.300001, 0.5, 93.0, 93.000001, 94.0, 1.0, 1.000001, 0.5],
        }
    )
    best = nbf.best_archs(frame, k=9)
    assert best.filter(metric="loss").select("arch", "rank").rows() == [(0, 1), (1, 2), (2, 3)]
    assert best.filter(metric="accuracy").select("arch", "rank").rows() == [(2, 1), (0, 2), (1, 2)]
    assert best.filter(metric="hw_mine").select("arch", "rank").rows() == [(1, 1), (0, 2), (2, 3)]
    assert nbf.best_archs(frame.lazy(), k=9).collect().equals(best)


def test_registered_metrics_say_which_end_is_better():
    from nbframes import benchmarks

    mine = nbf.Benchmark(
        "analysis-test",
        title="",
        space=None,
        datasets=("d",),
        splits=("none",),
        metrics=(nbf.Metric("analysis_test_energy", "mJ", better="min", tie=0.5),),
        full_schedule=None,
        licence="",
        citation="",
    )
    nbf.register(mine)
    assert benchmarks.find_metric("analysis_test_energy").better == "min"
    frame = pl.DataFrame({"metric": ["analysis_test_energy"] * 3, "arch": [0, 1, 2], "value": [2.0, 1.0, 1.25]})
    assert nbf.best_archs(frame).select("arch", "rank").rows() == [(1, 1), (2, 1)]


def test_own_costs_are_kept():
    results = pl.DataFrame({"arch": [0, 1, 2], "value": [93.0, 94.0, 91.0]})
    runs = pl.DataFrame(
        {"arch": [0, 0, 1, 2], "seed": [1, 2, 1, 1], "energy": [1.0, 3.0, 9.0, 1.5], "note": list("abcd")}
    )
    table = with_costs(results, runs)
    assert table.columns == ["rank", "arch", "value", "runs", "n", "energy"]
    assert table["energy"].to_list() == [9.0, 2.0, 1.5]
    front = nbf.pareto_front(table, maximise="value", minimise="energy")
    assert front["arch"].to_list() == [1, 0, 2]
    assert nbf.best_archs(results, runs=runs, at_most={"energy": 2.0})["arch"].to_list() == [0]
    assert_frame_equal(with_costs(results.lazy(), runs.lazy()).collect(), table)
    with pytest.raises(FrameError, match="'note', which are not costs"):
        nbf.best_archs(results, runs=runs, at_most={"note": 2.0})
    with pytest.raises(InvalidArgumentError, match=r"'rank'.*rename"):
        with_costs(results, runs.rename({"energy": "rank"}))


def test_metrics_measured_once_are_costs_too():
    results = pl.DataFrame({"dataset": ["a"] * 3 + ["b"] * 3, "arch": [0, 1, 2] * 2, "value": [93.0, 94.0, 91.0] * 2})
    measured = pl.DataFrame(
        {
            "metric": ["hw_latency"] * 4 + ["synflow"] * 2,
            "dataset": ["a", "a", "b", "b", "a", "a"],
            "split": ["none"] * 6,
            "arch": [0, 1, 0, 1, 0, 2],
            "schedule": [0] * 6,
            "budget": [0] * 6,
            "seed": [0] * 6,
            "value": [5.0, 7.0, 6.0, 8.0, 1e6, 1e7],
        }
    )
    table = with_costs(results, metrics=measured)
    assert table.columns[-2:] == ["hw_latency", "synflow"]
    assert table.sort("dataset", "arch")["hw_latency"].to_list() == [5.0, 7.0, None, 6.0, 8.0, None]
    assert table.sort("dataset", "arch")["synflow"].to_list() == [1e6, None, 1e7, None, None, None]
    assert_frame_equal(with_costs(results.lazy(), metrics=measured.lazy()).collect(), table)
    best = nbf.best_archs(results, metrics=measured, at_most={"hw_latency": 6.0})
    assert best.select("dataset", "arch").rows() == [("a", 0), ("b", 0)]
    with pytest.raises(FrameError, match="several values for the same"):
        with_costs(results.drop("dataset").head(3), metrics=measured)
    with pytest.raises(InvalidArgumentError, match="needs costs"):
        with_costs(results)


def test_objectives_take_their_direction_from_their_metric():
    frame = pl.DataFrame(
        {"metric": ["accuracy"] * 3, "arch": [0, 1, 2], "value": [93.0, 94.0, 90.0], "params": [1.0, 2.0, 3.0]}
    )
    known = nbf.pareto_front(frame, objectives=["value", "params"])
    assert_frame_equal(known, nbf.pareto_front(frame, maximise="value", minimise="params"))
    assert_frame_equal(nbf.pareto_front(frame.lazy(), objectives=["value", "params"]).collect(), known)
    ranked = nondominated_rank(frame, objectives="value", minimise="params")
    assert ranked["front"].to_list() == [1, 1, 2]
    with pytest.raises(InvalidArgumentError, match="which end of 'arch'"):
        nbf.pareto_front(frame, objectives="arch")


def test_fronts_tie_accuracies_and_keep_costs_exact():
    near = pl.DataFrame({"accuracy": [93.0, 93.0 + 1e-7], "latency": [1e-6, 2e-6]})
    assert nbf.pareto_front(near, maximise="accuracy", minimise="latency").height == 1
    assert nbf.pareto_front(near, maximise="accuracy", minimise="latency", tie=0).height == 2
    assert nbf.pareto_front(near, maximise="accuracy", minimise="latency", tie={"latency": 1e-5}).height == 2
    loss = near.rename({"accuracy": "loss"})
    assert nbf.pareto_front(loss, maximise="loss", minimise="latency").height == 2
    with pytest.raises(InvalidArgumentError, match="tie names 'params'"):
        nbf.pareto_front(near, maximise="accuracy", tie={"params": 1.0})


def test_convenient_spellings():
    frame = pl.DataFrame({"g": ["x", "x", "y"], "arch": [0, 1, 0], "value": [1.0, 2.0, 3.0]})
    assert_frame_equal(nbf.ecdf(frame, by=pl.col("g")), nbf.ecdf(frame, by="g"))
    assert nbf.summarize(frame, by="g", quantiles=0.5)["q50"].to_list() == [1.5, 3.0]
    with pytest.raises(InvalidArgumentError, match="is computed"):
        nbf.ecdf(frame, by=pl.col("g").str.to_uppercase())
    with pytest.raises(FrameError, match="not numeric"):
        nbf.ecdf(frame, value="g")


def test_several_parts_and_roundings_at_once(tss):
    several = nbf.rank_correlation(tss, ("dataset", "split"), top=[1, 5, 10])
    for top in (1, 5, 10):
        alone = nbf.rank_correlation(tss, ("dataset", "split"), top=top)
        assert_frame_equal(several.filter(top=top).drop("top"), alone)
    rounded = nbf.rank_correlation(tss, ("dataset", "split"), method="sparse_kendall", decimals=[0, 1])
    for decimals in (0, 1):
        alone = nbf.rank_correlation(tss, ("dataset", "split"), method="sparse_kendall", decimals=decimals)
        assert_frame_equal(rounded.filter(decimals=decimals).drop("decimals"), alone)
