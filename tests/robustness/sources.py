"""Small sources of every format, each written from objects, so that objects and the bytes inside containers can be damaged."""

from __future__ import annotations

import bz2
import json
import pickle
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbframes.export.containers.tfrecord import frame
from nbframes.spaces import darts
from tests.export.nb101 import files as nb101
from tests.robustness import mutate, oracle

if TYPE_CHECKING:
    from collections.abc import Callable

SSS = ["8:8:8:8:8", "8:8:8:8:16", "8:8:8:8:24"]
TSS = [f"|{op}~0|+|none~0|none~1|+|none~0|none~1|none~2|" for op in ("nor_conv_1x1", "nor_conv_3x3", "skip_connect")]
GENOTYPE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
SETS = oracle.SPLITS
CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100}
TORCH_HEAD = (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}})


class Format(NamedTuple):
    """How a benchmark's objects become a source, and what is in a source."""

    content: Any
    write: Callable[[Any, Any, Callable[[bytes], bytes]], Any]
    """Writes the content to a path; the function that it is given changes the bytes of one piece inside the container."""
    facts: Callable[[Any], Any]
    checksums: bool
    """Whether the container notices changed bytes: then no fact may be another than before."""
    hostile: tuple[Any, ...] = mutate.HOSTILE


def kept(data):
    return data


class Once:
    """A change to one of many pieces: the one whose turn it is."""

    def __init__(self, change, rng, pieces=4):
        self._change, self._left = change, int(rng.integers(pieces))

    def __call__(self, data):
        self._left -= 1
        return self._change(data) if self._left == -1 else data


# ---------------------------------------------------------------------------------------- NATS-Bench and NAS-Bench-201


def result(dataset, hp, seed, text, arch, *, size):
    epochs = range(2)
    base = 10 + 7 * arch + seed / 1000
    keys = [f"{name}@{epoch}" for name in SETS[dataset] for epoch in epochs]
    config = (
        {"channels": text, "genotype": GENOTYPE, "name": "infer.shape.tiny"}
        if size
        else {"channel": 16, "num_cells": 5}
    )
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {epoch: base + epoch for epoch in epochs},
        "train_acc5es": {epoch: base + epoch + 5 for epoch in epochs},
        "train_losses": {epoch: base / 7 + epoch for epoch in epochs},
        "train_times": dict.fromkeys(epochs, 1.5 + base),
        "arch_config": {**config, "arch_str": text, "class_num": CLASSES[dataset]},
        "params": np.float64((arch + 1) * 0.25),
        "flop": 7.5 + arch,
        "seed": f"{seed:04d}",
        "epochs": hp,
        "latency": [np.float64(0.015 + arch)],
        "eval_names": list(SETS[dataset]),
        "eval_acc1es": {key: base / 2 + place for place, key in enumerate(keys)},
        "eval_times": dict.fromkeys(keys, base / 3),
        "eval_losses": {key: base / 9 + place for place, key in enumerate(keys)},
    }


def state(arch, text, hp, *, size):
    runs = (("cifar10-valid", 777), ("cifar10-valid", 888), ("cifar100", 777))
    seeds = {"cifar10-valid": [777, 888], "cifar100": [777]}
    found = {(dataset, seed): result(dataset, hp, seed, text, arch, size=size) for dataset, seed in runs}
    return {"arch_index": arch, "arch_str": text, "all_results": found, "dataset_seed": seeds, "clear_net_done": True}


def nats_content():
    records = {
        arch: {hp: state(arch, text, int(hp), size=True) for hp in ("01"[1:], "12")} for arch, text in enumerate(SSS)
    }
    for states in records.values():
        for one in states["1"]["all_results"].values():
            for name, curve in one.items():
                if isinstance(curve, dict) and name != "arch_config":
                    one[name] = {key: value for key, value in curve.items() if str(key).endswith("0")}
    return {"meta_archs": SSS, "total_archs": len(SSS), "arch2infos": records, "evaluated_indexes": set(records)}


def nb201_content():
    records = {
        arch: {"full": state(arch, text, 200, size=False), "less": state(arch, text, 12, size=False)}
        for arch, text in enumerate(TSS)
    }
    return {"meta_archs": TSS, "total_archs": len(TSS), "arch2infos": records, "evaluated_indexes": set(records)}


def pickled(value, protocol=4):
    return pickle.dumps(value, protocol)


def nats_files(content, inner):
    """Name and bytes of every file of a folder."""
    top = content if isinstance(content, dict) else {}
    records = top.get("arch2infos")
    meta = {**top, "arch2infos": None, "evaluated_indexes": set()} if top else content
    yield "meta.pickle.pbz2", bz2.compress(inner(pickled(meta)))
    for arch, record in enumerate(records.values()) if isinstance(records, dict) else ():
        yield f"{arch:06d}.pickle.pbz2", bz2.compress(inner(pickled(record)))


def nats_folder(content, path, inner):
    path.mkdir()
    for name, data in nats_files(content, inner):
        (path / name).write_bytes(data)


def nats_tar(content, path, inner):
    write_tar(path, nats_files(content, inner), inner)


def nats_monolith(content, path, inner):
    path.write_bytes(bz2.compress(inner(pickled(content))))


def nb201_legacy(content, path, inner):
    parts = [*(pickled(part, 2) for part in TORCH_HEAD), pickled(content, 2), pickled([], 2)]
    path.write_bytes(b"".join(map(inner, parts)))


def nb201_zip(content, path, inner):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", inner(pickled(content, 2)))
        archive.writestr("archive/version", inner(b"3\n"))


def nb201_pickle(content, path, inner):
    path.write_bytes(inner(pickled(content)))


# ----------------------------------------------------------------------------------------------------- NAS-Bench-101


def nb101_content():
    drawings = {nb101.CHAIN: "b49ac8c578b4561d79ac7087988f1c61", nb101.FORK: "0" * 32}
    return [
        list(nb101.run(epochs, seed=seed, cell=cell, hash=hash).row)
        for cell, hash in drawings.items()
        for epochs in (4, 108)
        for seed in range(3)
    ]


def nb101_tfrecord(rows, path, inner):
    path.write_bytes(b"".join(frame(inner(as_json(row))) for row in rows))


def nb101_pickle_content():
    entries = {}
    for row in nb101_content():
        entries.setdefault(row[0], []).append(nb101.entry(row, {}))
    for hash, found in entries.items():
        for place, entry in enumerate(found):
            run = nb101.run((4, 108)[place // 3], seed=place % 3, hash=hash)
            entry["derived"] = nb101.derived(run)
    count = sum(map(len, entries.values()))
    return {"benchmark": "nasbench101", "entries_by_arch": entries, "latest_by_arch": {}, "num_records": count}


def plain(content, path, inner):
    path.write_bytes(inner(pickled(content, 5)))


# ----------------------------------------------------------------------------------------------------- NAS-Bench-301


def run_log(number):
    points = [float(epoch) for epoch in range(1, 5)]
    curve = [40.5 + number + epoch for epoch in points]
    prefix = "NetworkSelectorDatasetInfo:darts:"
    config = {f"{prefix}layers": 8, f"{prefix}init_channels": 32, "OptimizerSelector:sgd:learning_rate": 0.025}
    config |= darts.to_config(darts.sample(3, seed=0)["arch_str"][number])
    info = {"val_accuracy": curve[-1], "val_accuracy_final": curve[-1], "train_loss": 0.5, "epochs": 4}
    return {
        "budget": 6,
        "test_accuracy": 88.25 + number,
        "runtime": 1000 + number,
        "final_metric_score": -curve[-1],
        "optimized_hyperparamater_config": config,
        "created_by_optimizer": "rs",
        "info": [{**info, "model_parameters": 5000, "learning_rate": 1e-6, "dataset_path": "datasets/CIFAR10.csv"}],
        "learning_curves": {
            "Train/val_accuracy": curve,
            "Train/train_accuracy": [value - 3 for value in curve],
            "Train/train_loss": [2 - value / 100 for value in curve],
            "Train/epochs": points,
        },
    }


def nb301_content():
    return {f"rs/results_{number}.json": run_log(number) for number in range(3)}


def as_json(value):
    return json.dumps(value).encode()


def json_files(content):
    return ((name, as_json(run)) for name, run in content.items())


def nb301_folder(content, path, inner):
    path.mkdir()
    for name, data in json_files(content):
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(inner(data))


def nb301_zip(content, path, inner):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in json_files(content):
            archive.writestr(name, inner(data))


def nb301_tar(content, path, inner):
    write_tar(path, ((name, inner(data)) for name, data in json_files(content)), inner)


def nb301_pickle_content():
    entries = [{"path": name, "parsed": run} for name, run in nb301_content().items()]
    return {"benchmark": "nasbench301", "num_files": len(entries), "entries": entries}


def write_tar(path, files, inner):
    """Write a tar; ``inner`` may also change a header, whose checksum is then made right again."""
    with path.open("wb") as out:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            head = bytearray(inner(info.tobuf(tarfile.USTAR_FORMAT))[:512].ljust(512, b"\0"))
            head[148:156] = b" " * 8
            head[148:156] = b"%06o\0 " % sum(head)
            out.write(bytes(head) + data + bytes(-len(data) % 512))
        out.write(bytes(1024))


FORMATS = {
    "nats-folder": Format(nats_content(), nats_folder, oracle.nats_folder, True),
    "nats-tar": Format(nats_content(), nats_tar, oracle.nats_tar, True),
    "nats-monolith": Format(nats_content(), nats_monolith, oracle.nats_monolith, True),
    "nb101-tfrecord": Format(nb101_content(), nb101_tfrecord, oracle.nb101_tfrecord, True, mutate.TEXTUAL),
    "nb101-pickle": Format(nb101_pickle_content(), plain, oracle.nb101_pickle, False),
    "nb201-legacy": Format(nb201_content(), nb201_legacy, oracle.nb201_legacy, False),
    "nb201-zip": Format(nb201_content(), nb201_zip, oracle.nb201_zip, True),
    "nb201-pickle": Format(nb201_content(), nb201_pickle, oracle.nb201_pickle, False),
    "nb301-folder": Format(nb301_content(), nb301_folder, oracle.nb301_folder, False, mutate.TEXTUAL),
    "nb301-zip": Format(nb301_content(), nb301_zip, oracle.nb301_zip, True, mutate.TEXTUAL),
    "nb301-tar": Format(nb301_content(), nb301_tar, oracle.nb301_tar, False, mutate.TEXTUAL),
    "nb301-pickle": Format(nb301_pickle_content(), plain, oracle.nb301_pickle, False),
}
