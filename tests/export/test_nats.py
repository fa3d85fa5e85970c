"""NATS-Bench from its files: every number of every record, bit for bit, and nothing else."""

from __future__ import annotations

import bz2
import collections
import hashlib
import multiprocessing
import os
import pickle
import re
import struct
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.containers import bz2_parallel
from nbframes.export.formats import detect
from nbframes.export.nats import reader as nats
from nbframes.export.nats import record_reader
from nbframes.export.nats.monolith import MonolithReader as Monolith
from nbframes.export.nats.record_reader import RecordReader
from nbframes.export.probe import Probe
from nbframes.schema import ARCHS, RUNS, Partition
from nbframes.spaces import sss, tss

FOLDERS = {"nats-tss": "NATS-tss-v1_0-3ffb9-simple", "nats-sss": "NATS-sss-v1_0-50262-simple"}
TRAIN = {
    "train_acc1es": "accuracy",
    "train_acc5es": "accuracy_top5",
    "train_losses": "loss",
    "train_times": "epoch_time",
}
EVAL = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "epoch_time"}
CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}


# -------------------------------------------------------------------------------------- what a record says, read independently


def split_of(dataset, name):
    if name == "ori-test":
        return "test" if dataset.startswith("cifar10") and dataset != "cifar100" else "valtest"
    return {"x-valid": "val", "x-test": "test"}[name]


def numbers(record):
    """``{(metric, dataset, split, schedule, budget, seed): bits}`` of a record that pickle loaded."""
    found = {}
    for hp, state in record.items():
        for (dataset, seed), result in state["all_results"].items():
            for field, metric in TRAIN.items():
                for epoch, value in (result[field] or {}).items():
                    found[metric, dataset, "train", int(hp), epoch + 1, seed] = struct.pack("d", value)
            for field, metric in EVAL.items():
                for key, value in result[field].items():
                    name, epoch = key.split("@")
                    found[metric, dataset, split_of(dataset, name), int(hp), int(epoch) + 1, seed] = struct.pack(
                        "d", value
                    )
    return found


def costs(record):
    return {
        (dataset, int(hp), seed): (
            float(result["params"]),
            float(result["flop"]),
            [float(x) for x in result["latency"]],
        )
        for hp, state in record.items()
        for (dataset, seed), result in state["all_results"].items()
    }


def total(result):
    seconds = 0.0
    for value in result["train_times"].values():
        seconds += value
    return seconds


def FolderReader(path):
    return nats.FolderReader(Probe(path))


def TarReader(path):
    return nats.TarReader(Probe(path))


def MonolithReader(path):
    reader = detect(path)
    assert type(reader) is Monolith
    return reader


class Tables:
    """All batches of a reader."""

    def __init__(self, reader, *, jobs=1, on_error="raise"):
        self.batches = list(reader.batches(jobs=jobs, on_error=on_error))
        self.report = reader.report
        self.progress = sum(batch.progress for batch in self.batches)
        self.archs = pl.concat([batch.archs for batch in self.batches])
        self.runs = pl.concat([batch.runs for batch in self.batches])

    def numbers(self):
        found = {}
        for rows in (rows for batch in self.batches for rows in batch.rows):
            assert [column.dtype for column in rows[2:]] == [np.int32] * 4 + [np.float64]
            assert ((rows.budget == rows.schedule) == rows.final).all()
            keys = list(zip(*(column.tolist() for column in rows[2:6]), strict=True))
            assert keys == sorted(set(keys)), "sorted by arch, schedule, budget, seed, each once"
            for (arch, schedule, budget, seed), value in zip(keys, rows.value.tolist(), strict=True):
                key = (*rows.partition, schedule, budget, seed)
                assert key not in found.setdefault(arch, {})
                found[arch][key] = struct.pack("d", value)
        return found

    def costs(self):
        found = {}
        for run in self.runs.iter_rows(named=True):
            key = (run["dataset"], run["schedule"], run["seed"])
            found.setdefault(run["arch"], {})[key] = (run["params"] / 1e6, run["mflops"], run["latencies"])
        return found


def load(path):
    return pickle.loads(bz2.decompress(path.read_bytes()))


def dump(value, path, protocol=4):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bz2.compress(pickle.dumps(value, protocol)))
    return path


@pytest.fixture(scope="module", params=FOLDERS)
def real(request, data):
    folder = data / "nats" / FOLDERS[request.param]
    return request.param, folder, {int(path.name[:6]): load(path) for path in sorted(folder.glob("0*"))}


def in_tar(folder, path):
    with tarfile.open(path, "w") as tar:
        tar.add(folder, folder.name)
    return path


def in_one(folder, path, records, *, plain=False):
    meta = load(folder / "meta.pickle.pbz2")
    whole = {**meta, "arch2infos": dict(records), "evaluated_indexes": set(records)}
    data = pickle.dumps(whole, 4)
    path.write_bytes(data if plain else bz2.compress(data))
    return path


# --------------------------------------------------------------------------------------------------------------- real records


@pytest.mark.parametrize("container", ["folder", "tar", "monolith", "plain monolith"])
def test_every_published_number_arrives_and_nothing_else(real, container, tmp_path):
    benchmark, folder, records = real
    if container == "folder":
        reader = FolderReader(folder)
    elif container == "tar":
        reader = TarReader(in_tar(folder, tmp_path / "any.tar"))
    else:
        path = in_one(folder, tmp_path / "any.pickle", records, plain=container.startswith("plain"))
        reader = MonolithReader(path)
    tables = Tables(reader, on_error="skip")
    assert reader.benchmark == benchmark
    assert tables.numbers() == {arch: numbers(record) for arch, record in records.items()}
    assert tables.costs() == {arch: costs(record) for arch, record in records.items()}
    assert dict(tables.runs.schema) == RUNS
    assert tables.progress == reader.total or container == "monolith"
    assert tables.report.notes["architectures"] == len(load(folder / "meta.pickle.pbz2")["meta_archs"])
    assert sum(
        int(re.search(r"([\d,]+)", re.sub(r".*\(", "(", entry["record"]))[1].replace(",", ""))
        for entry in tables.report.skipped
    ) == (tables.report.notes["architectures"] - 3)


def test_archs_are_the_official_ones(real):
    benchmark, folder, records = real
    archs = Tables(FolderReader(folder), on_error="skip").archs
    space = tss if benchmark == "nats-tss" else sss
    strings = load(folder / "meta.pickle.pbz2")["meta_archs"]
    assert archs["arch"].to_list() == archs["position"].to_list() == sorted(records)
    assert archs["arch_str"].to_list() == [strings[arch] for arch in sorted(records)]
    assert archs["hash"].to_list() == [space.hash(strings[arch]) for arch in sorted(records)]
    assert dict(archs.schema) == ARCHS | space.ENCODING


def test_costs_of_runs_follow_from_the_record(real):
    _, folder, records = real
    for run in Tables(FolderReader(folder), on_error="skip").runs.iter_rows(named=True):
        hp = next(hp for hp in records[run["arch"]] if int(hp) == run["schedule"])
        result = records[run["arch"]][hp]["all_results"][run["dataset"], run["seed"]]
        assert run["train_time"] == total(result)
        assert run["latency"] == sum(result["latency"]) / len(result["latency"])
        assert run["params"] == round(result["params"] * 1e6)


def test_the_rows_are_the_same_whatever_the_jobs(real):
    _, folder, _ = real
    one, two = (Tables(FolderReader(folder), jobs=jobs, on_error="skip") for jobs in (1, 2))
    assert one.numbers() == two.numbers()
    assert one.runs.equals(two.runs, null_equal=True)
    assert one.archs.equals(two.archs)
    assert one.report == two.report


def test_files_are_named_with_size_and_sha256(real, tmp_path):
    _, folder, records = real
    files = Tables(FolderReader(folder), on_error="skip").report.files
    expected = [folder / "meta.pickle.pbz2", *sorted(folder.glob("0*"))]
    assert files == [
        {"path": path.name, "size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in expected
    ]
    for path, reader in (
        (in_tar(folder, tmp_path / "x.tar"), TarReader),
        (
            in_one(folder, tmp_path / "x.pickle.pbz2", records),
            MonolithReader,
        ),
    ):
        (file,) = Tables(reader(path), on_error="skip").report.files
        assert file == {
            "path": path.name,
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }


def test_what_is_missing_stops_the_export_and_can_be_left_out(real, tmp_path):
    _, folder, records = real
    strings = load(folder / "meta.pickle.pbz2")["meta_archs"]
    monolith = MonolithReader(in_one(folder, tmp_path / "x", records))
    for reader, name in ((FolderReader(folder), "000001.pickle.pbz2"), (monolith, "architectures 1 ... 10")):
        with pytest.raises(
            SourceError,
            match=rf"(?s){name}.*missing.*{len(strings) - 3:,} of {len(strings):,} .*on_error='skip'",
        ):
            Tables(reader)
    skipped = Tables(FolderReader(folder), on_error="skip").report.skipped
    assert all(entry["reason"].startswith("missing in the source") for entry in skipped)
    assert len(skipped) == 3
    assert skipped[1]["record"] == "000012.pickle.pbz2 ... 000283.pickle.pbz2 (272 records)"


def test_the_version_is_the_one_in_the_name_or_said_to_be_unknown(real, tmp_path):
    benchmark, folder, _ = real
    assert FolderReader(folder).report.version == folder.name.removesuffix("-simple")
    renamed = in_tar(folder, tmp_path / "copy.tar")
    assert FolderReader(folder).benchmark == TarReader(renamed).benchmark == benchmark
    assert "unknown" in TarReader(renamed).report.version


# -------------------------------------------------------------------------------------------------- records that never were


def make_result(dataset, hp, seed, arch_str, value, *, size, top5, last_only, latencies, times):
    epochs = range(int(hp))
    keys = [
        f"{name}@{epoch}" for name in SETS[dataset] for epoch in epochs if epoch + 1 == int(hp) or name not in last_only
    ]
    config = (
        {"name": "infer.shape.tiny", "channels": arch_str, "arch_str": arch_str, "genotype": GENOTYPE}
        if size
        else {"channel": 16, "num_cells": 5, "arch_str": arch_str}
    )
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {epoch: value() for epoch in epochs},
        "train_acc5es": {epoch: value() for epoch in epochs} if top5 else None,
        "train_losses": {epoch: value() for epoch in epochs},
        "train_times": collections.OrderedDict((epoch, value()) for epoch in epochs) if times else None,
        "arch_config": {**config, "class_num": CLASSES[dataset]},
        "params": np.float64(hash(value()) % 50_000_000 / 1e6),
        "flop": value(),
        "seed": f"{seed:04d}",
        "epochs": int(hp),
        "latency": [np.float64(value()) for _ in range(latencies)],
        "eval_names": list(SETS[dataset]),
        "eval_acc1es": {key: value() for key in keys},
        "eval_times": {key: value() for key in keys},
        "eval_losses": {key: value() for key in keys},
    }


GENOTYPE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
STRINGS = {False: tss.enumerate()["arch_str"][:400].to_list(), True: sss.enumerate()["arch_str"][:400].to_list()}


@st.composite
def records(draw, arch=None, size=None):
    """A record in the official format, of any shape, with any floats."""
    size = draw(st.booleans()) if size is None else size
    arch = draw(st.integers(0, 399)) if arch is None else arch
    pool = draw(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
    rng = draw(st.randoms(use_true_random=False))
    text = STRINGS[size][arch]
    record = collections.OrderedDict()
    for hp in draw(st.lists(st.sampled_from(["01", "3", "12"]), min_size=1, max_size=3, unique=True)):
        runs = draw(
            st.lists(
                st.tuples(st.sampled_from(list(SETS)), st.sampled_from([111, 777, 888])),
                min_size=1,
                max_size=4,
                unique=True,
            )
        )
        shape = {
            "size": size,
            "top5": draw(st.booleans()),
            "times": draw(st.booleans()),
            "last_only": draw(st.sets(st.sampled_from(["x-test", "ori-test"]))),
            "latencies": draw(st.integers(0, 3)),
        }
        results = {(d, s): make_result(d, hp, s, text, lambda: rng.choice(pool), **shape) for d, s in runs}
        seeds = {}
        for dataset, seed in runs:
            seeds.setdefault(dataset, []).append(seed)
        record[hp] = {
            "arch_index": arch,
            "arch_str": text,
            "all_results": results,
            "dataset_seed": {dataset: sorted(found) for dataset, found in seeds.items()},
            "clear_net_done": True,
        }
    return record


def as_read(found):
    """Numbers of a record as the reader gives them."""
    shape = found.shape
    rows = {}
    for block in shape.blocks:
        for place in range(block.start, block.stop):
            key = (*block.partition, *(int(column[place]) for column in (shape.schedule, shape.budget, shape.seed)))
            assert key not in rows
            rows[key] = struct.pack("d", found.values[place])
    return rows


def costs_as_read(found):
    count, tail = len(found.shape.runs), found.values[len(found.shape.seed) :].tolist()
    latencies = iter(tail[2 * count :])
    return {
        tuple(run): (tail[place], tail[count + place], [next(latencies) for _ in range(measured)])
        for place, (run, measured) in enumerate(zip(found.shape.runs, found.shape.latencies, strict=True))
    }


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(records(), min_size=1, max_size=3), st.sampled_from([2, 3, 4, 5]))
def test_random_records_are_read_whole_by_either_path(made, protocol):
    reader = RecordReader()
    for record in (*made, *made):  # the second time every one of them has a layout
        state = next(iter(record.values()))
        data = pickle.dumps(record, protocol)
        found = reader.read(data, "x", arch=state["arch_index"], arch_str=state["arch_str"])
        assert as_read(found) == numbers(pickle.loads(data))
        assert costs_as_read(found) == costs(record)


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.lists(records(size=True), min_size=1, max_size=4), st.sampled_from([2, 4]), st.randoms(use_true_random=False))
def test_random_records_survive_the_monolith(tmp_path_factory, made, protocol, rng):
    path = tmp_path_factory.mktemp("monolith") / "x.pickle"
    infos = {next(iter(record.values()))["arch_index"]: record for record in made}
    top = {
        "meta_archs": STRINGS[True],
        "total_archs": len(STRINGS[True]),
        "arch2infos": dict(sorted(infos.items())),
        "evaluated_indexes": set(infos),
    }
    keys = list(top)
    rng.shuffle(keys)
    path.write_bytes(pickle.dumps({key: top[key] for key in keys}, protocol))
    tables = Tables(MonolithReader(path), on_error="skip")
    assert tables.numbers() == {arch: numbers(record) for arch, record in infos.items()}
    assert tables.costs() == {arch: costs(record) for arch, record in infos.items()}


def test_a_record_like_one_before_is_gathered_without_being_loaded(real, monkeypatch):
    _, folder, records = real
    strings = load(folder / "meta.pickle.pbz2")["meta_archs"]
    first = records[0]
    reader = RecordReader()
    reader.read(pickle.dumps(first, 4), "x", arch=0, arch_str=strings[0])
    monkeypatch.setattr(record_reader, "flatten", None)
    text = pickle.dumps(first, 4)
    for changed in (
        text,
        text.replace(
            struct.pack(">d", first[next(iter(first))]["all_results"]["cifar10", seed_of(first)]["flop"]), b"\x3f" * 8
        ),
    ):
        found = reader.read(changed, "x", arch=0, arch_str=strings[0])
        assert as_read(found) == numbers(pickle.loads(changed))
        assert costs_as_read(found) == costs(pickle.loads(changed))


def seed_of(record):
    return next(seed for dataset, seed in next(iter(record.values()))["all_results"] if dataset == "cifar10")


def test_an_own_index_and_string_do_not_keep_a_record_from_being_gathered(monkeypatch):
    def record(arch):
        text = STRINGS[False][arch]
        shape = {"size": False, "top5": True, "last_only": (), "latencies": 1, "times": True}
        result = make_result("cifar10", "3", 777, text, lambda: arch / 7, **shape)
        state = {
            "arch_index": arch,
            "arch_str": text,
            "all_results": {("cifar10", 777): result},
            "dataset_seed": {"cifar10": [777]},
        }
        return {hp: {**state, "clear_net_done": True} for hp in ("3",)}

    reader = RecordReader()
    for arch in (300, 5):
        reader.read(pickle.dumps(record(arch), 4), "x", arch=arch, arch_str=STRINGS[False][arch])
    monkeypatch.setattr(record_reader, "flatten", None)
    for arch in (0, 11, 255, 256, 257, 399):
        found = reader.read(pickle.dumps(record(arch), 4), "x", arch=arch, arch_str=STRINGS[False][arch])
        assert as_read(found) == numbers(record(arch))
    assert len(reader._layouts) == 1


# ------------------------------------------------------------------------------------------------------- what must not pass


@pytest.fixture
def small(tmp_path):
    """A folder of three size-space records, whole."""
    folder = tmp_path / "small"
    strings = STRINGS[True][:3]
    dump(
        {"meta_archs": strings, "total_archs": 3, "arch2infos": None, "evaluated_indexes": set()},
        folder / "meta.pickle.pbz2",
    )
    for arch, text in enumerate(strings):
        shape = {"size": True, "top5": True, "last_only": (), "latencies": 1, "times": True}
        result = make_result("cifar100", "3", 777, text, lambda arch=arch: arch + 0.25, **shape)
        state = {
            "arch_index": arch,
            "arch_str": text,
            "all_results": {("cifar100", 777): result},
            "dataset_seed": {"cifar100": [777]},
        }
        dump({"3": {**state, "clear_net_done": True}}, folder / f"{arch:06d}.pickle.pbz2")
    return folder


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


def test_a_damaged_monolith_is_noticed(small, tmp_path):
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    path = in_one(small, tmp_path / "x.pickle.pbz2", infos)
    whole = path.read_bytes()
    assert sorted(Tables(MonolithReader(path)).numbers()) == [0, 1, 2]
    for damaged in (
        whole[:-1],
        whole[: len(whole) // 2],
        whole[:-8] + bytes([whole[-8] ^ 16]) + whole[-7:],
        whole[:900] + b"\0" + whole[901:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match=re.escape(str(path))):
            Tables(MonolithReader(path))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda top: top.update(meta_archs=top["meta_archs"][::-1]), "meta_archs"),
        (lambda top: top.pop("meta_archs"), "should hold"),
        (lambda top: top["arch2infos"].update({"3": {"3": {}}}), "architecture '3'"),
    ],
)
def test_a_monolith_whose_index_is_wrong_is_refused(small, tmp_path, change, reason):
    top = load(small / "meta.pickle.pbz2")
    top.update(
        arch2infos={arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}, evaluated_indexes={0, 1, 2}
    )
    change(top)
    path = dump(top, tmp_path / "x")
    with pytest.raises(SourceError, match=reason):
        Tables(MonolithReader(path))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda top: top.update(evaluated_indexes={0, 1, 2, 3}), "evaluated_indexes is not among the architectures"),
        (lambda top: top.update(evaluated_indexes=[[0]]), "evaluated_indexes is not among the architectures"),
        (lambda top: top.update(total_archs=4), "total_archs is not the number of meta_archs"),
        (lambda top: top.update(more=1), "the unknown key 'more', not exported"),
    ],
)
def test_what_the_index_of_a_monolith_says_beside_the_records_is_noted(small, tmp_path, change, what):
    top = load(small / "meta.pickle.pbz2")
    top["arch2infos"] = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    change(top)
    tables = Tables(MonolithReader(dump(top, tmp_path / "x")))
    assert sorted(tables.numbers()) == [0, 1, 2]
    (found,) = tables.report.findings.listed()
    assert found["what"].startswith(what)


def test_a_second_pickle_behind_the_first_is_refused(small, tmp_path):
    more = pickle.dumps({"more": 1}, 4)
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    path = in_one(small, tmp_path / "x", infos, plain=True)
    path.write_bytes(path.read_bytes() + more)
    with pytest.raises(SourceError, match="other data follows its end"):
        Tables(MonolithReader(path))
    record = small / "000001.pickle.pbz2"
    record.write_bytes(bz2.compress(bz2.decompress(record.read_bytes()) + more))
    with pytest.raises(SourceError, match="bytes follow the end of the pickle"):
        Tables(FolderReader(small))


def test_a_tar_that_holds_a_record_twice_leaves_it_out(small, tmp_path):
    path = in_tar(small, tmp_path / "x.tar")
    with tarfile.open(path, "a") as tar:
        tar.add(small / "000002.pickle.pbz2", "again/000001.pickle.pbz2")
    with pytest.raises(SourceError, match=r"000001\.pickle\.pbz2: occurs twice"):
        Tables(TarReader(path))
    tables = Tables(TarReader(path), on_error="skip")
    assert sorted(tables.numbers()) == [0, 2]
    assert [entry["record"] for entry in tables.report.skipped] == ["000001.pickle.pbz2"]


def test_a_monolith_in_any_order_gives_the_same_tables(small, tmp_path):
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    sorted_one, shuffled = (
        Tables(MonolithReader(in_one(small, tmp_path / "x", {arch: infos[arch] for arch in order})))
        for order in ((0, 1, 2), (2, 0, 1))
    )
    assert shuffled.numbers() == sorted_one.numbers() == {arch: numbers(record) for arch, record in infos.items()}
    assert shuffled.runs.equals(sorted_one.runs, null_equal=True)


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


def load_bytes(path):
    return pickle.loads(bz2.decompress(path.read_bytes()))


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


@pytest.fixture
def on_all_cores(monkeypatch):
    pytest.importorskip("indexed_bzip2")
    monkeypatch.setattr(bz2_parallel, "SMALLEST", 0)


@pytest.mark.usefixtures("on_all_cores")
def test_a_monolith_decompressed_on_all_cores_gives_the_same(real, tmp_path, monkeypatch):
    _, folder, records = real
    path = in_one(folder, tmp_path / "x.pickle.pbz2", records)
    several = Tables(MonolithReader(path), jobs=2, on_error="skip")
    monkeypatch.setattr(bz2_parallel, "available", lambda path, jobs: False)
    one = Tables(MonolithReader(path), jobs=2, on_error="skip")
    assert several.numbers() == one.numbers() == {arch: numbers(record) for arch, record in records.items()}
    assert several.report == one.report


@pytest.mark.usefixtures("on_all_cores")
def test_a_damaged_monolith_is_noticed_on_all_cores(small, tmp_path):
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    path = in_one(small, tmp_path / "x.pickle.pbz2", infos)
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (
        whole[:-1],
        whole[:middle],
        whole[:middle] + bytes([whole[middle] ^ 16]) + whole[middle + 1 :],
        whole + b"more",
        whole + whole[: len(whole) // 3],
    ):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match=re.escape(str(path))):
            Tables(detect(path), jobs=2)
