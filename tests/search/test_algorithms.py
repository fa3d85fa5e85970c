"""Each algorithm against something that was not written for it: a closed form, finite differences, sums by hand."""

from __future__ import annotations

import moocore
import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.search import Observations
from nbframes.search.algorithms.bohb import Densities, best_candidates
from nbframes.search.algorithms.halving import ladder
from nbframes.search.algorithms.nsga2 import crowding, fronts


def told(problem, codes, scores, budget=None, time=0.0):
    scores = np.asarray(scores, float)
    scores = scores[:, None] if scores.ndim == 1 else scores
    budget = problem.budgets[-1] if budget is None else budget
    return Observations(codes, problem.space.arch(codes), scores, budget, np.full(len(codes), time))


# Random search


def test_random_search_has_its_closed_form(evaluations):
    """The expected best of n independent draws is a sum over the whole space's sorted values."""
    store = nbf.published.store().scan("nats-tss").filter(nbf.on("cifar100", "val"), nbf.schedule(200))
    values = np.sort(store.group_by("arch").agg(nbf.seed_mean().alias("mean")).collect()["mean"].to_numpy())
    share = np.arange(len(values) + 1) / len(values)
    frame = nbf.search.run("random", evaluations, runs=2000, budget=200)
    for n in (1, 2, 10, 50, 200):
        weight = np.diff(share**n)
        mean = (values * weight).sum()
        deviation = np.sqrt((values**2 * weight).sum() - mean**2)
        found = frame.filter(pl.col("step") == n - 1)["reported"].mean()
        assert abs(found - mean) < 4 * deviation / np.sqrt(2000), n


# Evolution and local search


@pytest.mark.parametrize(("dataset", "budget"), [("cifar100", 1_000_000), ("ImageNet16-120", 3_000_000)])
def test_evolution_and_local_search_beat_random_search(dataset, budget):
    """Their mean regret is less than two thirds of random search's, and a run of theirs is the better one in 7 of 10 cases."""
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset=dataset)
    frame = nbf.search.run(["random", "evolution", "local"], problem, runs=500, budget=budget)
    found = nbf.search.compare(frame).filter(pl.col("algorithm_a") == "random")
    assert found["algorithm_b"].to_list() == ["evolution", "local"]
    assert (found["mean_b"] < 2 / 3 * found["mean_a"]).all()
    assert (found["p_better"] < 0.3).all()
    assert (found["mann_whitney_holm"] < 1e-12).all()


def test_evolution_keeps_the_youngest(evaluations):
    search = nbf.search.Evolution(population=3, sample=40).start(evaluations, 1, np.random.default_rng(0))
    codes = evaluations.space.sample(6, np.random.default_rng(1))
    for code, score in zip(codes, [9, 1, 2, 3, 4, 5], strict=True):
        search.ask(1)
        search.tell(told(evaluations, code[None], [score]))
    children = np.concatenate([search.ask(1) for _ in range(50)])
    assert ((children != codes[5]).sum(axis=1) == 1).mean() > 0.95


@pytest.mark.parametrize("whole", [False, True])
def test_local_search_climbs_to_local_optima(evaluations, whole):
    frame = nbf.search.run(
        nbf.search.LocalSearch(initial=1, whole_neighbourhood=whole), evaluations, runs=20, budget=300
    )
    tss = nbf.spaces.tss.codes
    for run in frame.partition_by("run"):
        assert run["arch"].n_unique() == run.height
        values = dict(run.select("arch", "observed").iter_rows())
        best = run["incumbent"][-1]
        neighbours = tss.index(tss.neighbours(tss.from_index(np.array([best])))[1])
        asked = [values[arch] for arch in neighbours.tolist() if arch in values]
        assert max(asked) <= values[best]
    reached = frame.group_by("run").agg(pl.col("incumbent").last())["incumbent"]
    store = nbf.published.store().scan("nats-tss").filter(nbf.on("cifar100", "val"), nbf.schedule(200))
    means = store.group_by("arch").agg(nbf.seed_mean().alias("mean")).collect().sort("arch")["mean"].to_numpy()
    optima = 0
    for arch in reached.to_list():
        around = tss.index(tss.neighbours(tss.from_index(np.array([arch])))[1])
        optima += bool(means[arch] >= means[around].max())
    assert optima >= 16


# REINFORCE


def test_the_gradient_of_reinforce_is_that_of_finite_differences(seconds):
    search = nbf.search.Reinforce().start(seconds, 3, np.random.default_rng(0))
    search.logits = np.random.default_rng(1).normal(size=search.logits.shape)
    codes, advantage = search.ask(3), np.array([2.0, -0.5, 0.0])

    def loss():
        log = np.log(search.probabilities())
        chosen = np.take_along_axis(log, codes[..., None].astype(int), -1)[..., 0].sum(axis=1)
        return -(chosen * advantage).sum()

    gradient, step = search.gradient(codes, advantage), 1e-6
    for place in np.ndindex(search.logits.shape):
        search.logits[place] += step
        above = loss()
        search.logits[place] -= 2 * step
        below = loss()
        search.logits[place] += step
        assert gradient[place] == pytest.approx((above - below) / (2 * step), abs=1e-8)


def test_reinforce_moves_as_adam_does(seconds):
    """The reference loop of Kingma and Ba's algorithm 1, and the bias-corrected average as baseline."""
    search = nbf.search.Reinforce(learning_rate=0.1).start(seconds, 2, np.random.default_rng(0))
    expected, m, v, numerator, denominator = search.logits.copy(), 0.0, 0.0, 0.0, 0.0
    for t, rewards in enumerate(([50.0, 60.0], [70.0, 10.0], [65.0, 61.0]), start=1):
        codes, scores = search.ask(2), np.array(rewards)
        numerator, denominator = 0.9 * numerator + 0.1 * scores, 0.9 * denominator + 0.1
        g = search.gradient(codes, scores - numerator / denominator)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        expected = expected - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        search.tell(told(seconds, codes, scores))
        np.testing.assert_allclose(search.logits, expected, atol=1e-6)


def test_a_policy_draws_with_its_probabilities(seconds):
    search = nbf.search.Reinforce().start(seconds, 30_000, np.random.default_rng(0))
    search.logits[:] = np.random.default_rng(1).normal(size=search.logits.shape[1:])
    codes = search.ask(30_000)
    for place, expected in enumerate(search.probabilities()[0]):
        found = np.bincount(codes[:, place], minlength=5) / 30_000
        np.testing.assert_allclose(found, expected, atol=5 * 0.5 / np.sqrt(30_000))


# Successive halving and Hyperband


@pytest.mark.parametrize(
    ("budgets", "rungs"),
    [
        (range(1, 13), [1, 4, 12]),  # as BOHB of NATS-Bench: int(1.33), 4, 12
        (range(1, 201), [2, 7, 22, 66, 200]),
        ([4, 12, 36, 108], [4, 12, 36, 108]),
        ([12, 200], [12, 200]),
    ],
)
def test_rungs_are_powers_of_eta_below_the_largest_budget(budgets, rungs):
    assert ladder(list(budgets), 3) == rungs


def test_halving_promotes_the_best_third(curve):
    """Nine architectures with scores by hand: the best three go on, then the best of them by its new score."""
    search = nbf.search.SuccessiveHalving().start(curve, 2, np.random.default_rng(0))
    first = []
    scores = np.array([[1, 9, 2, 8, 3, 7, 4, 6, 5], [5, 5, 9, 1, 1, 5, 0, 0, 0]])
    for k in range(9):
        codes, budget = search.ask(2)
        assert budget == 1
        first.append(codes.copy())
        search.tell(told(curve, codes, scores[:, k], budget))
    second = []
    for k in range(3):
        codes, budget = search.ask(2)
        assert budget == 4
        second.append(codes.copy())
        search.tell(told(curve, codes, [[1, 2, 3][k], [7, 8, 7][k]], budget))
    assert [second[k][0].tolist() for k in range(3)] == [first[k][0].tolist() for k in (1, 3, 5)]
    assert [second[k][1].tolist() for k in range(3)] == [first[k][1].tolist() for k in (2, 0, 1)]
    codes, budget = search.ask(2)
    assert budget == 12
    assert codes[0].tolist() == first[5][0].tolist()
    assert codes[1].tolist() == first[0][1].tolist()
    search.tell(told(curve, codes, [1, 1], budget))
    assert search.ask(2)[1] == 1


@pytest.mark.parametrize(
    ("algorithm", "pattern"),
    [
        ("halving", [(1, 9), (4, 3), (12, 1)]),
        ("hyperband", [(1, 9), (4, 3), (12, 1), (4, 5), (12, 1), (12, 3)]),  # Li et al., algorithm 1
        ("bohb", [(1, 9), (4, 3), (12, 1), (4, 3), (12, 1), (12, 3)]),  # HpBandSter's counts
    ],
)
def test_brackets_have_the_published_sizes(algorithm, pattern, curve):
    frame = nbf.search.run(algorithm, curve, runs=2, budget=20_000)
    length = sum(count for _, count in pattern)
    expected = [budget for budget, count in pattern for _ in range(count)] * 2
    assert frame.filter(pl.col("run") == 1)["budget"].to_list()[: 2 * length] == expected


# BOHB


def test_densities_are_means_of_products_of_kernels():
    rng = np.random.default_rng(0)
    sizes = np.array([5, 3, 8])
    data = (rng.random((2, 7, 3)) * sizes).astype(np.uint8)
    points = (rng.random((2, 4, 3)) * sizes).astype(np.uint8)
    densities = Densities.of(data, sizes, 0.3)
    found = densities.at(points)
    for run in range(2):
        width = [max(0.3, 1.06 * np.std(data[run, :, j]) * 7 ** (-1 / 7)) for j in range(3)]
        for k in range(4):
            total = 0.0
            for observed in data[run]:
                product = 1.0
                for j in range(3):
                    same = observed[j] == points[run, k, j]
                    product *= 1 - width[j] if same else width[j] / (sizes[j] - 1)
                total += product
            assert found[run, k] == pytest.approx(total / 7, rel=1e-12)


def test_a_density_with_narrow_kernels_sums_to_one():
    sizes = np.array([3, 4])
    data = np.array([[[0, 1], [2, 3], [2, 0]]], np.uint8)
    everything = np.stack(np.meshgrid(range(3), range(4)), axis=-1).reshape(1, -1, 2).astype(np.uint8)
    assert Densities.of(data, sizes, 0.1, 0.6).at(everything).sum() == pytest.approx(1.0)


def test_the_candidate_with_the_best_ratio_is_taken():
    sizes = np.array([4, 4])
    good = Densities.of(np.zeros((1, 5, 2), np.uint8), sizes, 0.3)
    bad = Densities.of(np.full((1, 5, 2), 3, np.uint8), sizes, 0.3)
    drawn = np.stack([best_candidates(good, bad, 64, 0.3, np.random.default_rng(seed))[0] for seed in range(30)])
    assert (drawn == 0).all()
    single = np.stack([best_candidates(good, bad, 1, 0.3, np.random.default_rng(seed))[0] for seed in range(3000)])
    assert (single == 0).mean() == pytest.approx(0.7 + 0.3 / 4, abs=0.02)


def test_bohb_models_the_largest_budget_that_has_enough(curve):
    """With positions + 1 good and as many bad ones there is a model; before, architectures are random."""
    search = nbf.search.BOHB(random_fraction=0).start(curve, 1, np.random.default_rng(0))
    asked, models = [], []
    for step in range(60):
        codes, budget = search.ask(1)
        models.append(search._densities() is not None)
        asked.append(budget)
        search.tell(told(curve, codes, [float(codes.sum())], budget))
        enough = max(np.bincount(asked)) >= 14
        assert (search._densities() is not None) == enough, step
    good, bad = search._densities()
    assert good.data.sum(axis=-1).min() >= bad.data.sum(axis=-1).max()


# NSGA-II


def test_fronts_are_those_of_moocore():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 12, size=(5, 60, 2)).astype(float)
    for points, ranks in zip(scores, fronts(scores), strict=True):
        expected = moocore.pareto_rank(points, maximise=True)
        assert (ranks == expected - expected.min()).all()


def test_crowding_of_a_front_by_hand():
    scores = np.array([[[0.0, 10.0], [4.0, 7.0], [5.0, 5.0], [10.0, 0.0], [0.0, 0.0]]])
    rank = fronts(scores)
    assert rank.tolist() == [[0, 0, 0, 0, 1]]
    assert crowding(scores, rank)[0].tolist() == [np.inf, 5 / 10 + 5 / 10, 6 / 10 + 7 / 10, np.inf, np.inf]


def test_nsga2_finds_more_of_the_front_than_random_search():
    problem = nbf.search.Problem(
        nbf.published.store(),
        "nats-tss",
        dataset="cifar100",
        observe={"metric": ("accuracy", "params")},
        clock="evaluations",
    )
    frame = nbf.search.run(["random", nbf.search.NSGA2(population=20)], problem, runs=20, budget=400)
    ideal = np.array([[0.0, 1.6e6]])
    volumes = {}
    for (name, run), part in frame.partition_by("algorithm", "run", as_dict=True).items():
        points = part.select(-pl.col("observed"), "params").to_numpy()
        volumes.setdefault(name, []).append(moocore.hypervolume(points, ref=ideal))
        assert part.height == 400, run
    random, nsga2 = volumes.values()
    assert list(volumes) == ["random", "nsga2(population=20)"]
    assert sum(b > a for a, b in zip(random, nsga2, strict=True)) >= 18
