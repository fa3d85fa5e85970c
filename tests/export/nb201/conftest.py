"""Real records in NAS-Bench-201's layout, and the tables that a reader gives of them."""

from __future__ import annotations

import bz2
import copy
import pickle
import struct

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.export.formats import detect
from nbframes.schema import RUN_KEY
from tests.export.nb201.files import (
    Tensor,
    as_nb201,
    fake_torch,
)

FOLDER = "NATS-tss-v1_0-3ffb9-simple"


@pytest.fixture(scope="module")
def folder(data):
    return data / "nats" / FOLDER


@pytest.fixture(scope="module")
def strings(folder):
    return pickle.loads(bz2.decompress((folder / "meta.pickle.pbz2").read_bytes()))["meta_archs"]


@pytest.fixture(scope="module")
def records(folder):
    return {int(p.name[:6]): pickle.loads(bz2.decompress(p.read_bytes())) for p in sorted(folder.glob("0*"))}


@pytest.fixture
def small(records):
    """Two architectures of few runs: ``{"less", "full"}`` states on cifar10 and cifar10-valid, numbered 0 and 1."""
    infos = {}
    for index, record in enumerate(copy.deepcopy([records[0], records[11]])):
        for state in record.values():
            kept = {
                key: run
                for key, run in state["all_results"].items()
                if key[0].startswith("cifar10") and key[0] != "cifar100"
            }
            seeds = {name: sorted(seed for found, seed in kept if found == name) for name, _ in kept}
            state |= {"arch_index": index, "all_results": kept, "dataset_seed": seeds}
        infos[index] = as_nb201(record)
    texts = [info["full"]["arch_str"] for info in infos.values()]
    return {
        "meta_archs": texts,
        "total_archs": 2,
        "basestr": "C16-N5",
        "arch2infos": infos,
        "evaluated_indexes": [0, 1],
    }


@pytest.fixture
def tiny(small):
    """One architecture with one run of twelve epochs, cheap to read many times."""
    state = small["arch2infos"][0]["less"]
    state["all_results"] = {("cifar10", 111): state["all_results"]["cifar10", 111]}
    state["dataset_seed"] = {"cifar10": [111]}
    return {
        **small,
        "meta_archs": small["meta_archs"][:1],
        "total_archs": 1,
        "arch2infos": {0: {"less": state}},
        "evaluated_indexes": {0},
    }


def runs_of(top):
    """All results of all architectures."""
    return [
        run for info in top["arch2infos"].values() for state in info.values() for run in state["all_results"].values()
    ]


class Tables:
    """Everything that a reader gives."""

    def __init__(self, reader, *, jobs=1, on_error="raise"):
        batches = list(reader.batches(jobs=jobs, on_error=on_error))
        self.report = reader.report
        self.archs = pl.concat([batch.archs for batch in batches])
        self.runs = pl.concat([batch.runs for batch in batches]).sort(RUN_KEY)
        assert self.archs["arch"].is_sorted()
        self.rows = {}
        for rows in (rows for batch in batches for rows in batch.rows):
            columns = zip(*(column.tolist() for column in rows[2:]), strict=True)
            for arch, schedule, budget, seed, value in columns:
                key = (*rows.partition, arch, schedule, budget, seed)
                assert key not in self.rows
                assert rows.final == (budget == schedule)
                self.rows[key] = struct.pack("d", value)

    def value(self, *key):
        return struct.unpack("d", self.rows[key])[0]


def read(path, **options):
    return Tables(detect(path), **options)


def same(ours, theirs):
    assert ours.rows == theirs.rows
    assert_frame_equal(ours.archs, theirs.archs)
    assert_frame_equal(ours.runs, theirs.runs)


def with_weights(top, monkeypatch):
    fake_torch(monkeypatch)
    for key, run in enumerate(runs_of(top)):
        run["net_state_dict"] = {"conv": Tensor(str(key), [1.0, 2.0, 3.0])}
    for info in top["arch2infos"].values():
        for state in info.values():
            state["clear_net_done"] = False
    return top
