"""Reading and exporting a synthetic NAS-Bench-201 ``.pth`` against ``pickle.load`` of the same bytes, with peak memory.

``pickle.load`` runs whatever the file says and holds every record in memory; a published file has 15,625 architectures in 2 to 5 GB.

usage: bench_export_nb201.py [--archs N] [--repeat N]
"""

from __future__ import annotations

import argparse
import multiprocessing
import pickle
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbframes as nbf
from nbframes.export.formats import detect
from nbframes.synthetic.nats import TSS, tss_subjects
from nbframes.synthetic.nats_record import record
from tests.benchmarks.table import Row, print_table

HEAD = (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True})


def write(path: Path, archs: int) -> None:
    """Write the file; records come from files of their own, so they share no objects."""
    subjects = tss_subjects(archs, 1)
    infos = {}
    for subject in subjects:
        states = pickle.loads(pickle.dumps(record(subject, TSS, 1), 2))
        infos[subject.number] = {"full": states["200"], "less": states["12"]}
    top = {
        "meta_archs": [subject.arch_str for subject in subjects],
        "total_archs": archs,
        "arch2infos": infos,
        "evaluated_indexes": list(infos),
    }
    with path.open("wb") as file:
        for part in (*HEAD, top, []):
            pickle.dump(part, file, 2)


def load(path: Path) -> None:
    with path.open("rb") as file:
        for _ in range(5):
            pickle.load(file)


def read(path: Path) -> None:
    for _ in detect(path).batches(jobs=1, on_error="raise"):
        pass


def export(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as store:
        nbf.export(path, store, progress=False)


WORKS = {"load": load, "read": read, "export": export}


def timed(name: str, path: Path) -> tuple[float, float]:
    """Seconds and the peak memory in MB of one work, in a process of its own."""
    start = time.perf_counter()
    WORKS[name](path)
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median(name: str, path: Path, repeat: int) -> tuple[float, float]:
    runs = []
    for _ in range(repeat):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            runs.append(pool.submit(timed, name, path).result())
    return sorted(runs)[repeat // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archs", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.pth"
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(write, path, options.archs).result()
        size = path.stat().st_size / 1e6
        peer, peer_memory = median("load", path, options.repeat)
        rows = []
        for name, work in (("read", "read as batches"), ("export", "a complete store")):
            ours, memory = median(name, path, options.repeat)
            rows.append(
                Row(f"{options.archs:,} architectures, {size:.0f} MB: {work}", ours, peer, "pickle.load", unit="s")
            )
            rows.append(Row("  throughput", size / ours, size / peer, "pickle.load", unit="MB/s"))
            rows.append(Row("  peak memory", memory, peer_memory, "pickle.load", "<= 1,024 MB", unit="MB"))
    print_table("NAS-Bench-201 export", rows)


if __name__ == "__main__":
    main()
