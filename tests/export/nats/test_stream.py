"""One pickle of many records: what is gathered by a layout is what reading opcode by opcode gives, whatever the bytes are."""

from __future__ import annotations

import io
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nbframes as nbf
from nbframes.errors import SourceError
from nbframes.export.containers.pickles import items_of
from nbframes.export.formats import detect
from nbframes.export.nats.record import Record, checked_counts, flatten
from nbframes.export.nats.record_reader import Layouts
from nbframes.export.nats.stream import RecordMachine
from nbframes.export.nb201.reader import _DIALECT
from nbframes.spaces import tss

COUNT = 12
ROOT = Path(__file__).resolve().parents[3]


def result(dataset, seed, text, rng):
    """One run, its keys as upstream's, its texts objects of their own."""
    values = {epoch: rng.uniform(10, 99) for epoch in range(3)}
    evaluated = {f"ori-test@{epoch}": rng.uniform(10, 99) for epoch in range(3)}
    return {
        "name": dataset,
        **{
            key: {e: v + place for e, v in values.items()} for place, key in enumerate(("train_acc1es", "train_losses"))
        },
        "train_acc5es": None,
        "train_times": dict.fromkeys(range(3), rng.uniform(1, 9)),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": text, "class_num": 10},
        "params": np.float64(rng.randrange(1, 10**7) / 1e6),
        "flop": rng.uniform(1, 200),
        "seed": f"{seed:04d}",
        "epochs": 200,
        "latency": [np.float64(rng.uniform(0.01, 0.03)) for _ in range(2)],
        "eval_names": ["ori-test"],
        "eval_acc1es": evaluated,
        "eval_losses": {key: value / 50 for key, value in evaluated.items()},
        "eval_times": dict.fromkeys(evaluated, 0.5),
        "net_state_dict": None,
    }


def content(seed=0, count=COUNT, start=250):
    """Records around index 256, where an index begins to take two bytes, of two shapes in turn."""
    rng = random.Random(seed)
    strings = tss.sample(count + start, seed=seed)["arch_str"].to_list()
    infos = {}
    for index in range(start, start + count):
        seeds = (777,) if index % 3 else (777, 888)
        results = {("cifar10", seed): result("cifar10", seed, strings[index], rng) for seed in seeds}
        state = {"arch_index": index, "arch_str": strings[index], "all_results": results}
        state |= {"dataset_seed": {"cifar10": list(seeds)}, "clear_net_done": True}
        short = {key: {**run, "epochs": 12} for key, run in results.items()}
        infos[index] = {"full": state, "less": {**state, "all_results": short}}
    return {"meta_archs": strings, "total_archs": len(strings), "arch2infos": infos, "evaluated_indexes": list(infos)}


def streamed(data):
    """Every record as it comes out, and how many of them were gathered; or the kind of error."""
    source, found, gathered = io.BytesIO(data), [], 0
    machine = RecordMachine(source.read, "x", dialect=_DIALECT)
    try:
        for item in items_of(machine, source, "x"):
            fast = isinstance(item.value, Record)
            record = (
                checked_counts(item.value, "x") if fast else flatten(item.value, "x", arch=item.key, dialect=_DIALECT)
            )
            if not fast:
                machine.learn(record)
            gathered += fast
            found.append((record.arch, record.arch_str, repr(record.shape), record.values.tobytes(), record.oddities))
    except SourceError as error:
        return found, type(error), gathered
    return found, None, gathered


@pytest.fixture
def without_layouts(monkeypatch):
    def read(data):
        with monkeypatch.context() as patch:
            patch.setattr(Layouts, "learn", lambda *_: None)
            found, error, gathered = streamed(data)
        assert not gathered
        return found, error

    return read


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_records_like_earlier_ones_are_gathered_and_the_same(protocol, without_layouts):
    data = pickle.dumps(content(), protocol)
    found, error, gathered = streamed(data)
    assert error is None
    assert gathered >= COUNT - 5, "two shapes, each before and behind index 256, and the record that brings the globals"
    assert (found, None) == without_layouts(data)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_changed_byte_anywhere_has_the_effect_that_it_has_without_layouts(protocol, without_layouts):
    data, rng = pickle.dumps(content(1, 9), protocol), random.Random(protocol)
    differing = 0
    for _ in range(400):
        place = rng.randrange(len(data) // 2, len(data))
        changed = bytearray(data)
        changed[place] = rng.choice([changed[place] ^ 1 << rng.randrange(8), rng.randrange(256)])
        found, error, _ = streamed(bytes(changed))
        careful, as_careful = without_layouts(bytes(changed))
        assert error is as_careful, place
        if error is None:
            assert found == careful, place
        both = min(len(found), len(careful))  # a gathered record is handed over before what follows it is looked at
        assert found[:both] == careful[:both], place
        assert both >= len(careful) - 1
        differing += error is not None
    assert 20 < differing < 380, "some bytes are numbers, some are not"


def test_texts_that_a_later_record_shares_with_an_earlier_one_are_known(without_layouts):
    made = content(2)
    texts = made["meta_archs"]
    made = {"arch2infos": made["arch2infos"], "meta_archs": texts, "total_archs": len(texts), "evaluated_indexes": []}
    data = pickle.dumps(made, 4)  # the index refers to the strings of the records
    found, error, gathered = streamed(data)
    assert error is None
    assert gathered
    assert (found, None) == without_layouts(data)


@pytest.mark.parametrize("container", ["legacy", "zip"])
def test_the_generator_of_full_size_writes_files_that_are_exported_without_a_finding(container, tmp_path):
    path = tmp_path / "made.pth"
    command = [sys.executable, "-m", "tests.tools.make_nb201", path, "--count", "40", "--container", container]
    subprocess.run(command, check=True, cwd=ROOT)
    manifest = nbf.export(path, tmp_path / "store", progress=False, strict=True)
    assert (manifest.benchmark, manifest.rows("archs")) == ("nb201", 40)
    if container == "legacy":
        with path.open("rb") as file:
            *_, made, keys = [pickle.load(file) for _ in range(5)]
        assert keys == []
        batches = list(detect(path).batches(jobs=1, on_error="raise"))
        rows = [rows for rows in batches[0].rows if rows.partition == ("accuracy", "cifar10", "test") and rows.final]
        told = [
            [
                run["eval_acc1es"]["ori-test@11"]
                for (name, _), run in info["less"]["all_results"].items()
                if name == "cifar10"
            ]
            for info in made["arch2infos"].values()
        ]
        twelve = rows[0].schedule == 12
        assert rows[0].value[twelve].tolist() == [value for values in told for value in values]
