"""NASBench101 beside upstream's, over everything that both hold."""

from __future__ import annotations

import random
from itertools import product

import polars as pl
import pytest

import nbframes as nbf
from nbframes.compat.nasbenchapi import Arch101, NASBench101
from nbframes.compat.sources import SINGLE_READS
from nbframes.errors import InvalidArchitectureError, UnknownNameError
from nbframes.spaces import nb101 as space

UNKNOWN = Arch101([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "no-such-op", "output"])


def same(ours, theirs):
    """Equal values of equal types, all the way down."""
    assert type(ours) is type(theirs) or isinstance(ours, dict)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    else:
        assert ours == theirs


def both(nb101):
    """The same cells as upstream's objects and ours."""
    return list(zip(nb101.theirs.iter_all(), nb101.ours.iter_all(), strict=True))


def test_all_cells_come_in_upstreams_order(nb101):
    pairs = both(nb101)
    assert len(pairs) > SINGLE_READS
    assert all((one.adjacency, one.operations) == (other.adjacency, other.operations) for one, other in pairs)


@pytest.mark.parametrize("average", [False, True])
def test_every_cell_is_answered_as_upstream_does(nb101, average):
    for theirs, ours in both(nb101):
        same(nb101.ours.query(ours, average=average), nb101.theirs.query(theirs, average=average))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_every_summary_is_upstreams(nb101, split):
    for theirs, ours in both(nb101):
        expected = nb101.theirs.query(theirs, split=split, summary=True)
        found = nb101.ours.query(ours, split=split, summary=True)
        expected["info"] = {key: value for key, value in expected["info"].items() if key != "metrics_b64"}
        assert found == expected
        assert nb101.ours.train_time(ours) == nb101.theirs.train_time(theirs)


def test_reading_one_by_one_and_from_memory_is_the_same(nb101):
    fresh = NASBench101(nb101.store, verbose=False)
    arch = next(fresh.iter_all())
    answers = [fresh.query(arch) for _ in range(SINGLE_READS + 2)]
    assert all(answer == answers[0] for answer in answers)


def test_an_unknown_cell_is_answered_as_upstream_does(nb101):
    for average, summary in product([False, True], repeat=2):
        same(
            nb101.ours.query(UNKNOWN, average=average, summary=summary),
            nb101.theirs.query(UNKNOWN, average=average, summary=summary),
        )
    assert nb101.ours.train_time(UNKNOWN) is nb101.theirs.train_time(UNKNOWN) is None
    assert not nb101.ours.exists(arch=UNKNOWN)
    assert not nb101.theirs.exists(arch=UNKNOWN)


@pytest.mark.parametrize("n", [0, 1, 5, 10_000])
@pytest.mark.parametrize("seed", [None, 0, 42])
def test_samples_are_upstreams(nb101, n, seed):
    random.seed(7)
    theirs, state = nb101.theirs.random_sample(n, seed), random.getstate()
    random.seed(7)
    ours = nb101.ours.random_sample(n, seed)
    assert [(a.adjacency, a.operations) for a in ours] == [(a.adjacency, a.operations) for a in theirs]
    assert random.getstate() == state


def test_the_small_methods_answer_as_upstreams(nb101):
    theirs, ours = nb101.theirs, nb101.ours
    for one, other in both(nb101):
        assert ours.id(other) == theirs.id(one) == ours.get_index(other) == theirs.api.get_index(one)
        same(ours.encode(other), theirs.encode(one))
        assert ours.decode(ours.encode(other)) == other
        assert ours.is_valid(other) == theirs.is_valid(one)
        assert other.to_lists() == one.to_lists()
        assert hash(other) == hash(Arch101(*other.to_lists()))
    assert ours.get_statistics() == theirs.api.get_statistics() == ours.api.get_statistics()
    assert ours.op_set() == theirs.op_set()
    assert ours.bench_name() == theirs.bench_name()
    assert ours.datasets() == theirs.datasets()
    assert ours.splits("cifar10") == theirs.splits("cifar10")
    assert ours.available_budgets() is theirs.available_budgets() is None


@pytest.mark.parametrize("dataset", [None, "cifar10", "cifar100"])
@pytest.mark.parametrize("split", [None, "val", "valtest"])
@pytest.mark.parametrize("budget", [None, 7])
def test_existence_is_upstreams(nb101, dataset, split, budget):
    for one, other in both(nb101)[:3]:
        asked = {"dataset": dataset, "split": split, "budget": budget}
        assert nb101.ours.exists(**asked, arch=other) == nb101.theirs.exists(**asked, arch=one)


@pytest.mark.parametrize("encoding", [("011", "input,output"), ("0100", "input,conv3x3-bn-relu,output")])
def test_a_text_that_is_no_cell_is_a_value_error_as_upstream(nb101, encoding):
    asked = dict(zip(("adjacency_str", "operations_str"), encoding, strict=True))
    for api in (nb101.ours, nb101.theirs):
        with pytest.raises(ValueError):
            api.decode(asked)


def test_the_raw_bytes_are_not_kept_and_it_says_so(nb101):
    info = nb101.ours.query(next(nb101.ours.iter_all()), summary=True)["info"]
    with pytest.raises(KeyError, match="keeps the numbers"):
        info["metrics_b64"]
    with pytest.raises(KeyError, match="absent"):
        info["absent"]
    with pytest.raises(AttributeError, match=r"nbframes\.scan"):
        nb101.ours.data  # noqa: B018


def test_a_summary_is_about_the_budget_that_was_asked_for(nb101):
    ours = nb101.ours
    for arch in list(ours.iter_all())[:5]:
        runs = ours.query(arch)[1]
        for budget, of in runs.items():
            finals = [run["final_test_accuracy"] for run in of]
            found = ours.query(arch, split="test", budget=budget, summary=True)
            assert found["metric"] == sum(finals) / len(finals)
            assert found["info"]["epoch"] == budget
        with pytest.raises(UnknownNameError, match="budget of this cell 7"):
            ours.query(arch, budget=7, summary=True)


def test_unknown_names_are_errors(nb101):
    arch = next(nb101.ours.iter_all())
    with pytest.raises(UnknownNameError, match=r"split 'vall'; did you mean 'val'"):
        nb101.ours.query(arch, split="vall")
    with pytest.raises(UnknownNameError, match="dataset of nb101 'cifar100'"):
        nb101.ours.query(arch, dataset="cifar100")
    with pytest.raises(UnknownNameError, match="kind of mutation 'swap'"):
        nb101.ours.mutate(arch, random.Random(0), "swap")


@pytest.mark.parametrize("kind", [None, "edge_toggle", "op_swap"])
def test_a_mutation_changes_one_thing_and_stays_in_the_space(nb101, kind):
    rng = random.Random(0)
    for arch in list(nb101.ours.iter_all())[:20]:
        cell = space.Cell(*arch.to_lists())
        if kind == "op_swap" and len(set(arch.operations[1:-1])) < 2:
            with pytest.raises(InvalidArchitectureError, match="no valid change"):
                nb101.ours.mutate(arch, rng, kind)
            continue
        mutant = nb101.ours.mutate(arch, rng, kind)
        assert space.is_valid(space.Cell(*mutant.to_lists()))
        assert mutant != arch
        if space.hash(space.Cell(*mutant.to_lists())) != space.hash(cell) and not nb101.ours.exists(arch=mutant):
            before, after = (nb101.ours.encode(one)["adjacency_str"] for one in (arch, mutant))
            changed = sum(one != other for one, other in zip(before, after, strict=True))
            assert changed == (0 if kind == "op_swap" else 1)


def test_a_mutant_that_the_store_knows_is_given_in_the_form_that_it_knows(tmp_path):
    """Of input-a-b-output and the two orders of a diamond, the store has the chain and the diamond's other order."""
    chain = ("0100001000010000", "input,conv3x3-bn-relu,conv1x1-bn-relu,output")
    diamond = ("0110000100010000", "input,conv1x1-bn-relu,conv3x3-bn-relu,output")
    texts = ["|".join(cell) for cell in (chain, diamond)]
    archs = pl.DataFrame({"arch": [0, 1], "position": [0, 1], "arch_str": texts})
    keys = {"arch": [0, 1], "dataset": "cifar10", "schedule": 108, "seed": 0}
    results = pl.DataFrame(keys | {"budget": 108, "split": "val", "metric": "accuracy", "value": [90.0, 91.0]})
    archs = archs.with_columns(space.hash(archs["arch_str"]).alias("hash"))
    nbf.write_results(results, tmp_path, benchmark="nb101", archs=archs, runs=pl.DataFrame(keys | {"params": [1, 2]}))
    ours = NASBench101(tmp_path, verbose=False)

    almost = Arch101([[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]], chain[1].split(","))
    mutants = {ours.mutate(almost, random.Random(seed)) for seed in range(100)}
    stored = {ours.decode({"adjacency_str": a, "operations_str": o}) for a, o in (chain, diamond)}
    assert mutants & stored == {ours.decode({"adjacency_str": diamond[0], "operations_str": diamond[1]})}
    assert ours.query((mutants & stored).pop())[1][108][0]["final_validation_accuracy"] == 0.91
