"""What a worker process makes of blocks of NAS-Bench-101 records: cells with their runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError
from nbframes.export.findings import Findings
from nbframes.export.nb101.bulk import Decoder
from nbframes.export.nb101.plausibility import examine_accuracies, examine_hashes
from nbframes.export.nb101.runs import Records, read_runs
from nbframes.spaces import nb101

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


class Block(Protocol):
    """Some cells with all their records, to be had from somewhere."""

    @property
    def size(self) -> int:
        """Bytes of the source that it stands for."""

    def load(self) -> Records:
        """Get the records."""

    def place(self, record: int) -> str:
        """Where in the source one of the records stands, for messages."""


class ReadCells(NamedTuple):
    """The runs of some cells, sorted by cell, epochs, run number."""

    archs: pl.DataFrame
    """One row per cell: ``arch_str``, ``hash`` and the encoding columns."""
    counts: NDArray[np.int64]
    """Runs of each cell, one or more."""
    schedule: NDArray[np.uint16]
    seed: NDArray[np.uint16]
    params: NDArray[np.int32]
    """-1 where absent."""
    values: NDArray[Any]
    """Shape (8, runs): `nbframes.export.nb101.record.VALUES`, NaN where absent; float32 if that loses nothing."""
    identical: int
    """Runs whose numbers all equal those of an earlier run of the same cell and epochs."""
    repeats: Counter[tuple[int, ...]]
    """Number of cells by their runs of 4, 12, 36 and 108 epochs."""
    left_out: list[tuple[str, str]]
    """Where records stand that are not among the runs, and why they are not."""
    findings: Findings
    progress: int
    """Bytes of the source that were read."""


def read_cells(blocks: Sequence[Block]) -> ReadCells:
    """Read some blocks; the cells of all are checked and encoded together."""
    decoder = Decoder()
    impossible: dict[str, str] = {}
    while True:
        parts = [read_runs(block.load(), decoder, impossible) for block in blocks]
        names = [name for runs in parts for name in runs.names]
        try:
            encoding = nb101.parse(pl.Series(names, dtype=pl.String))
            break
        except InvalidArchitectureError:
            impossible = _impossible_cells(names)
    hashes = [hash for runs in parts for hash in runs.hashes]
    archs = pl.DataFrame({"arch_str": names, "hash": hashes}, schema={"arch_str": pl.String, "hash": pl.String})
    counts, schedule, seed, params, values = (
        np.concatenate([getattr(runs, column) for runs in parts], axis=-1)
        for column in ("counts", "schedule", "seed", "params", "values")
    )
    findings = Findings()
    examine_hashes(archs, findings)
    examine_accuracies(values, names, counts, findings)
    return ReadCells(
        archs.hstack(encoding),
        counts,
        schedule,
        seed,
        params,
        values,
        sum(runs.identical for runs in parts),
        sum((runs.repeats for runs in parts), Counter()),
        [
            (block.place(record), reason)
            for block, runs in zip(blocks, parts, strict=True)
            for record, reason in sorted(runs.broken.items())
        ],
        findings,
        sum(block.size for block in blocks),
    )


def _impossible_cells(names: Iterable[str]) -> dict[str, str]:
    """Which of some cells are none, and why."""
    faults = {}
    for name in names:
        try:
            nb101.parse(name)
        except InvalidArchitectureError as error:
            faults[name] = str(error)
    return faults
