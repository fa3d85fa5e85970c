"""Synthetic NAS-Bench-101: a TFRecord file of some cells, four schedules and three runs each."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from nbframes.export.containers.tfrecord import frame
from nbframes.spaces import nb101
from nbframes.synthetic import training

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CELLS: Final = 256
_EPOCHS: Final = (4, 12, 36, 108)
_RUNS: Final = 3
_IMAGES: Final = 9984
"""Images of every split that upstream evaluates: whole batches only."""

_TASK: Final = training.Task(10, 0.68, 0.94, 4.0, _EPOCHS[-1])
_EVALUATION: Final = struct.Struct("<BB" + "Bd" * 5)
"""Protobuf message ``EvaluationData``: its tag and length in the outer message, then five tagged doubles."""


def write(folder: Path, seed: int) -> Path:
    """Write the file."""
    path = folder / "nasbench_synthetic.tfrecord"
    with path.open("wb") as file:
        file.writelines(map(frame, _records(seed)))
    return path


def quality(cells: pl.Series) -> pl.Series:
    """Quality of cells in [0, 1]: 3x3 convolutions and parameters help, pooling hurts."""
    operations = nb101.parse(cells).select("^op_.$")
    count = {
        name: operations.select(pl.sum_horizontal((pl.all() == name).cast(pl.Int64))).to_series().to_numpy()
        for name in nb101.OPERATIONS
    }
    convolutions = count["conv3x3-bn-relu"] + 0.2 * count["conv1x1-bn-relu"]
    score = convolutions - 0.6 * count["maxpool3x3"] + 0.5 * (np.log(nb101.params(cells).to_numpy()) - 15.5)
    return pl.Series("quality", 1 / (1 + np.exp(-(score + 2) / 1.5)))


def _records(seed: int) -> Iterator[bytes]:
    """JSON rows as upstream writes them: the runs of a cell follow each other."""
    rng = training.generator(seed, "nb101")
    cells = _cells(rng)
    rows = zip(cells, nb101.hash(cells), nb101.params(cells), quality(cells), strict=True)
    for text, module_hash, params, good in rows:
        adjacency, operations = text.split("|")
        talent = training.talents(good, module_hash, ["cifar10"], seed)["cifar10"]
        second = (10.4 + params / 1e6) * float(rng.uniform(0.9, 1.1))
        for epochs in _EPOCHS:
            for _ in range(_RUNS):
                metrics = base64.b64encode(_metrics(talent, params, second, epochs, rng)).decode()
                yield json.dumps([module_hash, epochs, adjacency, operations, metrics]).encode()


def _cells(rng: np.random.Generator) -> pl.Series:
    """Different cells of which many have a neighbour among them."""
    drawn = nb101.sample(_CELLS, seed=rng, replace=False)["arch_str"]
    pairs = pl.select(pl.concat_list(drawn, nb101.prune(nb101.mutate(drawn, seed=rng))).explode()).to_series()
    frame = pl.DataFrame({"cell": pairs, "hash": nb101.hash(pairs)})
    return frame.unique("hash", keep="first", maintain_order=True).head(_CELLS)["cell"]


def _metrics(talent: training.Talent, params: int, second: float, epochs: int, rng: np.random.Generator) -> bytes:
    """Protobuf message ``ModelMetrics`` of one run."""
    run = training.train(talent, _TASK, epochs, rng)
    steps = [epochs // 2 - 1, epochs - 1]
    shares = [
        training.right_answers(skill[steps], _TASK.classes, _IMAGES, rng) / _IMAGES
        for skill in (run.train, run.held_out, 0.995 * run.held_out)
    ]
    seconds = epochs * second * float(rng.uniform(0.98, 1.02)) * np.array([0.5, 1.0])
    untrained = _evaluation(0.0, 0.0, [0.1, 0.1, 0.1])
    halfway, end = (
        _evaluation(epoch, time, answers)
        for epoch, time, *answers in zip((epochs / 2, epochs), seconds, *shares, strict=True)
    )
    return untrained + halfway + end + b"\x10" + _varint(params) + b"\x19" + struct.pack("<d", 1.1 * seconds[1])


def _evaluation(epoch: float, seconds: float, shares: list[float]) -> bytes:
    values = (epoch, *(float(np.float32(value)) for value in (seconds, *shares)))
    tagged = (part for number, value in enumerate(values, 1) for part in (number << 3 | 1, value))
    return _EVALUATION.pack(0x0A, _EVALUATION.size - 2, *tagged)


def _varint(value: int) -> bytes:
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
