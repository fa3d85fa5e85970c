"""NASBench301 beside upstream's, over every entry."""

from __future__ import annotations

import random

import pytest

from nbframes.compat.nasbenchapi import NASBench301
from nbframes.compat.sources import SINGLE_READS
from nbframes.errors import InvalidArgumentError


def entries(nb301):
    return list(nb301.ours.iter_all())


def path_of(nb301, entry):
    return nb301.theirs.api.data["entries"][entry]["path"]


def test_there_are_as_many_entries_and_in_upstreams_order(nb301):
    assert entries(nb301) == list(nb301.theirs.iter_all())
    assert len(entries(nb301)) > SINGLE_READS
    assert nb301.ours.get_statistics() == nb301.theirs.api.get_statistics()


@pytest.mark.parametrize("split", ["val", "test"])
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_the_last_value_of_every_entry_is_upstreams(nb301, split, dataset):
    for entry, run in enumerate(nb301.theirs.api.data["entries"]):
        ours, theirs = (api.query(entry, dataset, split) for api in (nb301.ours, nb301.theirs))
        if not gapless(run["parsed"]) and split == "val":
            assert ours["info"].pop("epoch_used") > theirs["info"].pop("epoch_used")
        assert ours == theirs


def gapless(run):
    curves = run.get("learning_curves") or {}
    epochs = curves.get("Train/epochs") or range(1, 1 + len(curves.get("Train/val_accuracy", [])))
    return list(epochs) == list(range(1, len(epochs) + 1))


def test_every_logged_epoch_of_every_entry_is_upstreams(nb301):
    for entry, run in enumerate(nb301.theirs.api.data["entries"]):
        if gapless(run["parsed"]):
            for epoch in range(1, len((run["parsed"].get("learning_curves") or {}).get("Train/val_accuracy", [])) + 1):
                assert nb301.ours.query(entry, budget=epoch) == nb301.theirs.query(entry, budget=epoch)


def test_reading_one_by_one_and_from_memory_is_the_same(nb301):
    fresh = NASBench301(nb301.store, verbose=False)
    answers = [fresh.query(3, budget=10) for _ in range(SINGLE_READS + 2)]
    assert all(answer == answers[0] for answer in answers)


def test_entries_are_found_by_number_path_and_description(nb301):
    for entry in entries(nb301):
        path = path_of(nb301, entry)
        for asked in (entry, path, {"index": entry}, {"path": path}):
            assert nb301.ours.get_index(asked) == nb301.theirs.api.get_index(asked) == entry
        assert nb301.ours.query(path) == nb301.ours.query(entry)
        assert nb301.ours.id(entry) == nb301.theirs.id(entry)


@pytest.mark.parametrize("asked", [-1, 10**6, "absent/results_0.json", {"index": -1}, {}, None, 1.5])
def test_what_is_not_there_is_answered_as_upstream_does(nb301, asked):
    assert nb301.ours.query(asked) == nb301.theirs.query(asked)
    assert nb301.ours.get_index(asked) == nb301.theirs.api.get_index(asked)


def test_an_unsupported_split_is_answered_as_upstream_does(nb301):
    assert nb301.ours.query(0, split="train") == nb301.theirs.query(0, split="train")


@pytest.mark.parametrize("n", [0, 1, 5, 10_000])
@pytest.mark.parametrize("seed", [None, 0, 42])
def test_samples_are_upstreams(nb301, n, seed):
    random.seed(7)
    theirs, state = nb301.theirs.random_sample(n, seed), random.getstate()
    random.seed(7)
    assert nb301.ours.random_sample(n, seed) == theirs
    assert random.getstate() == state


@pytest.mark.parametrize("dataset", [None, "cifar10", "cifar100", "mnist"])
@pytest.mark.parametrize("split", [None, "val", "test", "train"])
def test_budgets_and_existence_are_upstreams(nb301, dataset, split):
    ours, theirs = nb301.ours, nb301.theirs
    if dataset in {None, "cifar10", "cifar100"} and split != "train":
        assert ours.available_budgets(dataset, split) == theirs.available_budgets(dataset, split)
    for budget in (None, 1, 98, 99, 100, 1500):
        for arch in (None, 0, -1, {"index": 2}, {}):
            asked = {"dataset": dataset, "split": split, "budget": budget, "arch": arch}
            assert ours.exists(**asked) == theirs.exists(**asked)


def test_the_small_methods_answer_as_upstreams(nb301):
    ours, theirs = nb301.ours, nb301.theirs
    assert ours.bench_name() == theirs.bench_name()
    assert ours.datasets() == theirs.datasets()
    assert ours.splits("cifar10") == theirs.splits("cifar10")
    assert ours.decode(3) == theirs.decode(3)
    assert ours.encode(3) == theirs.encode(3)
    assert ours.api.OPS == theirs.api.OPS


def test_an_epoch_that_was_not_logged_is_not_given_the_value_of_another(nb301):
    entry = entries(nb301)[0]
    assert nb301.theirs.query(entry, budget=99)["metric"] is not None
    found = nb301.ours.query(entry, budget=99)
    assert found["metric"] is None
    assert found["info"]["error"].startswith("not logged at epoch 99; there are")
    assert nb301.ours.query(entry, budget=0)["metric"] is None


def test_a_test_accuracy_after_another_epoch_is_not_made_up(nb301):
    assert nb301.theirs.query(0, split="test", budget=50)["metric"] is not None
    found = nb301.ours.query(0, split="test", budget=50)
    assert found["metric"] is None
    assert "after epoch 100 alone" in found["info"]["error"]
    assert nb301.ours.query(0, split="test", budget=100)["metric"] == nb301.theirs.query(0, split="test")["metric"]


def test_a_run_without_curve_has_no_epochs(nb301):
    real = next(entry for entry in entries(nb301) if path_of(nb301, entry).startswith("x_real"))
    assert nb301.ours.query(real)["metric"] == nb301.theirs.query(real)["metric"]
    assert nb301.ours.query(real, budget=10)["metric"] is None


def test_epochs_are_those_that_the_run_logged(peers, nb301_runs):
    full = next(run for run in nb301_runs if len(run["parsed"]["learning_curves"]["Train/epochs"]) == 98)
    curves = {key: values[:50] + values[60:] for key, values in full["parsed"]["learning_curves"].items()}
    gaps = peers("301", {"entries": [full | {"parsed": full["parsed"] | {"learning_curves": curves}}]})
    logged, values = curves["Train/epochs"], curves["Train/val_accuracy"]
    for epoch, value in zip(logged, values, strict=True):
        assert gaps.ours.query(0, budget=int(epoch))["metric"] == value
    assert gaps.ours.query(0, budget=55)["metric"] is None
    assert gaps.theirs.query(0, budget=61)["metric"] != gaps.ours.query(0, budget=61)["metric"] == values[50]


def test_paths_are_known_with_the_folders_above_the_release(peers, nb301_runs):
    below = [run | {"path": f"data/nb_301_v13_lc_iclr_final/{run['path']}"} for run in nb301_runs[:5]]
    nested = peers("301", {"entries": below})
    for entry, run in enumerate(below):
        assert nested.ours.get_index(run["path"]) == nested.theirs.api.get_index(run["path"]) == entry
        assert nested.ours.get_index(nb301_runs[entry]["path"]) == entry


def test_a_whole_run_cannot_be_looked_up_and_it_says_so(nb301):
    run = nb301.theirs.api.data["entries"][0]["parsed"]
    for asked in ({"parsed": run}, run):
        with pytest.raises(InvalidArgumentError, match="does not keep the JSON"):
            nb301.ours.query(asked)


def test_entries_cannot_be_mutated(nb301):
    with pytest.raises(InvalidArgumentError, match=r"nbframes.spaces.darts.mutate"):
        nb301.ours.mutate(0, random.Random(0))


def test_paths_exist_as_well(nb301):
    assert nb301.ours.exists(arch=path_of(nb301, 0))
