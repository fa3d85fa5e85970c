"""What a query shows, costs and reports."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.compat import nats_bench
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError


def test_values_are_those_of_published_runs(seconds):
    rng = np.random.default_rng(0)
    codes = seconds.space.sample(2000, rng)
    answer = seconds.query(codes, rng)
    store = nbf.published.store().scan("nats-tss").filter(nbf.schedule(200), nbf.dataset("cifar100"))
    runs = store.filter(nbf.metric("accuracy"), nbf.split("val")).select("arch", "seed", "value")
    times = store.filter(nbf.metric("time")).select("arch", "seed", cost="value")
    asked = pl.DataFrame({"arch": answer.arch, "value": answer.values[:, 0], "cost": answer.cost}).with_row_index()
    asked = asked.with_columns(pl.col("arch").cast(pl.Int32)).lazy()
    found = asked.join(runs.join(times, on=["arch", "seed"]), on=["arch", "value", "cost"]).collect()
    assert found["index"].n_unique() == 2000
    means = store.filter(nbf.split("valtest")).group_by("arch").agg(nbf.seed_mean().alias("mean")).collect()
    expected = asked.join(means.lazy(), on="arch", maintain_order="left").collect()["mean"]
    np.testing.assert_allclose(answer.reported, expected, rtol=1e-13)


def test_every_run_of_an_architecture_is_drawn_equally_often(seconds):
    code = seconds.space.codes_of(np.array([0]))
    values = seconds.query(np.repeat(code, 30_000, axis=0), np.random.default_rng(0)).values[:, 0]
    _, counts = np.unique(values, return_counts=True)
    assert len(counts) == 3
    assert abs(counts - 10_000).max() < 4 * np.sqrt(30_000 * 2 / 9)


@pytest.mark.parametrize(("dataset", "hp"), [("cifar10", 12), ("cifar100", 200), ("ImageNet16-120", 12)])
def test_values_and_clock_are_those_of_nats_bench(dataset, hp, monkeypatch):
    """The official scripts' loop, on the API that answers as upstream's does, with the same random choices."""
    store = nbf.synthetic.store(benchmarks=["nats-tss"])
    problem = nbf.search.Problem(store, "nats-tss", dataset=dataset, observe={"schedule": hp})
    codes = problem.space.sample(50, np.random.default_rng(0))
    draws, replayed, clock, ours = np.random.default_rng(1), np.random.default_rng(1), 0.0, []
    for code in codes:
        answer = problem.query(code[None], draws)
        clock += answer.cost[0]
        ours.append((answer.values[0, 0], clock))
    api = nats_bench.create(store, "tss", fast_mode=False, verbose=False)
    api.reset_time()
    monkeypatch.setattr(random, "choice", lambda seeds: seeds[int(replayed.random() * len(seeds))])
    for arch, (value, time) in zip(problem.space.decode(codes), ours, strict=True):
        accuracy, _, _, used = api.simulate_train_eval(arch, dataset, hp=str(hp))
        assert (accuracy, used) == pytest.approx((value, time), rel=1e-13)
    assert api.used_time == pytest.approx(clock, rel=1e-13)


def test_a_smaller_budget_costs_what_simulate_train_eval_says(curve, monkeypatch):
    api = nats_bench.create(nbf.synthetic.store(benchmarks=["nats-tss"]), "tss", fast_mode=False, verbose=False)
    codes = curve.space.sample(20, np.random.default_rng(0))
    for budget in (1, 4, 12):
        answer, replayed = curve.query(codes, np.random.default_rng(0), budget=budget), np.random.default_rng(0)
        monkeypatch.setattr(random, "choice", lambda seeds, rng=replayed: seeds[int(rng.random() * len(seeds))])
        for arch, value, cost in zip(curve.space.decode(codes), answer.values[:, 0], answer.cost, strict=True):
            found = api.simulate_train_eval(arch, "cifar10", iepoch=budget - 1, hp="12")
            assert (found[0], found[2]) == pytest.approx((value, cost), rel=1e-13)


def test_evaluations_are_shares_of_the_largest_budget():
    problem = nbf.search.Problem(
        nbf.synthetic.store(benchmarks=["nats-tss"]),
        "nats-tss",
        dataset="cifar100",
        observe={"schedule": 12},
        clock="evaluations",
    )
    codes = problem.space.sample(3, np.random.default_rng(0))
    assert problem.query(codes, np.random.default_rng(0), budget=3).cost.tolist() == [0.25] * 3
    assert problem.query(codes, np.random.default_rng(0)).cost.tolist() == [1.0] * 3


def test_schedules_can_be_fidelities():
    problem = nbf.search.Problem(
        nbf.synthetic.store(benchmarks=["nb101"]), "nb101", dataset="cifar10", observe={"schedule": (108, 4, 36, 12)}
    )
    assert problem.budgets == (4, 12, 36, 108)
    codes = problem.space.sample(5, np.random.default_rng(0))
    costs = [problem.query(codes, np.random.default_rng(0), budget=b).cost for b in problem.budgets]
    assert all((b > a).all() for a, b in pairwise(costs))


def test_an_architecture_that_lacks_the_seed_is_not_proposed():
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", observe={"seed": 999})
    runs = nbf.published.store().scan("nats-tss").filter(nbf.dataset("cifar100"), nbf.split("val"), nbf.schedule(200))
    having = set(runs.filter(nbf.seed(999)).collect()["arch"])
    assert problem.space.count == len(having) == 8169
    rng = np.random.default_rng(0)
    codes = problem.space.sample(500, rng)
    assert set(problem.space.arch(codes)) <= having
    mutants = problem.space.mutate(codes, rng)
    assert set(problem.space.arch(mutants)) <= having
    assert ((mutants != codes).sum(axis=1) == 1).all()
    rows, found = problem.space.neighbours(codes[:1])
    assert set(problem.space.arch(found)) <= having
    assert len(rows) < 24
    lacking = nbf.spaces.tss.codes.from_index(np.array([next(arch for arch in range(15625) if arch not in having)]))
    with pytest.raises(InvalidArgumentError, match="not an architecture that nats-tss cifar100 can answer"):
        problem.query(lacking, rng)


def test_mutants_of_a_part_of_a_space_are_uniform_among_neighbours():
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", observe={"seed": 999})
    code = problem.space.sample(1, np.random.default_rng(3))
    neighbours = problem.space.arch(problem.space.neighbours(code)[1])
    drawn = problem.space.arch(problem.space.mutate(np.repeat(code, 20_000, axis=0), np.random.default_rng(0)))
    archs, counts = np.unique(drawn, return_counts=True)
    assert sorted(neighbours) == archs.tolist()
    expected = 20_000 / len(archs)
    assert abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_seconds_are_refused_where_none_are_published():
    with pytest.raises(
        FrameError, match=r"no training times of cifar100 after 12 of 12 epochs[\s\S]*clock='evaluations'"
    ):
        nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", observe={"schedule": 12})


def test_what_is_reported_has_to_be_named_where_there_is_no_test():
    store = nbf.published.store()
    with pytest.raises(
        FrameError, match=r"no test accuracy of cifar10 in the full schedule[\s\S]*report=\{'split': 'val'\}"
    ):
        nbf.search.Problem(store, "nats-tss", dataset="cifar10")
    problem = nbf.search.Problem(store, "nats-tss", dataset="cifar10", report={"split": "val"})
    assert "report   cifar10-valid val accuracy, 200 epochs, mean over seeds" in repr(problem)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "cifar"}, r"unknown dataset of nats-tss 'cifar'; did you mean 'cifar10"),
        ({"clock": "hours"}, "unknown clock 'hours'"),
        ({"observe": {"seeds": 3}}, "unknown key of observe 'seeds'; did you mean 'seed'"),
        ({"observe": {"seed": "median"}}, "unknown seed 'median'"),
        ({"observe": {"seed": 1.5}}, "unknown seed 1.5"),
        ({"observe": {"split": "valid"}}, "unknown split 'valid'; did you mean 'val'"),
        ({"observe": {"schedule": 13}}, "unknown schedule of cifar100 val 13"),
        ({"observe": {"budget": 13}}, "unknown budget 13"),
        ({"observe": {"schedule": (12, 200), "budget": 12}}, "leave budget out"),
        ({"observe": {"schedule": (12, 13)}}, "unknown schedule of cifar100 val 13"),
        ({"observe": {"metric": "loss"}}, "no loss of cifar100 val"),
        ({"report": {"seed": "random"}}, "judge an architecture by chance"),
        ({"report": {"metric": ("accuracy", "loss")}}, "report takes one metric"),
        ({"directions": ("up",)}, "directions"),
        ({"observe": {"metric": ("accuracy", "flops")}, "directions": ("max", "min")}, "no 'flops' of cifar100"),
        (
            {"observe": {"metric": ("accuracy", "learning_rate")}},
            "nothing says whether a larger 'learning_rate' is better",
        ),
    ],
)
def test_wrong_options_say_what_is_valid(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        nbf.search.Problem(nbf.published.store(), "nats-tss", **{"dataset": "cifar100"} | options)


def test_measured_runs_of_a_space_that_cannot_be_listed_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"almost no step of a search[\s\S]*search a surrogate"):
        nbf.search.Problem(
            nbf.synthetic.store(benchmarks=["nb301"]),
            "nb301",
            dataset="cifar10",
            report={"split": "val"},
            clock="evaluations",
        )


def test_costs_are_objectives():
    problem = nbf.search.Problem(
        nbf.published.store(), "nats-tss", dataset="cifar100", observe={"metric": ("accuracy", "params", "latency")}
    )
    assert problem.directions == ("max", "min", "min")
    codes = problem.space.sample(10, np.random.default_rng(0))
    answer = problem.query(codes, np.random.default_rng(0))
    assert answer.values.shape == (10, 3)
    expected = nbf.spaces.tss.params(problem.space.decode(codes), dataset="cifar100")
    assert (abs(answer.values[:, 1] - expected.to_numpy()) < 1).mean() > 0.9
    assert (problem.scores(answer.values)[:, 1] == -answer.values[:, 1]).all()


def test_an_attached_metric_is_an_objective(tmp_path):
    archs = pl.DataFrame({"arch": range(6), "depth": [1, 2, 3] * 2, "block": ["a"] * 3 + ["b"] * 3})
    keys = archs.select("arch").join(pl.DataFrame({"split": ["val", "test"]}), how="cross")
    frame = keys.with_columns(
        dataset=pl.lit("mine"), metric=pl.lit("accuracy"), schedule=5, budget=5, seed=0, value=pl.col("arch") * 2.0
    )
    nbf.write_results(frame, tmp_path, benchmark="own", archs=archs)
    board = archs.select("arch", dataset=pl.lit("mine"), board_ms=10.0 - pl.col("arch")).filter(pl.col("arch") != 4)
    nbf.attach(board, tmp_path, to="own", name="board", metrics=nbf.Metric("board_ms", "ms", better="min"))
    problem = nbf.search.Problem(
        tmp_path, "own", dataset="mine", observe={"metric": ("accuracy", "board_ms")}, clock="evaluations"
    )
    assert problem.directions == ("max", "min")
    assert problem.space.count == 5
    answer = problem.query(problem.space.codes_of(np.array([0, 5])), np.random.default_rng(0))
    assert answer.values.tolist() == [[0.0, 10.0], [10.0, 5.0]]
    frame = nbf.search.run(nbf.search.NSGA2(population=4), problem, runs=3, budget=40)
    assert frame["board_ms"].to_list() == [10.0 - arch for arch in frame["arch"]]


def test_a_benchmark_of_ones_own_is_searched_by_its_encoding_columns(tmp_path):
    archs = pl.DataFrame(
        {
            "arch": range(12),
            "depth": [2, 3, 4] * 4,
            "block": ["a", "a", "a", "b", "b", "b"] * 2,
            "se": [0] * 6 + [1] * 6,
        }
    )
    frame = (
        archs.select("arch")
        .join(pl.DataFrame({"split": ["val", "test"]}), how="cross")
        .with_columns(
            dataset=pl.lit("mine"), metric=pl.lit("accuracy"), schedule=5, budget=5, seed=0, value=pl.col("arch") * 2.0
        )
    )
    nbf.write_results(frame, tmp_path, benchmark="own", archs=archs)
    problem = nbf.search.Problem(tmp_path, "own", dataset="mine", clock="evaluations")
    assert sorted(problem.space.sizes) == [2, 2, 3]
    assert problem.space.count == 12
    found = nbf.search.final(nbf.search.run("local", problem, runs=5, budget=12))
    assert found["regret"].to_list() == [0.0] * 5
    nbf.write_results(frame, tmp_path, benchmark="bare", archs=archs.select("arch"))
    with pytest.raises(InvalidArgumentError, match="nothing is known of the search space of 'bare'"):
        nbf.search.Problem(tmp_path, "bare", dataset="mine", clock="evaluations")


def test_a_query_beyond_the_space_is_refused(seconds):
    with pytest.raises(UnknownNameError, match="unknown budget 12"):
        seconds.query(seconds.space.sample(1, np.random.default_rng(0)), np.random.default_rng(0), budget=12)


def test_times_are_read_once_for_all_levels(monkeypatch, curve):
    from nbframes.search import measured

    asked = []

    def counted(*args, **options):
        asked.append(options["metric"])
        return measured_lookup(*args, **options)

    measured_lookup = measured.lookup
    monkeypatch.setattr(measured, "lookup", counted)
    store = nbf.synthetic.store(benchmarks=["nats-tss"])
    problem = nbf.search.Problem(store, "nats-tss", dataset="cifar10", observe={"schedule": 12})
    code, rng = problem.space.sample(1, np.random.default_rng(0)), np.random.default_rng(0)
    costs = [problem.query(code, rng, budget=budget).cost[0] for budget in problem.budgets]
    assert len(costs) == 12
    assert asked.count("epoch_time") == 2  # of training and of evaluation
    assert costs == [curve.query(code, np.random.default_rng(0), budget=budget).cost[0] for budget in curve.budgets]


def test_made_up_values_are_called_so(seconds, curve):
    assert curve.synthetic
    assert repr(curve).startswith("SYNTHETIC nats-tss cifar10: ")
    assert "SYNTHETIC nats-tss" in curve._repr_html_()
    assert not seconds.synthetic
    assert "SYNTHETIC" not in repr(seconds)
