"""What a source holds, read another way than nbframes reads it: a restricted `pickle`, `json`, and a few lines for protobuf.

Each reader of facts gives all that could possibly be meant; whatever an export holds beyond that was invented.
"""

from __future__ import annotations

import base64
import bz2
import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections import Counter, OrderedDict

SPLITS = {
    "cifar10-valid": {"x-valid": "val", "ori-test": "test"},
    "cifar10": {"ori-test": "test"},
    "cifar100": {"x-valid": "val", "x-test": "test", "ori-test": "valtest"},
    "ImageNet16-120": {"x-valid": "val", "x-test": "test", "ori-test": "valtest"},
}
TRAIN = {
    "train_acc1es": "accuracy",
    "train_acc5es": "accuracy_top5",
    "train_losses": "loss",
    "train_times": "epoch_time",
}
EVAL = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "epoch_time"}
CURVES = {
    "Train/train_accuracy": ("accuracy", "train"),
    "Train/val_accuracy": ("accuracy", "val"),
    "Train/train_loss": ("loss", "train"),
    "Train/train_cross_entropy": ("cross_entropy", "train"),
    "Train/val_cross_entropy": ("cross_entropy", "val"),
    "Train/learning_rate": ("learning_rate", "train"),
}


class Restricted(pickle.Unpickler):
    """Python's own unpickler, which may make nothing but numbers and containers."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module.startswith("numpy") and name in ("scalar", "dtype", "ndarray", "_reconstruct", "_frombuffer"):
            return super().find_class(module, name)
        if module in ("builtins", "__builtin__") and name in ("set", "frozenset", "bytes", "bytearray"):
            return super().find_class(module, name)
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(name)

    def persistent_load(self, identifier):
        return identifier


def unpickled(data):
    """Object of a pickle, or None if Python cannot make it either."""
    try:
        return Restricted(io.BytesIO(data)).load()
    except Exception:
        return None


def bits(value):
    """The bits of a number, so that NaN and -0.0 are themselves."""
    return struct.pack("<d", value)


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


# ----------------------------------------------------------------------------------------------- NATS-Bench and NAS-Bench-201


def _schedule(hp):
    """Epochs that a key names, as a number or as its digits; numbers of thousands of digits have none that Python writes."""
    if isinstance(hp, int) and abs(hp) > 2**63:
        return None
    return int(hp) if str(hp).isdigit() and len(str(hp)) < 20 else None


def state_facts(records, schedules=None):
    """Facts of ``{index: {schedule: state}}``."""
    facts = Counter()
    for arch, states in records.items() if isinstance(records, dict) else ():
        for hp, state in states.items() if isinstance(states, dict) else ():
            results = state.get("all_results") if isinstance(state, dict) else None
            for key, result in results.items() if isinstance(results, dict) else ():
                if isinstance(result, dict) and isinstance(key, tuple) and len(key) == 2 and key[0] in SPLITS:
                    schedule = schedules.get(hp) if schedules else _schedule(hp)
                    for metric, split, epoch, value in _result_facts(result, key[0]):
                        facts[arch, metric, key[0], split, schedule, epoch + 1, key[1], bits(value)] += 1
    return facts


def _result_facts(result, dataset):
    for field, metric in TRAIN.items():
        for epoch, value in _pairs(result.get(field)):
            if type(epoch) is int:
                yield metric, "train", epoch, value
    names = result.get("eval_names")
    for field, metric in EVAL.items():
        for key, value in _pairs(result.get(field)):
            name, _, epoch = key.partition("@") if type(key) is str else (None, None, str(key))
            sets = [name] if name else names if isinstance(names, list) else []
            for found in sets:
                if type(found) is str and found in SPLITS[dataset] and epoch.isdigit():
                    yield metric, SPLITS[dataset][found], int(epoch), value


def _pairs(curve):
    items = curve.items() if isinstance(curve, dict) else enumerate(curve) if isinstance(curve, list) else ()
    for key, value in items:
        if (number := _number(value)) is not None:
            yield key, number


def plain_pickle(path):
    data = path.read_bytes()
    try:
        return unpickled(bz2.decompress(data) if data.startswith(b"BZh") else data)
    except OSError:
        return None


def nats_files(files):
    """Facts of ``{name: bytes}``."""
    records = {}
    for name, data in files.items():
        if name[:6].isdigit():
            try:
                records[int(name[:6])] = unpickled(bz2.decompress(data))
            except (OSError, ValueError):
                continue
    return state_facts(records)


def nats_folder(path):
    return nats_files({file.name: file.read_bytes() for file in path.iterdir()})


def nats_tar(path):
    return nats_files(tar_members(path))


def nats_monolith(path):
    top = plain_pickle(path)
    return state_facts(top.get("arch2infos")) if isinstance(top, dict) else Counter()


LENGTHS = {"less": 12, "full": 200}


def nb201_pickle(path):
    top = plain_pickle(path)
    return state_facts(top.get("arch2infos"), LENGTHS) if isinstance(top, dict) else Counter()


def nb201_legacy(path):
    file = io.BytesIO(path.read_bytes())
    try:
        for _ in range(3):
            Restricted(file).load()
        top = Restricted(file).load()
    except Exception:
        return Counter()
    return state_facts(top.get("arch2infos"), LENGTHS) if isinstance(top, dict) else Counter()


def nb201_zip(path):
    top = next((unpickled(data) for name, data in zip_members(path) if name.endswith("data.pkl")), None)
    return state_facts(top.get("arch2infos"), LENGTHS) if isinstance(top, dict) else Counter()


# ------------------------------------------------------------------------------------------------------------- NAS-Bench-101


def nb101_rows(rows):
    facts = Counter()
    for row in rows:
        try:
            hash, epochs, adjacency, operations, metrics = row
            evaluations = _evaluations(base64.b64decode("".join(metrics.split())))
        except Exception:
            continue
        for when, found in zip(("halfway", "final"), evaluations[1:3], strict=False):
            for field, metric, split in (
                (2, "time", "train"),
                (3, "accuracy", "train"),
                (4, "accuracy", "val"),
                (5, "accuracy", "test"),
            ):
                if field in found:
                    cell = str(hash), f"{adjacency}|{operations}"
                    facts[*cell, metric, split, str(epochs), when, bits(found[field])] += 1
    return facts


def _evaluations(message):
    return [dict(_doubles(value)) for number, value in _fields(message) if number == 1 and isinstance(value, bytes)]


def _doubles(message):
    for number, value in _fields(message):
        if isinstance(value, float):
            yield number, value


def _fields(message):
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
            case 1:
                (value,), at = struct.unpack_from("<d", message, at), at + 8
            case 2:
                size, at = _varint(message, at)
                value, at = message[at : at + size], at + size
            case 3 | 4:
                value = None
            case 5:
                value, at = None, at + 4
            case _:
                raise ValueError(tag)
        yield tag >> 3, value


def _varint(message, at):
    value = shift = 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def nb101_tfrecord(path):
    data, at, rows = path.read_bytes(), 0, []
    while at + 12 <= len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        if size < 1 << 20:
            try:
                rows.append(json.loads(data[at + 12 : at + 12 + size]))
            except ValueError:
                pass
            else:
                at += 12 + size + 4
                continue
        at += 1
    return nb101_rows(rows)


def nb101_pickle(path):
    top = plain_pickle(path)
    entries = top.get("entries_by_arch") if isinstance(top, dict) else None
    names = ("epoch", "adjacency_str", "operations_str", "metrics_b64")
    return nb101_rows(
        [hash, *(entry.get(name) for name in names)]
        for hash, found in (entries.items() if isinstance(entries, dict) else ())
        for entry in (found if isinstance(found, list) else ())
        if isinstance(entry, dict)
    )


# ------------------------------------------------------------------------------------------------------------- NAS-Bench-301


def run_facts(runs):
    facts = Counter()
    for run in runs:
        if not isinstance(run, dict):
            continue
        for name, scalar in (("test_accuracy", ("accuracy", "test")), ("runtime", ("time", "train"))):
            if (number := _number(run.get(name))) is not None:
                facts[*scalar, bits(number)] += 1
        curves = run.get("learning_curves")
        for name, (metric, split) in CURVES.items():
            curve = curves.get(name) if isinstance(curves, dict) else None
            for value in curve if isinstance(curve, list) else ():
                if (number := _number(value)) is not None:
                    facts[metric, split, bits(number)] += 1
    return facts


def _json(data):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def nb301_folder(path):
    return run_facts(_json(file.read_bytes()) for file in path.rglob("*") if file.is_file())


def nb301_zip(path):
    return run_facts(_json(data) for _, data in zip_members(path))


def nb301_tar(path):
    return run_facts(map(_json, tar_members(path).values()))


def nb301_pickle(path):
    top = plain_pickle(path)
    entries = top.get("entries") if isinstance(top, dict) else None
    return (
        run_facts(entry.get("parsed") for entry in entries if isinstance(entry, dict))
        if isinstance(entries, list)
        else Counter()
    )


# --------------------------------------------------------------------------------------------------------------- containers


def tar_members(path):
    found = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and 0 <= member.size < 1 << 24:
                    found[f"{member.name.rsplit('/', 1)[-1]}"] = archive.extractfile(member).read()
    except Exception:
        return found
    return found


def zip_members(path):
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                try:
                    found.append((info.filename, archive.read(info)))
                except Exception:
                    continue
    except Exception:
        return found
    return found
