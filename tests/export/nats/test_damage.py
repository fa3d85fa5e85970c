"""Records and files that are not as published: noted, left out, or refused."""

from __future__ import annotations

import bz2
import multiprocessing
import os
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.schema import Partition
from tests.export.nats.files import (
    FOLDERS,
    FolderReader,
    MonolithReader,
    Tables,
    TarReader,
    dump,
    in_one,
    in_tar,
    load,
    load_bytes,
)
from tests.export.nats.made import STRINGS


def broken(folder, change, arch=1):
    """Change one record with a function of its state and its result."""
    path = folder / f"{arch:06d}.pickle.pbz2"
    record = load(path)
    change(record["3"], record["3"]["all_results"]["cifar100", 777])
    dump(record, path)


WRONG = {
    "a field less": lambda state, result: result.pop("flop"),
    "another architecture": lambda state, result: state.update(arch_index=2),
    "another string": lambda state, result: (
        state.update(arch_str=STRINGS[True][9]),
        result["arch_config"].update(arch_str=STRINGS[True][9], channels=STRINGS[True][9]),
    ),
    "a text as accuracy": lambda state, result: result["train_acc1es"].update({1: "90.0"}),
    "a missing accuracy": lambda state, result: result["train_acc1es"].update({1: None}),
    "a truth value as accuracy": lambda state, result: result["train_acc1es"].update({1: True}),
    "an integer beyond float64": lambda state, result: result["train_acc1es"].update({1: (1 << 53) + 1}),
    "an epoch too many": lambda state, result: result["train_acc1es"].update({3: 1.0}),
    "a negative epoch": lambda state, result: result["train_acc1es"].update({-1: 1.0}),
    "an epoch that is true": lambda state, result: result.update(train_losses={0: 1.0, True: 1.0}),
    "an unknown set": lambda state, result: result["eval_losses"].update({"y-test@0": 1.0}),
    "a set without epoch": lambda state, result: result["eval_losses"].update({"x-test": 1.0}),
    "an epoch written twice": lambda state, result: result["eval_losses"].update({"x-test@00": 1.0}),
    "another seed": lambda state, result: result.update(seed="0888"),
    "other epochs": lambda state, result: result.update(epochs=12),
    "another name": lambda state, result: result.update(name="cifar10"),
    "an unknown dataset": lambda state, result: state["all_results"].update({("svhn", 777): result}),
    "a list for a record": lambda state, result: state.update(all_results=[result]),
    "params that are no count": lambda state, result: result.update(params=np.float64(0.1234567)),
    "params that are not a number": lambda state, result: result.update(params=float("nan")),
    "latencies in a dict": lambda state, result: result.update(latency={0: 0.5}),
}


ODD = {
    "an unknown field of a result": (
        lambda state, result: result.update(eval_acc5es={}),
        "the unknown key 'eval_acc5es', not exported",
    ),
    "an unknown field of a state": (
        lambda state, result: state.update(note="x"),
        "the unknown key 'note', not exported",
    ),
    "a set that eval_names lacks": (
        lambda state, result: result["eval_names"].pop(),
        "eval_names does not name the sets that are there",
    ),
    "weights": (lambda state, result: result.update(net_state_dict={"w": 1.0}), "net_state_dict holds something"),
    "channels that are none": (
        lambda state, result: result["arch_config"].update(channels="8:8"),
        "arch_config is another",
    ),
    "another configuration": (
        lambda state, result: result["arch_config"].update(class_num=10),
        "arch_config is another",
    ),
    "seeds that are not there": (
        lambda state, result: state["dataset_seed"].update(cifar100=[777, 888]),
        "dataset_seed does not name",
    ),
    "a state that is not cleared": (
        lambda state, result: state.update(clear_net_done=False),
        "clear_net_done is not True",
    ),
    "a name that is no dataset": (lambda state, result: result.update(name="infer.tiny"), "name is not the dataset"),
    "no name": (lambda state, result: result.pop("name"), "records without 'name'"),
    "no configuration": (lambda state, result: result.pop("arch_config"), "records without 'arch_config'"),
    "no seeds": (lambda state, result: state.pop("dataset_seed"), "records without 'dataset_seed'"),
    "no losses": (lambda state, result: result.pop("train_losses"), "records without 'train_losses'"),
    "a seed in words": (lambda state, result: result.update(seed="random"), "seed is not a number"),
    "epochs in words": (lambda state, result: result.update(epochs="3"), "epochs is not a number"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_moves_no_number_is_noted_and_the_export_goes_on(small, kind, tmp_path):
    expected = Tables(FolderReader(small)).numbers()
    change, what = ODD[kind]
    for arch in (1, 2):
        broken(small, change, arch)
    for jobs in (1, 2):
        tables = Tables(FolderReader(small), jobs=jobs)
        if kind != "no losses":
            assert tables.numbers() == expected
        (found,) = tables.report.findings.listed()
        assert found["what"].startswith(what)
        assert found["count"] == 2
        assert found["examples"][0].startswith("000001.pickle.pbz2, schedule '3'")
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    (found,) = Tables(MonolithReader(in_one(small, tmp_path / "x", infos))).report.findings.listed()
    assert found["examples"][1].startswith("architecture 2, ")


@pytest.mark.parametrize("kind", WRONG)
def test_a_record_that_is_not_as_published_stops_the_export(small, kind, tmp_path):
    broken(small, WRONG[kind])
    with pytest.raises(SourceError, match=re.escape(str(small / "000001.pickle.pbz2"))):
        Tables(FolderReader(small))
    tables = Tables(FolderReader(small), on_error="skip")
    assert sorted(tables.numbers()) == [0, 2]
    assert [entry["record"] for entry in tables.report.skipped] == ["000001.pickle.pbz2"]
    assert tables.progress == 3
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    monolith = MonolithReader(in_one(small, tmp_path / "x", infos))
    with pytest.raises(SourceError, match=r"architecture 1|arch2infos"):
        Tables(monolith)


@pytest.mark.parametrize("name", ["000001.pickle.pbz2", "meta.pickle.pbz2"])
def test_any_flipped_bit_of_a_record_is_noticed(small, name):
    path = small / name
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for bit in rng.choice(len(whole) * 8, 60, replace=False):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            found = Tables(FolderReader(small)).numbers()
        except SourceError as error:
            assert name in str(error)  # noqa: PT017 -- a flip in the unused bits of the last byte does no harm
        else:
            path.write_bytes(whole)
            assert found == Tables(FolderReader(small)).numbers()


@pytest.mark.parametrize("name", ["000002.pickle.pbz2", "meta.pickle.pbz2"])
def test_a_truncated_file_is_noticed(small, name):
    path = small / name
    whole = path.read_bytes()
    for size in (0, 1, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=rf"{name}.*truncated"):
            Tables(FolderReader(small))
    path.write_bytes(whole + b"x")
    with pytest.raises(SourceError, match=rf"{name}.*1 bytes follow"):
        Tables(FolderReader(small))


def test_a_record_larger_than_any_is_not_unpacked(small):
    (small / "000001.pickle.pbz2").write_bytes(bz2.compress(bytes(20 << 20)))
    with pytest.raises(SourceError, match="it holds more bytes than the limit of 16,777,216"):
        Tables(FolderReader(small))


def test_a_truncated_tar_is_noticed(small, tmp_path):
    path = in_tar(small, tmp_path / "x.tar")
    assert sorted(Tables(TarReader(path)).numbers()) == [0, 1, 2]
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        last = max(tar.getmembers(), key=lambda member: member.offset_data)
    for size in (last.offset_data + last.size // 2, last.offset_data + 10, last.offset_data - 100):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=r"x\.tar.*(truncated|missing)"):
            Tables(TarReader(path))


def test_a_tar_that_holds_a_record_twice_leaves_it_out(small, tmp_path):
    path = in_tar(small, tmp_path / "x.tar")
    with tarfile.open(path, "a") as tar:
        tar.add(small / "000002.pickle.pbz2", "again/000001.pickle.pbz2")
    with pytest.raises(SourceError, match=r"000001\.pickle\.pbz2: occurs twice"):
        Tables(TarReader(path))
    tables = Tables(TarReader(path), on_error="skip")
    assert sorted(tables.numbers()) == [0, 2]
    assert [entry["record"] for entry in tables.report.skipped] == ["000001.pickle.pbz2"]


class Evil:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_program_in_a_record_never_runs(small, tmp_path):
    ran = tmp_path / "ran"
    broken(small, lambda state, result: result.update(latency=[Evil(ran)]))
    for on_error in ("raise", "skip"):
        with pytest.raises(UnsafePickleError, match=r"000001\.pickle\.pbz2.*mkdir.*nothing of it was run"):
            Tables(FolderReader(small), on_error=on_error)
    infos = {arch: load_bytes(small / f"{arch:06d}.pickle.pbz2") for arch in (0, 2)}
    top = {**load(small / "meta.pickle.pbz2"), "arch2infos": {0: infos[0], 1: Evil(ran), 2: infos[2]}}
    with pytest.raises(UnsafePickleError):
        Tables(MonolithReader(dump(top, tmp_path / "x")), on_error="skip")
    assert not ran.exists()


def test_closing_the_batches_ends_the_processes(small):
    before = set(multiprocessing.active_children())
    batches = FolderReader(small).batches(jobs=2, on_error="raise")
    next(batches)
    assert set(multiprocessing.active_children()) - before
    batches.close()
    assert set(multiprocessing.active_children()) <= before


def test_a_folder_without_index_or_with_records_beyond_it_is_refused(small):
    dump({}, small / "000003.pickle.pbz2")
    with pytest.raises(SourceError, match=r"000003\.pickle\.pbz2 is beyond the 3 architectures"):
        FolderReader(small)
    (small / "meta.pickle.pbz2").unlink()
    with pytest.raises(SourceError, match=r"meta\.pickle\.pbz2 is missing"):
        FolderReader(small)


def test_what_else_lies_in_the_folder_is_noted(small):
    (small / "README.txt").write_text("x")
    assert FolderReader(small).report.notes["ignored"] == ["README.txt"]


def test_partitions_are_those_of_the_design(real):
    benchmark, folder, _ = real
    found = {rows.partition for batch in Tables(FolderReader(folder), on_error="skip").batches for rows in batch.rows}
    assert Partition("accuracy", "cifar100", "valtest") in found
    assert Partition("epoch_time", "cifar10-valid", "train") in found
    assert {(p.dataset, p.split) for p in found if p.metric == "accuracy" and p.dataset == "cifar10"} == {
        ("cifar10", "train"),
        ("cifar10", "test"),
    }
    assert {p.split for p in found if p.metric == "accuracy_top5"} == {"train"}
    assert Path(folder).name == FOLDERS[benchmark]
