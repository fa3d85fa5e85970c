"""The APIs of NATS-Bench's two spaces, answered from a store."""

from __future__ import annotations

import copy
import random
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from nbframes.compat.nats_bench.archive import spelled
from nbframes.compat.nats_bench.best import Best, best_of_each, best_of_table, remap_dataset_set_names
from nbframes.compat.nats_bench.info import more_info
from nbframes.compat.nats_bench.show import describe
from nbframes.compat.nats_bench.state import State
from nbframes.compat.nats_bench.tables import DATASETS

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.results import ArchResults

_RULE = "<" * 40 + "------------" + "<" * 40


class NASBenchMetaAPI(State):
    """Queries that both spaces answer."""

    def get_more_info(
        self, index: Any, dataset: str, iepoch: int | None = None, hp: object = "12", is_random: bool | int = True
    ) -> dict[str, Any]:
        """Losses, accuracies and times of an architecture on all sets of a dataset.

        Parameters
        ----------
        index
            Index, text form or object with ``tostr``.
        dataset
            ``cifar10-valid``, ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
        iepoch
            Epoch, counted from 0; by default the last.
        hp
            Schedule: ``"12"``, ``"200"`` (topology), ``"01"``, ``"12"``, ``"90"`` (size).
        is_random
            True for a random run, False for the mean of all, or the seed of a run.

        Raises
        ------
        ValueError
            If the architecture, the epoch or the seed does not exist.
        KeyError
            If the dataset or the schedule does not exist.
        """
        if self.verbose:
            self._say(
                f"Call the get_more_info function with index={index}, dataset={dataset}, "
                f"iepoch={iepoch}, hp={hp}, and is_random={is_random}."
            )
        index = self.query_index_by_arch(index)
        self._prepare_info(index)
        if index not in self.arch2infos_dict:
            msg = f"Did not find {index} from arch2infos_dict."
            raise ValueError(msg)
        results = self.arch2infos_dict[index][spelled(hp)]
        if isinstance(is_random, bool) and is_random:
            is_random = random.choice(results.get_dataset_seeds(dataset))  # noqa: S311 - upstream's draw
        return more_info(results, dataset, iepoch, hp, is_random)

    def simulate_train_eval(
        self, arch: Any, dataset: str, iepoch: int | None = None, hp: object = "12", account_time: bool = True
    ) -> tuple[float, float, float, float]:
        """Simulate training and validating an architecture.

        Returns
        -------
        tuple
            Validation accuracy in percent, latency, time of this training and evaluation, and `used_time`, in seconds.

        Raises
        ------
        ValueError
            If the dataset is not ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
        """
        index, names = self.query_index_by_arch(arch), tuple(name for name in DATASETS if name != "cifar10-valid")
        if dataset not in names:
            msg = f"Invalid dataset name : {dataset} vs {names}"
            raise ValueError(msg)
        trained = "cifar10-valid" if dataset == "cifar10" else dataset
        info = self.get_more_info(index, trained, iepoch=iepoch, hp=hp, is_random=True)
        if "valid-accuracy" in info:
            accuracy, last = info["valid-accuracy"], info
        else:
            accuracy = info["valtest-accuracy"]
            last = self.get_more_info(index, dataset, iepoch=None, hp=hp, is_random=True)
        time_cost = info["train-all-time"] + last["valid-per-time"]
        latency = self.get_latency(index, dataset, hp=hp)
        if account_time:
            self._used_time += time_cost
        return accuracy, latency, time_cost, self._used_time

    def query_meta_info_by_index(self, arch_index: int, hp: object = "12") -> ArchResults:
        """Runs of an architecture under one schedule; a copy.

        Raises
        ------
        ValueError
            If the architecture or the schedule does not exist.
        """
        if self.verbose:
            print(f"Call query_meta_info_by_index with arch_index={arch_index}, hp={hp}")
        self._prepare_info(arch_index)
        if arch_index not in self.arch2infos_dict:
            msg = f"arch_index [{arch_index}] does not in arch2infos"
            raise ValueError(msg)
        return copy.deepcopy(self._results(arch_index, hp))

    def query_by_index(self, arch_index: int, dataname: str | None = None, hp: object = "12") -> Any:
        """Runs of an architecture under one schedule, or those on one dataset by their seeds.

        Raises
        ------
        ValueError
            If the architecture, the schedule or the dataset does not exist.
        """
        if self.verbose:
            self._say(f"Call query_by_index with arch_index={arch_index}, dataname={dataname}, hp={hp}")
        info = self.query_meta_info_by_index(arch_index, hp)
        if dataname is None:
            return info
        if dataname not in info.get_dataset_names():
            msg = f"invalid dataset-name : {dataname} vs. {info.get_dataset_names()}"
            raise ValueError(msg)
        return info.query(dataname)

    def query_info_str_by_arch(self, arch: Any, hp: object = "12") -> str | None:
        """Describe an architecture in words and numbers.

        Raises
        ------
        ValueError
            If it has no such schedule.
        """
        if self.verbose:
            self._say(f"Call query_info_str_by_arch with arch={arch}and hp={hp}")
        index = self.query_index_by_arch(arch)
        self._prepare_info(index)
        if index in self.arch2infos_dict:
            return "\n".join(describe(self._results(index, hp), f"arch-index={index}", tests=self.is_size))
        warnings.warn(f"Find this arch-index : {index}, but this arch is not evaluated.", stacklevel=2)
        return None

    def query_by_arch(self, arch: Any, hp: object) -> str | None:
        """Describe an architecture, as `query_info_str_by_arch`."""
        return self.query_info_str_by_arch(arch, hp)

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: object = "12",
        enforce_all: bool | None = None,
    ) -> Best:
        """Find the architecture with the highest accuracy on a set, at most so many operations and parameters (millions).

        Returns
        -------
        tuple
            Index and mean accuracy of its runs in percent; -1 and None if no architecture is within the caps.

        Raises
        ------
        KeyError, ValueError
            If an architecture within the caps lacks the schedule, the dataset or the set.
        """
        if self.verbose:
            self._say(
                f"Call find_best with dataset={dataset}, metric_on_set={metric_on_set}, hp={spelled(hp)} "
                f"| with #FLOPs < {flop_max} and #Params < {param_max}"
            )
        if enforce_all is None:
            enforce_all = bool(self.fast_mode)
        if enforce_all:
            if not self.fast_mode:
                msg = (
                    "enforce_all can only be set when fast_mode=True; "
                    "if you are using non-fast-mode, please set it as False"
                )
                raise AssertionError(msg)
            for index in range(len(self)):
                if index not in self._asked:
                    self._ask_for(index)
        best = self._best(dataset, metric_on_set, hp, (flop_max, param_max))
        if self.verbose:
            if self.evaluated_indexes:
                print(f"  the best architecture : [{best[0]}] {self.arch(best[0])} with accuracy={best[1]:.3f}%")
            else:
                print("The evaluated_indexes is empty, please fill it before call find_best.")
        return best

    def _best(self, dataset: str, metric_on_set: str, hp: object, caps: tuple[float | None, float | None]) -> Best:
        names = remap_dataset_set_names(dataset, metric_on_set, self.verbose)
        search = (sorted(self.evaluated_indexes), *names, spelled(hp), caps)
        tables = self._archive.tables
        best = best_of_table(tables, self._kind, *search) if tables is not None and self.evaluated_indexes else None
        return best or best_of_each(self.arch2infos_dict, *search)

    def get_net_param(self, index: int, dataset: str, seed: int | None, hp: object = "12") -> Any:
        """Weights of a run, or of all on a dataset by their seeds: None each, for a store has none.

        Raises
        ------
        ValueError
            If there is no such run.
        """
        if self.verbose:
            self._say(f"Call the get_net_param function with index={index}, dataset={dataset}, seed={seed}, hp={hp}")
        return self.query_meta_info_by_index(index, hp).get_net_param(dataset, seed)

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """Configuration from which upstream's model code builds the network.

        Raises
        ------
        ValueError
            If the architecture does not exist.
        """
        if self.verbose:
            self._say(f"Call the get_net_config function with index={index}, dataset={dataset}.")
        self._prepare_info(index)
        if index not in self.arch2infos_dict:
            msg = f"The arch_index={index} is not in arch2infos_dict."
            raise ValueError(msg)
        runs = next(iter(self.arch2infos_dict[index].values())).query(dataset)
        config: dict[str, Any] = next(iter(runs.values())).get_config(None)
        return config

    def get_cost_info(self, index: int, dataset: str, hp: object = "12") -> dict[str, Any]:
        """Operations, parameters (millions), latency and times (seconds) of an architecture, means over its runs."""
        if self.verbose:
            self._say(f"Call the get_cost_info function with index={index}, dataset={dataset}, and hp={hp}.")
        self._prepare_info(index)
        if self.verbose:
            print(f"Call query_meta_info_by_index with arch_index={index}, hp={hp}")
            self._prepare_info(index)
        if index not in self.arch2infos_dict:
            msg = f"arch_index [{index}] does not in arch2infos"
            raise ValueError(msg)
        return self._results(index, hp).get_compute_costs(dataset)

    def get_latency(self, index: int, dataset: str, hp: object = "12") -> float:
        """Mean latency of an architecture in seconds."""
        if self.verbose:
            self._say(f"Call the get_latency function with index={index}, dataset={dataset}, and hp={hp}.")
        latency: float = self.get_cost_info(index, dataset, hp)["latency"]
        return latency

    def statistics(self, dataset: str, hp: object) -> dict[int, int]:
        """Count the evaluated architectures by their number of runs on a dataset.

        Raises
        ------
        ValueError
            If the dataset does not exist.
        """
        if self.verbose:
            print(f"Call the statistics function with dataset={dataset} and hp={hp}.")
        names = list(DATASETS)
        if dataset not in names:
            msg = f"{dataset} not in {names}"
            raise ValueError(msg)
        counts: dict[int, int] = defaultdict(int)
        for index in self.evaluated_indexes:
            counts[len(self.arch2infos_dict[index][spelled(hp)].dataset_seed.get(dataset, ()))] += 1
        return dict(counts)

    def show(self, index: int = -1) -> None:
        """Print what is known of an architecture, or of all evaluated ones if the index is negative."""
        if index < 0:
            print(self)
            shown = sorted(self.evaluated_indexes)
            for count, each in enumerate(shown):
                print(f"\n{'-' * 10} The ({count:5d}/{len(shown):5d}) {each:06d}-th architecture! {'-' * 10}")
                print(f"arch : {self.meta_archs[each]}")
                self._show_one(each)
        elif index < len(self.meta_archs):
            if index not in self.evaluated_indexes:
                self._prepare_info(index)
            if index in self.evaluated_indexes:
                self._show_one(index)
            else:
                print(f"The {index}-th architecture has not been evaluated or not saved.")
        else:
            print(f"This index ({index}) is out of range (0~{len(self.meta_archs)}).")

    def _show_one(self, index: int) -> None:
        for results in self.arch2infos_dict[index].values():
            print(f"{'>' * 40} {results.get_total_epoch():03d} epochs {'>' * 40}")
            print("\n".join(self._lines(results)))
        print(_RULE)

    def _lines(self, results: ArchResults) -> list[str]:
        return describe(results, tests=self.is_size)
