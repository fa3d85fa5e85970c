"""One training run of a store: upstream's `ResultsCount`, read from the tables when it is asked."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nbframes.benchmarks.shared import NATS_SETS
from nbframes.compat.nats_bench.curves import CURVES
from nbframes.compat.nats_bench.runs import ResultsCount
from nbframes.errors import UnknownNameError
from nbframes.spaces.nats.costs import CLASSES
from nbframes.spaces.nats.size import CELL

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbframes.compat.nats_bench.tables import Run, Tables


class StoredRun(ResultsCount):
    """One training run of a store.

    The curves (``train_acc1es``, ``eval_losses`` and so on) are read from the tables when they are first asked for; single
    values and times come straight from the tables until then.
    """

    _plain: ClassVar[type[ResultsCount]] = ResultsCount

    def __init__(self, tables: Tables, run: Run, arch_str: str) -> None:
        import numpy as np

        self._tables = tables
        self._run = run
        self.name = run.dataset
        self.net_state_dict = None
        self.params = np.float64(run.params / 1e6)
        self.flop = run.mflops
        self.seed = f"{run.seed:04d}"
        self.epochs = run.schedule
        self.latency = [np.float64(x) for x in run.latencies] if run.latencies else None
        self.arch_config = _arch_config(tables.benchmark, arch_str, run.dataset)
        sets = list(NATS_SETS[run.dataset])
        late = tables.benchmark != "nats-sss" and run.schedule == 200 and len(sets) == 3
        self.eval_names = ["ori-test", "x-valid", "x-test"] if late else sets

    def __getattr__(self, name: str) -> Any:
        if name not in CURVES:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg)
        value = CURVES[name](self._tables, self._run, self.eval_names)
        setattr(self, name, value)
        return value

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = object.__new__(type(self))
        shared = {"_tables": self._tables, "_run": self._run}
        twin.__dict__ = shared | {k: copy.deepcopy(v, memo) for k, v in self.__dict__.items() if k not in shared}
        return twin

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[dict[str, Any]]]:
        return self._plain.create_from_state_dict, (self.state_dict(),)

    def state_dict(self) -> dict[str, Any]:
        """All of the run as plain data, with the keys of upstream's records."""
        return {name: getattr(self, name) for name in _STATE}

    def check_set(self, name: str, iepoch: int | None = None) -> None:
        """Raise what `get_set` would, without adding up times."""
        attribute, split = self._times_of("x-valid" if name == "valid" else name)
        whole = split is not None and attribute not in self.__dict__ and self._tables.has_epoch_times(split, self._run)
        epoch = self.epochs - 1 if iepoch is None else iepoch
        if not whole or epoch < 0 or epoch >= self.epochs:
            self.get_set(name, iepoch)
        elif name == "train":
            self._train_values(epoch)
        else:
            self._eval_values("x-valid" if name == "valid" else name, epoch)

    def _train_seconds(self, count: int) -> list[float] | None:
        return self._published_times("train", count) or super()._train_seconds(count)

    def _train_values(self, epoch: int) -> tuple[Any, Any]:
        return self._values("train_losses", "train_acc1es", "train", "train", epoch)

    def _eval_seconds(self, name: str, count: int) -> list[float] | None:
        return self._published_times(name, count) or super()._eval_seconds(name, count)

    def _eval_values(self, name: str, epoch: int) -> tuple[Any, Any]:
        split = NATS_SETS[self.name].get(name, "")
        return self._values("eval_losses", "eval_acc1es", name, split, epoch)

    def _all_seconds(self, name: str) -> list[float]:
        return self._published_times(name, self.epochs) or super()._all_seconds(name)

    def _published_times(self, name: str, count: int) -> list[float] | None:
        """Times of the first epochs on a set straight from the table, if nobody has asked for the curves (or replaced them)."""
        attribute, split = self._times_of(name)
        if split is None or attribute in self.__dict__:
            return None
        return self._tables.epoch_times(split, self._run, count)

    def _times_of(self, name: str) -> tuple[str, str | None]:
        return ("train_times", "train") if name == "train" else ("eval_times", NATS_SETS[self.name].get(name))

    def _values(self, losses: str, accuracies: str, name: str, split: str, epoch: int) -> tuple[Any, Any]:
        """Loss and accuracy, from the curves if somebody has asked for one (or replaced it), else straight from the tables."""
        if losses in self.__dict__ or accuracies in self.__dict__:
            key = epoch if name == "train" else f"{name}@{epoch}"
            return getattr(self, losses)[key], getattr(self, accuracies)[key]
        try:
            return self._tables.loss_and_accuracy(split, self._run, epoch)
        except UnknownNameError:
            raise KeyError(epoch if name == "train" else f"{name}@{epoch}") from None


def _arch_config(benchmark: str, arch_str: str, dataset: str) -> dict[str, Any]:
    if benchmark == "nats-sss":
        config: dict[str, Any] = {
            "name": "infer.shape.tiny",
            "channels": arch_str,
            "arch_str": arch_str,
            "genotype": CELL,
        }
    else:
        config = {"channel": 16, "num_cells": 5, "arch_str": arch_str}
    return config | {"class_num": CLASSES[dataset]}


_STATE = (
    "name", "train_acc1es", "train_acc5es", "train_losses", "train_times", "arch_config", "params", "flop", "seed",
    "epochs", "latency", "eval_names", "eval_acc1es", "eval_times", "eval_losses", "net_state_dict",
)  # fmt: skip
