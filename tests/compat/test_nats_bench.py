"""`nbframes.compat.nats_bench` beside `nats_bench` 1.8, member by member, on real records."""

from __future__ import annotations

import bz2
import contextlib
import io
import itertools
import pickle
import random
import re

import nats_bench as upstream
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.compat import nats_bench as ours
from tests.compat.typed import typed

FOLDERS = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}
HPS = {"tss": ("12", "200"), "sss": ("01", "12", "90")}
INDEXES = (0, 11, 284)
DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
SETS = ("train", "valid", "x-valid", "x-test", "ori-test", "nonsense")


@pytest.fixture(scope="module")
def store(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nats")
    for name in FOLDERS.values():
        nbf.export(data / "nats" / name, folder, on_error="skip", progress=False)
    return nbf.open_store(folder)


@pytest.fixture(scope="module")
def monoliths(data, tmp_path_factory):
    """The same records as upstream's one-file archive."""
    paths = {}
    for space, name in FOLDERS.items():
        source = data / "nats" / name
        records = {i: pickle.loads(bz2.decompress((source / f"{i:06d}.pickle.pbz2").read_bytes())) for i in INDEXES}
        meta = pickle.loads(bz2.decompress((source / "meta.pickle.pbz2").read_bytes()))
        whole = {"meta_archs": meta["meta_archs"], "arch2infos": records, "evaluated_indexes": set(INDEXES)}
        paths[space] = tmp_path_factory.mktemp("monolith") / f"{space}.pickle.pbz2"
        paths[space].write_bytes(bz2.compress(pickle.dumps(whole, protocol=4), 1))
    return paths


@pytest.fixture(params=["tss", "sss"])
def space(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["fast", "whole"])
def pair(request, space, store, data, monoliths):
    """Upstream's API and ours, fresh."""
    source = data / "nats" / FOLDERS[space] if request.param else monoliths[space]
    theirs = upstream.create(str(source), space, fast_mode=request.param, verbose=False)
    return theirs, ours.create(store, space, fast_mode=request.param, verbose=False)


def outcome(call):
    """What a call gives, prints and draws: values with their types, or the exception with its text."""
    random.seed(7)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            result = ("value", typed(call()))
        except Exception as error:
            result = ("error", type(error).__name__, re.sub("(invalid data path : ).*", r"\1...", str(error)))
    text = re.sub(r"\[\d{4}-.*?\]", "[time]", printed.getvalue())
    return result, re.sub("archive_root=.* and", "archive_root=... and", text), random.random()


def same(pair, call):
    theirs, mine = (outcome(lambda api=api: call(api)) for api in pair)
    assert mine == theirs


def test_get_more_info_for_every_argument(pair, space):
    for index, dataset, hp in itertools.product(INDEXES, (*DATASETS, "cifar"), (*HPS[space], "36")):
        last = int(hp) - 1
        for iepoch in (None, last // 2, last, last + 1, -1):
            for is_random in (True, False, 777, 888, "x"):
                same(pair, lambda api: api.get_more_info(index, dataset, iepoch=iepoch, hp=hp, is_random=is_random))


def test_every_epoch_of_every_run(pair, space):
    for index, hp in itertools.product(INDEXES, HPS[space]):
        theirs, mine = (api.query_by_index(index, hp=hp) for api in pair)
        for (dataset, seed), result in theirs.all_results.items():
            view = mine.all_results[dataset, seed]
            for epoch in range(0, int(hp), 3):
                assert typed(view.get_train(epoch)) == typed(result.get_train(epoch))
            for name in result.eval_names:
                for epoch in range(int(hp) - 1, 0, -13):
                    assert outcome(lambda: view.get_eval(name, epoch)) == outcome(lambda: result.get_eval(name, epoch))


def test_records_come_back_key_for_key(pair, space):
    for index, hp in itertools.product(INDEXES, HPS[space]):
        theirs, mine = (api.query_by_index(index, hp=hp).state_dict() for api in pair)
        assert typed(mine) == typed(theirs)


def test_costs_latencies_and_configurations(pair, space):
    for index, dataset in itertools.product((*INDEXES, 1, 10**6), (*DATASETS, "cifar")):
        for hp in (*HPS[space], "36"):
            same(pair, lambda api: api.get_cost_info(index, dataset, hp=hp))
            same(pair, lambda api: api.get_latency(index, dataset, hp=hp))
        same(pair, lambda api: api.get_net_config(index, dataset))


def test_queries_by_index_and_by_architecture(pair, space):
    first = pair[0][11]
    for index in (*INDEXES, 5, -1, 10**6):
        for hp in (*HPS[space], "36"):
            same(pair, lambda api: api.query_by_index(index, hp=hp))
            same(pair, lambda api: api.query_by_index(index, "cifar100", hp=hp))
            same(pair, lambda api: api.query_by_index(index, "cifar", hp=hp))
            same(pair, lambda api: api.query_meta_info_by_index(index, hp=hp))
    for arch in (0, 11, first, "nonsense", -1, 10**6, None, 1.5):
        same(pair, lambda api: api.query_index_by_arch(arch))
    for arch in (0, 11, first):
        for hp in (*HPS[space], "36"):
            same(pair, lambda api: api.query_info_str_by_arch(arch, hp))
            same(pair, lambda api: api.query_by_arch(arch, hp))


class _Structure:
    def __init__(self, text):
        self.text = text

    def tostr(self):
        return self.text


def test_structures_are_found_by_their_text(pair):
    for text in (pair[0][284], "nonsense"):
        same(pair, lambda api: api.query_index_by_arch(_Structure(text)))


def test_the_space_itself(pair):
    for call in (
        len,
        lambda api: api[7],
        lambda api: api.arch(9),
        lambda api: api.arch(-1),
        lambda api: api.arch(10**6),
        lambda api: api.random(),
        lambda api: [api.random() for _ in range(20)],
        lambda api: list(api.meta_archs),
        lambda api: api.archstr2index,
        lambda api: sorted(api.avaliable_hps),
        lambda api: (api.is_size, api.is_topology, api.full_train_epochs, api.full_epochs_in_paper),
        lambda api: (api.search_space_name, api.fast_mode, api.used_time),
        lambda api: api.evaluated_indexes,
    ):
        same(pair, call)


def test_metrics_of_the_views(pair, space):
    for index, hp, dataset, name in itertools.product(INDEXES, HPS[space], DATASETS, SETS):
        for is_random in (False, True, 777, 3):
            same(pair, lambda api: api.query_by_index(index, hp=hp).get_metrics(dataset, name, is_random=is_random))
    for index, hp in itertools.product(INDEXES, HPS[space]):
        for call in (
            lambda r: r.get_compute_costs("cifar100"),
            lambda r: r.get_latency("cifar10"),
            lambda r: r.get_total_epoch(),
            lambda r: r.get_total_epoch("cifar10"),
            lambda r: r.get_total_epoch(3),
            lambda r: r.get_dataset_names(),
            lambda r: r.get_dataset_seeds("cifar10-valid"),
            lambda r: r.query("cifar100", 777).get_times(),
            lambda r: r.query("cifar100", 777).get_latency(),
            lambda r: r.query("cifar100", 777).get_eval_set(),
            lambda r: r.query("cifar100", 777).get_config(str.upper),
            lambda r: r.arch_idx_str(),
            repr,
        ):
            same(pair, lambda api: call(api.query_by_index(index, hp=hp)))


def _reset(results):
    results.reset_latency("cifar10", None, 0.5)
    results.reset_latency("cifar100", 777, 0.25)
    results.reset_pseudo_train_times("cifar10", None, 2.0)
    results.reset_pseudo_eval_times("cifar100", 777, "x-valid", 3.0)
    return [results.get_compute_costs(d) for d in DATASETS], results.get_metrics("cifar10", "train")


def test_times_and_latencies_can_be_replaced_in_a_copy(pair, space):
    same(pair, lambda api: _reset(api.query_by_index(11, hp=HPS[space][-1])))
    same(pair, lambda api: api.get_cost_info(11, "cifar10", hp=HPS[space][-1]))


def test_fast_mode_sees_only_what_was_asked_for(space, store, data):
    source = str(data / "nats" / FOLDERS[space])
    pair = upstream.create(source, space, True, False), ours.create(store, space, True, False)
    hp = HPS[space][-1]

    def look(api):
        text = repr(api).split(", file=")[0]
        return (
            text,
            api.evaluated_indexes,
            sorted(api.avaliable_hps),
            api.statistics("cifar10", hp),
            list(api.arch2infos_dict),
        )

    same(pair, look)
    same(pair, lambda api: api.find_best("cifar10", "test", hp=hp, enforce_all=False))
    for index in (284, 0):
        same(pair, lambda api: api.get_more_info(index, "cifar10", hp=hp))
        same(pair, look)
        same(pair, lambda api: api.find_best("cifar10", "test", hp=hp, enforce_all=False))
        same(pair, lambda api: api.find_best("cifar100", "valid", hp=hp, enforce_all=False, flop_max=50))
    same(pair, lambda api: api.get_more_info(5, "cifar10", hp=hp, is_random=False) if api is None else None)


@pytest.mark.parametrize(("dataset", "name"), [*itertools.product(("cifar10", "cifar100", "ImageNet16-120"), ("train", "valid", "test")),
                                               ("cifar10-valid", "train"), ("cifar10-valid", "valid"), ("cifar10-valid", "ori-test"), ("cifar100", "ori-test")])  # fmt: skip
def test_find_best_under_caps(space, store, monoliths, dataset, name):
    pair = upstream.create(str(monoliths[space]), space, False, False), ours.create(store, space, False, False)
    costs = [pair[0].get_cost_info(i, "cifar10", hp=HPS[space][-1]) for i in INDEXES]
    caps = [None, *(c["flops"] for c in costs)], [None, *(c["params"] for c in costs)]
    for hp, flop_max, param_max in itertools.product(HPS[space], *caps):
        same(pair, lambda api: api.find_best(dataset, name, flop_max, param_max, hp))
    same(pair, lambda api: api.find_best("cifar", "valid"))
    same(pair, lambda api: api.find_best("cifar10", "valid", enforce_all=True))


@given(calls=st.lists(st.tuples(st.sampled_from(INDEXES), st.sampled_from(DATASETS), st.integers(0, 13), st.booleans()), max_size=12), seed=st.integers(0, 9))  # fmt: skip
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("name", ["tss", "sss"])
def test_random_searches_take_the_same_course(name, store, data, calls, seed):
    source = str(data / "nats" / FOLDERS[name])
    apis = upstream.create(source, name, True, False), ours.create(store, name, True, False)
    courses = []
    for api in apis:
        random.seed(seed)
        course = []
        for index, dataset, epoch, account in calls:
            course.append(typed(_attempt(api, index, dataset, epoch, account)))
            course.append((api.used_time, api.random()))
        courses.append(course)
    assert courses[0] == courses[1]


def _attempt(api, index, dataset, epoch, account):
    try:
        return api.simulate_train_eval(index, dataset, iepoch=epoch or None, hp="12", account_time=account)
    except ValueError as error:
        return str(error)


def test_simulated_training_under_the_full_schedule(pair, space):
    for index, dataset, iepoch in itertools.product(INDEXES, DATASETS, (None, 3, 11)):
        same(pair, lambda api: api.simulate_train_eval(index, dataset, iepoch=iepoch, hp=HPS[space][-1]))
        same(pair, lambda api: api.used_time)
    same(pair, lambda api: (api.reset_time(), api.used_time))


def test_verbose_calls_print_the_same(space, store, data):
    source = str(data / "nats" / FOLDERS[space])
    with contextlib.redirect_stdout(io.StringIO()):
        pair = upstream.create(source, space, True, True), ours.create(store, space, True, True)
    for call in (
        lambda api: api.get_more_info(11, "cifar10", hp="12", is_random=False),
        lambda api: api.query_index_by_arch(api[3]),
        lambda api: api.arch(4),
        lambda api: api.query_by_index(0, "cifar10", hp="12"),
        lambda api: api.get_cost_info(0, "cifar10", hp="12"),
        lambda api: api.get_latency(0, "cifar10", hp="12"),
        lambda api: api.get_net_config(0, "cifar10"),
        lambda api: api.query_info_str_by_arch(0, "12"),
        lambda api: api.statistics("cifar10", "12"),
        lambda api: api.show(11),
        lambda api: api.show(10**6),
    ):
        same(pair, call)


def test_a_verbose_search_for_the_best_ends_with_the_same_lines(space, store, data):
    source = str(data / "nats" / FOLDERS[space])
    pair = upstream.create(source, space, True, False), ours.create(store, space, True, False)
    printed = []
    for api in pair:
        api.get_more_info(11, "cifar10", hp="12")
        api.verbose = True
        printed.append(outcome(lambda api=api: api.find_best("cifar100", "valid", hp="12", enforce_all=False)))
    (theirs, their_lines, _), (mine, my_lines, _) = printed
    assert mine == theirs
    assert my_lines.splitlines()[-2:] == their_lines.splitlines()[-2:]


def test_topology_strings_lists_and_matrices(store, data):
    source = str(data / "nats" / FOLDERS["tss"])
    pair = upstream.create(source, "tss", True, False), ours.create(store, "tss", True, False)
    for index in range(0, 15_625, 997):
        text = pair[0][index]
        same(pair, lambda api: api.get_unique_str(index))
        same(pair, lambda api: api.get_unique_str(text))
        same(pair, lambda api: api.str2lists(text))
        same(pair, lambda api: api.str2matrix(text))
    same(pair, lambda api: api.str2matrix("|sep_conv~0|"))
    same(pair, lambda api: api.str2lists("|none|"))


def test_module_level_members():
    assert ours.version() == upstream.version()
    for tags in (("nats-bench", "sss"), ("nats-bench", "tss"), ("nats-bench", "x"), ("nas-bench-201", None), ("nas-bench-201", "tss"), ("x", None)):  # fmt: skip
        assert outcome(lambda: ours.search_space_info(*tags)) == outcome(lambda: upstream.search_space_info(*tags))
    assert outcome(lambda: ours.create(None, "x")) == outcome(lambda: upstream.create(None, "x"))


# What upstream gets wrong


def test_show_of_everything_prints_every_evaluated_architecture(space, store, capsys):
    api = ours.create(store, space, fast_mode=False, verbose=False)
    api.show(-1)
    printed = capsys.readouterr().out
    assert all(f"{index:06d}-th" in printed for index in INDEXES)
    assert all(api[index] in printed for index in INDEXES)


def test_integers_are_taken_for_schedules_and_indices(space, store):
    api, hp = ours.create(store, space, False, False), int(HPS[space][0])
    text = HPS[space][0]
    assert api.find_best("cifar10", "test", hp=hp) == api.find_best("cifar10", "test", hp=text)
    assert api.query_info_str_by_arch(11, hp) == api.query_info_str_by_arch(11, text)
    first = api.get_more_info(np.int64(11), "cifar10", hp=hp, is_random=False)
    assert first["test-accuracy"] == api.get_more_info(11, "cifar10", hp=text, is_random=False)["test-accuracy"]


def test_a_path_that_is_neither_store_nor_official_file_is_refused_as_upstream_does():
    for path in ("/nowhere/at/all", "/nowhere/NATS-sss"):
        same((upstream, ours), lambda module: module.create(path, "tss", verbose=False))
