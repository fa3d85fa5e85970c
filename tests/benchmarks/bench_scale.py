"""A surrogate over many cells: shards written by Sail against one process, a worker killed on the way, adopted and analysed.

usage: python -m tests.benchmarks.bench_scale --surrogate FOLDER [--cells 1000000] [--shard 40960] [--budgets 98] [--scratch DIR]

Sail serves in a process of its own, which is killed when a third of the shards is there, and started again. Without --surrogate a small
ensemble is fitted to the published accuracies of NAS-Bench-301.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

import nbframes as nbf
from nbframes.surrogate import ShardWriter
from tests.benchmarks.table import Row, print_table

SEED = 20
REPORT = "start long, stop long, rows long, computed boolean"
SERVER = """
import sys, time
from pysail.spark import SparkConnectServer
server = SparkConnectServer(ip="127.0.0.1", port=0)
server.start(background=True)
print(server.listening_address[1], flush=True)
time.sleep(86_400)
"""
PREDICT = """
import sys, time
import numpy as np, nbframes as nbf
folder, cells, shard, out, seed, *budgets = sys.argv[1:]
surrogate = nbf.surrogate.load(folder)
columns = (
    nbf.spaces.darts.enumerate(start, min(start + int(shard), int(cells)), seed=int(seed)).drop("number")
    for start in range(0, int(cells), int(shard))
)
start, cpu = time.perf_counter(), time.process_time()
values = [
    frame.filter(nbf.metric("accuracy"))["value"].to_numpy()
    for frame in surrogate.predict_batches(columns, [int(budget) for budget in budgets] or None)
]
wall, cpu = time.perf_counter() - start, time.process_time() - cpu
print(wall, cpu, next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
np.save(out, np.concatenate(values))
"""


def published_ensemble(folder: Path) -> Path:
    """An ensemble fitted to the published accuracies."""
    published = nbf.published.store()
    archs = published.scan_archs("nb301").drop("benchmark").collect()
    rows = published.scan("nb301").with_columns(metric=pl.lit("accuracy"), budget=pl.lit(98), schedule=pl.lit(100))
    nbf.write_results(rows.drop("benchmark").collect(), folder / "store", benchmark="published", archs=archs)
    fitted = nbf.surrogate.fit(folder / "store", benchmark="published", target="final", members=2, rounds=150)
    fitted.save(folder / "model")
    return folder / "model"


def session_at(port: str):
    from pyspark.sql import SparkSession

    return SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()


@contextlib.contextmanager
def sail():
    """A session of Sail, which serves in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        session = session_at(process.stdout.readline().strip())
        yield session
        session.stop()
    finally:
        process.kill()
        process.wait()


def shard_writer(model: Path, folder: Path, options: argparse.Namespace) -> ShardWriter:
    return ShardWriter(model, folder, count=options.cells, seed=SEED, budgets=options.budgets or None)


def run(session, writer: ShardWriter, shard: int) -> pl.DataFrame:
    """Write all shards that are not there; what each worker reports."""
    ranges = session.createDataFrame(list(writer.shards(shard)), "start long, stop long").repartition(
        os.cpu_count() or 1
    )
    return pl.DataFrame(pl.from_arrow(ranges.mapInArrow(writer, REPORT).toArrow()))


def whole_files(folder: Path) -> list[Path]:
    """Files that are there; each must be readable to its end."""
    found = sorted((folder / "results").rglob("*.parquet"))
    for path in found:
        pq.read_table(path, partitioning=None)
    return found


def killed_midway(writer: ShardWriter, words: list[str], folder: Path, shard: int) -> int:
    """Kill the server, and the client who would wait for it, when a third of the shards is there; how many whole files are left."""
    aim = len(list(writer.shards(shard))) // 3 * 2
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    client = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.bench_scale", "--client", port, *words])
    while len(list((folder / "results").rglob("*.parquet"))) < aim and client.poll() is None:
        time.sleep(0.05)
    for process in (server, client):
        process.kill()
        process.wait()
    return len(whole_files(folder))


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surrogate", type=Path)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--shard", type=int, default=40_960)
    parser.add_argument("--budgets", type=int, nargs="*", default=[])
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--client", metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="pyspark")
    if options.client:
        writer = shard_writer(options.surrogate, options.scratch, options)
        run(session_at(options.client), writer, options.shard)
        return
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        measure(options, Path(scratch))


def measure(options: argparse.Namespace, scratch: Path) -> None:
    model = options.surrogate or published_ensemble(scratch)
    words = [str(x) for x in (options.cells, options.shard, scratch / "one.npy", SEED, *options.budgets)]
    told = subprocess.run(
        [sys.executable, "-c", PREDICT, str(model), *words], stdout=subprocess.PIPE, text=True, check=True
    )
    alone, alone_cpu, alone_peak = map(float, told.stdout.split())

    folder = scratch / "shards"
    writer = shard_writer(model, folder, options)
    words = [f"--surrogate={model}", f"--cells={options.cells}", f"--shard={options.shard}", f"--scratch={folder}"]
    words += ["--budgets", *map(str, options.budgets)]
    there = killed_midway(writer, words, folder, options.shard)
    with sail() as session:
        resumed = run(session, writer, options.shard)
    size = sum(path.stat().st_size for path in whole_files(folder))
    kept = resumed.filter(~pl.col("computed")).height

    fresh = scratch / "fresh"
    again = shard_writer(model, fresh, options)
    before = cpu_of_children()
    with sail() as session:
        start = time.perf_counter()
        report = run(session, again, options.shard)
        wall = time.perf_counter() - start
    cpu = cpu_of_children() - before
    same = {path.relative_to(folder): path.read_bytes() for path in whole_files(folder)} == {
        path.relative_to(fresh): path.read_bytes() for path in whole_files(fresh)
    }

    start = time.perf_counter()
    manifest = nbf.adopt(folder, scratch / "store", benchmark="nb301-surrogate")
    adopting = time.perf_counter() - start
    store = nbf.open_store(scratch / "store")
    accuracy = store.scan("nb301-surrogate").filter(nbf.metric("accuracy"))
    stored = accuracy.sort("arch", "budget").select("value").collect()["value"].to_numpy()
    one = np.load(scratch / "one.npy")
    start = time.perf_counter()
    final = accuracy.filter(nbf.final())
    best = nbf.best_archs(final, k=3, tie=0).collect()  # predictions are no counts of images
    steps = nbf.ecdf(final, tie=0).collect()
    answering = time.perf_counter() - start
    rows, n = manifest.rows(), options.cells
    print_table(
        f"Surrogate {Path(model).name} over {n:,} cells, {rows:,} rows",
        [
            Row("Sail, shards of the store, against one process", wall, alone, "predict_batches", unit="s"),
            Row("  CPU seconds, server included", cpu, alone_cpu, "predict_batches", unit="s"),
            Row("  cells a CPU second", n / cpu, n / alone_cpu, "predict_batches", unit="1/s"),
            Row("  largest memory of predict_batches", alone_peak, unit="MB"),
            Row("files", len(manifest.tables["results"]), unit=""),
            Row("bytes a row", size / rows, unit="B"),
            Row("adopt: check, hash, link", rows / adopting / 1e6, unit="M/s"),
            Row("best_archs and ecdf of the final values", answering * 1e3),
        ],
    )
    print(f"largest difference to predict_batches: {np.abs(stored - one).max():.3g} percent in {len(one):,} accuracies")
    print(f"killed with {there} whole files there; {kept} shards of {resumed.height} were not computed again")
    print(
        f"the resumed files are those of a run that nobody killed, byte by byte: {same}; {int(report['computed'].sum())} shards"
    )
    problems = store.verify()
    print(
        f"verify: {problems.height} problems; best {best['arch'].to_list()} with {best['value'].to_list()}; {steps.height:,} steps"
    )
    number = int(best["arch"][0])
    print(nbf.spaces.darts.enumerate(number, number + 1, seed=SEED)["arch_str"][0])


if __name__ == "__main__":
    main()
