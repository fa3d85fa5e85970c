"""What a converter of a published table hands over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbframes.benchmarks import Metric
    from nbframes.export.probe import Probe


@dataclass(frozen=True)
class Conversion:
    """A published table as a frame, with what its manifest will say.

    Attributes
    ----------
    frame
        Wide: ``key``, ``dataset``, perhaps further key columns, and one column a metric, null where there is no value.
    key
        Column that names the architectures.
    to
        Names of the benchmarks whose architectures these are, the usual one first.
    name
        Name of the attachment.
    metrics
        The metrics of the frame.
    isomorphs
        Whether a value holds for every architecture of the same structure.
    licence, citation
        SPDX identifier and BibTeX.
    left_out
        Cells that upstream fills with a sign for "no value", by metric.
    not_exported, notes
        As in `nbframes.Manifest`.
    """

    frame: pl.DataFrame
    key: str
    to: tuple[str, ...]
    name: str
    metrics: Sequence[Metric]
    licence: str
    citation: str
    isomorphs: bool = False
    left_out: dict[str, int] = field(default_factory=dict)
    not_exported: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


class Converter(Protocol):
    """A module that reads one published table."""

    TITLE: str
    FILES: str
    """What the official file is called."""

    def recognises(self, probe: Probe) -> bool:
        """Whether this is the file, by its content."""
        ...

    def convert(self, path: Path) -> Conversion:
        """Read it."""
        ...


def without_signs(
    frame: pl.DataFrame, columns: Sequence[str], is_sign: Callable[[pl.Expr], pl.Expr]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Make null what upstream fills with a sign for "no value", and count it by column."""
    counts = frame.select(is_sign(pl.col(columns)).sum()).row(0, named=True)
    cleared = frame.with_columns(pl.when(~is_sign(pl.col(name))).then(pl.col(name)).alias(name) for name in columns)
    return cleared, {name: count for name, count in counts.items() if count}
