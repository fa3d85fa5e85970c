"""A model of training: what accuracy, loss and time an architecture of some quality would show.

Nothing here was measured. The model keeps what analyses look for: better architectures learn more, all datasets agree
roughly, a short schedule foretells a long one imperfectly, curves rise as a cosine learning rate falls and are rough
until it does, runs differ, accuracies are counts of images, and losses follow the accuracies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_HALF_TIME = 5.0
"""Epochs of a schedule with which an average architecture learns half of what it can."""

_ROUGHNESS = 0.05
"""Relative jitter from epoch to epoch at the highest learning rate."""

_RUN_NOISE = 0.004
"""Standard deviation between runs, in units of skill."""


class Task(NamedTuple):
    """A dataset to learn: `worst` and `best` are skills after the full schedule, 0 is guessing, 1 is never wrong."""

    classes: int
    worst: float
    best: float
    overfit: float
    full_schedule: int


class Talent(NamedTuple):
    """What an architecture brings along: final `quality` in [0, 1], None if it cannot learn, and its relative `pace`."""

    quality: float | None
    pace: float


class Run(NamedTuple):
    """Skill after every epoch of one training run."""

    train: Floats
    held_out: Floats


def talents(quality: float | None, key: str, tasks: Iterable[str], seed: int) -> dict[str, Talent]:
    """Talent of a structure for every task, with deviations that isomorphic architectures share through their hash."""
    rng = generator(seed, key)
    pace = float(np.exp(rng.normal(0, 0.12)))
    deviation = rng.normal(0, 0.02)
    own = {task: deviation + rng.normal(0, 0.02) for task in tasks}
    return {
        task: Talent(None if quality is None else float(np.clip(quality + shift, 0, 1)), pace)
        for task, shift in own.items()
    }


def train(talent: Talent, task: Task, epochs: int, rng: np.random.Generator) -> Run:
    """Train once."""
    if talent.quality is None:
        return Run(np.zeros(epochs), np.zeros(epochs))
    half = _HALF_TIME / talent.pace
    epoch = np.arange(1, epochs + 1)
    rate = (1 + np.cos(np.pi * epoch / epochs)) / 2
    reach = epochs / (epochs + half) * (1 + half / task.full_schedule)
    warm = np.expm1(-epoch / half) / np.expm1(-epochs / half)
    limit = reach * (task.worst + (task.best - task.worst) * talent.quality) + rng.normal(0, _RUN_NOISE)
    smooth = limit * warm * (1 - 0.2 * rate)
    held_out = np.clip(smooth * (1 + _ROUGHNESS * rate * rng.normal(size=epochs)), 0, 1)
    fitted = 1 + task.overfit * talent.quality * (1 - rate) * epochs / task.full_schedule
    return Run(1 - (1 - np.clip(smooth, 0, 1)) ** fitted, held_out)


def accuracy(skill: Floats, classes: int) -> Floats:
    """Expected share of right answers."""
    return 1 / classes + (1 - 1 / classes) * skill


def right_answers(skill: Floats, classes: int, images: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Images classified rightly, with the scatter of one draw of that many images; who guesses always gives the same answer."""
    share = accuracy(skill, classes)
    scatter = rng.normal(size=len(share)) * np.sqrt(share * (1 - share) / images) * (skill > 0)
    return np.clip(np.rint((share + scatter) * images), 0, images).astype(np.int64)


def top_five(share: Floats, classes: int) -> Floats:
    """Share of images whose class is among the first five answers, given the share of right first answers."""
    guess, first = 1 - 5 / classes, 1 - 1 / classes
    return 1 - guess * np.minimum((1 - share) / first, 1) ** 2.5


def loss(share: Floats, classes: int, rng: np.random.Generator) -> Floats:
    """Cross-entropy in nats, to the precision of float32."""
    error = np.maximum((1 - share) / (1 - 1 / classes), 1e-4)
    exact = np.log(classes) * error**1.1 * (1 + rng.normal(0, 0.01, len(share)))
    return np.asarray(exact, np.float32).astype(np.float64)


def generator(seed: int, *key: str | int) -> np.random.Generator:
    """Give the random generator that belongs to a key."""
    return np.random.default_rng([seed, *(int.from_bytes(str(part).encode()) for part in key)])
