"""Curves, ends, tests of two samples and tables of searches."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from scipy import stats

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, MissingDependencyError, UnknownNameError
from nbframes.search.comparison import holm


def queries(runs, *, algorithm="a", problem="p", clock="seconds"):
    """Frame of queries from lists of (time, regret) of each run."""
    rows = [(run, step, *pair) for run, pairs in enumerate(runs) for step, pair in enumerate(pairs)]
    frame = pl.DataFrame(rows, schema=["run", "step", "time", "regret"], orient="row")
    return frame.with_columns(
        algorithm=pl.lit(algorithm),
        problem=pl.lit(problem),
        clock=pl.lit(clock),
        incumbent=0,
        reported=90 - pl.col("regret"),
    )


HAND = [[(1.0, 8.0), (3.0, 4.0), (6.0, 4.0), (7.0, 0.0)], [(2.0, 6.0), (4.0, 2.0)]]


def test_a_run_has_what_its_incumbent_was():
    found = nbf.anytime(queries(HAND), times=[0, 1, 2, 3.5, 4, 6.5, 7, 100])
    assert found["mean"].to_list() == [None, 8.0, 7.0, 5.0, 3.0, 3.0, 1.0, 1.0]
    assert found["runs"].to_list() == [0, 1, 2, 2, 2, 2, 2, 2]
    assert found["median"].to_list()[2:4] == [7.0, 5.0]
    assert found.select("low", "high").row(3) == (4.5, 5.5)
    assert found["std"].to_list()[:2] == [None, None]
    assert found["std"][2] == pytest.approx(np.std([8, 6], ddof=1))
    assert found["clock"].unique().to_list() == ["seconds"]


def test_the_papers_interpolation_takes_the_two_nearest_queries():
    """As query_performance of draw-table.py: sorted by distance, a line through the first two, even beyond them."""
    times = [0.0, 2.0, 5.0, 6.9, 9.0]
    found = nbf.anytime(queries(HAND), times=times, interpolate=True)["mean"]

    def official(pairs, ticket):
        (x1, y1), (x2, y2) = sorted(pairs, key=lambda pair: abs(pair[0] - ticket))[:2]
        return (x2 - ticket) / (x2 - x1) * y1 + (ticket - x1) / (x2 - x1) * y2

    expected = [np.mean([official(run, time) for run in HAND]) for time in times]
    assert found.to_list() == pytest.approx(expected)


def test_the_grid_begins_where_every_run_has_an_incumbent():
    found = nbf.anytime(queries(HAND))
    assert (found["time"][0], found["time"][-1], found.height) == (2.0, 7.0, 200)
    assert nbf.anytime(queries(HAND, clock="evaluations"))["time"].to_list() == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    both = pl.concat([queries(HAND), queries(HAND[:1], algorithm="b"), queries(HAND[1:], problem="q")])
    assert nbf.anytime(both).group_by("problem", "algorithm", maintain_order=True).len().rows() == [
        ("p", "a", 200),
        ("p", "b", 200),
        ("q", "a", 200),
    ]


def test_what_has_no_curve_is_refused(evaluations):
    with pytest.raises(UnknownNameError, match="unknown value 'observed'"):
        nbf.anytime(nbf.search.run("random", evaluations, runs=1, budget=3), value="observed")
    with pytest.raises(InvalidArgumentError, match="quantiles should be two ascending"):
        nbf.anytime(queries(HAND), quantiles=(0.9, 0.1))
    for times in ([-1], [], [[1, 2]], [float("nan")]):
        with pytest.raises(InvalidArgumentError, match="times should be"):
            nbf.anytime(queries(HAND), times=times)
    with pytest.raises(FrameError, match="lacks the columns"):
        nbf.anytime(queries(HAND).drop("time"))
    with pytest.raises(FrameError, match=r"expected the frame that nbf\.search\.run returns"):
        nbf.search.final([1])
    unknown = queries(HAND).with_columns(regret=float("nan"))
    with pytest.raises(FrameError, match="the best prediction of a surrogate is unknown"):
        nbf.anytime(unknown)
    assert nbf.anytime(unknown, value="reported").height == 200


def test_the_end_is_the_last_query():
    found = nbf.search.final(queries(HAND).sample(fraction=1, shuffle=True, seed=1)).sort("run")
    assert found.select("run", "queries", "time", "regret").rows() == [(0, 4, 7.0, 0.0), (1, 2, 4.0, 2.0)]


# Tests of two samples


@pytest.fixture(scope="module")
def ends():
    rng = np.random.default_rng(0)
    values = {name: rng.integers(0, 20, 60) / 4 + shift for name, shift in (("a", 0), ("b", 0.7), ("c", 0.1))}
    frames = [queries([[(1.0, value)] for value in column], algorithm=name) for name, column in values.items()]
    return values, pl.concat(frames)


def test_comparisons_are_those_of_scipy(ends):
    values, frame = ends
    found = nbf.search.compare(frame)
    pairs = list(combinations(values, 2))
    assert found.select("algorithm_a", "algorithm_b").rows() == pairs
    for row in found.iter_rows(named=True):
        x, y = values[row["algorithm_a"]], values[row["algorithm_b"]]
        assert row["mann_whitney"] == stats.mannwhitneyu(x, y).pvalue
        assert row["wilcoxon"] == pytest.approx(stats.wilcoxon(x, y, zero_method="zsplit", method="approx").pvalue)
        better = np.mean([(i < j) + (i == j) / 2 for i in x for j in y])
        assert row["p_better"] == pytest.approx(better)
        assert row["effect"] == pytest.approx(2 * better - 1)
        assert (row["mean_a"], row["median_b"]) == (x.mean(), np.median(y))
    raised = nbf.search.compare(frame, value="reported")
    assert raised["p_better"].to_list() == pytest.approx(found["p_better"].to_list())


def test_holms_correction_by_hand():
    assert holm([0.01, 0.04, 0.03, None, 0.005]) == pytest.approx([0.03, 0.06, 0.06, None, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_comparing_oneself_is_no_difference():
    same = pl.concat([queries([[(1.0, 2.0)]] * 5, algorithm=name) for name in "ab"])
    row = nbf.search.compare(same).row(0, named=True)
    assert (row["p_better"], row["effect"], row["mann_whitney"], row["wilcoxon"]) == (0.5, 0.0, 1.0, 1.0)


def test_unequal_numbers_of_runs_have_no_pairs():
    frame = pl.concat([queries([[(1.0, 2.0)], [(1.0, 3.0)]]), queries([[(1.0, 1.0)]], algorithm="b")])
    assert nbf.search.compare(frame).select("runs_a", "runs_b", "wilcoxon", "wilcoxon_holm").row(0) == (
        2,
        1,
        None,
        None,
    )


def test_a_comparison_takes_two(ends):
    with pytest.raises(FrameError, match="p has runs of 'a' only"):
        nbf.search.compare(queries(HAND))
    with pytest.raises(UnknownNameError, match="unknown value 'time'"):
        nbf.search.compare(ends[1], value="time")


def test_scipy_is_named_where_it_is_missing(ends, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy", None)
    with pytest.raises(MissingDependencyError, match=r"nbframes\[search\]"):
        nbf.search.compare(ends[1])


def test_mean_ranks_by_hand(ends):
    frame = ends[1]
    other = pl.concat(
        [queries([[(1.0, value)]], algorithm=name, problem="q") for name, value in (("a", 3.0), ("b", 3.0), ("c", 1.0))]
    )
    found = nbf.search.mean_ranks(pl.concat([frame, other]))
    assert found.rows() == [("c", 1.5, 2), ("a", 1.75, 2), ("b", 2.75, 2)]
    with pytest.raises(FrameError, match=r"not every problem has runs of \['c'\]"):
        nbf.search.mean_ranks(pl.concat([frame, other.filter(pl.col("algorithm") != "c")]))


# Tables


def test_the_table_is_what_the_incumbents_are_worth(seconds):
    frame = nbf.search.run(["random", "evolution"], seconds, runs=30, budget=300_000)
    table = nbf.search.table(frame, seconds)
    scan = (
        nbf.published.store()
        .scan("nats-tss")
        .filter(nbf.dataset("cifar100"), nbf.schedule(200), nbf.metric("accuracy"))
    )
    means = scan.group_by("arch", "split").agg(nbf.seed_mean().alias("mean")).collect()
    for row in table.head(2).iter_rows(named=True):
        ends = nbf.search.final(frame).filter(pl.col("algorithm") == row["algorithm"])
        for split in ("val", "valtest"):
            worth = ends.join(means.filter(pl.col("split") == split), left_on="incumbent", right_on="arch")["mean"]
            assert row[f"{split}_mean"] == pytest.approx(worth.mean())
            assert row[f"{split}_std"] == pytest.approx(worth.std(ddof=0))
            assert row[split] == f"{worth.mean():.2f} ± {worth.std(ddof=0):.2f}"
    best = table.row(2, named=True)
    assert (best["algorithm"], best["runs"]) == ("(best)", None)
    assert best["val_mean"] == pytest.approx(means.filter(pl.col("split") == "val")["mean"].max())


def test_the_table_can_be_interpolated(seconds):
    frame = nbf.search.run("random", seconds, runs=30, budget=300_000)
    found = nbf.search.table(frame, seconds, at=200_000.0, splits=("valtest",))
    curve = nbf.anytime(frame, value="reported", times=[200_000], interpolate=True)
    assert found["valtest_mean"][0] == pytest.approx(curve["mean"][0])
    assert found["valtest_std"][0] == pytest.approx(curve["std"][0] * np.sqrt(29 / 30))


def test_a_table_of_another_problem_is_refused(seconds, curve):
    with pytest.raises(FrameError, match="not of 'nats-tss cifar100'"):
        nbf.search.table(nbf.search.run("random", curve, runs=1, budget=300), seconds)
    with pytest.raises(InvalidArgumentError, match="digits"):
        nbf.search.table(nbf.search.run("random", seconds, runs=1, budget=30_000), seconds, digits=-1)


def test_tables_say_what_is_reported(evaluations):
    frame = nbf.search.run("random", evaluations, runs=3, budget=5)
    table = nbf.search.table(frame, evaluations)
    assert table["metric"].to_list() == ["accuracy"] * table.height
