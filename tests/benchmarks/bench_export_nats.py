"""Export of NATS-Bench against decompressing the same input: folder, tar and monolith; time, memory, disk.

usage: bench_export_nats.py SIMPLE_FOLDER [--archs N] [--jobs J] [--repeat R] [--monolith FILE] [--scratch DIR]

SIMPLE_FOLDER is what ``python -m tests.tools.make_nats`` writes. Without --monolith one of the same records
is made. Everything is written below --scratch and removed.
"""

from __future__ import annotations

import argparse
import bz2
import multiprocessing
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np

from tests.benchmarks.table import Row, print_table

EXPORT = """
import sys
import nbframes as nbf
if __name__ == "__main__":
    nbf.export(sys.argv[1], sys.argv[2], jobs=int(sys.argv[3]), overwrite=True, progress=False)
"""


def decompress_file(path: str) -> int:
    return len(bz2.decompress(Path(path).read_bytes()))


def decompress_part(place: tuple[str, int, int]) -> int:
    path, offset, size = place
    with Path(path).open("rb") as file:
        file.seek(offset)
        return len(bz2.decompress(file.read(size)))


def decompress_folder(folder: Path, jobs: int) -> None:
    with multiprocessing.Pool(jobs) as pool:
        sum(pool.imap_unordered(decompress_file, map(str, sorted(folder.glob("0*"))), 64))


def decompress_tar(path: Path, jobs: int) -> None:
    with tarfile.open(path) as tar:
        places = [(str(path), member.offset_data, member.size) for member in tar if member.name.endswith(".pbz2")]
    with multiprocessing.Pool(jobs) as pool:
        sum(pool.imap_unordered(decompress_part, places, 64))


def read_through_bz2(path: Path) -> None:
    with bz2.open(path) as file:
        while file.read(1 << 20):
            pass


class Watched:
    """Runs an export in a process of its own and sums the memory of all its processes (proportional set size)."""

    def __init__(self, source: Path, store: Path, jobs: int) -> None:
        self.command = [sys.executable, "-c", EXPORT, str(source), str(store), str(jobs)]
        self.peak = 0

    def __call__(self) -> None:
        process = subprocess.Popen(self.command)
        watcher = threading.Thread(target=self._watch, args=(process.pid,))
        watcher.start()
        code = process.wait()
        watcher.join()
        if code:
            raise SystemExit(code)

    def _watch(self, pid: int) -> None:
        while Path(f"/proc/{pid}/smaps_rollup").exists():
            total = sum(map(memory, family(pid)))
            if not total:
                return
            self.peak = max(self.peak, total)
            time.sleep(0.2)


def family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(member for child in children for member in family(int(child)))]


def memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def side_by_side(ours, peer, repeat: int) -> tuple[float, float]:
    """Median seconds of both, run in turn so that other load hits both."""
    pairs = [(timed(ours), timed(peer)) for _ in range(repeat)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def whole_counts(source: bytes) -> bytes:
    """Return the record with params rounded to whole counts, as published ones are (the generator's are not)."""
    record = pickle.loads(bz2.decompress(source))
    for state in record.values():
        for result in state["all_results"].values():
            result["params"] = np.float64(round(float(result["params"]) * 1e6) / 1e6)
    return bz2.compress(pickle.dumps(record, 4))


def subset(folder: Path, out: Path, count: int | None, *, whole: bool) -> Path:
    """Folder of the first ``count`` records, its index cut to them."""
    meta = pickle.loads(bz2.decompress((folder / "meta.pickle.pbz2").read_bytes()))
    strings = meta["meta_archs"][:count]
    out.mkdir(parents=True)
    (out / "meta.pickle.pbz2").write_bytes(
        bz2.compress(pickle.dumps({**meta, "meta_archs": strings, "total_archs": len(strings)}, 4))
    )
    for arch in range(len(strings)):
        name = f"{arch:06d}.pickle.pbz2"
        if whole:
            (out / name).write_bytes(whole_counts((folder / name).read_bytes()))
        else:
            (out / name).symlink_to((folder / name).resolve())
    return out


def in_tar(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w", dereference=True) as tar:
        tar.add(folder, folder.name)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--archs", type=int, help="only the first N architectures")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--monolith", type=Path)
    parser.add_argument(
        "--only", nargs="*", choices=["folder", "tar", "monolith"], default=["folder", "tar", "monolith"]
    )
    parser.add_argument("--whole", action="store_true", help="round the generator's params to whole counts first")
    parser.add_argument("--scratch", type=Path)
    options = parser.parse_args()
    jobs = options.jobs
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        below = Path(scratch)
        complete = options.archs is None and not options.whole
        folder = (
            options.folder
            if complete
            else subset(options.folder, below / options.folder.name, options.archs, whole=options.whole)
        )
        cases = {}
        if "folder" in options.only:
            cases["folder"] = (folder, partial(decompress_folder, folder, jobs), f"bz2, {jobs} processes", "<= 1.3")
        if "tar" in options.only:
            tar = in_tar(folder, below / "simple.tar")
            cases["tar"] = (tar, partial(decompress_tar, tar, jobs), f"bz2, {jobs} processes", "<= 1.3")
        if "monolith" in options.only:
            monolith = options.monolith or below / "monolith.pickle.pbz2"
            if options.monolith is None:
                words = [sys.executable, "-m", "tests.tools.nats_monolith", str(folder), str(monolith)]
                subprocess.run(words, check=True, cwd=Path(__file__).parents[2])
            cases["monolith"] = (monolith, partial(read_through_bz2, monolith), "bz2, one stream", "<= 0.8")
        rows = []
        for name, (source, peer, peer_name, budget) in cases.items():
            store = below / f"store-{name}"
            export = Watched(source, store, jobs)
            ours, theirs = side_by_side(export, peer, options.repeat)
            rows.append(Row(f"{name}: complete store", ours, theirs, peer_name, budget, "s"))
            rows.append(Row(f"{name}: memory, all processes", export.peak / 1e6, None, "", "<= 1,000 MB", "MB"))
            size = sum(path.stat().st_size for path in (store / "results").rglob("*.parquet"))
            disk = "<= 740 MB" if complete and options.folder.name.startswith("NATS-tss") else ""
            rows.append(Row(f"{name}: results on disk", size / 1e6, None, "", disk, "MB"))
            shutil.rmtree(store)
        count = len(list(folder.glob("0*")))
        print_table(f"Export of NATS-Bench, {count:,} architectures, {jobs} jobs", rows)


if __name__ == "__main__":
    main()
