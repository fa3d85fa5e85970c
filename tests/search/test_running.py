"""Simulation: reproducible, within the budget, incumbents as they should be."""

from __future__ import annotations

from collections import deque

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.search.answer import Answer
from nbframes.search.block import Block
from nbframes.search.ledger import Ledger

ALL = ["random", "evolution", "local", "reinforce", "halving", "hyperband", "bohb"]


@pytest.fixture(scope="module")
def several(curve):
    return nbf.search.run(ALL, curve, runs=4, budget=3000, seed=1)


def test_a_frame_has_a_row_for_each_query(several, curve):
    assert several.columns == [
        "algorithm", "run", "step", "arch", "budget", "time", "observed", "incumbent", "reported", "regret", "problem", "clock", "unit"
    ]  # fmt: skip
    assert several.select("algorithm", "run", "step").is_duplicated().sum() == 0
    assert several["algorithm"].cast(pl.String).unique(maintain_order=True).to_list() == ALL
    for (_, _), run in several.partition_by("algorithm", "run", as_dict=True).items():
        assert run["step"].to_list() == list(range(run.height))
        assert run["time"].is_sorted()
        assert 0 < run["time"][-1] <= 3000
    assert (
        several["arch"].dtype
        == nbf.synthetic.store(benchmarks=["nats-tss"]).scan_archs("nats-tss").collect_schema()["arch"]
    )
    assert (several["regret"] - (curve.best - several["reported"])).abs().max() == 0


def test_the_incumbent_is_the_best_at_the_largest_budget_so_far(several):
    for run in several.partition_by("algorithm", "run"):
        best = (-1, -1.0)
        for arch, budget, observed, incumbent in run.select("arch", "budget", "observed", "incumbent").iter_rows():
            if (budget, observed) > best and (budget > best[0] or observed > best[1]):
                best, expected = (budget, observed), arch
            assert incumbent == expected


def test_a_ledger_that_is_emptied_often_says_the_same():
    rng = np.random.default_rng(0)
    steps = [
        (Answer(rng.integers(9, size=3), rng.random((3, 1)), np.ones(3), rng.random(3)), int(rng.choice([1, 3, 9])))
        for _ in range(60)
    ]
    whole, parts, emptied = Ledger(3, 50), Ledger(3, 50), []
    for number, (answer, budget) in enumerate(steps):
        for ledger in (whole, parts):
            ledger.add(answer, answer.values[:, 0], budget, np.full(3, number + 1.0))
        if number % 7 == 6:
            emptied.append(parts.empty())
    emptied.append(parts.empty())
    expected = pl.DataFrame({k: v for k, v in whole.empty().items() if k != "observed"}).sort("run", "step")
    found = pl.concat([pl.DataFrame({k: v for k, v in part.items() if k != "observed"}) for part in emptied])
    assert_frame_equal(found.sort("run", "step"), expected)
    assert expected.height == 150


def test_the_same_seed_gives_the_same_whatever_else_is_run(several, curve):
    assert_frame_equal(
        nbf.search.run("bohb", curve, runs=4, budget=3000, seed=1), several.filter(pl.col("algorithm") == "bohb")
    )
    other = nbf.search.run("random", curve, runs=4, budget=3000, seed=2)
    assert not other.equals(several.filter(pl.col("algorithm") == "random"))
    first, second = (other.filter(pl.col("run") == run)["arch"].to_list() for run in (0, 1))
    assert first != second


def test_the_number_of_processes_changes_nothing(evaluations):
    one, two = (nbf.search.run(["random", "evolution"], evaluations, runs=260, budget=12, jobs=jobs) for jobs in (1, 2))
    assert_frame_equal(one, two)


def test_a_file_of_queries_may_lie_in_a_folder_named_like_a_pattern(evaluations, tmp_path):
    folder = tmp_path / "budget=7" / "a[1]b"
    folder.mkdir(parents=True)
    lazy = nbf.search.run("random", evaluations, runs=2, budget=5, to=folder / "runs.parquet")
    together = nbf.search.run("random", evaluations, runs=2, budget=5)
    assert lazy.collect().get_column("budget").equals(together.get_column("budget"))


def test_a_file_holds_the_same_rows(evaluations, tmp_path, monkeypatch):
    monkeypatch.setattr("nbframes.search.ledger._ROWS", 40)
    path = tmp_path / "runs.parquet"
    lazy = nbf.search.run(["random", "local"], evaluations, runs=5, budget=30, to=path)
    assert isinstance(lazy, pl.LazyFrame)
    monkeypatch.undo()
    frame = nbf.search.run(["random", "local"], evaluations, runs=5, budget=30)
    text = pl.col("algorithm", "problem", "clock", "unit").cast(pl.String)
    order = ["algorithm", "run", "step"]
    assert_frame_equal(lazy.collect().sort(order), frame.with_columns(text).sort(order))
    assert [p.name for p in tmp_path.iterdir()] == ["runs.parquet"]
    assert_frame_equal(nbf.anytime(lazy).sort("algorithm", "time"), nbf.anytime(frame).sort("algorithm", "time"))


def test_a_file_is_not_left_half_done(evaluations, tmp_path):
    class Fails:
        def __init__(self, problem, rng):
            self.left = 3
            self.space, self.rng = problem.space, rng

        def ask(self, n):
            self.left -= 1
            if self.left < 0:
                raise RuntimeError("no more")
            return self.space.sample(n, self.rng)

        def tell(self, observations):
            pass

    with pytest.raises(RuntimeError, match="no more"):
        nbf.search.run(["random", Fails], evaluations, runs=2, budget=30, to=tmp_path / "runs.parquet")
    assert list(tmp_path.iterdir()) == []


def test_evolution_is_the_official_loop(seconds):
    """Population as a queue, members drawn with replacement, the best has a child, the oldest dies; the same random choices."""
    frame = nbf.search.run("evolution", seconds, runs=1, budget=400_000, seed=5)
    rng, draws = Block(None, "evolution", seconds, 0, 0, 1, 5).generators()
    population, born, clock, history = deque(), 0, 0.0, []

    def query(code):
        nonlocal clock
        answer = seconds.query(code, draws)
        clock += answer.cost[0]
        return answer.values[0, 0]

    while True:
        if len(population) < 10:
            code = seconds.space.sample(1, rng)
        else:
            slots = rng.integers(10, size=(1, 3))[0]
            sample = [population[(slot - born) % 10] for slot in slots]
            code = seconds.space.mutate(max(sample, key=lambda member: member[1])[0], rng)
        value = query(code)
        if clock > 400_000:
            break
        history.append((int(seconds.space.arch(code)[0]), value, clock))
        population.append((code, value))
        born += 1
        if len(population) > 10:
            population.popleft()
    assert frame.select("arch", "observed", "time").rows() == history
    assert len(history) > 50


def test_an_algorithm_of_ones_own_runs_beside_the_others(evaluations):
    class Walk:
        def __init__(self, problem, rng):
            self.space, self.rng, self.here = problem.space, rng, None

        def ask(self, n):
            return self.space.sample(n, self.rng) if self.here is None else self.space.mutate(self.here, self.rng)

        def tell(self, observations):
            self.here = observations.codes

    frame = nbf.search.run(["random", Walk], evaluations, runs=3, budget=20)
    walk = frame.filter(pl.col("algorithm") == "Walk")
    assert walk.height == 60
    codes = evaluations.space.codes_of(walk.filter(pl.col("run") == 1)["arch"].to_numpy().astype(np.int64))
    assert ((codes[1:] != codes[:-1]).sum(axis=1) == 1).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"algorithm": "randm"}, "unknown algorithm 'randm'; did you mean 'random'"),
        ({"algorithm": []}, "names none"),
        ({"algorithm": 3}, "an algorithm is a name"),
        ({"algorithm": ["random", "random"]}, "two algorithms are called 'random'"),
        ({"runs": 0}, "runs should be a whole number of at least 1, not 0"),
        ({"runs": 2.5}, "runs should be a whole number"),
        ({"budget": 0}, "budget should be a positive number of evaluations"),
        ({"budget": float("inf")}, "budget should be a positive number"),
        ({"seed": -1}, "seed should be a whole number of at least 0"),
        ({"jobs": 0}, "jobs should be a whole number of at least 1"),
        ({"algorithm": "bohb"}, "values at one budget only"),
        ({"algorithm": "hyperband"}, "values at one budget only"),
        ({"algorithm": "halving"}, "values at one budget only"),
        ({"algorithm": "nsga2"}, "two objectives or more"),
    ],
)
def test_wrong_calls_say_what_is_valid(call, message, evaluations):
    with pytest.raises(InvalidArgumentError, match=message):
        nbf.search.run(**{"algorithm": "random", "problem": evaluations, "runs": 2, "budget": 9} | call)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbf.search.Evolution(population=0), "population should be a whole number of at least 1, not 0"),
        (lambda: nbf.search.Reinforce(momentum=2), "momentum should lie between 0 and 1"),
        (lambda: nbf.search.BOHB(eta=1), "eta should be a whole number of at least 2"),
        (lambda: nbf.search.LocalSearch(initial=True), "initial should be"),
        (lambda: nbf.search.NSGA2(population=1), "population should be"),
        (lambda: nbf.search.SuccessiveHalving(initial=0), "initial should be"),
    ],
)
def test_wrong_parameters_say_what_is_valid(make, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make()


def test_a_class_of_the_package_stands_for_its_published_parameters(evaluations):
    frame = nbf.search.run(nbf.search.Evolution, evaluations, runs=2, budget=15)
    assert_frame_equal(frame, nbf.search.run("evolution", evaluations, runs=2, budget=15))


def test_a_budget_below_the_first_query_gives_no_rows(seconds):
    frame = nbf.search.run("random", seconds, runs=3, budget=1)
    assert frame.height == 0
    with pytest.raises(FrameError, match="no queries"):
        nbf.anytime(frame)


def test_an_unknown_name_is_an_error_before_anything_runs(evaluations):
    with pytest.raises(UnknownNameError):
        nbf.search.run(["random", "rea"], evaluations, runs=1, budget=1)


def test_what_cannot_be_sent_to_other_processes_says_so(evaluations):
    class Local:
        def __init__(self, problem, rng):
            self.space, self.rng = problem.space, rng

        def ask(self, n):
            return self.space.sample(n, self.rng)

        def tell(self, observations):
            pass

    with pytest.raises(InvalidArgumentError, match=r"cannot be sent to other processes \(Local: [\s\S]*jobs=1"):
        nbf.search.run(Local, evaluations, runs=300, budget=2, jobs=2)
    assert nbf.search.run(Local, evaluations, runs=300, budget=2).height == 600
