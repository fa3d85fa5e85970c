"""Queries on a store, side by side with DuckDB on the same files and with the peers' own loops.

python -m tests.benchmarks.bench_query --store STORE [--benchmark nats-tss] [--peer NATS-tss-v1_0-3ffb9-simple] [--peer-archs 500]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

import nbframes as nbf
from nbframes import benchmarks
from tests.benchmarks.table import Row, measure, print_table

FIRST_ANSWER = """
import resource, sys
import nbframes as nbf
store, benchmark, arch = sys.argv[1:]
rows = nbf.scan(benchmark, store=store).filter(
    nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule("full"), nbf.final(), nbf.arch(int(arch)))
print(rows.select(nbf.seed_mean()).collect().item(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
ONLY_POLARS = "import polars, resource; print(0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"


class Process(NamedTuple):
    """Medians of new interpreters, and the most memory that one took."""

    wall: float
    cpu: float
    memory: float


def new_processes(*commands: tuple[str, ...], repeat: int = 15) -> list[Process]:
    """Milliseconds and MB of new interpreters, in turns; their modules are compiled, as those of an installation are."""
    told: list[list[Process]] = [[] for _ in commands]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(1 + repeat):  # the first compiles
        for place, words in enumerate(commands):
            start, before = time.perf_counter(), os.times()
            command = [sys.executable, "-c", *words]
            out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            wall, after = time.perf_counter() - start, os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            told[place].append(Process(wall * 1e3, cpu * 1e3, float(out.stdout.split()[-1])))
    return [
        Process(
            statistics.median(process.wall for process in processes[1:]),
            statistics.median(process.cpu for process in processes[1:]),
            max(process.memory for process in processes),
        )
        for processes in told
    ]


def sql(store: str, benchmark: str, select: str, where: str, rest: str) -> str:
    files = f"{store}/results/benchmark={benchmark}/**/*.parquet"
    accuracy = "metric = 'accuracy' AND dataset = 'cifar10' AND split = 'test'"
    return f"SELECT {select} FROM read_parquet('{files}', hive_partitioning = true) WHERE {accuracy} AND {where} {rest}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True)
    parser.add_argument("--benchmark", default="nats-tss")
    parser.add_argument("--peer", help="folder that nats_bench reads, or NASBenchAPI's NB101 pickle")
    parser.add_argument(
        "--peer-archs", type=int, default=500, help="architectures in the peer's loop, scaled up to the space"
    )
    options = parser.parse_args()
    name, full = options.benchmark, benchmarks.get(options.benchmark).full_schedule
    store = nbf.open_store(options.store)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")

    def ask(statement: str) -> pl.DataFrame:
        return pl.DataFrame(connection.sql(statement).to_arrow_table())

    test = (nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule(full))

    alone, ours = new_processes((ONLY_POLARS,), (FIRST_ANSWER, options.store, name, "7"))
    rows = [
        Row("new process to the first answer", ours.wall, alone.wall, "import polars", "<= +40 ms"),
        Row("  its CPU time", ours.cpu, alone.cpu, "import polars", "<= +40 ms"),
        Row("  its peak memory", ours.memory, alone.memory, "import polars", "<= 100 MB", "MB"),
    ]

    def compare(work: str, query: pl.LazyFrame, statement: str, budget: str, repeat: int = 9) -> None:
        ours, theirs = query.collect(), ask(statement)
        assert ours.height == theirs.height, work
        assert abs(ours["value"].sum() - theirs["value"].sum()) < 1e-6 * max(1.0, abs(ours["value"].sum())), work
        mine = measure(query.collect, repeat=repeat)
        peer = measure(lambda: ask(statement), repeat=repeat)
        rows.append(Row(work, mine, peer, "DuckDB", budget))

    mean = store.scan(name).filter(*test, nbf.final()).group_by("arch").agg(nbf.seed_mean())
    final = sql(options.store, name, "arch, avg(value) AS value", f"schedule = {full} AND final", "GROUP BY arch")
    compare(
        "mean over seeds of final test accuracy, whole space", mean, final, "<= 0.3" if name == "nats-tss" else "<= 0.5"
    )

    one = "<= 0.25" if name == "nats-tss" else "<= 0.5"
    one_run = store.scan(name).filter(*test, nbf.arch(123), nbf.seed(_a_seed(store, name)))
    where = f"schedule = {full} AND arch = 123 AND seed = {_a_seed(store, name)}"
    curve = sql(options.store, name, "budget, value", where, "")
    compare("one learning curve", one_run.select("budget", "value"), curve, one)
    value = sql(options.store, name, "value", f"{where} AND final", "")
    compare("one value", one_run.filter(nbf.final()).select("value"), value, one)
    curves = store.scan(name).filter(*test).group_by("arch", "budget").agg(nbf.seed_mean())
    statement = sql(
        options.store, name, "arch, budget, avg(value) AS value", f"schedule = {full}", "GROUP BY arch, budget"
    )
    compare("all mean curves, group_by", curves, statement, "<= 0.8", repeat=5)
    helper = nbf.learning_curves(store.scan(name).filter(*test), by=["arch"])
    select = "arch, budget, count(*) AS n, avg(value) AS value, stddev_samp(value) AS std"
    statement = sql(options.store, name, select, f"schedule = {full}", "GROUP BY arch, budget")
    spread = helper.rename({"mean": "value"})
    compare("all mean curves with their spread, nbf.learning_curves", spread, statement, "<= 0.7", repeat=5)

    if options.peer and name.startswith("nats"):
        rows.append(_nats_bench(options, name, full, mean))
    print_table(
        f"{name}: {store.manifest(name).rows():,} values of {store.manifest(name).rows('archs'):,} architectures", rows
    )
    print(
        f"disk: results {sum(f.size for f in store.manifest(name).tables['results']) / 1e6:.1f} MB, store {_disk(options.store, name):.1f} MB"
    )


def _a_seed(store: nbf.Store, name: str) -> int:
    return (
        1
        if name == "nb101"
        else int(store.scan(name).filter(nbf.arch(123), nbf.final()).select(pl.col("seed").max()).collect().item())
    )


def _nats_bench(options: argparse.Namespace, name: str, full: int, mean: pl.LazyFrame) -> Row:
    import nats_bench

    api = nats_bench.create(options.peer, name.removeprefix("nats-"), fast_mode=True, verbose=False)
    start = time.perf_counter()
    for index in range(options.peer_archs):
        api.get_more_info(index, "cifar10", hp=str(full), is_random=False)
    loop = (time.perf_counter() - start) * 1e3 * len(api) / options.peer_archs
    return Row(
        f"same mean, loop of nats_bench (scaled from {options.peer_archs} archs)",
        measure(mean.collect),
        loop,
        "nats_bench",
    )


def _disk(store: str, name: str) -> float:
    total = 0
    for table in ("results", "archs", "runs"):
        for root, _, files in os.walk(f"{store}/{table}/benchmark={name}"):
            total += sum(Path(root, file).stat().st_size for file in files)
    return total / 1e6


if __name__ == "__main__":
    main()
