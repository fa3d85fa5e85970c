"""Public modules and names of `nats_bench` 1.8, and what they do without a store."""

from __future__ import annotations

import bz2
import copy
import importlib
import inspect
import io
import pickle
import random
import warnings
from contextlib import redirect_stdout

import nats_bench as upstream
import nats_bench.genotype_utils as upstream_structures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.compat import nats_bench as ours
from nbframes.compat.nats_bench import genotype_utils as our_structures
from nbframes.errors import UnsafePickleError

FOLDERS = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}
MODULES = ("", ".api_utils", ".api_size", ".api_topology", ".genotype_utils")
NOT_THE_API = {"Any", "Dict", "List", "Optional", "Text", "Union", "abc", "bz2", "collections", "copy", "deepcopy", "os", "pickle", "random", "time", "warnings"}  # fmt: skip
NOT_IN_UPSTREAM = {"get_combination"}


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there(module):
    theirs = importlib.import_module(f"nats_bench{module}")
    mine = importlib.import_module(f"nbframes.compat.nats_bench{module}")
    names = {name for name in vars(theirs) if not name.startswith("_")} - NOT_THE_API
    assert {name for name in names if not hasattr(mine, name)} == set()


@pytest.mark.parametrize("name", ["NATStopology", "NATSsize", "ArchResults", "ResultsCount"])
def test_every_public_member_is_there_with_the_same_parameters(name):
    theirs, mine = getattr(upstream, name), getattr(ours, name)
    members = {member for member in vars(theirs) | vars(theirs.__mro__[1]) if not member.startswith("_")}
    assert {member for member in members if not hasattr(mine, member)} == set()
    for member in members:
        if callable(getattr(theirs, member)):
            expected = list(inspect.signature(getattr(theirs, member)).parameters)
            assert list(inspect.signature(getattr(mine, member)).parameters)[: len(expected)] == expected, member


def outcome(call):
    """What a call gives, prints, warns of and draws, or its exception."""
    random.seed(3)
    printed = io.StringIO()
    with redirect_stdout(printed), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call()
        except Exception as error:
            result = type(error).__name__, str(error)
    return result, printed.getvalue(), [str(each.message) for each in caught], random.random()


def same(first, second):
    assert outcome(first) == outcome(second)


edges = st.tuples(st.sampled_from(["none", "skip_connect", "nor_conv_3x3", "avg_pool_3x3"]), st.integers(0, 3))
cells = st.lists(st.lists(edges, max_size=4).map(tuple), min_size=1, max_size=4)


@given(cells)
@settings(max_examples=300, deadline=None)
def test_structures_of_any_cell(cell):
    def look(module):
        structure = module.TopologyStructure(cell)
        return (
            [structure.to_unique_str(zero) for zero in (None, True, False)],
            (structure.tostr(), repr(structure), len(structure), structure[0], structure.node_N, structure.node_num),
            (
                structure.check_valid(),
                structure.check_valid_op(["none"]),
                structure.tolist("none"),
                structure.tolist(None),
            ),
            [outcome(lambda: structure.node(index)) for index in (0, 1, len(structure) - 1, len(structure) + 1)],
        )

    same(lambda: look(upstream_structures), lambda: look(our_structures))


@given(st.text("|+~01ab", max_size=20) | st.sampled_from(["|a~0|+|b~1|", "|a~0|+|b~0|", "|a~0|+|b~0|c~0|", 3, None]))
@settings(max_examples=300, deadline=None)
def test_texts_of_cells_are_read_or_refused_alike(text):
    def look(module):
        full = module.TopologyStructure.str2fullstructure(text)
        return module.topology_str2structure(text).nodes, full.nodes

    same(lambda: look(upstream_structures), lambda: look(our_structures))


def test_a_structure_is_taken_for_a_structure_and_all_cells_are_generated():
    one = our_structures.topology_str2structure("|none~0|")
    assert our_structures.topology_str2structure(one) is one
    assert len(our_structures.TopologyStructure.gen_all(["a", "b"], 3, return_ori=True)) == 8
    texts = {cell.tostr() for cell in our_structures.TopologyStructure.gen_all(["none", "skip_connect"], 4, False)}
    assert len(texts) == 64
    assert "|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|" in texts
    with pytest.raises(AssertionError, match="at least two nodes"):
        our_structures.TopologyStructure.gen_all(["a"], 1, return_ori=True)


@pytest.mark.parametrize("dataset", ["cifar10", "cifar10-valid", "cifar100", "ImageNet16-120", "x"])
def test_names_of_sets(dataset):
    for name in ("train", "valid", "test", "x-valid", "x"):
        for verbose in (False, True):
            same(
                lambda: upstream.api_utils.remap_dataset_set_names(dataset, name, verbose),
                lambda: ours.api_utils.remap_dataset_set_names(dataset, name, verbose),
            )


def test_file_helpers(tmp_path, monkeypatch):
    for module in (upstream.api_utils, ours.api_utils):
        assert module.time_string().startswith("[20")
        module.pickle_save({"a": [1, 2.5]}, tmp_path / "x")
        assert module.pickle_load(tmp_path / "x") == module.pickle_load(tmp_path / "x.pbz2") == {"a": [1, 2.5]}
        assert module.nats_is_dir(tmp_path)
        assert module.nats_is_file(tmp_path / "x.pbz2")
        assert not module.nats_is_file(tmp_path)
        assert module.get_file_system() == "default"
        module.reset_file_system("elsewhere")
        with pytest.raises(ValueError, match="Unknown file system lib: elsewhere"):
            module.nats_is_file(tmp_path)
        module.reset_file_system()
    with pytest.raises(ValueError, match="TensorFlow"):
        ours.api_utils.reset_file_system("google"), ours.api_utils.nats_is_dir(tmp_path)
    ours.api_utils.reset_file_system()
    for environment in ({"TORCH_HOME": "/t"}, {"HOME": "/h"}, {}):
        for name in ("TORCH_HOME", "HOME"):
            monkeypatch.delenv(name, raising=False)
            if name in environment:
                monkeypatch.setenv(name, environment[name])
        same(upstream.api_utils.get_torch_home, ours.api_utils.get_torch_home)


def test_a_program_in_a_pickle_is_refused(tmp_path):
    ours.pickle_save(print, tmp_path / "program")
    with pytest.raises(UnsafePickleError):
        ours.pickle_load(tmp_path / "program")


def _filled(module):
    run = module.ResultsCount(
        "cifar10", None, {0: 10.0, 1: 20.0}, {0: 2.0, 1: 1.0}, 1.5, 30.0, {"arch_str": "x"}, 7, 2, None
    )
    run.update_train_info({0: 11.0, 1: 21.0}, None, {0: 2.5, 1: 1.5}, {0: 3.0, 1: 4.0})
    run.update_eval({"a@0": 1.0, "a@1": 2.0}, {"a@0": 0.5, "a@1": 0.25}, {"a@0": 9.0, "a@1": 8.0})
    run.update_OLD_eval("b", {1: 5.0}, {1: 6.0})
    results = module.ArchResults(3, "x")
    results.update("cifar10", 9, run)
    results.update("cifar10", 7, copy.deepcopy(run))
    return results


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.get_metrics("cifar10", "train"),
        lambda r: r.get_metrics("cifar10", "a", is_random=True),
        lambda r: r.get_metrics("cifar10", "b", is_random=9),
        lambda r: r.get_metrics("cifar10", "b", iepoch=0),
        lambda r: r.query("cifar10", 7).get_eval("b"),
        lambda r: r.get_compute_costs("cifar10"),
        lambda r: r.get_latency("cifar10"),
        lambda r: r.update("cifar10", 7, None),
        lambda r: r.query("cifar10", 7).update_OLD_eval("b", {}, {}),
        lambda r: r.query("cifar10", 7).update_eval({"a@0": 1.0}, {}, {}),
        lambda r: r.query("cifar10", 7).get_net_param(),
        lambda r: r.query("cifar10", 7).get_net_param(True),
        lambda r: (r.get_net_param("cifar10"), r.get_net_param("cifar10", 7)),
        lambda r: r.get_net_param("cifar10", 8),
        lambda r: (r.clear_net_done, r.clear_params(), r.clear_net_done, repr(r)),
        lambda r: (r.reset_latency("cifar10", None, 0.5), r.get_latency("cifar10")),
        lambda r: r.debug_test(),
        lambda r: r.state_dict(),
        lambda r: type(r).create_from_state_dict(r.state_dict()).state_dict(),
        lambda r: type(r).create_from_state_dict(3),
        lambda r: type(r)(1, "x").load_state_dict({"all_results": 3}),
        lambda r: (setattr(r.query("cifar10", 7), "epochs", 1), r.get_total_epoch())[-1],
        lambda r: (r.query("cifar10", 7).reset_eval(), r.query("cifar10", 7).get_eval_set())[-1],
        lambda r: r.query("cifar10", 7).reset_pseudo_eval_times("z", 1.0),
    ],
)  # fmt: skip
def test_results_that_a_program_fills_itself(call):
    same(lambda: call(_filled(upstream)), lambda: call(_filled(ours)))


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_upstream_s_own_files_are_read_as_dictionaries(space, data, tmp_path):
    folder = data / "nats" / FOLDERS[space]
    records = {index: ours.pickle_load(folder / f"{index:06d}.pickle.pbz2") for index in (0, 11, 284)}
    meta = ours.pickle_load(folder / "meta.pickle.pbz2")
    whole = {"meta_archs": meta["meta_archs"], "arch2infos": records, "evaluated_indexes": {0, 11, 284}}
    path = tmp_path / "whole"
    ours.pickle_save(whole, path)
    assert pickle.loads(bz2.decompress((tmp_path / "whole.pbz2").read_bytes())).keys() == whole.keys()
    theirs = upstream.create(upstream.pickle_load(path), space, verbose=False)
    mine = ours.create(ours.pickle_load(path), space, verbose=False)
    hp = "200" if space == "tss" else "90"
    for call in (
        lambda api: api.get_more_info(11, "cifar10", hp=hp),
        lambda api: api.simulate_train_eval(284, "cifar100", hp=hp),
        lambda api: api.find_best("cifar100", "test", hp=hp),
        lambda api: api.find_best("cifar100", "test", flop_max=0, hp=hp),
        lambda api: api.find_best("cifar100", "nonsense", hp=hp)[0],
        lambda api: api.get_cost_info(0, "cifar10", hp=hp),
        lambda api: sorted(api.avaliable_hps),
        lambda api: api.evaluated_indexes,
        lambda api: api.filename,
        lambda api: api.get_net_param(0, "cifar10", None),
    ):
        same(lambda: call(theirs), lambda: call(mine))
    same(lambda: upstream.create({"meta_archs": []}, space), lambda: ours.create({"meta_archs": []}, space))
