"""Exporting a synthetic NAS-Bench-201 ``.pth`` against ``pickle.load`` of as many bytes, with the memory of all processes.

``pickle.load`` runs whatever the file says and holds every record in memory: of a published file, 15,625 architectures in 2 to 5 GB, more
than most machines have. It therefore loads a file of ``--peer`` architectures, and its time is scaled to the size of the other.

usage: python -m tests.benchmarks.bench_export_nb201 [--file FILE.pth | --count N [--container legacy|zip]] [--peer N] [--jobs J] [--repeat R]

Without --file one is made by ``tests/tools/make_nb201.py``, at full size by ``--count 15625`` (3.1 GB).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_export_nats import Watched
from tests.benchmarks.table import Row, print_table
from tests.tools import make_nb201

LOAD = """
import pickle, sys, time
start = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    for _ in range(5):
        pickle.load(file)
print(time.perf_counter() - start)
"""


def made(path: Path, count: int, container: str) -> Path:
    with make_nb201.CONTAINERS[container](path) as file:
        make_nb201.write_object(file.write, count, 0)
    return path


def load(path: Path) -> float:
    """Seconds of ``pickle.load`` in a process of its own."""
    return float(subprocess.run([sys.executable, "-c", LOAD, path], capture_output=True, text=True, check=True).stdout)


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--container", choices=make_nb201.CONTAINERS, default="legacy")
    parser.add_argument("--peer", type=int, default=400, help="architectures that pickle.load loads")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        below = Path(folder)
        path = options.file or made(below / "synthetic.pth", options.count, options.container)
        small = made(below / "peer.pth", options.peer, "legacy")
        scale = path.stat().st_size / small.stat().st_size
        export = Watched(path, below / "store", options.jobs)
        ours, peer = [], []
        for _ in range(options.repeat):
            start = time.perf_counter()
            export()
            ours.append(time.perf_counter() - start)
            peer.append(load(small) * scale)
        size = path.stat().st_size / 1e6
        budget = "<= 1.5" if size >= 1000 else ""  # a small file takes less time than starting
        name = "pickle.load" if scale == 1 else f"pickle.load of {options.peer:,}, scaled"
        rows = [
            Row(f"{size:,.0f} MB: a complete store", median(ours), median(peer), name, budget, "s"),
            Row("  throughput", size / median(ours), size / median(peer), name, unit="MB/s"),
            Row("  memory, all processes", export.peak / 1e6, budget="<= 1,000 MB", unit="MB"),
        ]
    print_table(f"NAS-Bench-201 export, {options.jobs} jobs", rows)


if __name__ == "__main__":
    main()
