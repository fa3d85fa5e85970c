"""Export of NAS-Bench-101 against the plain Python loop of ``json.loads`` and ``b64decode`` over the same file.

usage: python -m tests.benchmarks.bench_export_nb101 FILE.tfrecord [--pickle FILE.pkl] [--jobs 2] [--repeat 3]

The full-size file is made by ``python -m tests.tools.make_nb101 FILE.tfrecord``. ``--newlines`` first rewrites the file with line breaks
in the base64, as ``base64.encodestring`` writes it.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import struct
import tempfile
import threading
import time
from pathlib import Path

import nbframes as nbf
from nbframes.export.containers.tfrecord import frame
from nbframes.export.nb101.reader import PickleReader, TFRecordReader
from nbframes.export.probe import Probe
from tests.benchmarks.table import Row, print_table


def payloads(path):
    with path.open("rb") as file:
        while head := file.read(12):
            yield file.read(struct.unpack("<Q", head[:8])[0])
            file.read(4)


def plain_loop(path):
    for payload in payloads(path):
        base64.b64decode(json.loads(payload)[4])


def with_newlines(source, target):
    with target.open("wb") as file:
        for payload in payloads(source):
            *row, metrics = json.loads(payload)
            file.write(frame(json.dumps([*row, base64.encodebytes(base64.b64decode(metrics)).decode()]).encode()))
    return target


def read(reader, jobs):
    for _ in reader.batches(jobs=jobs, on_error="raise"):
        pass


def export(path, jobs):
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return nbf.export(path, folder, jobs=jobs, progress=False).size()


def seconds(work, repeat):
    times, memory = [], 0
    for _ in range(repeat):
        with Memory() as used:
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        memory = max(memory, used.peak)
    return sorted(times)[len(times) // 2], memory / 1e6


class Memory:
    """Peak of the resident memory of this process and its children, summed."""

    def __enter__(self):
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.05):
            self.peak = max(self.peak, sum(map(resident, family(os.getpid()))))


def family(process):
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def resident(process):
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--pickle", type=Path)
    parser.add_argument("--newlines", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    path = options.file
    if options.newlines:
        path = with_newlines(path, path.with_suffix(".newlines.tfrecord"))
    loop, _ = seconds(lambda: plain_loop(path), options.repeat)
    decoding, decoding_memory = seconds(lambda: read(TFRecordReader(Probe(path)), options.jobs), options.repeat)
    exporting, exporting_memory = seconds(lambda: export(path, options.jobs), options.repeat)
    peer = "json.loads + b64decode of every record"
    rows = [
        Row("read and decode", decoding, loop, peer, "", "s"),
        Row("complete store", exporting, loop, peer, "<= 0.4", "s"),
        Row("memory, reading (all processes)", decoding_memory, unit="MB"),
        Row("memory, exporting (all processes)", exporting_memory, budget="<= 1,000 MB", unit="MB"),
        Row("Parquet of the store", export(path, options.jobs) / 1e6, budget="<= 120 MB", unit="MB"),
    ]
    if options.pickle:
        reading, memory = seconds(lambda: read(PickleReader(Probe(options.pickle)), options.jobs), 1)
        rows.append(Row("read and decode the pickle", reading, loop, peer, "", "s"))
        rows.append(Row("memory, reading the pickle", memory, budget="<= 1,000 MB", unit="MB"))
    print_table(
        f"NAS-Bench-101 export, {path.name}, {path.stat().st_size / 1e9:.2f} GB, {options.jobs} processes", rows
    )


if __name__ == "__main__":
    main()
