"""Finding the store, and the results of its architectures by index and schedule."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nbframes.compat.nats_bench.results import ArchResults, ResultsCount
from nbframes.errors import InvalidArgumentError
from nbframes.store import Store, default_store, open_store

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.tables import Tables


class Infos(Mapping[int, "OrderedDict[str, ArchResults]"]):
    """Results of all architectures, made when first asked for."""

    def __init__(self, tables: Tables, arch_strings: list[str]) -> None:
        self._tables = tables
        self._arch_strings = arch_strings
        self._indexes = tables.evaluated
        self._made: dict[int, OrderedDict[str, ArchResults]] = {}

    def __getitem__(self, index: int) -> OrderedDict[str, ArchResults]:
        if index not in self._made:
            self._made[index] = self._make(index)
        return self._made[index]

    def _make(self, index: int) -> OrderedDict[str, ArchResults]:
        text = self._arch_strings[index]
        schedules: OrderedDict[str, list[tuple[tuple[str, int], ResultsCount]]] = OrderedDict()
        for run in self._tables.runs(index):
            result = ResultsCount(self._tables, run, text)
            schedules.setdefault(spelled(run.schedule), []).append(((run.dataset, run.seed), result))
        return OrderedDict((hp, ArchResults(index, text, runs)) for hp, runs in schedules.items())

    def __contains__(self, index: object) -> bool:
        return index in self._indexes

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._indexes))

    def __len__(self) -> int:
        return len(self._indexes)


def find_store(given: object) -> Store:
    """Open what was passed in place of upstream's file."""
    if isinstance(given, Store):
        return given
    if isinstance(given, Mapping):
        msg = "nbframes answers from a store, not from a dict: export the file it came from with `nbframes export`"
        raise InvalidArgumentError(msg)
    root = default_store() if given is None else str(given)
    if "://" not in str(root) and not Path(root).exists():
        msg = f"{root} is neither a file or a dir."
        raise ValueError(msg)
    return open_store(root)


def spelled(hp: object) -> str:
    """Spell a schedule as upstream does: ``"01"``, ``"12"``, ``"200"``."""
    return f"{hp:02d}" if isinstance(hp, int) else str(hp)
