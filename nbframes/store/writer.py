"""From rows to the Parquet files of one benchmark.

Each hive partition of ``results`` is two files: ``final-*.parquet``, sorted by schedule, arch, seed, for questions about
whole spaces, and ``curve-*.parquet``, sorted by arch, schedule, budget, seed, for questions about architectures. Names
carry the hash of the content, so that a reader never mixes two versions of a benchmark.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from nbframes.benchmarks import registry
from nbframes.errors import FrameError
from nbframes.schema import FILE_KEY, Partition, Table, table_folder
from nbframes.store.commit import Staging, explain_os_errors
from nbframes.store.contents import Contents, table_of_contents
from nbframes.store.fit import check_attachments_fit
from nbframes.store.manifest import Manifest, StoredFile
from nbframes.store.parquet import Background, PartitionFile, name_by_content, write_side_table
from nbframes.store.spill import Columns, Spill

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


_SORTED_AT_ONCE = 2_000_000
"""Rows out of order that wait in memory until they are sorted: 24 bytes each, twice while they are."""


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
        self._background = Background()
        self._spills: dict[tuple[Partition, bool], Spill] = {}
        self._contents: list[tuple[Partition, Contents]] = []
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
        self._background.close()
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
                units=units or registry.units(self.benchmark),
                contents=table_of_contents(self._contents),
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
        self._contents += [(partition, stream.contents) for partition, stream in self._streams.items()]
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
                keys = [
                    pl.scan_parquet(path, glob=False, hive_partitioning=False).select(FILE_KEY) for path in (one, other)
                ]
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
            self._contents.append((partition, target.contents))
            return target.finish()

    def _partition_file(self, partition: Partition, *, final: bool) -> PartitionFile:
        background = None if final or not self._sorted_curves else self._background
        folder = partition.folder(self.benchmark)
        return PartitionFile(self._staging.folder, folder, final=final, background=background)

    def _write_frame(self, table: Table, frames: list[pl.DataFrame]) -> StoredFile:
        frame = pl.concat(frames)
        folder = table_folder(table, self.benchmark)
        path = self._staging.folder / folder / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_side_table(frame, path)
        return name_by_content(path, f"{folder}/{table}", frame.height)


def _check_not_negative(columns: Columns) -> None:
    for name in FILE_KEY:
        if columns[name].min(initial=0) < 0:
            msg = f"{name} {columns[name].min()} is negative; arch, schedule, budget and seed count from 0"
            raise FrameError(msg)
