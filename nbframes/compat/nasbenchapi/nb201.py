"""NAS-Bench-201 as NASBenchAPI's ``NASBench201``."""

from __future__ import annotations

import random
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import polars as pl

from nbframes import expr
from nbframes.compat.nasbenchapi.base import NASBenchBase, answer, budgets_of
from nbframes.compat.sources import SINGLE_READS
from nbframes.errors import InvalidArchitectureError, InvalidArgumentError, NBFramesError, UnknownNameError, listed
from nbframes.lookup_table import lookup
from nbframes.spaces import tss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbframes.lookup_table import Lookup

_SCHEDULE: Final = 200
_LAST: Final = _SCHEDULE - 1
_SEED: Final = 777
_DATASETS: Final = ("cifar10", "cifar10-valid", "cifar100", "ImageNet16-120")

Place = tuple[str, str, str]
"""Dataset, split and metric of a table."""


class NASBench201(NASBenchBase):
    """NAS-Bench-201, answered from a store; see the package for where the answers differ from upstream's.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat.nasbenchapi import NASBench201
    >>> api = NASBench201(nbf.synthetic.store(benchmarks=["nb201"]), verbose=False)
    >>> arch = api.random_sample(n=1, seed=7)[0]
    >>> answer = api.query(arch, dataset="cifar100", split="val")
    >>> answer["metric_name"], 0 < answer["metric"] < 100
    ('val_acc', True)
    """

    _name = "nb201"
    OPS: ClassVar[list[str]] = list(tss.OPERATIONS)
    NUM_OPS = len(OPS)
    NUM_EDGES = 6

    def get_statistics(self) -> dict[str, Any]:
        """Return the number of architectures."""
        return {"benchmark": "nasbench201", "entries": self._manifest.rows("archs")}

    def available_budgets(self, dataset: str | None = None, split: str | None = None) -> list[int] | None:
        """Return the epochs (0 to 199) at which there are accuracies; None if there are none."""
        return budgets_of(self._budgets, dataset, split)

    def random_sample(self, n: int = 1, seed: int | None = None) -> list[str]:
        """Draw architectures without repetition, the same as upstream for the same seed of the global random generator."""
        if seed is not None:
            random.seed(seed)
        return random.sample(self._texts, min(n, len(self._texts)))

    def random_sample_str(self, n: int = 1, seed: int | None = None) -> list[str]:
        """Draw architectures; the same as `random_sample`."""
        return self.random_sample(n, seed)

    def iter_all(self) -> Iterator[str]:
        """Iterate over the architectures in the order of the source."""
        return iter(self._texts)

    def get_index(self, arch: str) -> int:
        """Return the official index of an architecture.

        Raises
        ------
        InvalidArchitectureError
            If it is not an architecture of the space, or the store does not have it.
        """
        index = self._find(arch)
        if index is None:
            msg = f"the store does not have the architecture {arch!r}"
            raise InvalidArchitectureError(msg)
        return index

    def arch_str_to_index(self, arch_str: str) -> int:
        """Return the official index of an architecture; see `get_index`."""
        return self.get_index(arch_str)

    def index_to_arch_str(self, idx: int) -> str:
        """Return the architecture with an official index.

        Raises
        ------
        InvalidArgumentError
            If the store has none with this index.
        """
        if idx not in self._by_index:
            msg = f"the store has no architecture with the index {idx!r}; it has {len(self._by_index):,}"
            raise InvalidArgumentError(msg)
        return self._by_index[idx]

    def mutate(self, arch: str, rng: random.Random, kind: str | None = None) -> str:  # noqa: ARG002  upstream's signature
        """Change the operation of one edge.

        Raises
        ------
        InvalidArchitectureError
            If ``arch`` is not an architecture of the space.
        """
        return rng.choice(tss.neighbours(arch))

    def query(
        self,
        arch: str,
        dataset: str = "cifar10",
        split: str = "val",
        seed: int | None = None,
        budget: int | None = None,
    ) -> dict[str, Any]:
        """Return one accuracy of the 200-epoch training.

        Parameters
        ----------
        arch
            Architecture string.
        dataset
            ``"cifar10"``, ``"cifar10-valid"`` (trained on half of it), ``"cifar100"`` or ``"ImageNet16-120"``.
        split
            ``"train"``, ``"val"`` (or ``"valid"``), ``"test"``. As upstream, ``"test"`` of cifar100 and ImageNet16-120 is
            their validation and test images together, in a store ``valtest``.
        seed
            777 by default.
        budget
            Epoch, counted from 0; 199 by default.

        Returns
        -------
        dict
            ``metric`` (percent), ``metric_name``, ``cost`` (seconds of the pass in that epoch), ``std`` (None), ``info``. What was
            not measured is None, and ``info["error"]`` says why.

        Raises
        ------
        UnknownNameError
            If there is no such dataset or split.
        """
        if dataset not in _DATASETS:
            raise UnknownNameError.of("dataset", dataset, _DATASETS)
        if split not in {*self._splits, "valid"}:
            raise UnknownNameError.of("split", split, self._splits)
        index = self._find(arch)
        name = f"{split}_acc"
        if index is None:
            return answer(None, name, None, {"error": "architecture not found", "arch": arch})
        seed = _SEED if seed is None else seed
        epoch = _LAST if budget is None else budget
        info = {"arch_index": index, "dataset": dataset, "split": split, "seed": seed, "epoch": epoch}
        info["arch_str"] = self._by_index[index]
        table = _table(dataset, split)
        metric = self._value((*table, "accuracy"), index, seed, epoch)
        if metric is None:
            info["error"] = self._reason(table, index, seed, epoch)
            return answer(None, name, None, info)
        return answer(metric, name, self._value((*table, "epoch_time"), index, seed, epoch), info)

    def _supports_arch(self, arch: Any) -> bool:
        return arch in self._by_index if isinstance(arch, int) else self._find(arch) is not None

    def _find(self, arch: Any) -> int | None:
        if not isinstance(arch, str):
            return None
        if arch in self._by_text:
            return self._by_text[arch]
        try:
            return self._by_text.get(_normal(arch))
        except InvalidArchitectureError:
            return None

    def _value(self, place: Place, arch: int, seed: int, epoch: Any) -> float | None:
        if isinstance(epoch, bool) or not isinstance(epoch, int):
            return None
        if epoch != _LAST and self._reads[place] < SINGLE_READS:
            self._reads[place] += 1
            return self._read_value(place, arch, seed, epoch)
        table = self._lookup(place, final=epoch == _LAST)
        if table is None:
            return None
        try:
            return table.value(arch, seed, epoch + 1)
        except UnknownNameError:
            return None

    def _read_value(self, place: Place, arch: int, seed: int, epoch: int) -> float | None:
        rows = self._rows(place, arch)
        found = rows.filter(pl.col("seed") == seed, pl.col("budget") == epoch + 1).select("value").collect()
        return found.item() if found.height else None

    def _lookup(self, place: Place, *, final: bool) -> Lookup | None:
        key = (place, final)
        if key not in self._lookups:
            dataset, split, metric = place
            table = lookup(
                self._store,
                benchmark="nb201",
                dataset=dataset,
                split=split,
                metric=metric,
                schedule=_SCHEDULE,
                final=final,
            )
            try:
                table.seeds  # noqa: B018  reads the table
            except NBFramesError:
                self._lookups[key] = None
            else:
                self._lookups[key] = table
        return self._lookups[key]

    def _reason(self, table: tuple[str, str], arch: int, seed: Any, epoch: Any) -> str:
        seeds = self._seeds((*table, "accuracy"), arch)
        if seed not in seeds:
            return f"not trained with seed {seed!r}; seeds: {listed(seeds)}"
        rows = self._rows((*table, "accuracy"), arch).filter(pl.col("seed") == seed).select("budget").sort("budget")
        epochs = [budget - 1 for budget in rows.collect()["budget"]]
        return f"not measured at epoch {epoch!r}; there are {len(epochs)} epochs, {epochs[0]} to {epochs[-1]}"

    def _seeds(self, place: Place, arch: int) -> list[int]:
        table = self._lookup(place, final=True)
        if table is None or arch >= len(table.mask):
            return []
        return [seed for seed, gone in zip(table.seeds, table.mask[arch].all(axis=1), strict=True) if not gone]

    def _rows(self, place: Place, arch: int) -> pl.LazyFrame:
        dataset, split, metric = place
        return self._store.scan("nb201").filter(
            expr.dataset(dataset), expr.split(split), expr.metric(metric), expr.schedule(_SCHEDULE), expr.arch(arch)
        )

    @cached_property
    def _lookups(self) -> dict[tuple[Place, bool], Lookup | None]:
        return {}

    @cached_property
    def _by_index(self) -> dict[int, str]:
        archs = self._store.scan_archs("nb201").select("arch", "position", "arch_str").sort("position").collect()
        return dict(zip(archs["arch"], archs["arch_str"], strict=True))

    @cached_property
    def _by_text(self) -> dict[str, int]:
        return {text: index for index, text in self._by_index.items()}

    @cached_property
    def _texts(self) -> Sequence[str]:
        return list(self._by_index.values())

    @cached_property
    def _budgets(self) -> dict[tuple[str, str], set[int]]:
        first = min(self._by_index)
        rows = self._store.scan("nb201").filter(expr.arch(first), expr.metric("accuracy"), expr.schedule(_SCHEDULE))
        found = rows.select("dataset", "split", "budget").unique().cast({"dataset": pl.String, "split": pl.String})
        budgets: dict[tuple[str, str], set[int]] = {}
        for dataset, split, budget in found.collect().iter_rows():
            for name in self.datasets():
                for part in self._splits:
                    if _table(name, part) == (dataset, split):
                        budgets.setdefault((name, part), set()).add(budget - 1)
        return budgets

    @cached_property
    def _reads(self) -> Counter[Place]:
        """Values of curves that were read one by one."""
        return Counter()


def _table(dataset: str, split: str) -> tuple[str, str]:
    """Dataset and split of a store that upstream means."""
    half = dataset in {"cifar10", "cifar10-valid"}
    if split in {"val", "valid"}:
        return ("cifar10-valid" if half else dataset), "val"
    return dataset, "valtest" if split == "test" and not half else split


def _normal(text: str) -> str:
    """Write an architecture as upstream's file does, however its separators are written."""
    words = [word for word in text.replace("|", " ").replace("+", " ").split() if "~" in word]
    if len(words) == NASBench201.NUM_EDGES:
        one, two, three = words[:1], words[1:3], words[3:]
        text = "+".join(f"|{'|'.join(node)}|" for node in (one, two, three))
    return tss.format(tss.parse(text))
