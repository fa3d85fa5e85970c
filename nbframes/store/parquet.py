"""Sorted rows become Parquet files: how they are encoded, cut into row groups and named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import polars as pl

from nbframes.errors import FrameError
from nbframes.schema import FILE_KEY, RESULT_FILE
from nbframes.store.contents import Contents
from nbframes.store.manifest import StoredFile
from nbframes.store.spill import DTYPES, ROW_GROUP, Columns, first_not_increasing, joined, window_of
from nbframes.store.storage import file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

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
_THREADS: Final = 2
"""Row groups that are written at a time: encoding and compressing leave the interpreter to the reader of the source."""
_PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "store_schema": False,
    "dictionary_pagesize_limit": 1 << 20,
    "write_page_checksum": True,
    "write_statistics": ["arch", "schedule", "budget", "seed", "final"],
}


class Background:
    """Threads that encode and write row groups, of which only a few may wait in memory."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "nbframes-write")
        self._room = BoundedSemaphore(2 * _THREADS)

    def start(
        self, work: Callable[[Columns, Future[None] | None], None], columns: Columns, before: Future[None] | None
    ) -> Future[None]:
        """Start a piece of work behind those that were started earlier, as soon as there is room for it."""
        if before is not None and before.done():
            before.result()
        self._room.acquire()
        started = self._pool.submit(work, columns, before)
        started.add_done_callback(lambda _: self._room.release())
        return started

    def close(self) -> None:
        """Wait for what was started."""
        self._pool.shutdown()


class PartitionFile:
    """A sorted Parquet file that grows by row groups.

    Parameters
    ----------
    staging
        Folder below which it is written.
    folder
        Folder of its partition.
    final
        Whether its rows are final, which says how they are sorted.
    background
        Writes row groups while the caller goes on; without it they are written where rows are added.
    """

    def __init__(self, staging: Path, folder: str, *, final: bool, background: Background | None = None) -> None:
        self._final = final
        self._name = f"{folder}/{'final' if final else 'curve'}"
        self._path = staging / f"{self._name}.parquet"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._pending: list[Columns] = []
        self._waiting = 0
        self._rows = 0
        self._last: Columns | None = None
        self._writer: Any = None
        self._background = background
        self._writing: Future[None] | None = None
        self.contents = Contents()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, columns: Columns) -> None:
        """Add rows that come after those before them."""
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
        """Write what is left and close the file."""
        if self._waiting:
            self._write(self._take_pending())
        if self._writing is not None:
            self._writing.result()
        self.close()
        return name_by_content(self._path, self._name, self._rows)

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._writing is not None:
            wait([self._writing])
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
        if self._background is None:
            self._write_group(columns, None)
        else:
            self._writing = self._background.start(self._write_group, columns, self._writing)

    def _write_group(self, columns: Columns, before: Future[None] | None) -> None:
        """Write a row group when the one before it is written."""
        import pyarrow.parquet as pq

        if before is not None:
            before.result()
        self.contents.add(columns)
        table = _arrow_table(columns, final=self._final)
        if self._writer is None:
            options = min(_VALUE_ENCODINGS, key=lambda options: _encoded_size(table, options))
            self._writer = pq.ParquetWriter(str(self._path), table.schema, **_PARQUET, **options)
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._rows += table.num_rows


def _arrow_table(columns: Columns, *, final: bool) -> pa.Table:
    import pyarrow as pa

    count = len(columns["value"])
    arrays = {name: pa.array(columns[name]) for name in DTYPES} | {"final": _constant(final)[:count]}
    fields = [pa.field(name, arrays[name].type, nullable=False) for name in RESULT_FILE]
    return pa.table([arrays[name] for name in RESULT_FILE], schema=pa.schema(fields))


@cache
def _constant(final: bool) -> pa.Array:
    """As many equal truth values as a row group may have."""
    import pyarrow as pa

    return pa.array(np.full(ROW_GROUP, final))


def write_side_table(frame: pl.DataFrame, path: Path) -> None:
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
    pq.write_table(table.select(["value"]), sink, **_PARQUET, **options)
    return int(sink.tell())


def name_by_content(path: Path, name: str, rows: int) -> StoredFile:
    """Rename a file that is finished, so that its name ends in the hash of its content."""
    digest, size = file_sha256(path), path.stat().st_size
    name = f"{name}-{digest[:12]}.parquet"
    path.rename(path.with_name(name.rsplit("/", 1)[1]))
    return StoredFile(name, rows, size, digest)
