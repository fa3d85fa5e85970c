"""Write a TFRecord file of NAS-Bench-101 of any size: 423,624 cells with their official hashes, 12 runs of each; values are made up.

usage: python -m tests.tools.make_nb101 OUT.tfrecord [--count CELLS] [--jobs J] [--seed S]
"""

from __future__ import annotations

import base64
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import google_crc32c
import numpy as np
import polars as pl

from nbframes.spaces import nb101
from tests.tools.full_size import Chunk, chunks, made, parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1024
EPOCHS = (4, 12, 36, 108)
RUNS = 3
IMAGES = 9984

EVALUATION = [("tag", "u1"), ("length", "u1")] + [
    part for field in range(5) for part in ((f"tag_{field}", "u1"), (f"value_{field}", "<f8"))
]
"""Protobuf message ``EvaluationData`` within ``ModelMetrics``: epoch, seconds, accuracies of train, validation and test."""


class Drawn(NamedTuple):
    """Some cells, and what is said of them."""

    texts: pl.Series
    hashes: pl.Series
    params: pl.Series
    seconds: np.ndarray
    """Shape (cells, epochs, runs, 2): halfway and at the end, exact in float32."""
    accuracies: np.ndarray
    """Shape (cells, epochs, runs, 2, 3): shares of 9,984 images in float32; train, validation and test."""


def draw(part: Chunk) -> Drawn:
    """Draw the cells of a chunk, in an order of the seed's, and the values of all their runs."""
    texts = nb101.from_index(pl.Series(_order(part.seed)[part.first : part.first + part.count]))
    params = nb101.params(texts)
    rng = np.random.default_rng([part.seed, part.first])
    shape = (CHUNK, len(EPOCHS), RUNS)
    epochs = np.array(EPOCHS)[:, None]
    skill = rng.beta(8, 2, (CHUNK, 1, 1))
    end = (0.60 + 0.34 * skill) * (1 - 0.8 * np.exp(-epochs / 8)) + rng.normal(0, 0.01, shape)
    pace = rng.uniform(0.9, 1.1, shape)[: part.count]
    noise = rng.normal(0, 0.004, (*shape, 2, 3))
    level = np.stack([end * 0.85, end], axis=-1)[..., None] + np.array([0.04, 0.0, -0.005]) + noise
    counts = np.rint(np.clip(level, 0.09, 1.0) * IMAGES)[: part.count]
    last = epochs * (10.0 + params.to_numpy()[:, None, None] / 1e6) * pace
    seconds = np.stack([last / 2, last], axis=-1)
    return Drawn(texts, nb101.hash(texts), params, _single(seconds), _single(counts / IMAGES))


def records(part: Chunk) -> bytes:
    """Write the records of a chunk, framed: the runs of a cell follow each other."""
    drawn = draw(part)
    framed: list[bytes] = []
    messages = _messages(drawn)
    for cell, (text, module_hash) in enumerate(zip(drawn.texts, drawn.hashes, strict=True)):
        adjacency, operations = text.encode().split(b"|")
        for place, epochs in enumerate(EPOCHS):
            head = b'["%s", %d, "%s", "%s", "' % (module_hash.encode(), epochs, adjacency, operations)
            for message in messages[cell][place]:
                payload = head + base64.b64encode(message) + b'"]'
                framed += (_length(len(payload)), payload, _checksum(payload))
    return b"".join(framed)


def write(out: Path, *, count: int | None = None, jobs: int = 1, seed: int = 0) -> None:
    """Write the file, chunk by chunk."""
    from tests.tools import make_nb101  # by its name, so that other processes find what they are to do

    with out.open("wb") as file:
        file.writelines(made(make_nb101.records, chunks(count or nb101.SIZE, CHUNK, seed), jobs))


def _messages(drawn: Drawn) -> list[list[Iterator[bytes]]]:
    """Protobuf messages ``ModelMetrics`` by cell, epochs and run: untrained, halfway, at the end; params; total seconds."""
    found: list[list[Any]] = [[] for _ in drawn.texts]
    params = drawn.params.to_numpy()
    for size in (3, 4):
        cells = np.flatnonzero((params >= 1 << 7 * (size - 1)) & (params < 1 << 7 * size))
        kind = np.dtype(
            [("steps", EVALUATION, 3), ("a", "u1"), ("params", "u1", size), ("b", "u1"), ("seconds", "<f8")]
        )
        message = np.zeros((len(cells), len(EPOCHS), RUNS), kind)
        steps = message["steps"]
        steps["tag"], steps["length"] = 0x0A, 45
        for field in range(5):
            steps[f"tag_{field}"] = field + 1 << 3 | 1
        steps["value_0"][..., 1], steps["value_0"][..., 2] = np.array(EPOCHS)[:, None] / 2, np.array(EPOCHS)[:, None]
        steps["value_1"][..., 1:] = drawn.seconds[cells]
        for split in range(3):
            steps[f"value_{split + 2}"][..., 0] = np.float32(0.1)
            steps[f"value_{split + 2}"][..., 1:] = drawn.accuracies[cells][..., split]
        message["a"], message["b"], message["seconds"] = 0x10, 0x19, drawn.seconds[cells][..., 1] * 1.2
        for place in range(size):
            group = params[cells] >> 7 * place & 0x7F | (0x80 if place < size - 1 else 0)
            message["params"][..., place] = group[:, None, None]
        for row, cell in enumerate(cells.tolist()):
            found[cell] = [[run.tobytes() for run in of] for of in message[row]]
    return found


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).astype(np.float64)


@cache
def _order(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(nb101.SIZE)


@cache
def _length(size: int) -> bytes:
    length = struct.pack("<Q", size)
    return length + _checksum(length)


def _checksum(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def main() -> None:
    options = parser(__doc__).parse_args()
    write(options.out, count=options.count, jobs=options.jobs, seed=options.seed)


if __name__ == "__main__":
    main()
