"""All runs of an architecture under one schedule, with the members of ``nats_bench.ArchResults``."""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nbframes.compat.nats_bench.files import pickle_load
from nbframes.compat.nats_bench.runs import ResultsCount
from nbframes.compat.nats_bench.tables import DATASETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ArchResults:
    """All runs of an architecture under one schedule, as ``nats_bench.ArchResults``."""

    _result: ClassVar[type[ResultsCount]] = ResultsCount

    def __init__(self, arch_index: int, arch_str: Any) -> None:
        self.arch_index = int(arch_index)
        self.arch_str = copy.deepcopy(arch_str)
        self.all_results: dict[tuple[str, int], ResultsCount] = {}
        self.dataset_seed: dict[str, list[int]] = {}
        self.clear_net_done = False

    @classmethod
    def create_from_state_dict(cls, state_dict_or_file: dict[str, Any] | str) -> Self:
        """Make it of the plain data that `state_dict` gives, or of a file of them that `pickle_load` reads.

        Raises
        ------
        ValueError
            If it is neither.
        """
        state = pickle_load(state_dict_or_file) if isinstance(state_dict_or_file, str) else state_dict_or_file
        if not isinstance(state, dict):
            msg = f"invalid type of state_dict_or_file : {type(state)}"
            raise ValueError(msg)  # noqa: TRY004  upstream's exception
        made = cls(-1, -1)
        made.load_state_dict(state)
        return made

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over plain data as `state_dict` gives it.

        Raises
        ------
        ValueError
            If ``all_results`` is not a dict.
        """
        for key, value in state_dict.items():
            if key != "all_results":
                self.__dict__[key] = value
                continue
            if not isinstance(value, dict):
                msg = f"invalid type of value for {key} : {type(value)}"
                raise ValueError(msg)  # noqa: TRY004  upstream's exception
            self.all_results = {of: self._result.create_from_state_dict(run) for of, run in value.items()}

    def update(self, dataset_name: str, seed: int, result: ResultsCount) -> None:
        """Add a run.

        Raises
        ------
        ValueError
            If there is one with this seed already.
        """
        seeds = self.dataset_seed.setdefault(dataset_name, [])
        if seed in seeds:
            msg = f"{self.arch_index}-th arch alreadly has this seed ({seed}) on {dataset_name}"
            raise ValueError(msg)
        self.dataset_seed[dataset_name] = sorted([*seeds, seed])
        self.all_results[dataset_name, seed] = result
        self.clear_net_done = False

    def clear_params(self) -> None:
        """Note that the weights are gone; simple archives and stores have none."""
        for result in self.all_results.values():
            result.net_state_dict = None
        self.clear_net_done = True

    def get_net_param(self, dataset: str, seed: int | None = None) -> Any:
        """Weights of one run, or of all on a dataset by their seeds: None each, for simple archives and stores have none.

        Raises
        ------
        ValueError
            If there is no such run.
        """
        if seed is None:
            return {known: self.all_results[dataset, known].get_net_param() for known in self.dataset_seed[dataset]}
        if (dataset, seed) not in self.all_results:
            msg = f"key={(dataset, seed)} not in {list(self.all_results)}"
            raise ValueError(msg)
        return self.all_results[dataset, seed].get_net_param()

    def debug_test(self) -> None:
        """Print latencies, runs and times of all four datasets."""
        for dataset in DATASETS:
            print(f"---->>>> {dataset}")
            print(f"The latency on {dataset} is {self.get_latency(dataset)} s")
            for result in self._results(dataset):
                print(f"  ==>> result = {result}")
                print(f"  ==>> cost = {result.get_times()}")

    def _results(self, dataset: str) -> list[ResultsCount]:
        return [self.all_results[dataset, seed] for seed in self.dataset_seed[dataset]]

    def get_compute_costs(self, dataset: str) -> dict[str, Any]:
        """Operations and parameters in millions, latency and times in seconds, means over the runs."""
        results, seeds = self._results(dataset), self.dataset_seed[dataset]
        latencies = [latency for latency in (result.get_latency() for result in results) if latency > 0]
        info: dict[str, Any] = {
            "flops": self.mean(self.consistent([result.flop for result in results], seeds)),
            "params": self.mean(self.consistent([result.params for result in results], seeds)),
            "latency": self.mean(latencies) if latencies else None,
        }
        times = defaultdict(list)
        for result in results:
            for key, seconds in result.get_times().items():
                times[key].append(seconds)
        return info | self._means(times)

    def get_metrics(
        self, dataset: str, setname: str, iepoch: int | None = None, is_random: bool | int = False
    ) -> dict[str, Any]:
        """Loss, accuracy and times on a set: of a random run, of all on average, or of the run with a seed.

        Raises
        ------
        ValueError
            If there is no run with the seed, or ``is_random`` is neither a truth value nor a seed.
        """
        results = self._results(dataset)
        seed = is_random if isinstance(is_random, int) and not isinstance(is_random, bool) else None
        if seed is not None and seed in self.dataset_seed[dataset]:
            return self._of_one(results, self.dataset_seed[dataset].index(seed), setname, iepoch)
        infos = [result.get_set(setname, iepoch) for result in results]
        if is_random is True:
            return infos[random.randint(0, len(results) - 1)]  # noqa: S311 - upstream's draw
        if is_random is False:
            return self._means(dict(zip(infos[0], zip(*map(dict.values, infos), strict=True), strict=True)))
        if seed is None:
            msg = f"invalid value for is_random: {is_random}"
            raise ValueError(msg)
        msg = f"can not find random seed ({is_random}) from {self.dataset_seed[dataset]}"
        raise ValueError(msg)

    @staticmethod
    def _of_one(results: list[ResultsCount], chosen: int, setname: str, iepoch: int | None) -> dict[str, Any]:
        """What one run has; as upstream, only if all the others have it too."""
        for result in results[:chosen]:
            result.check_set(setname, iepoch)
        info = results[chosen].get_set(setname, iepoch)
        for result in results[chosen + 1 :]:
            result.check_set(setname, iepoch)
        return info

    @staticmethod
    def mean(values: Sequence[Any]) -> Any:
        """Mean as upstream computes it."""
        return sum(values) / len(values)

    @staticmethod
    def consistent(values: list[Any], seeds: list[int]) -> list[Any]:
        """Upstream's rule for costs that were recorded wrongly: runs that disagree in the fifth decimal take seed 888."""
        if len({f"{value:.5f}" for value in values}) > 1:
            return [values[seeds.index(888)]]
        return values

    def _means(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        average = self.mean
        return {key: average(values) if values[0] is not None else None for key, values in columns.items()}

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
            If the dataset is not a name, or the runs differ.
        """
        if dataset is not None and not isinstance(dataset, str):
            msg = f"invalid dataset={dataset}"
            raise ValueError(msg)
        names = self.dataset_seed if dataset is None else [dataset]
        epochs = [result.get_total_epoch() for name in names for result in self._results(name)]
        if len(set(epochs)) > 1:
            msg = f"Each trial mush have the same number of training epochs : {epochs}"
            raise ValueError(msg)
        return epochs[-1]

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

    def __repr__(self) -> str:
        return (
            f"ArchResults(arch-index={self.arch_index}, arch={self.arch_str}, "
            f"{len(self.all_results)} runs, clear={self.clear_net_done})"
        )
