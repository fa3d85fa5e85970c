"""Records of NATS-Bench and NAS-Bench-201 in upstream's layout, filled by the model of training."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from nbframes.spaces.nats.costs import CLASSES
from nbframes.synthetic import training


class Dataset(NamedTuple):
    """Images a run sees: to train, and in every set it is evaluated on."""

    classes: int
    train: int
    sets: dict[str, int]
    followed: str
    """The set that a thrifty run evaluates after every epoch, the others only after the last."""


DATASETS: Final = {
    "cifar10-valid": Dataset(CLASSES["cifar10-valid"], 25_000, {"x-valid": 25_000, "ori-test": 10_000}, "x-valid"),
    "cifar10": Dataset(CLASSES["cifar10"], 50_000, {"ori-test": 10_000}, "ori-test"),
    "cifar100": Dataset(
        CLASSES["cifar100"], 50_000, {"x-valid": 5_000, "x-test": 5_000, "ori-test": 10_000}, "ori-test"
    ),
    "ImageNet16-120": Dataset(
        CLASSES["ImageNet16-120"], 151_700, {"x-valid": 3_000, "x-test": 3_000, "ori-test": 6_000}, "ori-test"
    ),
}


class Schedule(NamedTuple):
    """One kind of training runs."""

    name: str
    seeds: dict[str, tuple[int, ...]]
    """Seeds of every dataset, in the order of the runs."""
    thrifty: bool = False
    """Whether runs evaluate only one set after every epoch and record no top-5 accuracy."""

    @property
    def epochs(self) -> int:
        """Length of a run."""
        return int(self.name)


class Space(NamedTuple):
    """What an upstream file trains its networks on, and how."""

    schedules: tuple[Schedule, ...]
    tasks: dict[str, training.Task]
    speed: tuple[float, float]
    """Seconds to train on 25,000 images: for any network, and more per million operations."""


class Subject(NamedTuple):
    """One architecture with all that its records say of it."""

    number: int
    arch_str: str
    talents: dict[str, training.Talent]
    """By dataset."""
    config: dict[str, Any]
    costs: dict[str, tuple[int, float]]
    """Parameters and millions of operations by dataset."""


class Pace(NamedTuple):
    """Seconds of an architecture on a dataset, the same in all its runs."""

    train: float
    sets: dict[str, float]
    latency: float


class _Study(NamedTuple):
    subject: Subject
    tasks: dict[str, training.Task]
    paces: dict[str, Pace]
    rng: np.random.Generator


def record(subject: Subject, space: Space, seed: int) -> OrderedDict[str, dict[str, Any]]:
    """State by schedule: what upstream writes for one architecture."""
    rng = training.generator(seed, subject.arch_str)
    paces = {name: _pace(subject, name, space.speed, rng) for name in DATASETS}
    study = _Study(subject, space.tasks, paces, rng)
    missing = rng.choice([0, 999, 888], p=[0.5, 0.42, 0.08])
    return OrderedDict((schedule.name, _state(study, schedule, missing)) for schedule in space.schedules)


def _state(study: _Study, schedule: Schedule, missing: int) -> dict[str, Any]:
    """Everything of one architecture under one schedule; long training lacks the runs of seed ``missing``."""
    gone = missing if schedule.thrifty else None
    seeds = {name: [seed for seed in schedule.seeds[name] if seed != gone] for name in DATASETS}
    order = dict.fromkeys(seed for name in DATASETS for seed in seeds[name])
    return {
        "arch_index": study.subject.number,
        "arch_str": study.subject.arch_str,
        "all_results": {
            (name, seed): _result(study, schedule, name, seed)
            for seed in order
            for name in DATASETS
            if seed in seeds[name]
        },
        "dataset_seed": {name: sorted(runs) for name, runs in seeds.items()},
        "clear_net_done": True,
    }


def _result(study: _Study, schedule: Schedule, name: str, seed: int) -> dict[str, Any]:
    dataset, task, pace = DATASETS[name], study.tasks[name], study.paces[name]
    epochs, rng = schedule.epochs, study.rng
    run = training.train(study.subject.talents[name], task, epochs, rng)
    fitted = training.right_answers(run.train, task.classes, dataset.train, rng) / dataset.train
    top_five = np.rint(training.top_five(fitted, task.classes) * dataset.train) / dataset.train
    shares = _evaluate(run, task, dataset, rng)
    losses = {set_: training.loss(share, task.classes, rng) for set_, share in shares.items()}
    params, mflops = study.subject.costs[name]
    return {
        "name": name,
        "train_acc1es": _by_epoch(fitted * 100),
        "train_acc5es": None if schedule.thrifty else _by_epoch(top_five * 100),
        "train_losses": _by_epoch(training.loss(fitted, task.classes, rng)),
        "train_times": OrderedDict.fromkeys(range(epochs), pace.train),
        "arch_config": {**study.subject.config, "class_num": dataset.classes},
        "params": np.float64(params / 1e6),
        "flop": mflops,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(pace.latency)],
        "eval_names": _evaluated(dataset, schedule),
        "eval_acc1es": _by_set({set_: share * 100 for set_, share in shares.items()}, dataset, schedule),
        "eval_times": {key: pace.sets[set_] for set_ in dataset.sets for key in _keys(set_, epochs)},
        "eval_losses": _by_set(losses, dataset, schedule),
        "net_state_dict": None,
    }


def _evaluate(
    run: training.Run, task: training.Task, dataset: Dataset, rng: np.random.Generator
) -> dict[str, training.Floats]:
    """Share of right answers in every set; where a set is divided, the whole counts what its parts count."""
    right = {
        set_: training.right_answers(run.held_out, task.classes, images, rng) for set_, images in dataset.sets.items()
    }
    if "x-test" in right:
        right["ori-test"] = right["x-valid"] + right["x-test"]
    return {set_: count / dataset.sets[set_] for set_, count in right.items()}


def _pace(subject: Subject, name: str, speed: tuple[float, float], rng: np.random.Generator) -> Pace:
    dataset, (_, mflops) = DATASETS[name], subject.costs[name]
    base, per_mflop = speed
    second = (base + per_mflop * subject.costs["cifar10"][1]) / 25_000 * float(rng.uniform(0.97, 1.03))
    sets = {set_: 0.35 * second * images * float(rng.uniform(0.97, 1.03)) for set_, images in dataset.sets.items()}
    latency = float((0.0118 + 4e-5 * mflops) * rng.uniform(0.95, 1.1))
    return Pace(second * dataset.train, sets, latency)


def _by_epoch(values: training.Floats) -> dict[int, float]:
    return dict(enumerate(values.tolist()))


def _evaluated(dataset: Dataset, schedule: Schedule) -> list[str]:
    """Sets in the order of evaluation; a thrifty run begins with the one it follows."""
    return sorted(dataset.sets, key=lambda set_: schedule.thrifty and set_ != dataset.followed)


def _by_set(values: dict[str, training.Floats], dataset: Dataset, schedule: Schedule) -> dict[str, float]:
    """Upstream's ``"set@epoch"`` keys; a thrifty run has only the last epoch of the sets that it does not follow."""
    kept: dict[str, float] = {}
    for set_ in _evaluated(dataset, schedule):
        start = schedule.epochs - 1 if schedule.thrifty and set_ != dataset.followed else 0
        kept |= zip(_keys(set_, schedule.epochs)[start:], values[set_][start:].tolist(), strict=True)
    return kept


@cache
def _keys(set_: str, epochs: int) -> tuple[str, ...]:
    return tuple(f"{set_}@{epoch}" for epoch in range(epochs))
