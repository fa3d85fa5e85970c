"""NAS-Bench-101 as NASBenchAPI's ``NASBench101``."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import isqrt
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import polars as pl

from nbframes import expr
from nbframes.compat.nasbenchapi.base import NASBenchBase, answer
from nbframes.compat.nb101_cells import COLUMNS, Cells, Run
from nbframes.errors import InvalidArchitectureError, UnknownNameError
from nbframes.spaces import nb101
from nbframes.spaces.nb101.upstream import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_FULL: Final = 108
_OF_SPLIT: Final = {"train": "train_accuracy", "val": "validation_accuracy", "test": "test_accuracy"}
_KINDS: Final = ("edge_toggle", "op_swap")


@dataclass(frozen=True, init=False)
class Arch101:
    """A cell: adjacency matrix and operations, hashable."""

    adjacency: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]

    def __init__(self, adjacency: Iterable[Iterable[int]], operations: Iterable[str]) -> None:
        object.__setattr__(self, "adjacency", tuple(tuple(row) for row in adjacency))
        object.__setattr__(self, "operations", tuple(operations))

    def to_lists(self) -> tuple[list[list[int]], list[str]]:
        """Return matrix and operations as lists."""
        return [list(row) for row in self.adjacency], list(self.operations)


class NASBench101(NASBenchBase):
    """NAS-Bench-101, answered from a store; see the package for where the answers differ from upstream's.

    The first questions are answered from the files, one cell at a time; after a few, everything is held in memory.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat.nasbenchapi import NASBench101
    >>> api = NASBench101(nbf.synthetic.store(benchmarks=["nb101"]), verbose=False)
    >>> arch = api.random_sample(n=1, seed=0)[0]
    >>> info, runs = api.query(arch)
    >>> list(runs), len(runs[108])
    ([4, 12, 36, 108], 3)
    >>> 0 < api.query(arch, split="test", summary=True)["metric"] < 1
    True
    """

    _name = "nb101"

    def get_statistics(self) -> dict[str, Any]:
        """Return the numbers of architectures and of training runs."""
        rows = self._manifest.rows
        return {"benchmark": "nasbench101", "architectures": rows("archs"), "records": rows("runs")}

    def op_set(self) -> list[str]:
        """Return the operations of a cell."""
        return ["input", "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3", "output"]

    def decode(self, encoding: dict[str, str]) -> Arch101:
        """Make a cell of ``adjacency_str`` (rows of the matrix one after the other) and ``operations_str``.

        Raises
        ------
        InvalidArchitectureError
            If the matrix is not square, or of another size than the list of operations.
        """
        adjacency, operations = encoding["adjacency_str"], encoding["operations_str"].split(",")
        size = isqrt(len(adjacency))
        if size * size != len(adjacency):
            msg = f"an adjacency_str of length {len(adjacency)} is not a square matrix"
            raise InvalidArchitectureError(msg)
        if len(operations) != size:
            msg = f"a matrix of {size} rows does not fit {len(operations)} operations"
            raise InvalidArchitectureError(msg)
        return Arch101(*from_text(f"{adjacency}|{encoding['operations_str']}"))

    def encode(self, arch: Arch101) -> dict[str, str]:
        """Return the ``adjacency_str`` and ``operations_str`` of a cell."""
        adjacency, operations = to_text(arch.adjacency, arch.operations).split("|")
        return {"adjacency_str": adjacency, "operations_str": operations}

    def id(self, arch: Arch101) -> str:
        """Return a stable identifier: the SHA-256 of the cell's JSON. It is not the official module hash."""
        payload = {"adjacency": arch.adjacency, "operations": arch.operations}
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

    def get_index(self, arch: Arch101) -> str:
        """Return ``id(arch)``, as upstream does."""
        return self.id(arch)

    def random_sample(self, n: int = 1, seed: int | None = None) -> list[Arch101]:
        """Draw cells without repetition, the same as upstream for the same seed of the global random generator."""
        if seed is not None:
            random.seed(seed)
        order = list(range(len(self._trained)))
        random.shuffle(order)
        return [self._arch(self._trained[place]) for place in order[:n]]

    def iter_all(self) -> Iterator[Arch101]:
        """Iterate over all cells that were trained for 108 epochs."""
        return map(self._arch, self._trained)

    def mutate(self, arch: Arch101, rng: random.Random, kind: str | None = None) -> Arch101:
        """Change one thing: ``"edge_toggle"`` adds or removes an edge, ``"op_swap"`` swaps the operations of two vertices.

        The result is a valid cell, in the form in which the store knows it if it does.

        Raises
        ------
        InvalidArchitectureError
            If ``arch`` is not a cell, or has no valid change of this kind.
        UnknownNameError
            If there is no such kind.
        """
        kind = kind or "edge_toggle"
        if kind not in _KINDS:
            raise UnknownNameError.of("kind of mutation", kind, _KINDS)
        cell = nb101.Cell(*arch.to_lists())
        nb101.validate(cell)
        changed = _toggled(cell) if kind == "edge_toggle" else _swapped(cell)
        valid = [candidate for candidate in changed if nb101.is_valid(candidate)]
        if not valid:
            msg = f"{nb101.format(cell)!r} has no valid change of the kind {kind!r}"
            raise InvalidArchitectureError(msg)
        chosen = rng.choice(valid)
        known = self._cells.find("hash", nb101.hash(chosen))
        return Arch101(*chosen) if known is None else self._arch(known[1])

    @overload
    def query(
        self,
        arch: Arch101,
        dataset: str = ...,
        split: str = ...,
        seed: int | None = ...,
        budget: int | None = ...,
        average: bool = ...,
        summary: Literal[False] = ...,
    ) -> tuple[dict[str, Any], dict[int, Any]]: ...
    @overload
    def query(
        self,
        arch: Arch101,
        dataset: str = ...,
        split: str = ...,
        seed: int | None = ...,
        budget: int | None = ...,
        average: bool = ...,
        *,
        summary: Literal[True],
    ) -> dict[str, Any]: ...
    def query(
        self,
        arch: Arch101,
        dataset: str = "cifar10",
        split: str = "val",
        seed: int | None = None,  # noqa: ARG002  without effect, as upstream
        budget: int | None = None,
        average: bool = False,
        summary: bool = False,
    ) -> dict[str, Any] | tuple[dict[str, Any], dict[int, Any]]:
        """Return everything that was measured of a cell.

        Parameters
        ----------
        arch
            The cell, with exactly the matrix that the benchmark has.
        dataset, split
            ``"cifar10"``; ``"train"``, ``"val"`` or ``"test"`` (used by the summary alone).
        seed
            Without effect.
        budget
            Epochs of the runs that a summary is about: 108 by default.
        average
            Whether to give means of the runs instead of the runs.
        summary
            Whether to give one dictionary with the mean of the runs.

        Returns
        -------
        tuple of dict
            ``info``, and the runs by epochs: lists of dictionaries, or their means. Without runs if the cell is unknown.
        dict
            With ``summary``: ``metric``, ``metric_name``, ``cost`` (seconds), ``std`` (None), ``info``.

        Raises
        ------
        UnknownNameError
            If there is no such dataset, split or budget.
        """
        self.dataset_info(dataset)
        if split not in _OF_SPLIT:
            raise UnknownNameError.of("split", split, _OF_SPLIT)
        known = self._cells.find("arch_str", to_text(arch.adjacency, arch.operations))
        runs = {} if known is None else self._cells.runs(known[0])
        if summary:
            return self._summary(known, runs, split, _FULL if budget is None else budget)
        return self._info(arch, known, runs), {epochs: _mean(of) if average else of for epochs, of in runs.items()}

    def is_valid(self, arch: Arch101) -> bool:
        """Return whether matrix and operations fit each other, as upstream; `nbframes.spaces.nb101.is_valid` knows the rules."""
        size = len(arch.adjacency)
        return size > 1 and all(len(row) == size for row in arch.adjacency) and len(arch.operations) == size

    def train_time(self, arch: Arch101, dataset: str = "cifar10") -> float | None:
        """Return the mean seconds of the runs of 108 epochs; None if the cell is unknown."""
        cost: float | None = self.query(arch, dataset, summary=True)["cost"]
        return cost

    def _supports_arch(self, arch: Arch101) -> bool:
        return (
            self.is_valid(arch) and self._cells.find("arch_str", to_text(arch.adjacency, arch.operations)) is not None
        )

    def _info(self, arch: Arch101, known: tuple[int, str, str] | None, runs: dict[int, list[Run]]) -> dict[str, Any]:
        times = [time for of in runs.values() for run in of if (time := run["final_training_time"]) is not None]
        return {
            "module_adjacency": arch.adjacency,
            "module_operations": arch.operations,
            "module_hash": known and known[2],
            "trainable_parameters": float(self._cells.params(known[0])) if known is not None and runs else None,
            "training_time": sum(times) / len(times) if times else None,
        }

    def _summary(
        self, known: tuple[int, str, str] | None, runs: dict[int, list[Run]], split: str, budget: int
    ) -> dict[str, Any]:
        name = f"{split}_acc"
        if known is None:
            return answer(None, name, None, {})
        if budget not in runs:
            raise UnknownNameError.of("budget of this cell", budget, runs)
        mean = _mean(runs[budget])
        derived: Run = {"trainable_parameters": self._cells.params(known[0])}
        derived |= {column: mean[f"final_{column}"] for column in COLUMNS}
        adjacency, operations = known[1].split("|")
        entry = {"epoch": budget, "adjacency_str": adjacency, "operations_str": operations, "derived": derived}
        return answer(derived[_OF_SPLIT[split]], name, derived["training_time"], _Entry(entry))

    def _arch(self, text: str) -> Arch101:
        return Arch101(*from_text(text))

    @cached_property
    def _cells(self) -> Cells:
        return Cells(self._store)

    @cached_property
    def _trained(self) -> pl.Series:
        """Texts of the cells with runs of 108 epochs, in the order of the source."""
        runs = self._store.scan_runs("nb101").filter(expr.schedule(_FULL)).select("arch").unique().collect()
        archs = self._store.scan_archs("nb101").select("arch", "position", "arch_str").collect()
        return archs.filter(pl.col("arch").is_in(runs["arch"].implode())).sort("position")["arch_str"]


class _Entry(dict[str, Any]):
    """Upstream's entry of a cell, without the raw bytes."""

    def __missing__(self, key: str) -> Any:
        if key == "metrics_b64":
            msg = "a store keeps the numbers of 'metrics_b64', not its bytes: query() gives them all"
            raise KeyError(msg)
        raise KeyError(key)


def _mean(runs: list[Run]) -> Run:
    means: Run = {}
    for key in runs[0]:
        values = [value for run in runs if (value := run[key]) is not None]
        means[key] = sum(values) / len(values) if values else None
    return means


def _toggled(cell: nb101.Cell) -> Iterator[nb101.Cell]:
    matrix, operations = cell
    for source, target in combinations(range(len(matrix)), 2):
        rows = [list(row) for row in matrix]
        rows[source][target] = 1 - rows[source][target]
        yield nb101.Cell(rows, operations)


def _swapped(cell: nb101.Cell) -> Iterator[nb101.Cell]:
    matrix, operations = cell
    for one, other in combinations(range(1, len(matrix) - 1), 2):
        if operations[one] != operations[other]:
            names = list(operations)
            names[one], names[other] = names[other], names[one]
            yield nb101.Cell(matrix, names)
