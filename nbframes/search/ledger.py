"""What searches side by side have queried, and the incumbents that follow from it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.search.answer import Answer

    Array = NDArray[Any]

_ROWS = 1_000_000
"""Queries after which a ledger is worth emptying."""


class Ledger:
    """Queries of ``runs`` searches, step by step.

    The incumbent is the architecture with the best score so far, the first of those that tie. Scores at a larger budget
    outrank those at smaller ones, whatever they are.

    Parameters
    ----------
    runs
        Number of searches.
    budget
        Clock beyond which queries do not count.
    """

    def __init__(self, runs: int, budget: float) -> None:
        self._budget = budget
        self._columns: list[tuple[Array, ...]] = []
        self._budgets: list[int] = []
        self._step = 0
        self._level = 0
        self._score = np.full(runs, -np.inf)
        self._arch, self._reported = np.full(runs, -1), np.full(runs, np.nan)

    @property
    def full(self) -> bool:
        """Whether it should be emptied."""
        return len(self._budgets) * len(self._score) >= _ROWS

    def add(self, answer: Answer, score: Array, budget: int, time: Array) -> None:
        """Write down one query of each search."""
        self._columns.append((answer.arch, answer.values, answer.reported, score, time))
        self._budgets.append(budget)

    def empty(self) -> dict[str, Array]:
        """Give the columns of what was written, search by search, and keep the incumbents alone."""
        arch, values, reported, score, time = (np.stack(column) for column in zip(*self._columns, strict=True))
        steps, runs = score.shape
        counts = (time <= self._budget).T.reshape(-1)
        incumbent, final = self._incumbents(score, arch, reported)
        columns = {
            "run": np.repeat(np.arange(runs), steps),
            "step": np.tile(np.arange(self._step, self._step + steps), runs),
            "arch": arch.T.reshape(-1),
            "budget": np.tile(self._budgets, runs),
            "time": time.T.reshape(-1),
            "observed": values.transpose(1, 0, 2).reshape(runs * steps, -1),
            "incumbent": incumbent.T.reshape(-1),
            "reported": final.T.reshape(-1),
        }
        self._step += steps
        self._columns, self._budgets = [], []
        return {name: column[counts] for name, column in columns.items()}

    def _incumbents(self, score: Array, arch: Array, reported: Array) -> tuple[Array, Array]:
        """Incumbent and what is reported of it, after each step."""
        highest = np.maximum.accumulate([self._level, *self._budgets])
        raised = np.flatnonzero(np.diff(highest) > 0).tolist()
        bounds = sorted({0, *raised, len(score)})
        found = [self._between(begin, end, highest, (score, arch, reported)) for begin, end in pairwise(bounds)]
        archs, finals = zip(*found, strict=True)
        return np.concatenate(archs), np.concatenate(finals)

    def _between(self, begin: int, end: int, highest: Array, columns: tuple[Array, ...]) -> tuple[Array, Array]:
        """Incumbents of steps between which the largest budget so far is the same."""
        level = int(highest[end])
        if level > self._level:
            self._level = level
            self._score = np.full_like(self._score, -np.inf)
        ranked = np.array(self._budgets[begin:end]) == level
        score, arch, reported = (column[begin:end] for column in columns)
        score = np.concatenate([self._score[None], np.where(ranked[:, None], score, -np.inf)])
        best = np.maximum.accumulate(score, axis=0)
        steps = np.arange(1, len(score))[:, None]
        place = np.maximum.accumulate(np.where(score[1:] > best[:-1], steps, 0), axis=0)
        archs = np.take_along_axis(np.concatenate([self._arch[None], arch]), place, 0)
        finals = np.take_along_axis(np.concatenate([self._reported[None], reported]), place, 0)
        self._score, self._arch, self._reported = best[-1], archs[-1], finals[-1]
        return archs, finals
