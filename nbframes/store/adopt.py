"""Files in the layout of a store, written by many workers, become a benchmark as they are."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.benchmarks import find_metric, registry
from nbframes.benchmarks.surrogate import PREDICTIONS
from nbframes.errors import SourceError, listed
from nbframes.schema import FILE_KEY, RESULT_FILE, Partition, check_name, table_folder
from nbframes.store.commit import Staging, explain_os_errors
from nbframes.store.contents import Contents, table_of_contents
from nbframes.store.manifest import Manifest, StoredFile
from nbframes.store.spill import first_not_increasing
from nbframes.store.storage import file_sha256
from nbframes.store.validation import check_path
from nbframes.store.write import facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from nbframes.benchmarks import Metric
    from nbframes.store import Store
    from nbframes.store.spill import Columns

PLAN: Final = "shards.json"
PARTS: Final = ".parts"
"""Folder in which workers write aside."""


class _Shard(NamedTuple):
    """A file that was checked."""

    path: str
    """Relative to the folder."""
    final: bool
    rows: int
    first: int
    """Least and greatest architecture."""
    last: int
    contents: Contents

    @property
    def partition(self) -> str:
        return self.path.rsplit("/", 1)[0]


def adopt(
    folder: str | os.PathLike[str],
    /,
    store: str | os.PathLike[str] | Store | None = None,
    *,
    benchmark: str,
    overwrite: bool = False,
    version: str = "",
    licence: str = "",
    citation: str = "",
    metrics: Sequence[Metric] = (),
    notes: dict[str, Any] | None = None,
) -> Manifest:
    """Make a benchmark of Parquet files that are already in the layout of a store, without rewriting them.

    Parameters
    ----------
    folder
        Folder with ``results/benchmark=<b>/metric=<m>/dataset=<d>/split=<s>/*.parquet``, as `nbframes.surrogate.ShardWriter` fills
        it, or an engine that partitions by these columns.
    store
        Folder of the store, made if absent; by default as `nbframes.open_store` finds one that can be written.
    benchmark
        Name of the benchmark.
    overwrite
        Whether to replace the benchmark if the store has it.
    version, licence, citation, notes
        As in `nbframes.Manifest`.
    metrics
        What is known of metrics, as for `nbframes.write_results`. Those of a folder with a plan are predictions: only equal values tie.

    Returns
    -------
    Manifest
        What was taken over. Where the folder has a plan, its range of cells, seed and model stand under ``notes["shards"]``.

    Raises
    ------
    SourceError
        If there are no such files, one has other columns, is not sorted or overlaps another, mixes final rows with others, or
        the plan of the folder is not fulfilled. Nothing is moved then.
    BenchmarkExistsError
        If the benchmark is there and ``overwrite`` is not set.

    Notes
    -----
    On the disk of the store the files are linked into it and then removed from the folder, elsewhere they are copied. Every
    file is read once, to check it and for its checksum.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl, pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> part = pathlib.Path(folder.name, "results/benchmark=mine/metric=accuracy/dataset=mnist/split=test")
    >>> part.mkdir(parents=True)
    >>> keys = {"arch": [0, 1], "schedule": [9, 9], "budget": [9, 9], "seed": [0, 0]}
    >>> rows = pl.DataFrame(keys, schema=dict.fromkeys(keys, pl.Int32)).with_columns(final=True, value=pl.Series([1.5, 2.5]))
    >>> rows.write_parquet(part / "final-0.parquet")
    >>> nbf.adopt(folder.name, folder.name + "/store", benchmark="mine").rows()
    2
    >>> folder.cleanup()
    """
    from nbframes.store import local_root

    check_name("benchmark", benchmark)
    root, source = local_root(store, "adopt into"), Path(folder).expanduser()
    shards = [_checked(source, path, benchmark) for path in _files(source, benchmark)]
    _check_apart(source, shards)
    plan = _plan(source, benchmark)
    if plan is not None:
        _check_plan(source, shards, plan)
        metrics = [*_predicted(shards), *metrics]
    with explain_os_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        staging = Staging(root, benchmark, overwrite=overwrite)
        try:
            files = [_taken_over(source, staging.folder, shard) for shard in shards]
            manifest = Manifest(
                benchmark=benchmark,
                version=version or "adopted",
                official=False,
                source={"name": source.name, "files": []},
                tables={"results": sorted(files)},
                units=registry.units() | {metric.name: metric.unit for metric in metrics},
                metrics=facts_of(metrics, benchmark),
                contents=table_of_contents((Partition.of_path(shard.path), shard.contents) for shard in shards),
                licence=licence,
                citation=citation,
                notes=(notes or {}) | ({"shards": plan} if plan is not None else {}),
            )
            staging.commit(manifest)
        finally:
            staging.discard()
    for shard in shards:
        if (source / shard.path).stat().st_nlink > 1:
            (source / shard.path).unlink()
    shutil.rmtree(source / PARTS, ignore_errors=True)  # what killed workers left
    return manifest


def _predicted(shards: list[_Shard]) -> list[Metric]:
    """Metrics of predictions."""
    names = sorted({Partition.of_path(shard.path).metric for shard in shards})
    return [found for name in names if (found := find_metric(name, PREDICTIONS.name)) is not None]


def _files(source: Path, benchmark: str) -> list[str]:
    folder = table_folder("results", benchmark)
    found = sorted(path.relative_to(source).as_posix() for path in (source / folder).rglob("*.parquet"))
    if not found:
        there = sorted(path.name for path in (source / "results").glob("benchmark=*"))
        msg = f"{source} has no Parquet files below {folder}; below results/ it has {listed(there) if there else 'nothing'}"
        raise SourceError(msg)
    return found


def _checked(source: Path, path: str, benchmark: str) -> _Shard:
    """Read a file and make sure that it is one of a store: columns, types, order, one kind of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    where = f"{source / path}"
    try:
        check_path(path, "results", benchmark)
        partition = Partition.of_path(path)
        check_name("metric", partition.metric)
        check_name("dataset", partition.dataset)
        file = pq.ParquetFile(where)
        _check_columns(where, file.schema_arrow)
        rows = _Rows(where)
        for batch in file.iter_batches(columns=[*FILE_KEY, "final"]):
            rows.add(batch)
    except SourceError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        msg = f"{where} is not a file of results: {error}"
        raise SourceError(msg) from error
    if len(rows.finals) != 1:
        how = "mixes final rows with others" if rows.finals else "is empty"
        msg = f"{where} {how}; a file of results holds either final rows or curve rows"
        raise SourceError(msg)
    return _Shard(path, rows.finals.pop(), file.metadata.num_rows, rows.first, rows.last, rows.contents)


def _check_columns(where: str, found: pa.Schema) -> None:
    types, wanted = (
        {field.name: str(field.type) for field in schema}
        for schema in (found, pl.DataFrame(schema=RESULT_FILE).to_arrow().schema)
    )
    if types != wanted:
        msg = f"{where} has the columns {types}, but results have {wanted}"
        raise SourceError(msg)


class _Rows:
    """What the rows of a file are, learnt while they pass by in batches; those that a store cannot hold are refused."""

    def __init__(self, where: str) -> None:
        self.finals: set[bool] = set()
        self.first, self.last = 2**31, -1
        self.contents = Contents()
        self._where = where
        self._before: Columns | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        if any(column.null_count for column in batch.columns):
            msg = f"{self._where} has null values in its keys"
            raise SourceError(msg)
        if not len(batch):
            return
        columns = {name: batch.column(name).to_numpy() for name in FILE_KEY}
        if any(column.min() < 0 for column in columns.values()):
            msg = f"{self._where} has negative keys"
            raise SourceError(msg)
        self.finals |= set(batch.column("final").unique().to_pylist())
        self.contents.add(columns)
        self.first = min(self.first, int(columns["arch"].min()))
        self.last = max(self.last, int(columns["arch"].max()))
        border = columns if self._before is None else {n: np.append(self._before[n], columns[n]) for n in FILE_KEY}
        if len(self.finals) == 1 and first_not_increasing(border, final=next(iter(self.finals))) is not None:
            msg = f"{self._where} is not sorted, or has a key twice"
            raise SourceError(msg)
        self._before = {name: column[-1:] for name, column in columns.items()}


def _check_apart(source: Path, shards: list[_Shard]) -> None:
    """Make sure that no two files of a partition can hold the same key."""
    ordered = sorted(shards, key=lambda shard: (shard.partition, shard.final, shard.first))
    for one, other in itertools.pairwise(ordered):
        if (one.partition, one.final) == (other.partition, other.final) and other.first <= one.last:
            msg = f"{source}: {one.path} and {other.path} both hold architectures from {other.first} on; shards must not overlap"
            raise SourceError(msg)


def _plan(source: Path, benchmark: str) -> dict[str, Any] | None:
    import orjson

    path = source / PLAN
    if not path.is_file():
        return None
    try:
        plan = orjson.loads(path.read_bytes())
        if plan["benchmark"] != benchmark or not isinstance(plan["count"], int) or not plan["budgets"]:
            msg = f"{path} is the plan of {plan['benchmark']!r}, not of {benchmark!r}"
            raise SourceError(msg)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        msg = f"{path} is not a plan of shards: {error}"
        raise SourceError(msg) from error
    found: dict[str, Any] = plan
    return found


def _check_plan(source: Path, shards: list[_Shard], plan: dict[str, Any]) -> None:
    """Make sure that every partition has every cell of the plan at every budget."""
    kinds: dict[tuple[str, bool], list[_Shard]] = {}
    for shard in shards:
        kinds.setdefault((shard.partition, shard.final), []).append(shard)
    for partition in {shard.partition for shard in shards}:
        rows = sum(shard.rows for shard in shards if shard.partition == partition)
        if rows != plan["count"] * len(plan["budgets"]):
            msg = (
                f"{source / partition} has {rows:,} rows, but the plan has {plan['count']:,} cells at {len(plan['budgets'])} budgets; "
                "write the shards that are missing"
            )
            raise SourceError(msg)
    for (partition, _), found in kinds.items():
        found.sort(key=lambda shard: shard.first)
        gaps = [one.last + 1 for one, other in itertools.pairwise(found) if other.first != one.last + 1]
        if found[0].first != 0 or found[-1].last != plan["count"] - 1 or gaps:
            msg = f"{source / partition} does not hold the cells 0 to {plan['count'] - 1} of the plan"
            raise SourceError(msg)


def _taken_over(source: Path, staging: Path, shard: _Shard) -> StoredFile:
    """Put a file into the staging folder under its own name, without a copy where the disk allows it."""
    original, target = source / shard.path, staging / shard.path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(original, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(original, target)
    return StoredFile(shard.path, shard.rows, target.stat().st_size, file_sha256(target))
