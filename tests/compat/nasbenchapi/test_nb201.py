"""NASBench201 beside upstream's, over every architecture, dataset, split, seed and epoch."""

from __future__ import annotations

import random
from itertools import product

import pytest

from nbframes.compat.nasbenchapi import NASBench201
from nbframes.compat.sources import SINGLE_READS
from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from nbframes.spaces import tss

DATASETS = ["cifar10", "cifar10-valid", "cifar100", "ImageNet16-120"]
SEEDS = [None, 111, 777, 888, 999]
EPOCHS = [None, 0, 1, 11, 100, 198, 199]


def results(nb201, arch):
    theirs = nb201.theirs.api
    return theirs.data["arch2infos"][theirs.get_index(arch)]["full"]["all_results"]


def published(nb201, arch, dataset, split, seed, epoch):
    """Whether upstream answers this itself, rather than with another epoch, split, or not at all."""
    name = "cifar10-valid" if (dataset, split) in {("cifar10", "val"), ("cifar10", "valid")} else dataset
    result = results(nb201, arch).get((name, 777 if seed is None else seed))
    epoch = 199 if epoch is None else epoch
    if result is None:
        return False
    if split == "train":
        return epoch in result["train_acc1es"]
    prefix = "ori-test" if split == "test" else "x-valid"
    return f"{prefix}@{epoch}" in result["eval_acc1es"]


def test_all_architectures_come_in_upstreams_order(nb201):
    assert list(nb201.ours.iter_all()) == list(nb201.theirs.iter_all())
    assert nb201.ours.get_statistics() == nb201.theirs.api.get_statistics()


@pytest.mark.parametrize("split", ["train", "val", "valid", "test"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_published_value_is_upstreams(nb201, dataset, split):
    compared = 0
    for arch, seed, epoch in product(list(nb201.theirs.iter_all())[:5], SEEDS, EPOCHS):
        ours = nb201.ours.query(arch, dataset, split, seed, epoch)
        theirs = nb201.theirs.query(arch, dataset, split, seed, epoch)
        if not published(nb201, arch, dataset, split, seed, epoch):
            assert ours["metric"] is None
            assert ours["info"].pop("error")
            assert ours["info"] == theirs["info"]
        elif theirs["metric"] is not None:
            assert ours == theirs
            compared += 1
    upstream_knows = split in {"train", "test"} or dataset == "cifar10"
    assert (compared > 0) == upstream_knows


@pytest.mark.parametrize("dataset", ["cifar10-valid", "cifar100", "ImageNet16-120"])
def test_validation_accuracies_that_upstream_never_finds_are_given(nb201, dataset):
    for arch in list(nb201.theirs.iter_all())[:12]:
        result = results(nb201, arch)[dataset, 777]
        found = nb201.ours.query(arch, dataset, "val")
        assert nb201.theirs.query(arch, dataset, "val")["metric"] is None
        assert found["metric"] == result["eval_acc1es"]["x-valid@199"]
        assert found["cost"] == result["eval_times"]["x-valid@199"]


def test_reading_one_by_one_and_from_memory_is_the_same(nb201):
    fresh = NASBench201(nb201.store, verbose=False)
    arch = next(fresh.iter_all())
    answers = [fresh.query(arch, budget=50) for _ in range(SINGLE_READS + 2)]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("budget", [-1, 200, 250, "12", 3.5])
def test_an_epoch_that_was_not_measured_is_not_given_the_value_of_another(nb201, budget):
    arch = next(nb201.ours.iter_all())
    assert nb201.theirs.query(arch, budget=budget)["metric"] is not None
    found = nb201.ours.query(arch, budget=budget)
    assert found["metric"] is None
    assert found["info"]["error"].startswith(f"not measured at epoch {budget!r}; there are 200 epochs, 0 to 199")


def test_a_validation_accuracy_is_not_passed_off_as_a_test_accuracy(nb201):
    """cifar10-valid has the seeds that cifar10 has not."""
    for arch in nb201.theirs.iter_all():
        for seed in {seed for name, seed in results(nb201, arch)} - {
            s for n, s in results(nb201, arch) if n == "cifar10"
        }:
            assert nb201.theirs.query(arch, split="test", seed=seed)["metric"] is not None
            assert nb201.ours.query(arch, split="test", seed=seed)["metric"] is None


@pytest.mark.parametrize(
    "arch", ["nonsense", "|none~0|", "|nine~0|+|none~0|none~1|+|none~0|none~1|none~2|", None, 11, ()]
)
def test_what_is_no_architecture_is_answered_as_upstream_does(nb201, arch):
    assert nb201.ours.query(arch) == nb201.theirs.query(arch)


def test_an_architecture_that_is_not_there_is_not_answered_with_another(nb201):
    there = set(nb201.ours.iter_all())
    absent = next(arch for arch in map(tss.from_index, range(tss.SIZE)) if arch not in there)
    assert nb201.ours.query(absent)["info"] == {"error": "architecture not found", "arch": absent}
    with pytest.raises(InvalidArchitectureError, match="does not have"):
        nb201.ours.get_index(absent)
    assert not nb201.ours.exists(arch=absent)


def test_an_architecture_is_recognised_however_it_is_separated(nb201):
    for arch in list(nb201.ours.iter_all())[:12]:
        loose = arch.replace("|+|", "| + |").strip("|")
        assert nb201.ours.get_index(loose) == nb201.ours.get_index(arch)
        assert nb201.ours.query(loose) == nb201.ours.query(arch)


def test_indices_and_strings_are_each_others_inverse(nb201):
    for arch in nb201.theirs.iter_all():
        index = nb201.theirs.api.get_index(arch)
        assert nb201.ours.get_index(arch) == nb201.ours.arch_str_to_index(arch) == index
        assert nb201.ours.index_to_arch_str(index) == arch
    with pytest.raises(InvalidArgumentError, match="no architecture with the index -1"):
        nb201.ours.index_to_arch_str(-1)


@pytest.mark.parametrize("n", [0, 1, 3, 20_000])
@pytest.mark.parametrize("seed", [None, 0, 42])
def test_samples_are_upstreams(nb201, n, seed):
    random.seed(7)
    theirs, state = nb201.theirs.random_sample(n, seed), random.getstate()
    random.seed(7)
    assert nb201.ours.random_sample(n, seed) == theirs
    assert random.getstate() == state
    assert nb201.ours.random_sample_str(n, 3) == nb201.theirs.random_sample(n, 3)


@pytest.mark.parametrize("dataset", [None, "cifar10", "cifar100", "ImageNet16-120", "mnist"])
@pytest.mark.parametrize("split", [None, "train", "val", "test", "valtest"])
def test_existence_is_upstreams(nb201, dataset, split):
    arch = next(nb201.ours.iter_all())
    index = nb201.ours.get_index(arch)
    for budget, given in product([None, 0, 199, 200], [None, arch, index, -1, "nonsense"]):
        asked = {"dataset": dataset, "split": split, "budget": budget, "arch": given}
        if not (dataset in {"cifar100", "ImageNet16-120"} and split == "val"):
            assert nb201.ours.exists(**asked) == nb201.theirs.exists(**asked)


def test_budgets_are_those_of_the_dataset(nb201):
    ours, theirs = nb201.ours, nb201.theirs
    for dataset, split in product(["cifar10", "ImageNet16-120", None], ["train", "val", "test", None]):
        assert ours.available_budgets(dataset, split) == theirs.available_budgets(dataset, split)
    assert ours.available_budgets("cifar100", "val") == [199]
    assert theirs.available_budgets("cifar100", "val") == list(range(200))
    assert ours.available_budgets("mnist") is None


def test_a_mutation_changes_the_operation_of_one_edge(nb201):
    rng = random.Random(0)
    for arch in list(nb201.ours.iter_all())[:12]:
        mutant = nb201.ours.mutate(arch, rng)
        changed = [one != other for one, other in zip(tss.parse(arch), tss.parse(mutant), strict=True)]
        assert sum(changed) == 1


def test_unknown_names_are_errors(nb201):
    arch = next(nb201.ours.iter_all())
    with pytest.raises(UnknownNameError, match=r"dataset 'cifar-10'; did you mean 'cifar10'"):
        nb201.ours.query(arch, "cifar-10")
    with pytest.raises(UnknownNameError, match=r"split 'tests'; did you mean 'test'"):
        nb201.ours.query(arch, split="tests")


def test_the_small_methods_answer_as_upstreams(nb201):
    ours, theirs = nb201.ours, nb201.theirs
    arch = next(ours.iter_all())
    assert ours.id(arch) == theirs.id(arch)
    assert ours.decode(arch) == theirs.decode(arch)
    assert ours.encode(arch) == theirs.encode(arch)
    assert ours.bench_name() == theirs.bench_name()
    assert ours.datasets() == theirs.datasets()
    assert ours.splits("cifar100") == theirs.splits("cifar100")
    assert theirs.api.OPS == ours.api.OPS
