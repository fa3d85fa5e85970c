"""Attaching rows to a large store, and what a hundred attached partitions cost those who never asked for them.

    python -m tests.benchmarks.bench_attach --store STORE --benchmark nats-tss

Works on a copy of the store. Without one it copies the published values. Every time is the least of several.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import nbframes as nbf
from tests.benchmarks.table import Row, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

ATTACHED = 100
FIRST_ANSWER = """
import time
begun = time.process_time()
import sys
import nbframes as nbf

rows = nbf.open_store(sys.argv[1]).scan(sys.argv[2])
rows = rows.filter(nbf.on("cifar100", "val"), nbf.metric("accuracy"), nbf.schedule("full"), nbf.arch(7))
rows.select(nbf.seed_mean()).collect().item()
print(time.process_time() - begun)
"""


def least(work: Callable[[], object], *, repeat: int) -> float:
    """Least milliseconds of processor time, warmed up once."""
    work()
    times = []
    for _ in range(repeat):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times) * 1e3


def rows(count: int, architectures: int) -> pl.DataFrame:
    number = np.arange(count)
    return pl.DataFrame(
        {
            "arch": (number % architectures).astype(np.int32),
            "seed": (number // architectures).astype(np.int32),
            "dataset": "cifar100",
            "made_up_ms": np.random.default_rng(0).random(count),
        }
    )


def state(root: Path, benchmark: str) -> str:
    """Digest of the benchmark's own files: names, sizes and times of change."""
    files = sorted(path for path in (root / "results" / f"benchmark={benchmark}").rglob("*.parquet"))
    own = [path for path in files if "made_up" not in str(path)]
    return hashlib.sha256(repr([(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in own]).encode()).hexdigest()


def attaching(root: Path, benchmark: str, count: int, architectures: int, repeat: int) -> float:
    """Least seconds of wall time to attach so many rows."""
    frame, times, before = rows(count, architectures), [], state(root, benchmark)
    for _ in range(repeat):
        begun = time.perf_counter()
        nbf.attach(frame, root, to=benchmark, name="board", metrics=nbf.Metric("made_up_ms", "ms", better="min"))
        times.append(time.perf_counter() - begun)
        assert state(root, benchmark) == before, "a file of the benchmark was rewritten"
        nbf.detach(root, to=benchmark, name="board")
    return min(times)


def first_answer(root: Path, benchmark: str, repeat: int) -> float:
    """Least milliseconds of processor time of a new process until its first answer, interpreter's start left out."""
    command = [sys.executable, "-c", FIRST_ANSWER, str(root), benchmark]
    times = [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
        for _ in range(repeat)
    ]
    return min(times) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", default=nbf.published.store().root)
    parser.add_argument("--benchmark", default="nats-tss")
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    benchmark, repeat = options.benchmark, options.repeat
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        shutil.copytree(options.store, root, copy_function=shutil.copyfile)
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        store = nbf.open_store(root)
        held = store.scan(benchmark).select(pl.len()).collect().item()
        architectures = store.scan_archs(benchmark).select(pl.len()).collect().item()

        def question() -> object:
            wanted = (nbf.on("cifar100", "val"), nbf.metric("accuracy"), nbf.schedule("full"))
            return nbf.open_store(root).scan(benchmark).filter(*wanted).group_by("arch").agg(nbf.seed_mean()).collect()

        table = [
            Row(f"attach {count:,} rows", attaching(root, benchmark, count, architectures, 3), unit="s")
            for count in (1_500, 500_000)
        ]
        scan, first = least(question, repeat=repeat), first_answer(root, benchmark, repeat)
        for number in range(ATTACHED):
            board = rows(1_500, architectures).rename({"made_up_ms": f"made_up_{number}_ms"})
            nbf.attach(board, root, to=benchmark, name=f"board-{number}")
        none = f"without {ATTACHED} attachments"
        table += [
            Row("open, scan and average one metric", least(question, repeat=repeat), scan, none, "<= 1.1"),
            Row("first answer of a new process", first_answer(root, benchmark, repeat), first, none, "<= 1.1"),
        ]
        print_table(f"{benchmark}, {held:,} values of {architectures:,} architectures", table)


if __name__ == "__main__":
    main()
