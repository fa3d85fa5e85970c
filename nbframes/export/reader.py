"""The protocol of readers: what recognises a source of a benchmark and hands over its rows.

A benchmark that others add names a class like this as its ``reader``; `nbframes.testing.check_reader` checks one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from nbframes.export.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from nbframes.export.probe import Probe
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
    archs: int = 0
    """Architectures that have been written."""
    findings: Findings = field(default_factory=Findings)
    """What is odd about the source and was exported all the same."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Anything else worth keeping: format, counts, peculiarities of this source."""


class Reader(Protocol):
    """Reader of one form of a benchmark's sources.

    A class of this protocol need not inherit from it. What it has to keep:

    - Construction is cheap: the probe, headers, a list of files.
    - `batches` gives whole architectures, in ascending order of ``arch`` within each partition, whatever ``jobs`` is.
    - What is broken goes through `nbframes.export.skipping.SkipPolicy`; a row is never made up for it.
    - Errors are `nbframes.errors.SourceError`, in words; memory does not grow with the source.
    """

    accepts: ClassVar[str]
    """The sources that it reads, in words, for the error that a source is foreign."""
    benchmark: str
    total: int
    """Units of progress in the whole source (records, or bytes)."""
    unit: str
    """Name of the unit of progress, for example ``"arch"`` or ``"B"``."""
    report: Report

    def __init__(self, probe: Probe, /) -> None: ...

    @classmethod
    def recognises(cls, probe: Probe, /) -> bool:
        """Whether a source is one that this class reads.

        Raises
        ------
        SourceError
            If it nearly is, and the user can do something about it.
        """
        ...

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; closing the generator early stops all processes.

        Parameters
        ----------
        jobs
            Number of processes to use, 1 for this one alone.
        on_error
            Whether a broken record stops the reading (``"raise"``) or is left out and listed in `report`.

        Raises
        ------
        SourceError
            If the source cannot be read, or a record is broken and ``on_error`` is ``"raise"``.
        """
        ...
