"""NAS-Bench-201 as ``nas_201_api.api_201``."""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

from nbframes.compat.nas_201_api.api_utils import ArchResults, StoredRun, print_information, remap_dataset_set_names
from nbframes.compat.nats_bench.api import NASBenchMetaAPI
from nbframes.compat.nats_bench.api_topology import NATStopology
from nbframes.compat.nats_bench.archive import spelled
from nbframes.compat.nats_bench.tables import DATASETS

if TYPE_CHECKING:
    import os

    from nbframes.compat.nats_bench.best import Best
    from nbframes.store import Store

__all__ = [
    "ALL_ARCHIVE_DIRS",
    "ALL_BENCHMARK_FILES",
    "ArchResults",
    "NASBench201API",
    "NASBenchMetaAPI",
    "print_information",
    "remap_dataset_set_names",
]

ALL_BENCHMARK_FILES = ["NAS-Bench-201-v1_0-e61699.pth", "NAS-Bench-201-v1_1-096897.pth"]
ALL_ARCHIVE_DIRS = ["NAS-Bench-201-v1_1-archive"]

_DATASETS = tuple(name for name in DATASETS if name != "cifar10-valid")


class NASBench201API(NATStopology):
    """NAS-Bench-201, as ``nas_201_api.NASBench201API``.

    Parameters
    ----------
    file_path_or_dict
        A store that holds ``nb201`` (or ``nats-tss``, the same networks), its path, or the path of the ``.pth`` file, which
        stands for the store that `nbframes.open_store` finds, as None does. Or a dictionary as the file holds it.
    verbose
        Whether to print every call.

    Raises
    ------
    AssertionError
        If there is nothing at the path.
    UnknownNameError
        If the store holds neither benchmark.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat.nas_201_api import NASBench201API
    >>> api = NASBench201API(nbf.synthetic.store(), verbose=False)
    >>> info = api.query_by_index(3, "cifar10", hp="200")
    >>> 0 < info[777].get_eval("ori-test")["accuracy"] < 100
    True
    """

    _kind, _stored = ArchResults, StoredRun
    _benchmarks, _base_names = ("nb201", "nats-tss"), ALL_BENCHMARK_FILES
    _spelled: ClassVar[dict[str, str]] = {"less": "12", "full": "200"}

    def __init__(
        self,
        file_path_or_dict: Store | str | os.PathLike[str] | dict[str, Any] | None = None,
        verbose: bool = True,
    ) -> None:
        super().__init__(file_path_or_dict, verbose=verbose)
        self.evaluated_indexes = sorted(self._archive.evaluated)  # type: ignore[assignment] # a list, as upstream's
        self._avaliable_hps = {"12", "200"}

    def _nothing_at(self, path: str) -> Exception:
        return AssertionError(f"invalid path : {path}")

    def _say_opening(self, root: str) -> None:
        self._say(f"try to create the NAS-Bench-201 api from {root}")

    def _say_opened(self) -> None:
        """Nothing: upstream says it before it reads, not after."""

    def __repr__(self) -> str:
        counts = f"{len(self.evaluated_indexes)}/{len(self.meta_archs)} architectures"
        return f"{type(self).__name__}({counts}, file={self.filename})"

    def _prepare_info(self, index: int) -> None:
        """Nothing: everything that the store has counts as evaluated."""

    @staticmethod
    def _say(text: str) -> None:
        print(text)

    def reload(self, archive_root: str | None = None, index: int | None = None) -> None:
        """Nothing but a check of the index: a store has no weights to read.

        Raises
        ------
        AssertionError
            If there is no such architecture.
        """
        if index is not None and not 0 <= index < len(self.meta_archs):
            msg = f"invalid index of {index}"
            raise AssertionError(msg)
        msg = f"a store holds measurements, not weights: {archive_root or ALL_ARCHIVE_DIRS[-1]!r} is not read"
        warnings.warn(msg, stacklevel=2)

    def arch(self, index: int) -> str:
        """Text form of an architecture.

        Raises
        ------
        AssertionError
            If there is no such index.
        """
        try:
            return super().arch(index)
        except ValueError as error:
            raise AssertionError(*error.args) from None

    def get_more_info(
        self, index: Any, dataset: str, iepoch: int | None = None, hp: object = "12", is_random: bool | int = True
    ) -> dict[str, Any]:
        """Losses, accuracies and times of an architecture on all sets of a dataset; see `NATStopology.get_more_info`."""
        info = super().get_more_info(index, dataset, iepoch, hp, is_random)
        info.pop("comment", None)
        return info

    def simulate_train_eval(  # type: ignore[override] # upstream's signature has no epoch
        self, arch: Any, dataset: str, hp: object = "12", account_time: bool = True
    ) -> tuple[float, float, float, float]:
        """Simulate training and validating an architecture.

        Returns
        -------
        tuple
            Validation accuracy in percent, latency (of the 12-epoch schedule, whatever ``hp``), time of this training and
            evaluation, and `used_time`, in seconds.

        Raises
        ------
        AssertionError
            If the dataset is not ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
        """
        index = self.query_index_by_arch(arch)
        if dataset not in _DATASETS:
            msg = f"Invalid dataset name : {dataset} vs {_DATASETS}"
            raise AssertionError(msg)
        trained = "cifar10-valid" if dataset == "cifar10" else dataset
        info = self.get_more_info(index, trained, iepoch=None, hp=hp, is_random=True)
        accuracy, time_cost = info["valid-accuracy"], info["train-all-time"] + info["valid-per-time"]
        latency = self.get_latency(index, dataset)
        if account_time:
            self._used_time += time_cost
        return accuracy, latency, time_cost, self._used_time

    def query_info_str_by_arch(self, arch: Any, hp: object = "12") -> str | None:
        """Describe an architecture in words and numbers.

        Raises
        ------
        ValueError
            If it has no such schedule.
        """
        if self.verbose:
            print(f"Call query_info_str_by_arch with arch={arch} and hp={hp}")
        index = self.query_index_by_arch(arch)
        if index in self.arch2infos_dict:
            results = self._results(index, hp)
            return "\n".join(print_information(results, f"arch-index={index}"))  # type: ignore[arg-type]
        print(f"Find this arch-index : {index}, but this arch is not evaluated.")
        return None

    def find_best(  # type: ignore[override] # upstream's names of the caps
        self,
        dataset: str,
        metric_on_set: str,
        FLOP_max: float | None = None,  # noqa: N803
        Param_max: float | None = None,  # noqa: N803
        hp: object = "12",
    ) -> Best:
        """Find the architecture with the highest accuracy on a set; see `NATStopology.find_best`."""
        if self.verbose:
            caps = f"#FLOPs < {FLOP_max} and #Params < {Param_max}"
            print(f"Call find_best with dataset={dataset}, metric_on_set={metric_on_set}, hp={hp} | with {caps}")
        best = self._best(dataset, metric_on_set, hp, (FLOP_max, Param_max))
        if self.verbose:
            print(f"  the best architecture : [{best[0]}] {self.arch(best[0])} with accuracy={best[1]:.3f}%")
        return best

    def clear_params(self, index: int, hp: object = None) -> None:
        """Note that an architecture's weights are gone, under one schedule or all; a store has none to begin with.

        Raises
        ------
        KeyError
            If the architecture was not evaluated.
        ValueError
            If it has no such schedule.
        """
        if index not in self.arch2infos_dict:
            if self.verbose:
                print(f"Call clear_params with index={index} and hp={hp}")
            raise KeyError(index)
        super().clear_params(index, hp)

    def statistics(self, dataset: str, hp: object) -> dict[int, int]:
        """Count all architectures by their number of runs on a dataset.

        Raises
        ------
        ValueError
            If the dataset does not exist.
        KeyError
            If an architecture has no such schedule.
        """
        if self.verbose:
            print(f"Call the statistics function with dataset={dataset} and hp={hp}.")
        names = list(DATASETS)
        if dataset not in names:
            msg = f"{dataset} not in {names}"
            raise ValueError(msg)
        counts: dict[int, int] = defaultdict(int)
        for index in range(len(self)):
            counts[len(self.arch2infos_dict[index][spelled(hp)].dataset_seed.get(dataset, ()))] += 1
        return dict(counts)

    def _lines(self, results: Any) -> list[str]:
        return print_information(results)
