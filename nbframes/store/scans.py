"""Lazy frames over the files of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.schema import BENCHMARK, DATASET, HIVE, RESULT_FILE, RESULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.schema import Table
    from nbframes.store.storage import Files


_largest = [0]


def note(rows: int) -> None:
    """Remember how many rows a scan could give: frames do not say."""
    _largest[0] = max(_largest[0], rows)


def largest() -> int:
    """Rows of the largest scan of results in this process."""
    return _largest[0]


def scan_results(files: Files, paths: Sequence[str]) -> pl.LazyFrame:
    """Scan files of results, their partition columns included."""
    options: dict[str, Any] = {"glob": False, "storage_options": files.storage_options}
    if "=" not in files.root:
        whole = [files.at(path) for path in paths]
        return pl.scan_parquet(whole, schema=RESULTS, hive_schema=HIVE, hive_partitioning=True, **options)
    # Polars would take a folder above the store, such as the `lr=0.1` of a sweep, for a partition.
    parts: dict[str, list[str]] = {}
    for path in paths:
        parts.setdefault(path.rpartition("/")[0], []).append(files.at(path))
    frames = [
        pl.scan_parquet(part, schema=RESULT_FILE, hive_partitioning=False, **options)
        .with_columns(pl.lit(value, HIVE[name]).alias(name) for name, value in partition_of(folder).items())
        .select(RESULTS.keys())
        for folder, part in parts.items()
    ]
    return pl.concat(frames) if len(frames) > 1 else frames[0]


def partition_of(path: str) -> dict[str, str]:
    """Values of the partition columns of a file or folder, relative to the store."""
    return dict(part.split("=", 1) for part in path.split("/") if "=" in part)


def scan_side(files: Files, paths: Sequence[str], table: Table, benchmark: str) -> pl.LazyFrame:
    """Scan files of ``archs`` or ``runs`` of one manifest, ``benchmark`` in front."""
    frame = scan_plain(files, paths)
    if table == "runs":
        frame = frame.with_columns(pl.col("dataset").cast(DATASET))
    return frame.select(pl.lit(benchmark, BENCHMARK).alias("benchmark"), pl.all())


def scan_plain(files: Files, paths: Sequence[str]) -> pl.LazyFrame:
    """Scan files as they are, without partition columns."""
    whole = [files.at(path) for path in paths]
    return pl.scan_parquet(whole, hive_partitioning=False, glob=False, storage_options=files.storage_options)
