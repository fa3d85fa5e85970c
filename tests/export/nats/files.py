"""What records of NATS-Bench say, read independently; the tables that a reader gives; the containers of records."""

from __future__ import annotations

import bz2
import pickle
import struct
import tarfile

import numpy as np
import polars as pl

from nbframes.export.formats import detect
from nbframes.export.nats import reader as nats
from nbframes.export.nats.monolith import MonolithReader as Monolith
from nbframes.export.probe import Probe

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


def load_bytes(path):
    return pickle.loads(bz2.decompress(path.read_bytes()))
