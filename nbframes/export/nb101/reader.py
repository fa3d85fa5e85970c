"""Readers of NAS-Bench-101: the official TFRecord files, and NASBenchAPI's pickle of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import polars as pl

from nbframes.errors import SourceError
from nbframes.export.containers.tfrecord import begins_with_head, pieces
from nbframes.export.frames import runs_table
from nbframes.export.nb101.cells import ReadCells, read_cells
from nbframes.export.nb101.entries import ENTRIES
from nbframes.export.nb101.index import Stretches, plan, read_pieces
from nbframes.export.nb101.pickle import read_blocks
from nbframes.export.nb101.record import EPOCHS, VALUES, percent
from nbframes.export.nb101.runs import REPEATS
from nbframes.export.reader import Batch, Report, Rows
from nbframes.export.skipping import SkipPolicy
from nbframes.export.workers import Task, workers
from nbframes.schema import RUNS, Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

OFFICIAL: Final = {
    "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c": "nasbench_full",
    "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1": "nasbench_only108",
}
"""The official files by sha256."""
NOT_EXPORTED: Final = ("the evaluation before training (step 0)", "total_time", "checkpoint_path")

_Item = TypeVar("_Item")
_DATASET = "cifar10"
_MEASURED = {
    "training_time": Partition("time", _DATASET, "train"),
    "train_accuracy": Partition("accuracy", _DATASET, "train"),
    "validation_accuracy": Partition("accuracy", _DATASET, "val"),
    "test_accuracy": Partition("accuracy", _DATASET, "test"),
}
_BEHIND: Final = (
    "what stands behind entries_by_arch: latest_by_arch, fallback_records and anything else; it is not looked at"
)
_BLOCK = 2 << 20
"""Bytes that are decoded together: what they become still fits the processor's cache."""
_BLOCKS = 24
"""Blocks of one task."""
_PICKLED_BLOCKS = 8
_HASHED_AT_ONCE = 1 << 20


class TFRecordReader:
    """``nasbench_full.tfrecord``, ``nasbench_only108.tfrecord`` or any other file of that format.

    Notes
    -----
    A record with a wrong checksum is left out by itself under ``on_error="skip"``. Where the length of a record is wrong,
    reading goes on at the next frame with two right checksums, and the bytes between are listed as one record. Runs are
    numbered among the records that could be read.
    """

    accepts = "NAS-Bench-101: nasbench_full.tfrecord, nasbench_only108.tfrecord"
    benchmark = "nb101"
    unit = "B"

    def __init__(self, probe: Probe) -> None:
        self.path = probe.path
        self.total = self.path.stat().st_size
        self.report = Report("nasbench", not_exported=list(NOT_EXPORTED))

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a file begins with the length of a record and its checksum."""
        return probe.kind == "file" and begins_with_head(probe.head)

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        policy = SkipPolicy(self.path, self.report, on_error)
        with sha256_meanwhile(self.path) as sha256, workers(jobs) as run:
            blocks = plan(self.path, self._stretches(run, policy), _BLOCK)
            tasks = (Task(read_cells, (some,)) for some in _batched(blocks, _BLOCKS))
            yield from assemble(run(tasks), self.path, self.report, policy)
            describe_source(self.report, self.path, sha256())

    def _stretches(
        self, run: Callable[[Iterable[Task]], Iterator[list[Stretches]]], policy: SkipPolicy
    ) -> Iterator[Stretches]:
        for parts in run(Task(read_pieces, (self.path, some)) for some in _ranges(self.path)):
            for part in parts:
                for damage in part.damages:
                    policy.leave_out(f"bytes {damage.start} to {damage.stop}", damage.reason)
                yield part


class PickleReader:
    """NASBenchAPI's pickle of NAS-Bench-101, plain or compressed with bz2.

    Notes
    -----
    The runs stand in the order of each cell's list. ``derived`` must say the same as the metrics. A pickle that is cut
    short or damaged between records cannot be read further, whatever ``on_error`` says.
    """

    accepts = "NAS-Bench-101: NASBenchAPI's pickle of it"
    benchmark = "nb101"
    unit = "B"

    def __init__(self, probe: Probe) -> None:
        self.path = probe.path
        self.total = self.path.stat().st_size
        self.report = Report("nasbench", not_exported=[*NOT_EXPORTED, _BEHIND])

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a pickle holds lists of records by hash."""
        return isinstance(probe.pickled, dict) and ENTRIES in probe.pickled

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        policy = SkipPolicy(self.path, self.report, on_error)
        with sha256_meanwhile(self.path) as sha256, workers(jobs) as run:
            blocks = read_blocks(self.path, policy.leave_out)
            tasks = (Task(read_cells, (some,)) for some in _batched(blocks, _PICKLED_BLOCKS))
            yield from assemble(run(tasks), self.path, self.report, policy)
            describe_source(self.report, self.path, sha256())


READERS: Final = (TFRecordReader, PickleReader)
"""The readers of NAS-Bench-101."""


def assemble(parts: Iterable[ReadCells], path: Path, report: Report, policy: SkipPolicy) -> Generator[Batch]:
    """Number the architectures of all parts in turn and make their batches; complete the notes of the report."""
    archs = identical = 0
    repeats: Counter[tuple[int, ...]] = Counter()
    for part in parts:
        for record, reason in part.left_out:
            policy.leave_out(record, reason)
        report.findings.merge(part.findings)
        if part.archs.height:
            yield _batch(part, archs)
        archs += part.archs.height
        identical += part.identical
        repeats.update(part.repeats)
    if not archs:
        msg = f"{path.name} holds no record of NAS-Bench-101"
        raise SourceError(msg)
    present = [index for index in range(len(EPOCHS)) if any(counts[index] for counts in repeats)]
    whole = sum(cells for counts, cells in repeats.items() if all(counts[index] == REPEATS for index in present))
    report.version = {EPOCHS: "nasbench_full", EPOCHS[-1:]: "nasbench_only108"}.get(
        tuple(EPOCHS[index] for index in present), "nasbench"
    )
    report.notes |= {
        "architectures": archs,
        "runs": sum(sum(counts) * cells for counts, cells in repeats.items()),
        "schedules": [EPOCHS[index] for index in present],
        "architectures_without_three_runs_of_each_schedule": archs - whole,
        "runs_equal_to_an_earlier_run": identical,
    }


def describe_source(report: Report, path: Path, sha256: str) -> None:
    """Put the source file into the report, and into the version whether it is the published one."""
    report.files.append({"path": path.name, "size": path.stat().st_size, "sha256": sha256})
    report.notes["official_file"] = sha256 in OFFICIAL
    if sha256 not in OFFICIAL:
        report.version += " layout, not the published TFRecord"


@contextmanager
def sha256_meanwhile(path: Path) -> Iterator[Callable[[], str]]:
    """Hash a file in a thread of its own; gives a function that waits for the result."""
    left = Event()

    def work() -> str:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while not left.is_set() and (data := file.read(_HASHED_AT_ONCE)):
                digest.update(data)
        return digest.hexdigest()

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(work)
        try:
            yield future.result
        finally:
            left.set()


def _batched(items: Iterator[_Item], size: int) -> Iterator[list[_Item]]:
    return iter(lambda: list(islice(items, size)), [])


def _ranges(path: Path) -> Iterator[list[tuple[int, int]]]:
    """Byte ranges of a file, as many as one task reads; they are longer than usual where the file is damaged."""
    some: list[tuple[int, int]] = []
    for piece in pieces(path, size=_BLOCK):
        some.append(piece)
        if piece[1] - some[0][0] >= _BLOCKS * _BLOCK:
            yield some
            some = []
    if some:
        yield some


def _batch(part: ReadCells, first: int) -> Batch:
    """Make the rows of one part, whose first architecture gets the number ``first``."""
    number = np.arange(first, first + part.archs.height, dtype=np.int32)
    arch, schedule, seed = np.repeat(number, part.counts), part.schedule.astype(np.int32), part.seed.astype(np.int32)
    rows = []
    for name, column in zip(VALUES, part.values, strict=True):
        when, what = name.split("_", 1)
        final = when == "final"
        value = column.astype(np.float64)
        if _MEASURED[what].metric == "accuracy":
            value = percent(value)
        budget = schedule if final else schedule // np.int32(2)
        absent = np.isnan(value)
        keep: Any = ~absent if absent.any() else slice(None)
        rows.append(Rows(_MEASURED[what], final, arch[keep], schedule[keep], budget[keep], seed[keep], value[keep]))
    archs = pl.DataFrame({"arch": number, "position": number}).hstack(part.archs)
    time = part.values[VALUES.index("final_training_time")].astype(np.float64)
    known = {"arch": arch, "schedule": schedule, "seed": seed, "params": part.params, "train_time": time}
    return Batch(rows, archs, _runs(pl.DataFrame(known)), part.progress)


def _runs(known: pl.DataFrame) -> pl.DataFrame:
    """Costs of the runs; latency and operations were not published."""
    found = known.with_columns(
        pl.lit(_DATASET).cast(RUNS["dataset"]).alias("dataset"),
        pl.col("params").cast(RUNS["params"]).replace(-1, None),
        pl.col("train_time").fill_nan(None),
    )
    return runs_table(found)
