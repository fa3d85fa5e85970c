"""Synthetic NAS-Bench-301: a folder of run logs as JSON, by optimizer."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.spaces import darts
from nbframes.synthetic import training

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RUNS: Final = {
    "rs": 60,
    "de": 20,
    "tpe": 20,
    "re": 14,
    "bananas": 10,
    "darts": 8,
    "combo": 6,
    "gdas": 6,
    "random_ws": 6,
}
"""Runs of every optimizer."""
_GUIDED: Final = ("de", "tpe", "re", "bananas", "combo")
"""Optimizers that look for good architectures; the others draw at random."""

_EPOCHS: Final = 100
_LOGGED: Final = 98
"""The last epoch within the loop is not logged."""
_LOG_INTERVAL: Final = 30
"""Seconds that pass at least between two points of a curve."""
_TRAIN_IMAGES, _HELD_OUT_IMAGES = 40_000, 10_000
_TASK: Final = training.Task(10, 0.885, 0.95, 0.0, _EPOCHS)
_LEARNING_RATE, _LEAST_RATE = 0.025, 1e-8
_DARTS: Final = "NetworkSelectorDatasetInfo:darts:"
_LAYERS, _CHANNELS = 8, 32
_SETTINGS: Final = {
    "CreateImageDataLoader:batch_size": 96,
    "ImageAugmentation:augment": "True",
    "ImageAugmentation:autoaugment": "True",
    "ImageAugmentation:cutout": "True",
    "ImageAugmentation:cutout_holes": 1,
    "ImageAugmentation:cutout_length": 16,
    "ImageAugmentation:fastautoaugment": "False",
    "LossModuleSelectorIndices:loss_module": "cross_entropy",
    "NetworkSelectorDatasetInfo:network": "darts",
    f"{_DARTS}auxiliary": "True",
    f"{_DARTS}drop_path_prob": 0.2,
    f"{_DARTS}init_channels": _CHANNELS,
    f"{_DARTS}layers": _LAYERS,
    "OptimizerSelector:optimizer": "sgd",
    "OptimizerSelector:sgd:learning_rate": _LEARNING_RATE,
    "OptimizerSelector:sgd:momentum": 0.9,
    "OptimizerSelector:sgd:weight_decay": 0.0003,
    "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max": _EPOCHS,
    "SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min": _LEAST_RATE,
    "SimpleLearningrateSchedulerSelector:lr_scheduler": "cosine_annealing",
    "SimpleTrainNode:batch_loss_computation_technique": "mixup",
    "SimpleTrainNode:mixup:alpha": 0.2,
}
_BEST: Final = ("train_loss", "train_accuracy", "train_cross_entropy", "val_accuracy", "val_cross_entropy")


class Candidate(NamedTuple):
    """What is to be trained."""

    settings: dict[str, str]
    params: int
    talent: training.Talent


def write(folder: Path, seed: int) -> Path:
    """Write the folder."""
    root = folder / "nb_301_synthetic"
    for name, run in _runs(seed):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(run), encoding="utf-8")
    return root


def quality(architectures: pl.Series) -> pl.Series:
    """Quality of architectures in [0, 1]: separable convolutions help; pooling and deep normal cells hurt."""
    frame = darts.parse(architectures)
    worth = np.array([-0.30, -0.30, 0.03, 0.06, 0.03, -0.12, -0.15])
    operations = frame.select(pl.col("^.*_op$").to_physical()).to_numpy()
    inputs = frame.select("^normal_.*_input$").to_numpy()
    depth = np.zeros((len(frame), 6))
    for node in range(4):
        sources = inputs[:, 2 * node : 2 * node + 2]
        depth[:, node + 2] = 1 + np.take_along_axis(depth, sources.astype(np.intp), axis=1).max(axis=1)
    score = worth[operations[:, :8]].sum(axis=1) + 0.3 * worth[operations[:, 8:]].sum(axis=1) - 0.29 * depth.max(axis=1)
    return pl.Series("quality", 1 / (1 + np.exp(-(score + 1.9) / 0.45)))


def candidates(architectures: pl.Series, seed: int) -> Iterator[Candidate]:
    """Say what is to be trained of each architecture."""
    configs = darts.to_config(architectures).iter_rows(named=True)
    rows = zip(configs, darts.hash(architectures), darts.params(architectures), quality(architectures), strict=True)
    for config, key, params, good in rows:
        settings = {name: value for name, value in config.items() if value is not None}
        yield Candidate(settings, params, training.talents(good, key, ["cifar10"], seed)["cifar10"])


def _runs(seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and content of every run. Numbers have gaps, some architectures are trained again, the last run fails."""
    rng = training.generator(seed, "nb301")
    drawn = {True: _candidates(rng, seed, guided=True), False: _candidates(rng, seed, guided=False)}
    repeated = list(islice(drawn[False], 4))
    for optimizer, count in _RUNS.items():
        number = 0
        for _ in range(count):
            is_repeat = rng.random() < 0.1
            candidate = repeated[rng.integers(len(repeated))] if is_repeat else next(drawn[optimizer in _GUIDED])
            yield f"{optimizer}/results_{number}.json", run(candidate, optimizer, rng)
            number += int(rng.integers(1, 4))
    yield "random_ws/results_99.json", _failed(next(drawn[False]))


def _candidates(rng: np.random.Generator, seed: int, *, guided: bool) -> Iterator[Candidate]:
    """Random architectures; guided ones are mutants of the better half of some."""
    strings = darts.sample(sum(_RUNS.values()) + 10, seed=int(rng.integers(2**32)))["arch_str"]
    if guided:
        better = strings.filter(quality(strings) > quality(strings).median())
        strings = pl.concat([better, darts.mutate(better, seed=int(rng.integers(2**32)))])
    yield from candidates(strings, seed)


def run(candidate: Candidate, optimizer: str, rng: np.random.Generator) -> dict[str, Any]:
    """Train a candidate once and log it as upstream does."""
    trained = training.train(candidate.talent, _TASK, _EPOCHS, rng)
    fitted = training.right_answers(0.87 * trained.train, _TASK.classes, _TRAIN_IMAGES, rng) / _TRAIN_IMAGES
    valid, test = (
        training.right_answers(trained.held_out, _TASK.classes, _HELD_OUT_IMAGES, rng) / _HELD_OUT_IMAGES
        for _ in range(2)
    )
    cross_entropy = training.loss(fitted, _TASK.classes, rng)
    curves = {
        "train_accuracy": fitted * 100,
        "train_loss": 1.3 * cross_entropy + 0.05,
        "val_accuracy": valid * 100,
        "train_cross_entropy": cross_entropy,
        "val_cross_entropy": training.loss(valid, _TASK.classes, rng),
        "learning_rate": _LEAST_RATE
        + (_LEARNING_RATE - _LEAST_RATE) * (1 + np.cos(np.pi * np.arange(_EPOCHS) / _EPOCHS)) / 2,
    }
    hardware = float(rng.choice([1.0, 0.4], p=[0.96, 0.04]) * rng.uniform(0.9, 1.1))
    second = (25 + candidate.params / 4e4) * hardware
    logged = np.arange(0, _LOGGED, 1 if second > _LOG_INTERVAL else 2)
    best = int(logged[curves["val_accuracy"][logged].argmax()])
    measured = {name: float(curves[name][best]) for name in _BEST}
    info: dict[str, Any] = measured | {
        "epochs": best + 1,
        "model_parameters": candidate.params,
        "learning_rate": float(curves["learning_rate"][best]),
        "train_datapoints": _TRAIN_IMAGES,
        "val_datapoints": _HELD_OUT_IMAGES,
        "dataset_path": "datasets/CIFAR10.csv",
        "dataset_id": 0,
    }
    info |= {f"{name}_final": float(np.float32(value)) for name, value in measured.items()}
    published: dict[str, Any] = {
        name: np.float32(curve[logged]).astype(np.float64).tolist() for name, curve in curves.items()
    }
    published["epochs"] = (logged + 1.0).tolist()
    published["model_parameters"] = [float(candidate.params)] * len(logged)
    return {
        "final_metric_score": -measured["val_accuracy"],
        "optimized_hyperparamater_config": _SETTINGS | candidate.settings,
        "budget": _EPOCHS,
        "info": [info],
        "test_accuracy": float(test[-1] * 100),
        "runtime": round(second * _EPOCHS),
        "created_by_optimizer": optimizer,
        "learning_curves": {f"Train/{name}": curve for name, curve in published.items()},
    }


def _failed(candidate: Candidate) -> dict[str, Any]:
    return {
        "final_metric_score": float("inf"),
        "optimized_hyperparamater_config": _SETTINGS | candidate.settings,
        "budget": _EPOCHS,
        "info": {},
        "test_accuracy": None,
        "runtime": None,
        "created_by_optimizer": "random_ws",
        "learning_curves": {},
    }
