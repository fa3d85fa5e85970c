"""What the three benchmarks have in common: opening the store, datasets, existence checks."""

from __future__ import annotations

import hashlib
import json
import random
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from nbframes.compat.sources import find_records
from nbframes.errors import InvalidArgumentError, UnknownNameError, listed
from nbframes.spaces.nats.costs import CLASSES, SIDE

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_DATASETS: Final = {
    "nb101": ("cifar10",),
    "nb201": ("cifar10", "cifar100", "ImageNet16-120"),
    "nb301": ("cifar10", "cifar100"),
}


@dataclass(frozen=True)
class DatasetInfo:
    """What a benchmark was trained on; ``input_shape`` is channels, height, width."""

    name: str
    modality: str
    input_shape: tuple[int, ...]
    num_classes: int


def get_dataset_info(benchmark: str | int, dataset: str | None = None) -> DatasetInfo:
    """Describe a dataset of a benchmark, ``"101"`` or ``"nb101"`` and so on.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark or dataset.
    InvalidArgumentError
        If the dataset is left out and the benchmark has several.

    Examples
    --------
    >>> from nbframes.compat.nasbenchapi import get_dataset_info
    >>> get_dataset_info("201", "ImageNet16-120")
    DatasetInfo(name='ImageNet16-120', modality='image_classification', input_shape=(3, 16, 16), num_classes=120)
    """
    name = str(benchmark) if str(benchmark).startswith("nb") else f"nb{benchmark}"
    if name not in _DATASETS:
        raise UnknownNameError.of("benchmark", name, _DATASETS)
    available = _DATASETS[name]
    if dataset is None and len(available) > 1:
        msg = f"{name} has several datasets, {listed(available)}: name one"
        raise InvalidArgumentError(msg)
    chosen = available[0] if dataset is None else dataset
    if chosen not in available:
        kind = f"dataset of {name}"
        raise UnknownNameError.of(kind, chosen, available)
    shape, classes = (3, SIDE[chosen], SIDE[chosen]), CLASSES[chosen]
    return DatasetInfo(chosen, "image_classification", shape, classes)


class NASBenchBase(ABC):
    """A benchmark of a store, asked as NASBenchAPI's classes are asked.

    Parameters
    ----------
    data_path
        The store (a `nbframes.Store`, or its path); by default as `nbframes.open_store` finds it.
    verbose
        Whether to print what was opened.

    Raises
    ------
    SourceError
        If ``data_path`` is a file, for example NASBenchAPI's pickle, which has to be exported once.
    StoreError
        If there is no store.
    UnknownNameError
        If the store does not have the benchmark.
    """

    _name: ClassVar[str]
    _splits: ClassVar[tuple[str, ...]] = ("train", "val", "test")

    def __init__(self, data_path: Store | str | os.PathLike[str] | None = None, verbose: bool = True) -> None:
        start = time.perf_counter()
        self._store, _ = find_records(data_path, self._name)
        self._manifest: Manifest = self._store.manifest(self._name)
        self.path = Path(self._store.root)
        self.verbose = verbose
        if verbose:
            took = time.perf_counter() - start
            print(f"[{self._name.upper()}] Opened {self._manifest.rows('archs')} architectures in {took:.2f}s")

    @classmethod
    def load(cls, data_path: Store | str | os.PathLike[str] | None = None) -> Self:
        """Open the benchmark of another store."""
        return cls(data_path)

    @property
    def api(self) -> Self:
        """The object itself: upstream's inner object has no methods of its own here."""
        return self

    @property
    def data(self) -> dict[str, Any]:
        """Not held: upstream's unpickled dictionary, gigabytes of it."""
        msg = f"{type(self).__name__} holds no dictionary of the whole benchmark; scan it with nbframes.scan({self._name!r})"
        raise AttributeError(msg)

    def set_seed(self, seed: int) -> None:
        """Seed Python's global random generator."""
        random.seed(seed)

    def bench_name(self) -> str:
        """Return the short name, such as ``"nb101"``."""
        return self._name

    def datasets(self) -> list[str]:
        """Return the names of the datasets."""
        return list(_DATASETS[self._name])

    def dataset_info(self, dataset: str | None = None) -> DatasetInfo:
        """Describe a dataset; see `get_dataset_info`."""
        return get_dataset_info(self._name, dataset)

    def splits(self, dataset: str) -> list[str]:  # noqa: ARG002  upstream's signature
        """Return the names of the splits."""
        return list(self._splits)

    def available_budgets(self, dataset: str | None = None, split: str | None = None) -> list[int] | None:  # noqa: ARG002  as above
        """Return the epochs at which there are values, None where upstream does not tell."""
        return None

    @abstractmethod
    def random_sample(self, n: int = 1, seed: int | None = None) -> list[Any]:
        """Draw architectures of the store with Python's global random generator."""

    @abstractmethod
    def iter_all(self) -> Iterator[Any]:
        """Iterate over all architectures of the store."""

    @abstractmethod
    def mutate(self, arch: Any, rng: random.Random, kind: str | None = None) -> Any:
        """Change one thing about an architecture."""

    def id(self, arch: Any) -> str:
        """Return a stable identifier: the SHA-256 of the architecture's JSON."""
        return hashlib.sha256(json.dumps({"arch": arch}, sort_keys=True).encode()).hexdigest()

    def decode(self, encoding: Any) -> Any:
        """Return the architecture; both are the same here."""
        return encoding

    def encode(self, arch: Any) -> Any:
        """Return the encoding; both are the same here."""
        return arch

    def exists(
        self, dataset: str | None = None, split: str | None = None, budget: int | None = None, arch: Any = None
    ) -> bool:
        """Return whether everything that is given exists in the benchmark."""
        if dataset is not None and dataset not in self.datasets():
            return False
        if split is not None and split not in self.splits(dataset or self.datasets()[0]):
            return False
        budgets = self.available_budgets(dataset, split) if budget is not None else None
        if budgets is not None and budget not in budgets:
            return False
        return arch is None or self._supports_arch(arch)

    @abstractmethod
    def _supports_arch(self, arch: Any) -> bool:
        """Whether the store has the architecture."""


def answer(metric: float | None, name: str, cost: float | None, info: dict[str, Any]) -> dict[str, Any]:
    """Upstream's dictionary of one answer."""
    return {"metric": metric, "metric_name": name, "cost": cost, "std": None, "info": info}


def budgets_of(found: dict[tuple[str, str], set[int]], dataset: str | None, split: str | None) -> list[int] | None:
    """Budgets of a dataset and split, of all if neither is given; None if there are none."""
    chosen = [epochs for (name, part), epochs in found.items() if dataset in {None, name} and split in {None, part}]
    return sorted(set().union(*chosen)) or None
