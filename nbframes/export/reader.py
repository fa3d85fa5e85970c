"""What every upstream reader hands over: batches of rows, and a report of what was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from nbframes.schema import Partition

OnError = Literal["raise", "skip"]


class Rows(NamedTuple):
    """Rows of one partition, all final or all not, sorted by arch, schedule, budget, seed.

    The columns are arrays of one length with the types of `nbframes.schema.RESULT_FILE`.
    """

    partition: Partition
    final: bool
    arch: NDArray[np.int32]
    schedule: NDArray[np.int32]
    budget: NDArray[np.int32]
    seed: NDArray[np.int32]
    value: NDArray[np.float64]


class Batch(NamedTuple):
    """Some complete architectures. Within a partition, batches follow each other in ascending ``arch``."""

    rows: list[Rows]
    archs: pl.DataFrame
    runs: pl.DataFrame
    progress: int


@dataclass
class Report:
    """What the manifest says about the reading; complete when the last batch has been taken."""

    version: str
    """Upstream's version of the benchmark, for example ``"NATS-tss-v1_0-3ffb9"``."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """Source files: ``{"path": relative to the source, "size": bytes, "sha256": hex}``."""
    skipped: list[dict[str, str]] = field(default_factory=list)
    """Records left out under ``on_error="skip"``: ``{"record": path or position, "reason": text}``."""
    not_exported: list[str] = field(default_factory=list)
    """What upstream holds and the tables do not, in words."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Anything else worth keeping: format, counts, peculiarities of this source."""


class Reader(Protocol):
    """An upstream source that has been recognised. Construction is cheap and reads headers only."""

    path: Path
    benchmark: str
    total: int
    """Units of progress in the whole source (records, or bytes)."""
    unit: str
    """Name of the unit of progress, for example ``"arch"`` or ``"B"``."""
    report: Report

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once. Closing the generator early stops all processes."""
        ...
