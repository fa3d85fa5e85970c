"""Export of NAS-Bench-301 run files against reading and decoding them with orjson alone.

Make the files with ``python -m tests.tools.make_nb301 FOLDER`` (57,189 files, 1.1 GB). The export does more than decode: it
checks every run, numbers architectures, hashes every source file and writes, sorts and hashes the Parquet files.

usage: bench_nb301.py FOLDER [--jobs N] [--repeat N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import orjson

import nbframes as nbf
from tests.benchmarks.table import Row, measure, print_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    files = sorted(options.folder.rglob("*.json"))

    def decode() -> None:
        for file in files:
            orjson.loads(file.read_bytes())

    def export(jobs: int) -> None:
        with tempfile.TemporaryDirectory(dir=options.folder.parent) as store:
            nbf.export(options.folder, store, benchmark="nb301", jobs=jobs, progress=False)

    peer = measure(decode, repeat=options.repeat) / 1e3
    rows = []
    for jobs in sorted({1, options.jobs}):
        ours = measure(lambda jobs=jobs: export(jobs), repeat=options.repeat, warmup=0) / 1e3
        work = f"{len(files):,} run files to a complete store, {jobs} processes"
        rows.append(Row(work, ours, peer, "read + orjson.loads in one loop", "<= 3.5" if jobs > 1 else "", unit="s"))
        rows.append(Row("  files per second", len(files) / ours, len(files) / peer, "the same", unit="1/s"))
    print_table("NAS-Bench-301 export", rows)


if __name__ == "__main__":
    main()
