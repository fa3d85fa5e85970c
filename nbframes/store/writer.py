"""From rows to the Parquet files of one benchmark.

Each hive partition of ``results`` is two files: ``final-*.parquet``, sorted by schedule, arch, seed, for questions about
whole spaces, and ``curve-*.parquet``, sorted by arch, schedule, budget, seed, for questions about architectures. Names
carry the hash of the content, so that a reader never mixes two versions of a benchmark.
"""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl

from nbframes.benchmarks import registry
from nbframes.errors import FrameError
from nbframes.schema import FILE_KEY, RESULT_FILE, Partition, Table, table_folder
from nbframes.store.commit import Staging, explain_os_errors
from nbframes.store.fit import check_attachments_fit
from nbframes.store.manifest import Manifest, StoredFile, writer_versions
from nbframes.store.spill import ROW_GROUP, Columns, Spill, first_not_increasing, joined, window_of
from nbframes.store.storage import file_sha256

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa


# How a column of values may be stored: a dictionary suits k/n accuracies, byte streams losses, plain bytes float noise.
# Budgets repeat for every seed: a dictionary takes a seventh of their plain size.
_VALUE_ENCODINGS: tuple[dict[str, Any], ...] = (
    {"use_dictionary": ["budget", "value"]},
    {"use_dictionary": ["budget"], "column_encoding": {"value": "BYTE_STREAM_SPLIT"}},
    {"use_dictionary": ["budget"]},
)
_SIGNED: dict[Any, Any] = {pl.UInt8: pl.Int16, pl.UInt16: pl.Int32, pl.UInt32: pl.Int64}
_FEW = 256
_SORTED_AT_ONCE = 2_000_000
"""Rows out of order that wait in memory until they are sorted: 24 bytes each, twice while they are."""
_PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "store_schema": False,
    "dictionary_pagesize_limit": 1 << 20,
    "write_page_checksum": True,
    "write_statistics": ["arch", "schedule", "budget", "seed", "final"],
}


class BenchmarkWriter:
    """Writes one benchmark into a store: rows in, files staged, everything committed at once.

    Use as a context manager; leaving it without `commit` discards what was staged and leaves the store as it was.

    Parameters
    ----------
    store
        Root folder of the store.
    benchmark
        Name of the benchmark.
    attachment
        Name of the attachment to it that is written, "" for the benchmark itself.
    overwrite
        Whether an existing benchmark or attachment of that name is replaced.
    sorted_curves
        Whether the rows that are not final arrive in the order of the curve files. Otherwise they are sorted at the end.
    """

    def __init__(
        self,
        store: Path,
        benchmark: str,
        *,
        attachment: str = "",
        overwrite: bool = False,
        sorted_curves: bool = True,
    ) -> None:
        self.benchmark = benchmark
        self.attachment = attachment
        self._store = store
        self._sorted_curves = sorted_curves
        self._streams: dict[Partition, PartitionFile] = {}
        self._spills: dict[tuple[Partition, bool], Spill] = {}
        self._unsorted = 0
        self.finals_given = False
        """Whether somebody chose what is final, so that a key may be given as both."""
        self._frames: dict[Table, list[pl.DataFrame]] = {"archs": [], "runs": []}
        with explain_os_errors(store):
            store.mkdir(parents=True, exist_ok=True)
            self._staging = Staging(store, benchmark, overwrite=overwrite, attachment=attachment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        parts: list[PartitionFile | Spill] = [*self._streams.values(), *self._spills.values()]
        for part in parts:
            with suppress(Exception):  # what cannot be closed, on a full disk for example, is thrown away all the same
                part.close()
        self._staging.discard()

    def append(self, partition: Partition, columns: Columns, *, final: bool) -> None:
        """Add rows to a partition, all final or all not.

        Raises
        ------
        FrameError
            If a key is negative, or rows of a sorted curve are out of order or occur twice.
        """
        _check_not_negative(columns)
        with explain_os_errors(self._store):
            if final or not self._sorted_curves:
                if (spill := self._spills.get((partition, final))) is None:
                    path = self._staging.folder / f"spill-{len(self._spills)}"
                    spill = self._spills[partition, final] = Spill(path, final=final)
                spill.append(columns)
                self._unsorted += len(columns["value"])
                if self._unsorted >= _SORTED_AT_ONCE:
                    self._flush_largest()
            else:
                if (stream := self._streams.get(partition)) is None:
                    stream = self._streams[partition] = self._partition_file(partition, final=False)
                stream.append(columns)

    def _flush_largest(self) -> None:
        """Sort the largest heap of waiting rows and put it on disk, so that all heaps together stay small."""
        waiting = {spill: spill.waiting for spill in self._spills.values()}
        self._unsorted = sum(waiting.values())
        if self._unsorted >= _SORTED_AT_ONCE:
            largest = max(waiting, key=waiting.__getitem__)
            largest.flush()
            self._unsorted -= waiting[largest]

    def add(self, table: Table, frame: pl.DataFrame) -> None:
        """Add rows to ``archs`` or ``runs``."""
        if frame.height:
            self._frames[table].append(frame)

    def commit(
        self,
        *,
        version: str,
        official: bool,
        source: dict[str, Any],
        units: dict[str, str] | None = None,
        **report: Any,
    ) -> Manifest:
        """Finish all files and put the benchmark into the store.

        Parameters
        ----------
        version, official, source, units
            As in `nbframes.store.manifest.Manifest`.
        **report
            Any of the other fields: ``synthetic``, ``licence``, ``citation``, ``metrics``, ``skipped``, ``not_exported``,
            ``findings``, ``notes``.
        """
        with explain_os_errors(self._store):
            tables = self._finish()
            manifest = Manifest(
                benchmark=self.benchmark,
                attachment=self.attachment,
                version=version,
                official=official,
                source=source,
                tables=tables,
                writers=writer_versions(),
                created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                units=units or registry.units(self.benchmark),
                **report,
            )
            if not self.attachment:
                check_attachments_fit(self._store, self._staging.folder, manifest)
            self._staging.commit(manifest)
        return manifest

    def _finish(self) -> dict[Table, list[StoredFile]]:
        """Finish all files, two at a time: sorting and compressing leave room for each other."""
        (self._staging.folder / table_folder("results", self.benchmark)).mkdir(parents=True, exist_ok=True)
        files = [stream.finish() for stream in self._streams.values()]
        with ThreadPoolExecutor(max_workers=2) as pool:
            sides = {
                table: pool.submit(self._write_frame, table, frames) for table, frames in self._frames.items() if frames
            }
            files += pool.map(self._finish_spill, self._spills)
            if self.finals_given:
                self._check_apart(files)
            tables: dict[Table, list[StoredFile]] = {"results": sorted(files)}
            return tables | {table: [side.result()] for table, side in sides.items()}

    def _check_apart(self, files: list[StoredFile]) -> None:
        """Refuse a key that is in the final and in the curve file of a partition."""
        partitions: dict[str, list[Path]] = {}
        for file in files:
            partitions.setdefault(file.path.rpartition("/")[0], []).append(self._staging.folder / file.path)
        for folder, (one, *others) in partitions.items():
            for other in others:
                keys = [pl.scan_parquet(path, hive_partitioning=False).select(FILE_KEY) for path in (one, other)]
                both = keys[0].join(keys[1], on=FILE_KEY, how="semi").head(1).collect()
                if both.height:
                    msg = f"the key {both.row(0, named=True)} occurs twice in {folder}, once as final and once not"
                    raise FrameError(msg)

    def _finish_spill(self, key: tuple[Partition, bool]) -> StoredFile:
        partition, final = key
        with self._partition_file(partition, final=final) as target:
            for rows in self._spills[key].sorted_rows():
                target.append(rows)
            self._spills[key].close()
            return target.finish()

    def _partition_file(self, partition: Partition, *, final: bool) -> PartitionFile:
        return PartitionFile(self._staging.folder, partition.folder(self.benchmark), final=final)

    def _write_frame(self, table: Table, frames: list[pl.DataFrame]) -> StoredFile:
        frame = pl.concat(frames)
        folder = table_folder(table, self.benchmark)
        path = self._staging.folder / folder / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_side_table(frame, path)
        return _name_by_content(path, f"{folder}/{table}", frame.height)


def _check_not_negative(columns: Columns) -> None:
    for name in FILE_KEY:
        if columns[name].min(initial=0) < 0:
            msg = f"{name} {columns[name].min()} is negative; arch, schedule, budget and seed count from 0"
            raise FrameError(msg)


class PartitionFile:
    """A sorted Parquet file that grows by row groups."""

    def __init__(self, staging: Path, folder: str, *, final: bool) -> None:
        self._final = final
        self._name = f"{folder}/{'final' if final else 'curve'}"
        self._path = staging / f"{self._name}.parquet"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._pending: list[Columns] = []
        self._waiting = 0
        self._rows = 0
        self._last: Columns | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, columns: Columns) -> None:
        """Add rows, in order."""
        count = len(columns["value"])
        if not count:
            return
        self._check_order(columns)
        self._last = {name: column[-1:].copy() for name, column in columns.items()}
        self._pending.append(columns)
        self._waiting += count
        if self._waiting >= ROW_GROUP:
            whole = self._take_pending()
            end = self._waiting // ROW_GROUP * ROW_GROUP
            for start in range(0, end, ROW_GROUP):
                self._write(window_of(whole, start, start + ROW_GROUP))
            self._waiting -= end
            self._pending = [{name: column[end:].copy() for name, column in whole.items()}]

    def finish(self) -> StoredFile:
        """Write what is left, and name the file by its content."""
        if self._waiting:
            self._write(self._take_pending())
        self.close()
        return _name_by_content(self._path, self._name, self._rows)

    def close(self) -> None:
        """Give the file back to the system."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _take_pending(self) -> Columns:
        return joined(self._pending)

    def _check_order(self, columns: Columns) -> None:
        wrong = None
        if self._last is not None:
            first = window_of(columns, 0, 1)
            border = joined([self._last, first])
            wrong = None if first_not_increasing(border, final=self._final) is None else border
        if wrong is None and (index := first_not_increasing(columns, final=self._final)) is not None:
            wrong = window_of(columns, index, index + 2)
        if wrong is None:
            return
        before, after = ({name: int(wrong[name][i]) for name in FILE_KEY} for i in (0, 1))
        where = self._name.rsplit("/", 1)[0]
        if before == after:
            msg = f"the key {before} occurs twice in {where}; each (arch, schedule, budget, seed) may have one value"
        else:
            msg = f"rows out of order in {where}: {after} comes after {before}"
        raise FrameError(msg)

    def _write(self, columns: Columns) -> None:
        import pyarrow.parquet as pq

        table = _arrow_table(columns, final=self._final)
        if self._writer is None:
            options = min(_VALUE_ENCODINGS, key=lambda options: _encoded_size(table, options))
            self._writer = pq.ParquetWriter(str(self._path), table.schema, **_PARQUET, **options)
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._rows += table.num_rows


def _arrow_table(columns: Columns, *, final: bool) -> pa.Table:
    import pyarrow as pa

    arrays = {name: np.full(len(columns["value"]), final) if name == "final" else columns[name] for name in RESULT_FILE}
    fields = [pa.field(name, pa.from_numpy_dtype(array.dtype), nullable=False) for name, array in arrays.items()]
    return pa.table([pa.array(array) for array in arrays.values()], schema=pa.schema(fields))


def _write_side_table(frame: pl.DataFrame, path: Path) -> None:
    """Write ``archs`` or ``runs``: whole numbers as differences, floats as byte streams, repeated texts by dictionary."""
    import pyarrow.parquet as pq

    frame = frame.cast(_SIGNED)
    encodings = {}
    for name, dtype in frame.schema.items():
        if dtype.is_float():
            encodings[name] = "BYTE_STREAM_SPLIT"
        elif dtype in (pl.Int32, pl.Int64) and frame[name].n_unique() > _FEW:
            encodings[name] = "DELTA_BINARY_PACKED"
    distinct = [c.name for c in frame if c.dtype == pl.String and c.n_unique() > frame.height // 2]
    repeated = [name for name in frame.columns if name not in encodings and name not in distinct]
    pq.write_table(
        frame.to_arrow(),
        path,
        compression="zstd",
        compression_level=9,
        row_group_size=ROW_GROUP,
        write_page_checksum=True,
        use_dictionary=repeated,
        column_encoding=encodings,
    )


def _encoded_size(table: pa.Table, options: dict[str, Any]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table.select(["budget", "value"]), sink, **_PARQUET, **options)
    return int(sink.tell())


def _name_by_content(path: Path, name: str, rows: int) -> StoredFile:
    digest, size = file_sha256(path), path.stat().st_size
    name = f"{name}-{digest[:12]}.parquet"
    path.rename(path.with_name(name.rsplit("/", 1)[1]))
    return StoredFile(name, rows, size, digest)
