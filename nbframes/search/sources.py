"""Where the answers to queries come from: published runs, or a surrogate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.analysis.query import quantity, unit_of
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.search.answer import Answer
from nbframes.search.measured import Measurements, Runs, resized
from nbframes.search.space import SearchSpace
from nbframes.search.spaces_of import mapped_space
from nbframes.search.view import Level, View, Views

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.base import Space
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest
    from nbframes.surrogate.base import Surrogate

    Floats = NDArray[np.float64]


class MeasuredSource:
    """Published runs of a store; values of a fidelity are read when they are first asked for."""

    def __init__(
        self,
        store: Store,
        benchmark: str,
        dataset: str,
        observe: Mapping[str, Any] | None,
        report: Mapping[str, Any] | None,
        *,
        clock: str,
        directions: Sequence[str] | None,
        space: Space | str | None,
    ) -> None:
        manifests = store.catalogue.manifests(benchmark)
        self._views = Views(store, benchmark, dataset)
        self._observe: View = self._views.observed(observe)
        self._report: View = self._views.reported(report)
        self._clock = clock
        self._measurements = Measurements(store, benchmark, self._views.held)
        self.budgets = tuple(level.budget for level in self._observe.levels)
        self.metrics = self._observe.metrics
        self.directions = (
            tuple(directions) if directions else tuple(_direction(manifests, metric) for metric in self.metrics)
        )
        _check_directions(self.directions, self.metrics)
        self._levels: dict[int, Runs] = {}
        top = self._level(len(self.budgets) - 1)
        reported = self._measurements.mean(self._report)
        others = [self._measurements.objective(metric, self._observe) for metric in self.metrics[1:]]
        self._reported, *self._others = (resized(values, len(top.number)) for values in (reported, *others))
        complete = top.archs & ~np.isnan(self._reported)
        for other in self._others:
            complete &= ~np.isnan(other)
        if not complete.any():
            msg = f"no architecture of {benchmark} has all of: {self._observe}; {self._report}"
            raise FrameError(msg)
        self.space: SearchSpace = mapped_space(store, benchmark, complete, space)
        self._maximise = _direction(manifests, self._report.metrics[0]) == "max"
        self.unit = unit_of(manifests, self._report.metrics[0])
        known = self._reported[complete]
        self.best: float | None = float(known.max() if self._maximise else known.min())
        self._complete = complete
        self.arch_type = store.scan_archs(benchmark).collect_schema()["arch"]
        self.reported_metric = self._report.metrics[0]
        self.synthetic = any(manifest.synthetic for manifest in manifests)

    def query(self, codes: NDArray[np.uint8], arch: NDArray[np.int64], level: int, rng: np.random.Generator) -> Answer:
        """Answer of one run of each architecture."""
        del codes
        runs = self._level(level)
        place = arch * runs.value.shape[1]
        if self._observe.seed == "random":
            place = place + (rng.random(len(arch)) * runs.number[arch]).astype(np.int64)
        values = [runs.value.reshape(-1)[place], *(other[arch] for other in self._others)]
        return Answer(arch, np.stack(values, axis=1), runs.cost.reshape(-1)[place], self._reported[arch])

    def regret(self, reported: Floats) -> Floats:
        """Distance to the best."""
        assert self.best is not None  # noqa: S101 - known of measured values
        return self.best - reported if self._maximise else reported - self.best

    def worth(self, splits: tuple[str, ...] | None) -> dict[str, Floats]:
        """Means over seeds by split, for every architecture of the store."""
        found = {}
        for split in self._views.judged(self._report) if splits is None else splits:
            view = self._views.reported(self._report.options() | {"split": split})
            found[split] = resized(self._measurements.mean(view), len(self._complete))
        return found

    def words(self) -> dict[str, str]:
        """What is observed, reported and counted."""
        evaluations = f"evaluations of {self.budgets[-1]} epochs"
        both = "seconds of training" + (
            " and evaluation" if self._measurements.counts_evaluation(self._observe) else ""
        )
        clock = both if self._clock == "seconds" else evaluations
        return {"observe": str(self._observe), "report": str(self._report), "clock": clock}

    def _level(self, index: int) -> Runs:
        if index not in self._levels:
            level: Level = self._observe.levels[index]
            runs = self._measurements.runs(self._observe, level, self._clock)
            top = self._levels.get(len(self.budgets) - 1)
            if top is not None:
                self._check_level(runs, level)
            self._levels[index] = runs
        return self._levels[index]

    def _check_level(self, runs: Runs, level: Level) -> None:
        """Raise if an architecture that may be proposed has no value at a lower fidelity."""
        there = np.zeros(len(self._complete), bool)
        there[: len(runs.number)] = runs.archs[: len(there)]
        if missing := int((self._complete & ~there).sum()):
            msg = (
                f"{missing:,} of {int(self._complete.sum()):,} architectures have no value or time after {level.budget} of "
                f"{level.schedule} epochs, so that they cannot be compared at this budget"
            )
            raise FrameError(msg)


class PredictedSource:
    """Predictions of a surrogate; there is one run of each architecture, and nothing is known of the best."""

    directions = ("max",)
    reported_metric = "accuracy"
    synthetic = False
    best = None
    unit = "percent"
    arch_type = pl.Int64()

    def __init__(
        self,
        surrogate: Surrogate,
        dataset: str,
        observe: Mapping[str, Any] | None,
        report: Mapping[str, Any] | None,
        clock: str,
    ) -> None:
        if dataset != surrogate.dataset:
            raise UnknownNameError.of("dataset of this surrogate", dataset, [surrogate.dataset])
        self._surrogate, self._clock = surrogate, clock
        self.metrics = ("accuracy",)
        last = _budget("observe", observe, surrogate)
        self._reported_budget = _budget("report", report, surrogate)
        self.budgets = tuple(budget for budget in surrogate.budgets if budget <= last)
        self.space = SearchSpace("nbframes.spaces:darts")
        if clock == "seconds" and "time" not in surrogate.metrics:
            msg = "this surrogate does not predict training times, which the clock 'seconds' counts; use clock='evaluations'"
            raise FrameError(msg)

    def query(self, codes: NDArray[np.uint8], arch: NDArray[np.int64], level: int, rng: np.random.Generator) -> Answer:
        """Prediction for each architecture."""
        del rng
        budget = self.budgets[level]
        frame = self._surrogate.predict(self.space.decode(codes), budgets=sorted({budget, self._reported_budget}))
        accuracy, reported = (_predicted(frame, "accuracy", epochs) for epochs in (budget, self._reported_budget))
        if self._clock == "seconds":
            cost = _predicted(frame, "time", budget)
        else:
            cost = np.full(len(arch), budget / self.budgets[-1])
        return Answer(arch, accuracy[:, None], cost, reported)

    def regret(self, reported: Floats) -> Floats:
        """Unknown."""
        return np.full(reported.shape, np.nan)

    def worth(self, splits: tuple[str, ...] | None) -> dict[str, Floats]:
        """Refused: a surrogate predicts one split."""
        del splits
        msg = "a surrogate predicts validation accuracy only; tables of other splits need measured values"
        raise InvalidArgumentError(msg)

    def words(self) -> dict[str, str]:
        """What is observed, reported and counted."""
        clock = (
            "predicted seconds of training" if self._clock == "seconds" else f"evaluations of {self.budgets[-1]} epochs"
        )
        observe = f"predicted val accuracy, {self.budgets[-1]} epochs"
        return {"observe": observe, "report": f"predicted val accuracy, {self._reported_budget} epochs", "clock": clock}


def _predicted(frame: pl.DataFrame, metric: str, budget: int) -> Floats:
    values = frame.filter(pl.col("metric") == metric, pl.col("budget") == budget).sort("arch")["value"]
    return values.to_numpy().astype(np.float64)


def _budget(option: str, given: Mapping[str, Any] | None, surrogate: Surrogate) -> int:
    """Epochs after which a surrogate is asked: all that can be chosen of it."""
    options = dict(given or {})
    budget = options.pop("budget", surrogate.budgets[-1])
    if options.pop("split", "val") != "val" or options.pop("metric", "accuracy") != "accuracy" or options:
        msg = f"{option} of a surrogate takes only a budget: it predicts validation accuracy, without seeds"
        raise InvalidArgumentError(msg)
    if budget not in surrogate.budgets:
        raise UnknownNameError.of("budget", budget, surrogate.budgets)
    return int(budget)


def _direction(manifests: Sequence[Manifest], metric: str) -> str:
    known = quantity(manifests, metric)
    if known is not None and known.better is not None:
        return known.better
    msg = f"nothing says whether a larger {metric!r} is better\n\nHint: give directions=, 'max' or 'min' for each observed metric"
    raise InvalidArgumentError(msg)


def _check_directions(directions: tuple[str, ...], metrics: tuple[str, ...]) -> None:
    if len(directions) != len(metrics) or any(direction not in ("max", "min") for direction in directions):
        msg = f"directions={directions!r} should be 'max' or 'min' for each of {metrics!r}"
        raise InvalidArgumentError(msg)
