"""The cells of NAS-Bench-101 and everything measured of them, as NASBenchAPI gives it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from nbframes import expr
from nbframes.compat.sources import SINGLE_READS
from nbframes.errors import InvalidArchitectureError
from nbframes.spaces import nb101

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbframes.store import Store

COLUMNS: Final = {
    "training_time": ("time", "train"),
    "train_accuracy": ("accuracy", "train"),
    "validation_accuracy": ("accuracy", "val"),
    "test_accuracy": ("accuracy", "test"),
}
"""Metric and split of what upstream tells of a run."""

_KEYS: Final = tuple(f"{half}_{name}" for half in ("halfway", "final") for name in COLUMNS)

Run = dict[str, float | None]
"""One training run: halfway and final time in seconds and accuracies as fractions of 1."""


class Cells:
    """Cells of a store by text or hash, and their runs: a few read one by one, then all of them held in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._single_finds = self._single_runs = 0

    def find(self, column: Literal["arch_str", "hash"], value: str) -> tuple[int, str, str] | None:
        """Index, text and hash of a cell."""
        if self._single_finds < SINGLE_READS:
            self._single_finds += 1
            return self._read_cell(column, value)
        row = (self._rows_by_text if column == "arch_str" else self._rows_by_hash).get(value)
        return None if row is None else self._table.row(row)

    @cached_property
    def hashes(self) -> list[str]:
        """Hashes of all cells, in the order of the source."""
        archs = self._store.scan_archs("nb101").select("hash", "position").sort("position")
        return archs.collect()["hash"].to_list()

    def runs(self, arch: int) -> dict[int, list[Run]]:
        """Runs of a cell by epochs, in the order of the source."""
        if self._single_runs < SINGLE_READS:
            self._single_runs += 1
            return self._read_runs(arch)
        held = {}
        for place, epochs in enumerate(self._held.schedules):
            rows, known = self._held.values[place, arch].tolist(), self._held.known[place, arch]
            if known.all():
                held[epochs] = [dict(zip(_KEYS, row, strict=True)) for row in rows]
            elif known.any():
                held[epochs] = [_run(row, of) for row, of in zip(rows, known.tolist(), strict=True) if any(of)]
        return held

    def params(self, arch: int) -> int:
        """Trainable parameters of a cell."""
        if "_held" not in self.__dict__:
            runs = self._store.scan_runs("nb101").filter(expr.arch(arch)).select("params").head(1).collect()
            return int(runs.item())
        return int(self._params[arch])

    def _read_cell(self, column: str, value: str) -> tuple[int, str, str] | None:
        if column == "hash":
            found = self._archs.filter(pl.col("hash") == value).collect()
        else:
            arch = self._read_index(value)
            if arch is None:
                return None
            found = self._archs.filter(expr.arch(arch)).collect()
        return found.row(0) if found.height else None

    def _read_index(self, text: str) -> int | None:
        """Index of a cell by its integers, which are read ten times as fast as texts."""
        try:
            cell = nb101.parse(pl.Series([text]))
        except InvalidArchitectureError:
            return None
        alike = self._store.scan_archs("nb101").filter(pl.col("adjacency") == cell["adjacency"].item())
        found = alike.select("arch", *cell.columns).collect().join(cell, on=cell.columns, nulls_equal=True)
        return found["arch"].item() if found.height else None

    def _read_runs(self, arch: int) -> dict[int, list[Run]]:
        columns = {source: name for name, source in COLUMNS.items()}
        rows = self._store.scan("nb101").filter(expr.arch(arch), expr.metric("accuracy", "time"))
        rows = rows.select("metric", "split", "schedule", "budget", "seed", "value").sort("schedule", "seed")
        runs: dict[int, dict[int, Run]] = {}
        for metric, split, schedule, budget, seed, value in rows.collect().iter_rows():
            half = "final" if budget == schedule else "halfway"
            run = runs.setdefault(schedule, {}).setdefault(seed, dict.fromkeys(_KEYS))
            run[f"{half}_{columns[metric, split]}"] = value / 100 if metric == "accuracy" else value
        return {schedule: list(of.values()) for schedule, of in runs.items()}

    @property
    def _archs(self) -> pl.LazyFrame:
        return self._store.scan_archs("nb101").select("arch", "arch_str", "hash")

    @cached_property
    def _table(self) -> pl.DataFrame:
        return self._archs.collect()

    @cached_property
    def _count(self) -> int:
        """One more than the largest index."""
        return int(self._table["arch"].to_numpy().max()) + 1

    @cached_property
    def _rows_by_text(self) -> dict[str, int]:
        return dict(zip(self._table["arch_str"], range(self._table.height), strict=True))

    @cached_property
    def _rows_by_hash(self) -> dict[str, int]:
        return dict(zip(self._table["hash"], range(self._table.height), strict=True))

    @cached_property
    def _params(self) -> NDArray[np.int64]:
        import numpy as np

        runs = self._store.scan_runs("nb101").select("arch", "params").collect()
        params = np.zeros(self._count, np.int64)
        params[runs["arch"]] = runs["params"]
        return params

    @cached_property
    def _held(self) -> _Held:
        runs = self._store.scan_runs("nb101").select(pl.col("schedule").unique().implode(), pl.col("seed").max())
        schedules, last = runs.collect().row(0)
        held = _Held.empty(sorted(schedules), self._count, last + 1)
        results = self._store.scan("nb101").select("metric", "split", "final", "arch", "schedule", "seed", "value")
        for place, (metric, split) in enumerate(COLUMNS.values()):
            values = results.filter(expr.metric(metric), expr.split(split))
            held.fill(place, values.filter(~expr.final()), scale=100 if metric == "accuracy" else 1)
            held.fill(place + len(COLUMNS), values.filter(expr.final()), scale=100 if metric == "accuracy" else 1)
        return held


@dataclass(frozen=True)
class _Held:
    """All runs: schedules, cells, runs of a cell, keys of a run."""

    schedules: list[int]
    values: NDArray[np.float64]
    known: NDArray[np.bool_]

    @classmethod
    def empty(cls, schedules: list[int], cells: int, runs: int) -> _Held:
        """Nothing known yet."""
        import numpy as np

        shape = (len(schedules), cells, runs, len(_KEYS))
        return cls(schedules, np.empty(shape), np.zeros(shape, np.bool_))

    def fill(self, key: int, results: pl.LazyFrame, *, scale: int) -> None:
        """Put in the values of one key, divided by ``scale``."""
        import numpy as np

        found = results.select("arch", "schedule", "seed", "value").collect()
        _, cells, runs, keys = self.values.shape
        place = np.zeros(max(self.schedules) + 1, np.int64)
        place[self.schedules] = np.arange(len(self.schedules)) * cells
        at = place[found["schedule"].to_numpy()]
        at += found["arch"].to_numpy()
        at *= runs
        at += found["seed"].to_numpy()
        at *= keys
        at += key
        self.values.reshape(-1)[at] = found["value"].to_numpy() / scale
        self.known.reshape(-1)[at] = True


def _run(row: Sequence[float], known: Sequence[bool]) -> Run:
    return {key: value if there else None for key, value, there in zip(_KEYS, row, known, strict=True)}
