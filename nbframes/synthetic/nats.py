"""Synthetic NATS-Bench: a ``-simple`` folder of either space."""

from __future__ import annotations

import bz2
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from nbframes.spaces import sss, tss
from nbframes.spaces.nats.size import CELL
from nbframes.synthetic import training
from nbframes.synthetic.nats_record import DATASETS, Schedule, Space, Subject, record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbframes.spaces.nats import SizeSpace, TopologySpace
    from nbframes.spaces.nats.costs import Dataset

_TSS_CELLS: Final = 128
_SSS_NETWORKS: Final = 96


def _tasks(full_schedule: int, skills: dict[str, tuple[float, float, float]]) -> dict[str, training.Task]:
    return {name: training.Task(DATASETS[name].classes, *skills[name], full_schedule) for name in DATASETS}


TSS: Final = Space(
    (
        Schedule("12", dict.fromkeys(DATASETS, (111,)) | {"cifar10-valid": (777, 111)}),
        Schedule("200", dict.fromkeys(DATASETS, (999, 777, 888)), thrifty=True),
    ),
    _tasks(
        200,
        {
            "cifar10-valid": (0.30, 0.905, 1.3),
            "cifar10": (0.36, 0.935, 0.9),
            "cifar100": (0.10, 0.74, 1.8),
            "ImageNet16-120": (0.03, 0.47, 0.3),
        },
    ),
    (4.2, 0.073),
)
SSS: Final = Space(
    (
        Schedule("01", dict.fromkeys(DATASETS, (777,))),
        Schedule("12", dict.fromkeys(DATASETS, (777, 888, 999))),
        Schedule("90", dict.fromkeys(DATASETS, (777,))),
    ),
    _tasks(
        90,
        {
            "cifar10-valid": (0.74, 0.9, 0.5),
            "cifar10": (0.765, 0.93, 0.4),
            "cifar100": (0.30, 0.715, 0.4),
            "ImageNet16-120": (0.14, 0.475, 0.1),
        },
    ),
    (2.7, 0.030),
)


def write_tss(folder: Path, seed: int) -> Path:
    """Write the topology space's folder."""
    return _write(folder / "NATS-tss-synthetic-simple", TSS, tss_subjects(_TSS_CELLS, seed), seed)


def write_sss(folder: Path, seed: int) -> Path:
    """Write the size space's folder."""
    networks = _spread(sss, _SSS_NETWORKS, seed)
    return _write(folder / "NATS-sss-synthetic-simple", SSS, subjects(sss, networks, seed), seed)


def tss_subjects(count: int, seed: int) -> list[Subject]:
    """Some topology cells, in official order but numbered from 0."""
    return subjects(tss, _spread(tss, count, seed), seed)


def subjects(space: TopologySpace | SizeSpace, strings: pl.Series, seed: int, *, first: int = 0) -> list[Subject]:
    """Make subjects of the architectures of either space, numbered from ``first`` on."""
    costs = {
        name: zip(space.params(strings, dataset=name), space.mflops(strings, dataset=name), strict=True)
        for name in cast("Iterable[Dataset]", DATASETS)
    }
    qualities = quality_sss(strings) if space is sss else quality_tss(strings)
    rows = zip(strings, qualities, space.hash(strings), zip(*costs.values(), strict=True), strict=True)
    return [
        Subject(
            number,
            text,
            training.talents(quality, key, DATASETS, seed),
            _config(space, text),
            dict(zip(costs, cost, strict=True)),
        )
        for number, (text, quality, key, cost) in enumerate(rows, first)
    ]


def quality_tss(cells: pl.Series) -> pl.Series:
    """Quality of topology cells in [0, 1], null where the output does not depend on the input.

    Convolutions on the way from input to output help, deep ways more, pooling hurts.
    """
    operations = tss.parse(cells).select(pl.all().to_physical()).to_numpy()
    live = np.zeros(operations.shape, np.bool_)
    depth = np.zeros(len(operations))
    for path in ([3], [0, 4], [1, 5], [0, 2, 5]):
        is_open = (operations[:, path] != 0).all(axis=1)
        live[:, path] |= is_open[:, None]
        depth = np.maximum(depth, is_open * np.isin(operations[:, path], (2, 3)).sum(axis=1))
    worth = np.array([0.0, -1.0, 1.0, 2.0, -3.0])[operations]
    score = (worth * live).sum(axis=1) + 2.4 * depth
    return pl.Series("quality", np.where(live.any(axis=1), 1 / (1 + np.exp(-(score + 4) / 3)), np.nan)).fill_nan(None)


def quality_sss(networks: pl.Series) -> pl.Series:
    """Quality of size networks in [0, 1]: wider is better, and late stages count most."""
    weights = np.array([1.0, 1.0, 2.0, 1.5, 2.5])
    widths = np.log2(sss.parse(networks).to_numpy() / 8) / 3
    return pl.Series("quality", (widths @ weights / weights.sum()) ** 0.6)


def _spread(space: TopologySpace | SizeSpace, count: int, seed: int) -> pl.Series:
    """Architectures of which many have a neighbour among them, by official index."""
    rng = training.generator(seed, f"nbframes.spaces.{'sss' if space is sss else 'tss'}")
    drawn = space.sample(count, seed=rng, replace=False)["arch_str"]
    pairs = pl.select(pl.concat_list(drawn, space.mutate(drawn, seed=rng)).explode()).to_series()
    return space.from_index(space.index(pairs.unique(maintain_order=True).head(count)).sort())


def _config(space: TopologySpace | SizeSpace, text: str) -> dict[str, Any]:
    if space is sss:
        return {"name": "infer.shape.tiny", "channels": text, "arch_str": text, "genotype": CELL}
    return {"channel": 16, "num_cells": 5, "arch_str": text}


def _write(folder: Path, space: Space, studied: list[Subject], seed: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    meta = {
        "meta_archs": [subject.arch_str for subject in studied],
        "total_archs": len(studied),
        "arch2infos": None,
        "evaluated_indexes": set(),
    }
    with ThreadPoolExecutor() as pool:  # bz2 leaves the interpreter free to make the next record meanwhile
        writes = [pool.submit(_dump, pickle.dumps(meta, protocol=4), folder / "meta.pickle.pbz2")]
        for subject in studied:
            content = pickle.dumps(record(subject, space, seed), protocol=4)
            writes.append(pool.submit(_dump, content, folder / f"{subject.number:06d}.pickle.pbz2"))
    for write in writes:
        write.result()
    return folder


def _dump(content: bytes, path: Path) -> None:
    path.write_bytes(bz2.compress(content, compresslevel=1))
