"""Lazy frames over the files of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.schema import BENCHMARK, DATASET, HIVE, RESULT_FILE, RESULTS, partition_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    if "=" in files.root:
        parts: dict[str, list[str]] = {}
        for path in paths:
            parts.setdefault(path.rpartition("/")[0], []).append(path)
        return _scan_parts(files, parts)
    whole = [files.at(path) for path in paths]
    options: dict[str, Any] = {"glob": False, "storage_options": files.storage_options}
    return pl.scan_parquet(whole, schema=RESULTS, hive_schema=HIVE, hive_partitioning=True, **options)


def _scan_parts(files: Files, parts: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
    """Scan files of results by folder, those that a predicate rules out left alone.

    Polars would take a folder above the store, such as the ``lr=0.1`` of a sweep, for a partition, and prunes nothing where the
    partition columns are not its own.
    """
    from polars.io.plugins import register_io_source

    folders = pl.DataFrame([partition_values(folder) for folder in parts], schema=HIVE).with_columns(
        folder=pl.Series(list(parts))
    )

    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, count: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        # A count is of the rows before the predicate: those of all folders count.
        apart = [] if predicate is None or count is not None else _conjuncts(predicate)
        of_folders = [part for part in apart if _asks_for_folders(part)]
        for row in folders.filter(*of_folders).iter_rows(named=True):
            frame = scan_plain(files, parts[row["folder"]], RESULT_FILE).with_columns(
                pl.lit(row[name], dtype).alias(name) for name, dtype in HIVE.items()
            )
            if count == 0:
                return
            if count is not None:
                held = frame.head(count).collect()
                count -= held.height
                frame = held.lazy()
            if predicate is not None:
                frame = frame.filter(predicate)
            yield from frame.select(columns or RESULTS.keys()).collect_batches(chunk_size=batch_size)

    return register_io_source(rows, schema=RESULTS, is_pure=True)


def _conjuncts(predicate: pl.Expr) -> Iterator[pl.Expr]:
    """The predicates that a predicate joins by ``&``."""
    parts = predicate.meta.pop()
    if len(parts) == 2 and (parts[1] & parts[0]).meta.eq(predicate):
        yield from _conjuncts(parts[1])
        yield from _conjuncts(parts[0])
    else:
        yield predicate


def _asks_for_folders(predicate: pl.Expr) -> bool:
    """Whether a predicate looks at partition columns and at nothing else."""
    names = set(predicate.meta.root_names())
    return bool(names) and names <= HIVE.keys()


def scan_side(files: Files, paths: Sequence[str], table: Table, benchmark: str) -> pl.LazyFrame:
    """Scan files of ``archs`` or ``runs`` of one manifest, ``benchmark`` in front."""
    frame = scan_plain(files, paths)
    if table == "runs":
        frame = frame.with_columns(pl.col("dataset").cast(DATASET))
    return frame.select(pl.lit(benchmark, BENCHMARK).alias("benchmark"), pl.all())


def scan_plain(files: Files, paths: Sequence[str], schema: dict[str, Any] | None = None) -> pl.LazyFrame:
    """Scan files as they are, without partition columns."""
    whole = [files.at(path) for path in paths]
    options: dict[str, Any] = {"glob": False, "storage_options": files.storage_options}
    return pl.scan_parquet(whole, schema=schema, hive_partitioning=False, **options)
