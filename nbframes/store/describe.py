"""What a store holds, told by its manifests alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.benchmarks import find_metric
from nbframes.schema import BENCHMARK, DATASET, METRIC, SPLIT, Partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbframes.store.manifest import Manifest

_SCHEMA: Final[dict[str, Any]] = {
    "benchmark": BENCHMARK,
    "metric": METRIC,
    "dataset": DATASET,
    "split": SPLIT,
    "schedule": pl.Int32,
    "budgets": pl.List(pl.Int32),
    "seeds": pl.List(pl.Int32),
    "archs": pl.Int64,
    "rows": pl.Int64,
    "unit": pl.String,
    "owner": pl.String,
}


def describe(manifests: Iterable[Manifest]) -> pl.DataFrame:
    """Describe benchmarks and attachments; see `nbframes.Store.describe`."""
    rows = [row for manifest in manifests for row in _rows(manifest)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _rows(manifest: Manifest) -> Iterator[dict[str, Any]]:
    owner = manifest.attachment or manifest.benchmark
    for entry in manifest.contents or _by_partition(manifest):
        numbers = {name: _expanded(entry[name]) for name in ("budgets", "seeds")}
        yield (
            {"benchmark": manifest.benchmark, "unit": _unit(manifest, entry["metric"]), "owner": owner}
            | entry
            | numbers
        )


def _by_partition(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """What the files' names tell of a manifest that has no table of contents."""
    rows: dict[Partition, int] = {}
    for file in manifest.tables["results"]:
        partition = Partition.of_path(file.path)
        rows[partition] = rows.get(partition, 0) + file.rows
    unknown = dict.fromkeys(("schedule", "budgets", "seeds", "archs"))
    for partition, count in sorted(rows.items()):
        yield partition._asdict() | {"rows": count} | unknown


def _expanded(ranges: list[list[int]] | None) -> list[int] | None:
    return None if ranges is None else [number for first, last in ranges for number in range(first, last + 1)]


def _unit(manifest: Manifest, metric: str) -> str | None:
    if metric in manifest.units:
        return manifest.units[metric]
    if metric in manifest.metrics:
        return str(manifest.metrics[metric].get("unit", "")) or None
    known = find_metric(metric)
    return None if known is None else known.unit
