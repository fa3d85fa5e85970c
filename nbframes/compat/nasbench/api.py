"""NAS-Bench-101 as ``nasbench.api``."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, KeysView, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.compat.nasbench.lib import config
from nbframes.compat.nasbench.lib.model_spec import ModelSpec
from nbframes.compat.nb101_cells import Cells
from nbframes.compat.sources import find_records
from nbframes.errors import StoreError
from nbframes.spaces.nb101.upstream import from_text
from nbframes.store import Store

if TYPE_CHECKING:
    import os

__all__ = ["ModelSpec", "NASBench", "OutOfDomainError"]


class OutOfDomainError(Exception):
    """A cell or a number of epochs is outside the benchmark."""


class NASBench:
    """NAS-Bench-101, answered from a store.

    The first questions are answered from the files, one cell at a time; after a few, everything is held in memory.

    Parameters
    ----------
    dataset_file
        The store, its path, or the path of the official TFRecord, which stands for the store that `nbframes.open_store`
        finds. If it is called ``nasbench_only108.tfrecord``, only runs of 108 epochs are known.
    seed
        Seed for the global random generator, from which the repeats are drawn, as upstream.

    Raises
    ------
    UnknownNameError
        If the store does not hold ``nb101``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat.nasbench import api
    >>> nasbench = api.NASBench(nbf.synthetic.store(benchmarks=["nb101"]), seed=0)
    Loading dataset from file... This may take a few minutes...
    Loaded dataset in 0 seconds
    >>> fixed, computed = nasbench.get_metrics_from_hash(next(iter(nasbench.hash_iterator())))
    >>> spec = api.ModelSpec(fixed["module_adjacency"], fixed["module_operations"])
    >>> 0 < nasbench.query(spec, epochs=12)["validation_accuracy"] < 1
    True
    >>> nasbench.get_budget_counters()[1]
    12
    """

    def __init__(
        self, dataset_file: Store | str | os.PathLike[str] | None = None, seed: float | str | bytes | None = None
    ) -> None:
        self.config = config.build_config()
        random.seed(seed)
        print("Loading dataset from file... This may take a few minutes...")
        start = time.perf_counter()
        store, _ = find_records(dataset_file, "nb101")
        schedules = store.scan_runs("nb101").select("schedule").unique().collect()["schedule"].to_list()
        only_108 = not isinstance(dataset_file, Store) and "only108" in str(dataset_file)
        self.valid_epochs = {108} & set(schedules) if only_108 else set(schedules)
        self._cells = Cells(store)
        self.fixed_statistics: Mapping[str, dict[str, Any]] = _Fixed(self._cells)
        self.computed_statistics: Mapping[str, dict[int, list[Any]]] = _Computed(self._cells, self.valid_epochs)
        print(f"Loaded dataset in {time.perf_counter() - start:.0f} seconds")
        self.history: dict[Any, Any] = {}
        self.reset_budget_counters()

    def query(self, model_spec: ModelSpec, epochs: int = 108, stop_halfway: bool = False) -> dict[str, Any]:
        """Answer with one run of a cell, drawn at random, and count its cost.

        Parameters
        ----------
        model_spec
            The cell.
        epochs
            Schedule of the run: 4, 12, 36 or 108.
        stop_halfway
            Whether to train for half of the epochs.

        Returns
        -------
        dict
            ``module_adjacency``, ``module_operations``, ``trainable_parameters``, ``training_time`` (seconds), and accuracies
            as fractions of 1.

        Raises
        ------
        OutOfDomainError
            If the cell is outside the space, or there is no such schedule.
        KeyError
            If the store does not have the cell, or not this schedule of it.
        """
        if epochs not in self.valid_epochs:
            msg = f"invalid number of epochs, must be one of {self.valid_epochs}"
            raise OutOfDomainError(msg)
        fixed, computed = self.get_metrics_from_spec(model_spec)
        repeat = random.randint(0, self.config["num_repeats"] - 1)  # noqa: S311 - upstream's draw
        run = computed[epochs][repeat]
        half = "halfway" if stop_halfway else "final"
        names = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
        data: dict[str, Any] = fixed | {name: run[f"{half}_{name}"] for name in names}
        self.training_time_spent += data["training_time"]
        self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return data

    def is_valid(self, model_spec: ModelSpec) -> bool:
        """Whether a cell is in the space; that costs nothing."""
        try:
            self._check_spec(model_spec)
        except OutOfDomainError:
            return False
        return True

    def get_budget_counters(self) -> tuple[float, int]:
        """Seconds and epochs of all queries since the last reset."""
        return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self) -> None:
        """Set both counters to 0."""
        self.training_time_spent = 0.0
        self.total_epochs_spent = 0

    def evaluate(self, model_spec: ModelSpec, model_dir: str) -> dict[str, Any]:
        """Train a cell: refused.

        Raises
        ------
        StoreError
            Always: a store holds what was measured.
        """
        del model_spec, model_dir
        msg = "a store holds what was measured, it trains nothing: evaluate() needs google-research's nasbench and TensorFlow"
        raise StoreError(msg)

    def hash_iterator(self) -> KeysView[str]:
        """Hashes of all cells, in the order of the source."""
        return self.fixed_statistics.keys()

    def get_metrics_from_hash(self, module_hash: str) -> tuple[dict[str, Any], dict[int, list[Any]]]:
        """Everything that is known of a cell, at no cost: what it is, and its runs by epochs.

        Raises
        ------
        KeyError
            If there is no such cell.
        """
        return self.fixed_statistics[module_hash], self.computed_statistics[module_hash]

    def get_metrics_from_spec(self, model_spec: ModelSpec) -> tuple[dict[str, Any], dict[int, list[Any]]]:
        """As `get_metrics_from_hash`, given the cell.

        Raises
        ------
        OutOfDomainError
            If it is outside the space.
        KeyError
            If the store does not have it.
        """
        self._check_spec(model_spec)
        return self.get_metrics_from_hash(model_spec.hash_spec(self.config["available_ops"]))

    def _check_spec(self, model_spec: ModelSpec) -> None:
        if flaw := next(self._flaws(model_spec), None):
            raise OutOfDomainError(flaw)

    def _flaws(self, spec: ModelSpec) -> Iterator[str]:
        if not spec.valid_spec or spec.ops is None or spec.matrix is None:
            yield "invalid spec, provided graph is disconnected."
            return
        vertices, edges, limits = len(spec.ops), np.sum(spec.matrix), self.config
        if vertices > limits["module_vertices"]:
            yield f"too many vertices, got {vertices} (max vertices = {limits['module_vertices']})"
        if edges > limits["max_edges"]:
            yield f"too many edges, got {edges} (max edges = {limits['max_edges']})"
        if spec.ops[0] != "input":
            yield "first operation should be 'input'"
        if spec.ops[-1] != "output":
            yield "last operation should be 'output'"
        for operation in spec.ops[1:-1]:
            if operation not in limits["available_ops"]:
                yield f"unsupported op {operation} (available ops = {limits['available_ops']})"


class _ByHash(Mapping[str, Any]):
    """Something of every cell, made when it is asked for."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def _found(self, module_hash: str) -> tuple[int, str, str]:
        found = self._cells.find("hash", module_hash)
        if found is None:
            raise KeyError(module_hash)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells.hashes)

    def __len__(self) -> int:
        return len(self._cells.hashes)


class _Fixed(_ByHash):
    def __getitem__(self, module_hash: str) -> dict[str, Any]:
        arch, text, _ = self._found(module_hash)
        matrix, operations = from_text(text)
        return {
            "module_adjacency": np.array(matrix, np.int8),
            "module_operations": operations,
            "trainable_parameters": self._cells.params(arch),
        }


class _Computed(_ByHash):
    def __init__(self, cells: Cells, epochs: set[int]) -> None:
        super().__init__(cells)
        self._epochs = epochs

    def __getitem__(self, module_hash: str) -> dict[int, list[Any]]:
        arch, _, _ = self._found(module_hash)
        return {epochs: runs for epochs, runs in self._cells.runs(arch).items() if epochs in self._epochs}
