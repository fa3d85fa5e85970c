"""NAS-Bench-301 as NASBenchAPI's ``NASBench301``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import polars as pl

from nbframes import expr
from nbframes.compat.nasbenchapi.base import NASBenchBase, answer, budgets_of
from nbframes.compat.sources import SINGLE_READS
from nbframes.errors import InvalidArgumentError
from nbframes.spaces import darts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

_PLACES: Final = ("cifar100", "cifar10", "ImageNet16-120", "ImageNet16")
"""Datasets as they are recognised in a path, in this order."""


class NASBench301(NASBenchBase):
    """The training runs of NAS-Bench-301, answered from a store; see the package for where the answers differ.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat.nasbenchapi import NASBench301
    >>> api = NASBench301(nbf.synthetic.store(benchmarks=["nb301"]), verbose=False)
    >>> api.get_index({"path": "rs/results_0.json"}) == api.get_index("rs/results_0.json")
    True
    >>> 0 < api.query("rs/results_0.json", split="test")["metric"] < 100
    True
    """

    _name = "nb301"
    _splits = ("val", "test")
    OPS: ClassVar[list[str]] = [*darts.OPERATIONS, "none"]
    NUM_OPS = len(OPS)
    NUM_NODES = 4
    NUM_EDGES_PER_NODE = 2

    def get_statistics(self) -> dict[str, Any]:
        """Return the number of runs."""
        return {"benchmark": "nasbench301", "files": len(self._rows)}

    def available_budgets(self, dataset: str | None = None, split: str | None = None) -> list[int] | None:
        """Return the epochs at which any run has a value; None if there are none."""
        return budgets_of(self._budgets, dataset, split)

    def random_sample(self, n: int = 1, seed: int | None = None) -> list[int]:
        """Draw entries without repetition, the same as upstream for the same seed of the global random generator."""
        if seed is not None:
            random.seed(seed)
        return random.sample(list(self._rows), min(n, len(self._rows)))

    def iter_all(self) -> Iterator[int]:
        """Iterate over the numbers of the entries."""
        return iter(self._rows)

    def get_index(self, arch: Any) -> int | None:
        """Return the number of an entry, given by its number, its path, or a dictionary with ``index`` or ``path``.

        Raises
        ------
        InvalidArgumentError
            If a whole run is given: a store does not keep the JSON.
        """
        if isinstance(arch, dict):
            index, path = arch.get("index"), arch.get("path")
            if isinstance(index, int) and index in self._rows:
                return index
            if isinstance(path, str) and (index := self._find(path)) is not None:
                return index
            if "parsed" in arch or "optimized_hyperparamater_config" in arch:
                msg = "a store does not keep the JSON of a run, by which upstream looks it up: give its number or its 'path'"
                raise InvalidArgumentError(msg)
            return None
        if isinstance(arch, int):
            return arch if arch in self._rows else None
        return self._find(arch) if isinstance(arch, str) else None

    def mutate(self, arch: Any, rng: random.Random, kind: str | None = None) -> Any:  # noqa: ARG002  as upstream
        """Refused: entries are runs, which have no neighbours.

        Raises
        ------
        InvalidArgumentError
            Always; upstream gives back what it is given.
        """
        msg = "an entry of NAS-Bench-301 is a training run and cannot be mutated; nbframes.spaces.darts.mutate changes cells"
        raise InvalidArgumentError(msg)

    def query(
        self,
        arch: Any,
        dataset: str = "cifar10",
        split: str = "val",
        seed: int | None = None,  # noqa: ARG002  without effect, as upstream
        budget: int | None = None,
    ) -> dict[str, Any]:
        """Return one accuracy of a run.

        Parameters
        ----------
        arch
            Number of an entry, its path, or a dictionary with ``index`` or ``path``.
        dataset
            Noted in ``info`` if the run was made on another one.
        split
            ``"val"``: the learning curve. ``"test"``: the accuracy after the last epoch.
        seed
            Without effect.
        budget
            Epoch, counted from 1; by default the last one that was logged.

        Returns
        -------
        dict
            ``metric`` (percent), ``metric_name``, ``cost`` (seconds of the whole run), ``std`` (None), ``info``. What was not
            measured is None, and ``info["error"]`` says why.
        """
        name = f"{split}_acc"
        info: dict[str, Any] = {"requested_dataset": dataset, "split": split}
        index = self.get_index(arch)
        if index is None:
            return answer(None, name, None, info | {"error": "entry not found", "arch": arch})
        run = self._run(index)
        info |= run.description
        if split == "val":
            metric = self._validation(index, budget, info)
        elif split == "test":
            metric = self._test(index, budget, info)
        else:
            return answer(None, name, run.runtime, info | {"error": f"split '{split}' not supported for NB301"})
        if run.dataset and dataset and run.dataset != dataset:
            info["note"] = f"entry recorded on dataset '{run.dataset}'"
        return answer(metric, name, run.runtime, info)

    def _find(self, path: str) -> int | None:
        """Number of the run with a path, which a store has without the folders above the release."""
        while path not in self._by_path and "/" in path:
            path = path.split("/", 1)[1]
        return self._by_path.get(path)

    def _validation(self, index: int, budget: int | None, info: dict[str, Any]) -> float | None:
        epochs, values = self._curve(index)
        if not epochs:
            best = self._run(index).best_val_accuracy
            if budget is not None:
                info["error"] = "no learning curve was published for this run"
                return None
            return best
        info["epochs_available"] = len(epochs)
        epoch = epochs[-1] if budget is None else budget
        if epoch not in epochs:
            info["error"] = (
                f"not logged at epoch {epoch!r}; there are {len(epochs)} epochs, {epochs[0]} to {epochs[-1]}"
            )
            return None
        info["epoch_used"] = epoch
        return values[epochs.index(epoch)]

    def _test(self, index: int, budget: int | None, info: dict[str, Any]) -> float | None:
        run = self._run(index)
        if budget not in {None, run.budget}:
            info["error"] = f"tested after epoch {run.budget} alone, not after {budget!r}"
            return None
        info["epoch_used"] = run.budget
        return self._test_accuracy.get(index)

    def _supports_arch(self, arch: Any) -> bool:
        return self.get_index(arch) is not None

    def _curve(self, index: int) -> tuple[Sequence[int], Sequence[float]]:
        """Epochs and validation accuracies of a run: a few read one by one, then all of them held in memory."""
        if self._single_reads < SINGLE_READS:
            self._single_reads += 1
            run = self._run(index)
            rows = _values(self._store.scan("nb301"), "val").filter(
                expr.arch(run.arch), expr.schedule(run.budget), pl.col("seed") == run.seed
            )
            found = rows.sort("budget").collect()
            return found["budget"].to_list(), found["value"].to_list()
        first, epochs, values = self._held
        part = slice(first[index], first[index + 1])
        return epochs[part].tolist(), values[part].tolist()

    def _run(self, index: int) -> _Run:
        if index not in self._runs:
            self._runs[index] = _Run.of(*self._frame.row(self._rows[index])[1:])
        return self._runs[index]

    @cached_property
    def _runs(self) -> dict[int, _Run]:
        """Runs that were asked for."""
        return {}

    @cached_property
    def _frame(self) -> pl.DataFrame:
        names = ("entry", "arch", "seed", "schedule", "optimizer", "path", "dataset_path", "train_time")
        best = pl.col("best_val_accuracy").cast(pl.Float32).cast(pl.Float64)
        return self._store.scan_runs("nb301").select(*names, best).sort("entry").collect()

    @cached_property
    def _rows(self) -> dict[int, int]:
        """Row of each entry in the frame, in upstream's order."""
        return {entry: row for row, entry in enumerate(self._frame["entry"])}

    @cached_property
    def _by_path(self) -> dict[str, int]:
        return dict(zip(self._frame["path"], self._frame["entry"], strict=True))

    @cached_property
    def _test_accuracy(self) -> dict[int, float]:
        entries, _, values = self._by_entry("test")
        return dict(zip(entries.tolist(), values.tolist(), strict=True))

    @cached_property
    def _held(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """Where the curve of each run begins, and the epochs and values of all curves, one after the other."""
        import numpy as np

        entries, epochs, values = self._by_entry("val")
        points = np.bincount(entries, minlength=max(self._rows) + 1)
        order = np.argsort(entries << 32 | epochs, kind="stable")
        return np.concatenate([[0], np.cumsum(points)]), epochs[order], values[order]

    def _by_entry(self, split: str) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """Entry, epoch and value of everything that was measured in a split."""
        import numpy as np

        arch, seed = self._frame["arch"].to_numpy(), self._frame["seed"].to_numpy()
        entry = np.zeros((arch.max() + 1, seed.max() + 1), np.int64)
        entry[arch, seed] = self._frame["entry"].to_numpy()
        found = _values(self._store.scan("nb301"), split).collect()
        entries = entry[found["arch"].to_numpy(), found["seed"].to_numpy()]
        return entries, found["budget"].to_numpy(), found["value"].to_numpy()

    @cached_property
    def _budgets(self) -> dict[tuple[str, str], set[int]]:
        rows = self._store.scan("nb301").filter(expr.metric("accuracy"), expr.split("val", "test"))
        found = rows.select("dataset", "split", "budget").unique().cast({"dataset": pl.String, "split": pl.String})
        budgets: dict[tuple[str, str], set[int]] = {}
        for dataset, split, budget in found.collect().iter_rows():
            budgets.setdefault((dataset, split), set()).add(budget)
        return budgets

    @cached_property
    def _single_reads(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class _Run:
    """One training run, as its entry describes it."""

    arch: int
    seed: int
    budget: int
    dataset: str | None
    runtime: float | None
    best_val_accuracy: float | None
    """Rounded to single precision, as upstream's fall-back for a missing curve."""
    description: dict[str, Any]
    """What upstream tells of the run."""

    @classmethod
    def of(
        cls,
        arch: int,
        seed: int,
        budget: int,
        optimizer: str | None,
        path: str,
        dataset_path: str | None,
        runtime: float | None,
        best_val_accuracy: float | None,
    ) -> _Run:
        """Make a run of a row."""
        dataset = _dataset(dataset_path)
        told = {"dataset": dataset, "path": path, "optimizer": optimizer, "declared_budget": budget}
        description = {key: value for key, value in told.items() if value}
        return cls(arch, seed, budget, dataset, runtime, best_val_accuracy, description)


def _dataset(path: str | None) -> str | None:
    """Dataset that is recognised in the path of its file."""
    lowered = (path or "").lower()
    found = next((name for name in _PLACES if name.lower() in lowered), None)
    return "ImageNet16-120" if found == "ImageNet16" else found


def _values(results: pl.LazyFrame, split: str) -> pl.LazyFrame:
    return results.filter(expr.metric("accuracy"), expr.split(split)).select(
        "arch", "seed", "schedule", "budget", "value"
    )
