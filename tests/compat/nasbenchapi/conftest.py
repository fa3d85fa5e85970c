"""NASBenchAPI's own pickles, made of real and synthetic records, and stores exported from them."""

from __future__ import annotations

import base64
import bz2
import json
import pickle
import struct
from types import SimpleNamespace

import pytest

import nbframes as nbf


@pytest.fixture(scope="session")
def upstream():
    return pytest.importorskip("nasbenchapi", reason="the peer that the answers are compared with")


def dump(content, path):
    path.write_bytes(pickle.dumps(content))
    return path


@pytest.fixture(scope="session")
def peers(upstream, tmp_path_factory):
    """Upstream's class on a pickle of its own, and ours on a store exported from that pickle or from the official file."""
    from nbframes.compat import nasbenchapi

    def make(number, content, source=None, on_error="raise"):
        folder = tmp_path_factory.mktemp(f"nb{number}")
        path = dump(content, folder / "upstream.pkl")
        nbf.export(source or path, folder / "store", progress=False, jobs=1, on_error=on_error)
        theirs = getattr(upstream, f"NASBench{number}")(str(path), verbose=False)
        ours = getattr(nasbenchapi, f"NASBench{number}")(folder / "store", verbose=False)
        return SimpleNamespace(theirs=theirs, ours=ours, path=path, store=folder / "store")

    return make


def tfrecord_rows(path):
    with path.open("rb") as file:
        while head := file.read(12):
            (length,) = struct.unpack("<Q", head[:8])
            yield json.loads(file.read(length))
            file.read(4)


def evaluations(encoded):
    """Final time and accuracies, and the parameters, of one record, as upstream's converter derived them."""
    raw = base64.b64decode(encoded)
    at, found, params = 0, [], None
    while at < len(raw):
        tag, at = raw[at], at + 1
        if tag == 0x0A:
            length, at = raw[at], at + 1
            chunk, at = raw[at : at + length], at + length
            found.append([struct.unpack("<d", chunk[k + 1 : k + 9])[0] for k in range(0, 45, 9)])
        elif tag == 0x10:
            params = shift = 0
            while True:
                byte, at = raw[at], at + 1
                params |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80:
                    break
        else:
            at += 8
    return found[2][1:], params


def nb101_pickle(path):
    names = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
    entries, latest = {}, {}
    for module_hash, epochs, adjacency, operations, encoded in tfrecord_rows(path):
        final, params = evaluations(encoded)
        derived = {"trainable_parameters": params} | dict(zip(names, final, strict=True))
        record = {"epoch": epochs, "adjacency_str": adjacency, "operations_str": operations, "metrics_b64": encoded}
        entries.setdefault(module_hash, []).append(record | {"derived": derived})
    for module_hash, records in entries.items():
        full = [record for record in records if record["epoch"] == 108]
        if full:
            means = {name: sum(record["derived"][name] for record in full) / len(full) for name in names}
            derived = {"trainable_parameters": full[0]["derived"]["trainable_parameters"]} | means
            latest[module_hash] = full[0] | {"derived": derived}
    return {
        "benchmark": "nasbench101",
        "format": "lossless",
        "entries_by_arch": entries,
        "latest_by_arch": latest,
        "num_records": sum(map(len, entries.values())),
        "fallback_records": [],
    }


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory):
    return nbf.synthetic.write(tmp_path_factory.mktemp("sample"), "nb101", "nats-tss", "nb301")


@pytest.fixture(scope="session", params=["real", "synthetic"])
def nb101(request, peers):
    if request.param == "real":
        path = request.getfixturevalue("data") / "nb101" / "nasbench_sample.tfrecord"
    else:
        path = request.getfixturevalue("synthetic")["nb101"]
    return peers("101", nb101_pickle(path), source=path)


def nats_record(path):
    return pickle.loads(bz2.decompress(path.read_bytes()))


@pytest.fixture(scope="session", params=["real", "synthetic"])
def nb201(request, peers):
    if request.param == "real":
        folder = request.getfixturevalue("data") / "nats" / "NATS-tss-v1_0-3ffb9-simple"
    else:
        folder = request.getfixturevalue("synthetic")["nats-tss"]
    strings = nats_record(folder / "meta.pickle.pbz2")["meta_archs"]
    infos = {}
    for path in sorted(folder.glob("0*.pickle.pbz2"))[:12]:
        states = nats_record(path)
        infos[int(path.name[:6])] = {"full": states["200"], "less": states["12"]}
    content = {"meta_archs": strings, "total_archs": len(strings)}
    return peers("201", content | {"arch2infos": infos, "evaluated_indexes": list(infos)}, on_error="skip")


def nb301_entries(folder):
    paths = sorted(str(path.relative_to(folder)) for path in folder.rglob("results_*.json"))
    return [{"path": path, "parsed": json.loads((folder / path).read_text())} for path in paths]


@pytest.fixture(scope="session")
def nb301_runs(synthetic, data):
    """Synthetic runs, the real one (no curve), a failed one, a copy, and one on another dataset."""
    entries = nb301_entries(synthetic["nb301"])
    real = json.loads((data / "nb301" / "results_0.json").read_text())
    failed = entries[0]["parsed"] | {"info": {}, "test_accuracy": None, "learning_curves": {}}
    info = entries[1]["parsed"]["info"][0] | {"dataset_path": "datasets/CIFAR100.csv"}
    elsewhere = entries[1]["parsed"] | {"info": [info]}
    added = {"x_real": real, "x_failed": failed, "x_copy": entries[2]["parsed"], "x_cifar100": elsewhere}
    entries += [{"path": f"{name}/results_0.json", "parsed": run} for name, run in added.items()]
    return [json.loads(json.dumps(entry)) for entry in entries]


@pytest.fixture(scope="session")
def nb301(peers, nb301_runs):
    return peers("301", {"benchmark": "nasbench301", "num_files": len(nb301_runs), "entries": nb301_runs})
