"""Views with the members of upstream's ``ArchResults`` and ``ResultsCount``, answered from the tables."""

from __future__ import annotations

import copy
import random
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING, Any

from nbframes.compat.nats_bench.curves import CURVES
from nbframes.compat.nats_bench.tables import CLASSES, SETS
from nbframes.errors import StoreError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbframes.compat.nats_bench.tables import Run, Tables

_CELL_OF_SIZE_SPACE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


def mean(values: list[Any]) -> Any:
    """Mean by the builtin sum in order, as upstream computes it."""
    return sum(values) / len(values)


def no_weights(*_: object, **__: object) -> Any:
    """Say that weights are not kept."""
    msg = "a store holds measurements, not weights: load the official '-full' archives with nats_bench for those"
    raise StoreError(msg)


class ResultsCount:
    """One training run, as ``nats_bench.ResultsCount``.

    The curves (``train_acc1es``, ``eval_losses`` and so on) are read from the tables when they are first asked for.
    """

    train_acc1es: dict[int, float] | None
    train_acc5es: dict[int, float] | None
    train_losses: dict[int, float] | None
    train_times: OrderedDict[int, float] | None
    eval_acc1es: dict[str, float]
    eval_losses: dict[str, float]
    eval_times: dict[str, float]

    def __init__(self, tables: Tables, run: Run, arch_str: str) -> None:
        import numpy as np

        self._tables = tables
        self._run = run
        self.name = run.dataset
        self.net_state_dict = None
        self.params: Any = np.float64(run.params / 1e6)
        self.flop: Any = run.mflops
        self.seed = f"{run.seed:04d}"
        self.epochs = run.schedule
        self.latency: list[Any] | None = None if run.latencies is None else [np.float64(x) for x in run.latencies]
        self.arch_config = _arch_config(tables.benchmark, arch_str, run.dataset)
        sets = list(SETS[run.dataset])
        late = tables.benchmark == "nats-tss" and run.schedule == 200 and len(sets) == 3
        self.eval_names = ["ori-test", "x-valid", "x-test"] if late else sets

    def __getattr__(self, name: str) -> Any:
        if name not in CURVES:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg)
        value = CURVES[name](self._tables, self._run, self.eval_names)
        setattr(self, name, value)
        return value

    def __deepcopy__(self, memo: dict[int, Any]) -> ResultsCount:
        twin = object.__new__(ResultsCount)
        shared = {"_tables": self._tables, "_run": self._run}
        twin.__dict__ = shared | {k: copy.deepcopy(v, memo) for k, v in self.__dict__.items() if k not in shared}
        return twin

    def get_total_epoch(self) -> int:
        """Epochs of training."""
        return self.epochs

    def get_latency(self) -> float:
        """Mean latency in seconds, -1.0 if unknown."""
        return -1.0 if self.latency is None else sum(self.latency) / len(self.latency)

    def update_latency(self, latency: list[float]) -> None:
        """Replace the measured latencies."""
        self.latency = copy.deepcopy(latency)

    def get_eval_set(self) -> list[str]:
        """Names of the evaluation sets."""
        return self.eval_names

    def judge_valid(self, iepoch: int) -> None:
        """Check an epoch.

        Raises
        ------
        ValueError
            If the run has no such epoch.
        """
        if iepoch < 0 or iepoch >= self.epochs:
            msg = f"invalid iepoch={iepoch} < {self.epochs}"
            raise ValueError(msg)

    def get_times(self) -> dict[str, float | None]:
        """Training and evaluation times, per epoch and in total, in seconds."""
        times: dict[str, float | None] = {"T-train@epoch": None, "T-train@total": None}
        train = self._published_times("train", self.epochs)
        if train is None and isinstance(self.train_times, dict):
            train = list(self.train_times.values())
        if train is not None:
            times = {"T-train@epoch": mean(train), "T-train@total": sum(train)}
        for name in self.eval_names:
            found = self._published_times(name, self.epochs)
            if found is None:
                keys = [f"{name}@{epoch}" for epoch in range(self.epochs)]
                found = [self.eval_times[key] for key in keys if key in self.eval_times]
            whole = len(found) == self.epochs
            times[f"T-{name}@epoch"] = mean(found) if whole else None
            times[f"T-{name}@total"] = sum(found) if whole else None
        return times

    def get_train(self, iepoch: int | None = None) -> dict[str, Any]:
        """Loss, accuracy and times on the training set after an epoch, by default the last."""
        epoch = self.epochs - 1 if iepoch is None else iepoch
        self.judge_valid(epoch)
        loss = self._value("train_losses", "loss", "train", epoch, epoch)
        accuracy = self._value("train_acc1es", "accuracy", "train", epoch, epoch)
        times = self._published_times("train", epoch + 1)
        if times is None and self.train_times is not None:
            times = [self.train_times[i] for i in range(epoch + 1)]
        return {"iepoch": epoch, "loss": loss, "accuracy": accuracy} | _elapsed(times)

    def get_eval(self, name: str, iepoch: int | None = None) -> dict[str, Any]:
        """Loss, accuracy and times on an evaluation set after an epoch, by default the last.

        Raises
        ------
        ValueError
            If the run has no such set or epoch.
        KeyError
            If the set was not evaluated at that epoch.
        """
        epoch = self.epochs - 1 if iepoch is None else iepoch
        self.judge_valid(epoch)
        name = "x-valid" if name == "valid" else name
        key, times = f"{name}@{epoch}", self._published_times(name, epoch + 1)
        if times is None and self.eval_times:
            if key not in self.eval_times:
                msg = f"{key} not in {self.eval_times.keys()}"
                raise ValueError(msg)
            times = [self.eval_times[f"{name}@{i}"] for i in range(epoch + 1)]
        split = SETS[self.name].get(name, "")
        loss = self._value("eval_losses", "loss", split, epoch, key)
        accuracy = self._value("eval_acc1es", "accuracy", split, epoch, key)
        return {"iepoch": epoch, "loss": loss, "accuracy": accuracy} | _elapsed(times)

    def _published_times(self, name: str, count: int) -> list[float] | None:
        """Times of the first epochs on a set straight from the table, if nobody has asked for the curves (or replaced them)."""
        attribute, split = ("train_times", "train") if name == "train" else ("eval_times", SETS[self.name].get(name))
        if split is None or attribute in self.__dict__:
            return None
        return self._tables.epoch_times(split, self._run, count)

    def _value(self, attribute: str, metric: str, split: str, epoch: int, key: Any) -> Any:
        """One value, from the curve if somebody has asked for it (or replaced it), else straight from the table."""
        if attribute in self.__dict__:
            return self.__dict__[attribute][key]
        try:
            return self._tables.value(metric, split, self._run, epoch)
        except UnknownNameError:
            raise KeyError(key) from None

    def get_config(self, str2structure: Callable[[str], Any] | None) -> dict[str, Any]:
        """Configuration from which upstream's model code builds the network."""
        config = self.arch_config
        if config.get("name") == "infer.shape.tiny":
            genotype = config["genotype"]
            built = genotype if str2structure is None else str2structure(genotype)
            found = {"name": "infer.shape.tiny", "channels": config["channels"], "genotype": built}
        else:
            found = {"name": "infer.tiny", "C": config["channel"], "N": config["num_cells"]}
            if str2structure is None:
                found["arch_str"] = config["arch_str"]
            else:
                found["genotype"] = str2structure(config["arch_str"])
        return found | {"num_classes": config["class_num"]}

    def reset_pseudo_train_times(self, estimated_per_epoch_time: float) -> None:
        """Replace the training times by a constant."""
        self.train_times = OrderedDict.fromkeys(range(self.epochs), estimated_per_epoch_time)

    def reset_pseudo_eval_times(self, eval_name: str, estimated_per_epoch_time: float) -> None:
        """Replace the times of an evaluation set by a constant.

        Raises
        ------
        ValueError
            If the run has no such set.
        """
        if eval_name not in self.eval_names:
            msg = f"invalid eval name : {eval_name}"
            raise ValueError(msg)
        self.eval_times = self.eval_times | {
            f"{eval_name}@{epoch}": estimated_per_epoch_time for epoch in range(self.epochs)
        }

    def state_dict(self) -> dict[str, Any]:
        """All of the run as plain data, with the keys of upstream's records."""
        return {name: getattr(self, name) for name in _STATE}

    get_net_param = no_weights

    def __repr__(self) -> str:
        return (
            f"ResultsCount({self.name}, arch={self.arch_config['arch_str']}, FLOP={self.flop:.2f}M, "
            f"Param={self.params:.3f}MB, seed={self.seed}, {len(self.eval_names)} eval-sets: [{', '.join(self.eval_names)}])"
        )


class ArchResults:
    """All runs of an architecture under one schedule, as ``nats_bench.ArchResults``."""

    def __init__(self, arch_index: int, arch_str: str, runs: Iterable[tuple[tuple[str, int], ResultsCount]]) -> None:
        self.arch_index = arch_index
        self.arch_str = arch_str
        self.all_results = dict(runs)
        self.dataset_seed: dict[str, list[int]] = {}
        for dataset, seed in self.all_results:
            self.dataset_seed.setdefault(dataset, []).append(seed)
        self.clear_net_done = True

    def _results(self, dataset: str) -> list[ResultsCount]:
        return [self.all_results[dataset, seed] for seed in self.dataset_seed[dataset]]

    def get_compute_costs(self, dataset: str) -> dict[str, Any]:
        """Operations and parameters in millions, latency and times in seconds, means over the runs."""
        results, seeds = self._results(dataset), self.dataset_seed[dataset]
        latencies = [latency for latency in (result.get_latency() for result in results) if latency > 0]
        info: dict[str, Any] = {
            "flops": mean(consistent([result.flop for result in results], seeds)),
            "params": mean(consistent([result.params for result in results], seeds)),
            "latency": mean(latencies) if latencies else None,
        }
        return info | _means([result.get_times() for result in results])

    def get_metrics(
        self, dataset: str, setname: str, iepoch: int | None = None, is_random: bool | int = False
    ) -> dict[str, Any]:
        """Loss, accuracy and times on a set: of a random run, of all on average, or of the run with a seed.

        Raises
        ------
        ValueError
            If there is no run with the seed, or ``is_random`` is neither a truth value nor a seed.
        """
        seeds, results = self.dataset_seed[dataset], self._results(dataset)
        seed = is_random if isinstance(is_random, int) and not isinstance(is_random, bool) else None
        asked = [results[seeds.index(seed)]] if seed in seeds else results
        infos = [r.get_train(iepoch) if setname == "train" else r.get_eval(setname, iepoch) for r in asked]
        if isinstance(is_random, bool):
            return infos[random.randint(0, len(results) - 1)] if is_random else _means(infos)  # noqa: S311 - upstream's draw
        if seed is None:
            msg = f"invalid value for is_random: {is_random}"
            raise ValueError(msg)
        if seed not in seeds:
            msg = f"can not find random seed ({is_random}) from {seeds}"
            raise ValueError(msg)
        return infos[0]

    def get_dataset_names(self) -> list[str]:
        """Names of the datasets."""
        return list(self.dataset_seed)

    def get_dataset_seeds(self, dataset: str) -> list[int]:
        """Seeds of the runs on a dataset, ascending."""
        return list(self.dataset_seed[dataset])

    def get_latency(self, dataset: str) -> float:
        """Mean latency over the runs in seconds.

        Raises
        ------
        ValueError
            If a run has no latency.
        """
        latencies = []
        for seed in self.dataset_seed[dataset]:
            latency = self.all_results[dataset, seed].get_latency()
            if not isinstance(latency, float) or latency <= 0:
                msg = f"invalid latency of {dataset} with seed={seed} : {latency}"
                raise ValueError(msg)
            latencies.append(latency)
        return sum(latencies) / len(latencies)

    def get_total_epoch(self, dataset: str | None = None) -> int:
        """Epochs of training, the same for all runs.

        Raises
        ------
        ValueError
            If the dataset is not a name.
        """
        if dataset is not None and not isinstance(dataset, str):
            msg = f"invalid dataset={dataset}"
            raise ValueError(msg)
        names = self.dataset_seed if dataset is None else [dataset]
        return [result.get_total_epoch() for name in names for result in self._results(name)][-1]

    def query(self, dataset: str, seed: int | None = None) -> Any:
        """One run, or all runs on a dataset by their seeds."""
        if seed is None:
            return {known: self.all_results[dataset, known] for known in self.dataset_seed[dataset]}
        return self.all_results[dataset, seed]

    def arch_idx_str(self) -> str:
        """Index of the architecture in six digits."""
        return f"{self.arch_index:06d}"

    def reset_latency(self, dataset: str, seed: int | None, latency: float) -> None:
        """Replace the latency of one run or of all on a dataset."""
        for result in self._chosen(dataset, seed):
            result.update_latency([latency])

    def reset_pseudo_train_times(self, dataset: str, seed: int | None, estimated_per_epoch_time: float) -> None:
        """Replace the training times of one run or of all on a dataset by a constant."""
        for result in self._chosen(dataset, seed):
            result.reset_pseudo_train_times(estimated_per_epoch_time)

    def reset_pseudo_eval_times(
        self, dataset: str, seed: int | None, eval_name: str, estimated_per_epoch_time: float
    ) -> None:
        """Replace the evaluation times of one run or of all on a dataset by a constant."""
        for result in self._chosen(dataset, seed):
            result.reset_pseudo_eval_times(eval_name, estimated_per_epoch_time)

    def _chosen(self, dataset: str, seed: int | None) -> list[ResultsCount]:
        return self._results(dataset) if seed is None else [self.all_results[dataset, seed]]

    def state_dict(self) -> dict[str, Any]:
        """All of it as plain data, with the keys of upstream's records."""
        results = {key: result.state_dict() for key, result in self.all_results.items()}
        return {
            "arch_index": self.arch_index,
            "arch_str": self.arch_str,
            "all_results": results,
            "dataset_seed": self.dataset_seed,
            "clear_net_done": self.clear_net_done,
        }

    get_net_param = no_weights
    clear_params = no_weights

    def __repr__(self) -> str:
        return (
            f"ArchResults(arch-index={self.arch_index}, arch={self.arch_str}, "
            f"{len(self.all_results)} runs, clear={self.clear_net_done})"
        )


def consistent(values: list[Any], seeds: list[int]) -> list[Any]:
    """Upstream's rule for costs that were recorded wrongly: runs that disagree in the fifth decimal take seed 888."""
    if len({f"{value:.5f}" for value in values}) > 1:
        return [values[seeds.index(888)]]
    return values


def _elapsed(times: list[float] | None) -> dict[str, float | None]:
    """Time of the last of these epochs and of all, added up by the builtin sum as upstream does."""
    return {"cur_time": None, "all_time": None} if times is None else {"cur_time": times[-1], "all_time": sum(times)}


def _means(infos: list[dict[str, Any]]) -> dict[str, Any]:
    columns = defaultdict(list)
    for info in infos:
        for key, value in info.items():
            columns[key].append(value)
    return {key: mean(values) if values[0] is not None else None for key, values in columns.items()}


def _arch_config(benchmark: str, arch_str: str, dataset: str) -> dict[str, Any]:
    if benchmark == "nats-tss":
        config: dict[str, Any] = {"channel": 16, "num_cells": 5, "arch_str": arch_str}
    else:
        config = {
            "name": "infer.shape.tiny",
            "channels": arch_str,
            "arch_str": arch_str,
            "genotype": _CELL_OF_SIZE_SPACE,
        }
    return config | {"class_num": CLASSES[dataset]}


_STATE = (
    "name", "train_acc1es", "train_acc5es", "train_losses", "train_times", "arch_config", "params", "flop", "seed",
    "epochs", "latency", "eval_names", "eval_acc1es", "eval_times", "eval_losses", "net_state_dict",
)  # fmt: skip
