"""Which schedules, budgets, seeds and architectures a partition holds, gathered while its rows pass by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.store.spill import by_schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from nbframes.schema import Partition
    from nbframes.store.spill import Columns

_TABLE: Final = 1 << 22
"""Numbers below this are marked in a table, larger ones are listed."""
_LISTED: Final = 1_000_000
_RANGES: Final = 10_000
_SCHEDULES: Final = 1_000


class Contents:
    """What one partition holds, by schedule."""

    def __init__(self) -> None:
        self._facts: dict[int | None, _Facts] = {}

    def add(self, columns: Columns) -> None:
        """Take note of some rows."""
        for schedule, rows in by_schedule(columns, ("arch", "budget", "seed")):
            self._of(schedule).add(rows)

    def merge(self, other: Contents) -> None:
        """Take note of what another has seen."""
        for schedule, facts in other._facts.items():
            self._of(schedule).merge(facts)

    def entries(self) -> Iterator[dict[str, Any]]:
        """One entry for each schedule, as the manifest has them; a list of numbers is null where it would be too long."""
        for schedule in sorted(self._facts, key=lambda found: -1 if found is None else found):
            yield {"schedule": schedule} | self._facts[schedule].entry()

    def _of(self, schedule: int | None) -> _Facts:
        """Facts of a schedule; where there are too many, all are one."""
        new_for_all = schedule is None or (schedule not in self._facts and len(self._facts) >= _SCHEDULES)
        if new_for_all and None not in self._facts:
            parts, self._facts = self._facts, {None: _Facts()}
            for facts in parts.values():
                self._facts[None].merge(facts)
        if None in self._facts:
            schedule = None
        return self._facts.setdefault(schedule, _Facts())


def table_of_contents(parts: Iterable[tuple[Partition, Contents]]) -> list[dict[str, Any]]:
    """Entries of a manifest for what was seen of the partitions, each perhaps in several files."""
    together: dict[Partition, Contents] = {}
    for partition, contents in parts:
        together.setdefault(partition, Contents()).merge(contents)
    return [partition._asdict() | entry for partition in sorted(together) for entry in together[partition].entries()]


class _Facts:
    def __init__(self) -> None:
        self.rows = 0
        self.sets = {name: _Numbers() for name in ("arch", "budget", "seed")}

    def add(self, columns: Columns) -> None:
        self.rows += len(columns["arch"])
        for name, numbers in self.sets.items():
            numbers.add(columns[name])

    def merge(self, other: _Facts) -> None:
        self.rows += other.rows
        for name, numbers in self.sets.items():
            numbers.merge(other.sets[name])

    def entry(self) -> dict[str, Any]:
        return {
            "budgets": self.sets["budget"].ranges(),
            "seeds": self.sets["seed"].ranges(),
            "archs": self.sets["arch"].count(),
            "rows": self.rows,
        }


class _Numbers:
    """A set of whole numbers that are not negative."""

    def __init__(self) -> None:
        self._table = np.zeros(0, np.bool_)
        self._large = np.zeros(0, np.int64)
        self._waiting: list[NDArray[Any]] = []
        self._too_many = False

    def add(self, values: NDArray[Any]) -> None:
        top = int(values.max())
        if top >= _TABLE:
            small = values < _TABLE
            self._list(values[~small])
            values = values[small]
            top = int(values.max(initial=-1))
        if top >= len(self._table):
            self._table = np.concatenate([self._table, np.zeros(2 * top + 1 - len(self._table), np.bool_)])
        if top < len(values):
            self._table[: top + 1] |= np.bincount(values) > 0
        else:
            self._table[values] = True

    def merge(self, other: _Numbers) -> None:
        self._too_many |= other._too_many
        for values in (np.flatnonzero(other._table), other._settled()):
            if len(values):
                self.add(values)

    def count(self) -> int | None:
        """How many there are, None if they are too many to tell."""
        large = self._settled()
        return None if self._too_many else int(np.count_nonzero(self._table)) + len(large)

    def ranges(self) -> list[list[int]] | None:
        """First and last of every stretch without a gap, None if there are too many."""
        values = np.concatenate([np.flatnonzero(self._table), self._settled()])
        firsts = np.flatnonzero(np.diff(values, prepend=-2) != 1)
        if self._too_many or len(firsts) > _RANGES or len(values) > _LISTED:
            return None
        lasts = np.append(firsts[1:], len(values)) - 1
        stretches: list[list[int]] = np.stack([values[firsts], values[lasts]], axis=1).tolist()
        return stretches

    def _list(self, values: NDArray[Any]) -> None:
        if not self._too_many:
            self._waiting.append(_distinct(values.astype(np.int64)))
            if sum(map(len, self._waiting)) > len(self._large) + _TABLE:
                self._settled()

    def _settled(self) -> NDArray[np.int64]:
        if self._waiting:
            self._large = _distinct(np.concatenate([self._large, *self._waiting]))
            self._waiting = []
        if len(self._large) > _LISTED:
            self._too_many, self._large = True, self._large[:0]
        return self._large


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number once, ascending: ``np.unique`` hashes them, which takes fifteen times as long."""
    ordered = np.sort(values)
    first: NDArray[np.bool_] = np.diff(ordered, prepend=-1) != 0
    return ordered[first]
