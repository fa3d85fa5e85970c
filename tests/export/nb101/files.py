"""NAS-Bench-101 records for tests: the real ones, and made ones in any shape."""

from __future__ import annotations

import base64
import json
import pickle
import struct
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import polars as pl

from nbframes.export.containers.tfrecord import frame
from nbframes.export.nb101.reader import PickleReader, TFRecordReader
from nbframes.export.probe import Probe

CHAIN = ("010001000", "input,conv3x3-bn-relu,output")
"""The cell input, conv3x3, output."""
FORK = ("0110000100010000", "input,maxpool3x3,conv1x1-bn-relu,output")


def accuracy(k):
    return float(np.float32(k / 9984))


def varint(number):
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def double(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


def text(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


@dataclass(frozen=True)
class Run:
    """One record; every part of it can be replaced."""

    cell: tuple[str, str] = CHAIN
    hash: str = "b49ac8c578b4561d79ac7087988f1c61"
    epochs: int = 108
    halfway: dict[int, float] = field(default_factory=dict)
    final: dict[int, float] = field(default_factory=dict)
    params: int | None = 1_000_000
    extra: bytes = b""
    """Bytes put before, between and behind the fields of the message and of its evaluations."""
    breaks: int = 0
    """Characters between line breaks in the base64; 0 for none."""

    @property
    def message(self):
        evaluations = [{1: 0.0, 2: 0.0, 3: 0.1, 4: 0.1, 5: 0.1}, self.halfway, self.final]
        parts = [self.extra]
        for numbers in evaluations:
            inner = self.extra.join(double(number, value) for number, value in numbers.items())
            parts += [text(1, inner), self.extra]
        if self.params is not None:
            parts.append(varint(2 << 3) + varint(self.params))
        return b"".join([*parts, double(3, 99.5)])

    @property
    def encoded(self):
        plain = base64.b64encode(self.message).decode()
        if not self.breaks:
            return plain
        return "".join(plain[k : k + self.breaks] + "\n" for k in range(0, len(plain), self.breaks))

    @property
    def row(self):
        return [self.hash, self.epochs, *self.cell, self.encoded]

    @property
    def payload(self):
        return json.dumps(self.row).encode()

    def but(self, **changes):
        return replace(self, **changes)


def run(epochs=108, *, seed=0, **changes):
    """Make a record with numbers of its own for each seed."""
    k = 1000 * seed + 10 * epochs
    return Run(
        epochs=epochs,
        halfway={1: epochs / 2, 2: 10.5 + seed, 3: accuracy(k), 4: accuracy(k + 1), 5: accuracy(k + 2)},
        final={1: epochs, 2: 21.25 + seed, 3: accuracy(k + 3), 4: accuracy(k + 4), 5: accuracy(k + 5)},
        **changes,
    )


def cell(name, drawing=CHAIN, epochs=(4, 12, 36, 108), seeds=3):
    """All records of one cell; its hash consists of one hexadecimal digit."""
    return [run(e, seed=s, cell=drawing, hash=name * 32) for e in epochs for s in range(seeds)]


def write_tfrecord(path, runs):
    path.write_bytes(b"".join(frame(each if isinstance(each, bytes) else each.payload) for each in runs))
    return path


def entry(row, derived):
    _, epochs, adjacency, operations, metrics = row
    return {
        "epoch": epochs,
        "adjacency_str": adjacency,
        "operations_str": operations,
        "metrics_b64": metrics,
        "derived": derived,
    }


def write_pickle(path, rows_and_derived, protocol=pickle.HIGHEST_PROTOCOL, **changes):
    """Write records in the layout of NASBenchAPI's pickle."""
    entries, latest = {}, {}
    for row, derived in rows_and_derived:
        entries.setdefault(row[0], []).append(entry(row, derived))
        if row[1] == 108:
            latest[row[0]] = entries[row[0]][-1]
    document = {
        "benchmark": "nasbench101",
        "format": "lossless",
        "entries_by_arch": entries,
        "latest_by_arch": latest,
        "num_records": sum(map(len, entries.values())),
        "fallback_records": [{}],
    }
    path.write_bytes(pickle.dumps(document | changes, protocol))
    return path


def derived(each):
    """What ``derived`` says of a record."""
    return {
        "trainable_parameters": each.params,
        "training_time": each.final[2],
        "train_accuracy": each.final[3],
        "validation_accuracy": each.final[4],
        "test_accuracy": each.final[5],
    }


class Tables(NamedTuple):
    """Everything a reader gives."""

    results: pl.DataFrame
    archs: pl.DataFrame
    runs: pl.DataFrame
    report: object
    progress: int


def read(path, *, jobs=1, on_error="raise"):
    """Read a file, check the order that batches promise, and join them."""
    reader = (PickleReader if path.suffix == ".pkl" else TFRecordReader)(Probe(path))
    batches = list(reader.batches(jobs=jobs, on_error=on_error))
    frames = []
    for batch in batches:
        for rows in batch.rows:
            names = ("arch", "schedule", "budget", "seed", "value")
            frame = pl.DataFrame({name: getattr(rows, name) for name in names})
            assert frame.equals(frame.sort("arch", "schedule", "budget", "seed"))
            assert dict(frame.schema) == dict(
                zip(names, (pl.Int32, pl.Int32, pl.Int32, pl.Int32, pl.Float64), strict=True)
            )
            labels = {"metric": rows.partition.metric, "split": rows.partition.split, "final": rows.final}
            frames.append(frame.with_columns(pl.lit(value).alias(name) for name, value in labels.items()))
    archs = pl.concat([batch.archs for batch in batches])
    assert archs["arch"].to_list() == list(range(archs.height))
    return Tables(
        pl.concat(frames).sort("arch", "metric", "split", "schedule", "budget", "seed"),
        archs,
        pl.concat([batch.runs for batch in batches]),
        reader.report,
        sum(batch.progress for batch in batches),
    )


def published(tables):
    """Every number of the tables by hash, metric, split, epochs, when and run number, as upstream publishes it."""
    accuracy_ = pl.col("metric") == "accuracy"
    rows = tables.results.join(tables.archs.select("arch", "hash"), on="arch").select(
        "hash",
        "metric",
        "split",
        "schedule",
        "final",
        "seed",
        pl.when(accuracy_).then(pl.col("value") / 100).otherwise("value"),
    )
    return {row[:-1]: row[-1] for row in rows.iter_rows()}
