"""The curves of a run, under the names and in the shapes of upstream's records."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from nbframes.benchmarks.shared import NATS_SETS
from nbframes.errors import NBFramesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbframes.compat.nats_bench.tables import Run, Tables


def _train(tables: Tables, run: Run, metric: str) -> dict[int, float] | None:
    try:
        return tables.curve(metric, "train", run) or None
    except NBFramesError:
        return None


def _train_times(tables: Tables, run: Run) -> OrderedDict[int, float] | None:
    times = _train(tables, run, "epoch_time")
    return None if times is None else OrderedDict(times)


def _evals(tables: Tables, run: Run, metric: str, names: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in names:
        try:
            curve = tables.curve(metric, NATS_SETS[run.dataset][name], run)
        except NBFramesError:
            continue
        found |= {f"{name}@{epoch}": value for epoch, value in curve.items()}
    return found


CURVES: dict[str, Callable[[Tables, Run, list[str]], Any]] = {
    "train_acc1es": lambda tables, run, _: _train(tables, run, "accuracy"),
    "train_acc5es": lambda tables, run, _: _train(tables, run, "accuracy_top5"),
    "train_losses": lambda tables, run, _: _train(tables, run, "loss"),
    "train_times": lambda tables, run, _: _train_times(tables, run),
    "eval_acc1es": lambda tables, run, names: _evals(tables, run, "accuracy", names),
    "eval_losses": lambda tables, run, names: _evals(tables, run, "loss", names),
    "eval_times": lambda tables, run, _: _evals(tables, run, "epoch_time", list(NATS_SETS[run.dataset])),
}
"""How each is read from the tables, given the names of the run's evaluation sets."""
