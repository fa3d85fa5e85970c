"""Many runs of NAS-Bench-301 as one frame and one array of curve values: what worker processes hand back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import SourceError
from nbframes.export.nb301.run import BEST, CURVES, decode, read_run
from nbframes.export.skipping import reason_of
from nbframes.export.unicode import is_unicode
from nbframes.spaces.darts.cells import broken_rules, to_text
from nbframes.spaces.darts.config import CONFIG, read_config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

COUNTS: Final = tuple(f"points_{k}" for k in range(len(CURVES)))
"""Columns with the number of points of each of `CURVES`."""

_COSTS: Final[dict[str, Any]] = {"params": pl.Int64(), "train_time": pl.Float64(), "test_accuracy": pl.Float64()}
BEST_COLUMNS: Final[dict[str, Any]] = {"best_epoch": pl.Int32()} | {
    f"best_{name}": pl.Float64()
    for name in (
        "val_accuracy",
        "train_accuracy",
        "train_loss",
        "train_cross_entropy",
        "val_cross_entropy",
        "learning_rate",
    )
}
RUNS: Final[dict[str, Any]] = (
    {
        "path": pl.String(),
        "entry": pl.Int32(),
        "layers": pl.Int32(),
        "init_channels": pl.Int32(),
        "schedule": pl.Int32(),
    }
    | {"optimizer": pl.String(), "dataset": pl.String(), "dataset_path": pl.String()}
    | _COSTS
    | BEST_COLUMNS
    | {"config": pl.String(), "failed": pl.Boolean(), "unknowable": pl.Boolean()}
    | {"epochs": pl.List(pl.Int32()), "offset": pl.Int64()}
    | dict.fromkeys(COUNTS, pl.UInt32())
)
"""Columns of `Chunk.runs`, which also has ``arch_str``; ``offset`` is where the values of a run begin."""


class Record(NamedTuple):
    """Something that should be a run."""

    path: str
    content: Any
    """JSON text as bytes, decoded JSON, or the error that kept it from being read."""
    entry: int | None = None
    """Its number in the source, if the source numbers them."""


class Broken(NamedTuple):
    """A record that is not a run of NAS-Bench-301."""

    path: str
    reason: str


class Chunk(NamedTuple):
    """Some runs in the order in which they were read."""

    runs: pl.DataFrame
    values: NDArray[np.float64]
    """Points of all curves, run after run, curve after curve."""
    broken: list[Broken]
    differing_copies: list[dict[str, Any]]
    unknown_curves: set[str]


def collect(records: Iterable[Record]) -> Chunk:
    """Read and check some runs."""
    rows: list[dict[str, Any]] = []
    values: list[NDArray[np.float64]] = []
    broken: list[Broken] = []
    offset = 0
    for path, content, entry in records:
        try:
            fields, curves = _read(path, content)
        except Exception as error:  # noqa: BLE001  whatever a hostile record breaks is a reason to leave it out
            broken.append(Broken(path, reason_of(error)))
            continue
        points = dict(zip(COUNTS, fields["lengths"], strict=True))
        rows.append(fields | points | {"path": path, "entry": entry, "offset": offset})
        values.append(curves)
        offset += len(curves)
    return _checked_cells(rows, np.concatenate(values) if values else np.empty(0), broken)


def _read(path: str, content: Any) -> tuple[dict[str, Any], NDArray[np.float64]]:
    if not is_unicode(path):
        msg = "its path is not valid Unicode"
        raise SourceError(msg)
    if isinstance(content, SourceError):
        raise content
    return read_run(decode(content) if isinstance(content, bytes) else content)


def _checked_cells(rows: list[dict[str, Any]], values: NDArray[np.float64], broken: list[Broken]) -> Chunk:
    settings = pl.DataFrame(
        [row["cells"] for row in rows], schema=dict.fromkeys(CONFIG, pl.String), orient="row", strict=False
    )
    cells = read_config(settings)
    valid = broken_rules(cells) < 0
    reason = "its configuration is not an architecture of the DARTS space"
    broken += [Broken(rows[row]["path"], reason) for row in np.flatnonzero(~valid)]
    kept = [row for row, fine in zip(rows, valid, strict=True) if fine]
    runs = pl.DataFrame({name: [row[name] for row in kept] for name in RUNS}, schema=RUNS)
    texts = to_text(type(cells)(cells.ops[valid], cells.inputs[valid]).ordered())
    unknown_curves = {name for row in kept for name in row["unknown_curves"]}
    return Chunk(runs.with_columns(texts), values, broken, _differing_copies(kept), unknown_curves)


def _differing_copies(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs whose ``*_final`` values are not the float32 of their best-epoch values, with the values that they are."""
    if not rows:
        return []
    copies = np.array([row["copies"] for row in rows], dtype=np.float64)
    values = np.array([[row[f"best_{name}"] for name in BEST] for row in rows], dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32).astype(np.float64)
    differs = (copies != rounded) & ~np.isnan(copies)
    return [
        {"record": rows[k]["path"]} | {f"{BEST[i]}_final": float(copies[k, i]) for i in np.flatnonzero(differs[k])}
        for k in np.flatnonzero(differs.any(axis=1))
    ]
