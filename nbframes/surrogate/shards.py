"""Predictions for millions of cells as files in the layout of a store, shard by shard, on any number of machines."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.errors import InvalidArgumentError, SourceError
from nbframes.schema import FILE_KEY, Partition, check_name
from nbframes.store.adopt import PARTS, PLAN
from nbframes.store.parquet import PartitionFile
from nbframes.surrogate.arrow import CELLS, ArrowFunction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa


class ShardWriter:
    """Writes the results of a range of cells as Parquet files; a shard that is there is not computed again.

    Called with an iterator of Arrow batches of the columns ``start`` and ``stop`` it writes those shards, for ``mapInArrow`` of
    Spark and Sail; `write` does one. `nbframes.adopt` makes a benchmark of the folder.

    Parameters
    ----------
    path
        Folder of a surrogate that every worker can read.
    folder
        Folder for the results, on a disk that all workers share; made if absent.
    count
        How many cells there will be.
    first
        Number of the first one, in the order of `nbframes.spaces.darts.enumerate`.
    seed
        Seed of that order.
    budgets
        Budgets (epochs) to answer for; by default the last that the surrogate can answer.
    benchmark
        Name that the benchmark will have.

    Attributes
    ----------
    plan : dict
        What every shard of the folder is part of: the space, the benchmark, the range, its seed, the budgets, the model's checksum.

    Raises
    ------
    SourceError
        If there is no surrogate, or the folder holds shards of another plan.

    Notes
    -----
    Files are written aside and renamed when they are whole, so that a killed worker leaves nothing half; the plan in
    ``shards.json`` holds the model's checksum, the range, the seed and the budgets, and a worker with another plan is refused.
    In the results ``arch`` is number - first.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        /,
        *,
        count: int,
        first: int = 0,
        seed: int | None = None,
        budgets: int | Sequence[int] | None = None,
        benchmark: str = "nb301-surrogate",
    ) -> None:
        if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= 2**31:
            msg = f"count should be a number of cells from 1 to 2,147,483,648, not {count!r}"
            raise InvalidArgumentError(msg)
        self._function = ArrowFunction(path, budgets, first, seed)
        self._folder = str(Path(folder).expanduser().resolve())
        self.count = count
        self.benchmark = check_name("benchmark", benchmark)
        self.plan: dict[str, Any] = {
            "space": "darts",
            "benchmark": self.benchmark,
            "first": first,
            "count": count,
            "seed": seed,
            "budgets": self._function.budgets,
            "model": _checksum(Path(self._function.path)),
        }
        self._settle_plan()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write the shards of each batch and report ``start``, ``stop``, ``rows`` and whether they had to be computed."""
        for batch in batches:
            done = [(start, stop, *self.write(start, stop)) for start, stop in zip(*_ranges(batch), strict=True)]
            report = pl.DataFrame(done, schema=_REPORT, orient="row")
            yield from report.to_arrow().to_batches()

    def write(self, start: int, stop: int, /) -> tuple[int, bool]:
        """Write the shard of the cells ``first + start`` to ``first + stop``.

        Parameters
        ----------
        start, stop
            Indices in the store, the last not included.

        Returns
        -------
        tuple of int and bool
            Rows of the shard, and whether it had to be computed.

        Raises
        ------
        InvalidArgumentError
            If the range is empty or leaves that of the plan.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> _ = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> nbf.surrogate.fit(folder.name + "/store", members=2, rounds=5).save(folder.name + "/model")
        >>> writer = nbf.surrogate.ShardWriter(folder.name + "/model", folder.name + "/shards", count=10, seed=7)
        >>> rows, computed = writer.write(0, 5)
        >>> computed, writer.write(0, 5) == (rows, False)
        (True, True)
        >>> folder.cleanup()
        """
        if not 0 <= start < stop <= self.count:
            msg = f"the range {start!r} to {stop!r} is empty or not within that of the plan, 0 to {self.count}"
            raise InvalidArgumentError(msg)
        if (rows := self._present(start, stop)) is not None:
            return rows, False
        aside = Path(self._folder, PARTS, uuid.uuid4().hex)
        try:
            return self._write(aside, start, stop), True
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def shards(self, size: int) -> Iterator[tuple[int, int]]:
        """Ranges that make up the whole, for `write`.

        Parameters
        ----------
        size
            Cells of a range; the last one may have fewer.

        Yields
        ------
        tuple of int
            Start and stop, the latter not included.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> _ = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> nbf.surrogate.fit(folder.name + "/store", members=2, rounds=5).save(folder.name + "/model")
        >>> writer = nbf.surrogate.ShardWriter(folder.name + "/model", folder.name + "/shards", count=10)
        >>> list(writer.shards(4))
        [(0, 4), (4, 8), (8, 10)]
        >>> folder.cleanup()
        """
        yield from ((start, min(start + size, self.count)) for start in range(0, self.count, size))

    def _write(self, aside: Path, start: int, stop: int) -> int:
        files: dict[tuple[Partition, bool], PartitionFile] = {}
        first, rows = self._function.first, 0
        for cell in range(start, stop, CELLS):
            numbers = pl.int_range(first + cell, first + min(cell + CELLS, stop), eager=True, dtype=pl.Int64)
            found = self._function.frame(pl.DataFrame({"number": numbers}))
            rows += found.height
            for (metric, dataset, split, final), part in found.partition_by(
                "metric", "dataset", "split", "final", as_dict=True
            ).items():
                key = Partition(metric, dataset, split), bool(final)
                if key not in files:
                    files[key] = PartitionFile(aside, key[0].folder(self.benchmark), final=key[1])
                files[key].append({name: part[name].to_numpy() for name in (*FILE_KEY, "value")})
        for file in files.values():
            stored = file.finish()
            folder, name = stored.path.rsplit("/", 1)
            kind, rest = name.split("-", 1)
            target = Path(self._folder, folder, f"{kind}-{start:010d}-{stop:010d}-{rest}")
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(aside, stored.path).replace(target)
        return rows

    def _present(self, start: int, stop: int) -> int | None:
        """Rows of a shard whose files are all there and whole."""
        import pyarrow.parquet as pq

        found = list(Path(self._folder, "results").rglob(f"*-{start:010d}-{stop:010d}-*.parquet"))
        try:
            rows = sum(pq.read_metadata(path).num_rows for path in found)
        except (OSError, ValueError):  # a file of somebody else, or damaged: the shard is computed again
            return None
        return rows if found and rows == self._rows(stop - start) else None

    def _rows(self, cells: int) -> int:
        return cells * len(self._function.budgets) * self._function.outputs

    def _settle_plan(self) -> None:
        """Write the plan, or make sure that the one that is there is the same."""
        import orjson

        path = Path(self._folder, PLAN)
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path.with_name(f"{PLAN}.{uuid.uuid4().hex}")
        mine.write_bytes(orjson.dumps(self.plan, option=orjson.OPT_INDENT_2))
        try:
            os.link(mine, path)
        except FileExistsError:
            theirs = orjson.loads(path.read_bytes())
            if theirs != self.plan:
                unlike = sorted(name for name in self.plan if theirs.get(name) != self.plan[name])
                msg = f"{self._folder} holds shards of another plan: {', '.join(unlike)} differ; choose another folder"
                raise SourceError(msg) from None
        finally:
            mine.unlink()


_REPORT: Final = {"start": pl.Int64(), "stop": pl.Int64(), "rows": pl.Int64(), "computed": pl.Boolean()}


def _ranges(batch: pa.RecordBatch) -> tuple[list[int], list[int]]:
    frame = pl.DataFrame(pl.from_arrow(batch))
    return frame["start"].to_list(), frame["stop"].to_list()


def _checksum(folder: Path) -> str:
    """Checksum of the files of a surrogate, names included."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
