"""The conformance kit of readers finds what a reader does wrong."""

from __future__ import annotations

import sys
import types

import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import SourceError
from nbframes.export.reader import Batch, Report, Rows
from nbframes.schema import Partition
from nbframes.testing import ReaderError, check_reader

BENCHMARK = nbf.Benchmark(
    "lines",
    title="lines",
    space=None,
    datasets=("d",),
    splits=("test",),
    metrics=(nbf.Metric("score", "1", "max"),),
    full_schedule=2,
    licence="MIT",
    citation="",
    reader="lines_reader:Lines",
)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    module = types.ModuleType("lines_reader")
    module.Lines = Lines
    monkeypatch.setitem(sys.modules, "lines_reader", module)
    nbf.register(BENCHMARK)


class Lines:
    """Reads lines ``arch value`` of a text that begins with its name."""

    accepts = "lines: a text"
    benchmark = "lines"
    unit = "arch"
    total = 4
    metric, budget, dtype, epochs = "score", 2, np.int32, (1, 2)

    def __init__(self, probe):
        self.probe = probe
        self.report = Report("1")

    @classmethod
    def recognises(cls, probe):
        return probe.kind == "file" and probe.head.startswith(b"lines\n")

    def parsed(self):
        try:
            return [
                (int(a), float(v)) for a, v in (line.split() for line in self.probe.path.read_text().splitlines()[1:])
            ]
        except ValueError as error:
            msg = f"{self.probe.path}: no lines of two numbers ({error})"
            raise SourceError(msg) from error

    def batches(self, *, jobs, on_error):
        rows = self.parsed()
        arch = np.array([a for a, _ in rows], np.int32)
        archs = pl.DataFrame(
            {"arch": arch, "position": arch, "arch_str": [str(a) for a in arch], "hash": [str(a) for a in arch]}
        )
        full = np.full(len(arch), 2, np.int32)
        value = np.array([v for _, v in rows])
        partition = Partition("score", "d", "test")
        yield Batch([Rows(partition, True, arch, full, full, full * 0, value)], archs, pl.DataFrame(), len(rows))


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.txt"
    path.write_text("lines\n0 1.5\n1 2.5\n2 3.5\n3 0.5\n")
    return path


def test_a_good_reader_passes(source):
    assert check_reader(Lines, source).rows() == [("score/d/test", True, 4, 4)]


class Unsorted(Lines):
    def parsed(self):
        return super().parsed()[::-1]


class Twice(Lines):
    def parsed(self):
        return sorted([*super().parsed(), super().parsed()[0]])


class WrongTypes(Lines):
    def batches(self, *, jobs, on_error):
        for batch in super().batches(jobs=jobs, on_error=on_error):
            yield batch._replace(rows=[rows._replace(seed=rows.seed.astype(np.uint16)) for rows in batch.rows])


class NoArchs(Lines):
    def batches(self, *, jobs, on_error):
        for batch in super().batches(jobs=jobs, on_error=on_error):
            yield batch._replace(archs=batch.archs.head(1))


class TwoFinals(Lines):
    def batches(self, *, jobs, on_error):
        for batch in super().batches(jobs=jobs, on_error=on_error):
            early = batch.rows[0]._replace(budget=batch.rows[0].budget - 1)
            yield batch._replace(rows=[early, batch.rows[0]])


class Late(Lines):
    def batches(self, *, jobs, on_error):
        for batch in super().batches(jobs=jobs, on_error=on_error):
            final = batch.rows[0]._replace(budget=batch.rows[0].budget - 1)
            yield batch._replace(rows=[final, batch.rows[0]._replace(final=False)])


class Backwards(Lines):
    def batches(self, *, jobs, on_error):
        (batch,) = super().batches(jobs=jobs, on_error=on_error)
        half = len(batch.archs) // 2
        for part in (slice(half, None), slice(half)):
            (rows,) = batch.rows
            yield batch._replace(
                rows=[Rows(rows.partition, True, *(column[part] for column in rows[2:]))], archs=batch.archs[part]
            )


class Greedy(Lines):
    @classmethod
    def recognises(cls, probe):
        return probe.kind == "file"


class Raw(Lines):
    def parsed(self):
        return [(int(a), float(v)) for a, v in (line.split() for line in self.probe.path.read_text().splitlines()[1:])]


class Inventive(Lines):
    def parsed(self):
        try:
            found = super().parsed()
        except SourceError:
            found = []
        return found + [(a, 0.0) for a in range(len(found), 9)]


class Stranger(Lines):
    benchmark = "nobody"


class Unlike(Lines):
    def batches(self, *, jobs, on_error):
        for batch in super().batches(jobs=jobs, on_error=on_error):
            yield batch._replace(rows=[rows._replace(value=rows.value + jobs) for rows in batch.rows])


@pytest.mark.parametrize(
    ("reader", "finding"),
    [
        (Unsorted, "order: the rows"),
        (Twice, "keys: .* has a key twice"),
        (WrongTypes, "types: seed .* is uint16, not int32"),
        (NoArchs, "archs: 3 architectures with results have no row"),
        (TwoFinals, "finality: a run has two final values"),
        (Late, "finality: a value comes after the final one"),
        (Backwards, "order: arch 0 .* comes in a later batch"),
        (Greedy, "recognises: it takes empty for its own"),
        (Raw, "damage: .*Error escaped"),
        (Stranger, "benchmark: 'nobody' is not registered"),
        (Unlike, "the rows differ between jobs=1 and jobs=2"),
    ],
)
def test_what_a_reader_does_wrong_is_named(reader, finding, source):
    with pytest.raises(ReaderError, match=finding):
        check_reader(reader, source)
