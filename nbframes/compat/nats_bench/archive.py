"""The results of architectures by index and schedule, from a store or from a dictionary like upstream's file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from nbframes.compat.nats_bench.tables import Tables

if TYPE_CHECKING:
    from nbframes.compat.nats_bench.results import ArchResults
    from nbframes.compat.nats_bench.runs import ResultsCount
    from nbframes.compat.nats_bench.stored import StoredRun
    from nbframes.store import Store

ByIndex = Mapping[int, "OrderedDict[str, ArchResults]"]
"""Results by index and schedule."""


class Archive(NamedTuple):
    """A benchmark: texts of all architectures, results of some, its schedules, and its tables if it is a store's."""

    arch_strings: list[str]
    infos: ByIndex
    evaluated: set[int]
    hps: set[str]
    tables: Tables | None

    @classmethod
    def of_store(cls, store: Store, benchmark: str, kind: type[ArchResults], stored: type[StoredRun]) -> Archive:
        """Benchmark of a store."""
        tables = Tables(store, benchmark)
        infos = Infos(tables, tables.arch_strings, kind, stored)
        return cls(tables.arch_strings, infos, tables.evaluated, set(map(spelled, tables.schedules)), tables)

    @classmethod
    def of_dict(cls, contents: Mapping[str, Any], kind: type[ArchResults], names: Mapping[str, str]) -> Archive:
        """Benchmark of a dictionary like upstream's file; ``names`` spells its schedules.

        Raises
        ------
        ValueError
            If the dictionary lacks a key.
        """
        for key in ("meta_archs", "arch2infos", "evaluated_indexes"):
            if key not in contents:
                msg = f"Can not find key[{key}] in the dict"
                raise ValueError(msg)
        infos = OrderedDict(
            (index, OrderedDict((names.get(hp, hp), kind.create_from_state_dict(of)) for hp, of in schedules.items()))
            for index, schedules in sorted(contents["arch2infos"].items())
        )
        hps = {hp for schedules in infos.values() for hp in schedules}
        return cls(list(contents["meta_archs"]), infos, set(contents["evaluated_indexes"]), hps, None)


class Infos(ByIndex):
    """Results of all architectures, made when first asked for."""

    def __init__(
        self, tables: Tables, arch_strings: list[str], kind: type[ArchResults], stored: type[StoredRun]
    ) -> None:
        self._tables = tables
        self._kind = kind
        self._stored = stored
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
            result = self._stored(self._tables, run, text)
            schedules.setdefault(spelled(run.schedule), []).append(((run.dataset, run.seed), result))
        return OrderedDict((hp, self._results(index, text, runs)) for hp, runs in schedules.items())

    def _results(self, index: int, text: str, runs: list[tuple[tuple[str, int], ResultsCount]]) -> ArchResults:
        made = self._kind(index, text)
        for (dataset, seed), result in runs:
            made.update(dataset, seed, result)
        made.clear_net_done = True
        return made

    def __contains__(self, index: object) -> bool:
        return index in self._indexes

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._indexes))

    def __len__(self) -> int:
        return len(self._indexes)


def spelled(hp: object) -> str:
    """Spell a schedule as upstream does: ``"01"``, ``"12"``, ``"200"``."""
    return f"{hp:02d}" if isinstance(hp, int) else str(hp)
