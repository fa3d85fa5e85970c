"""Single values for search loops: `nbf.lookup` and `nbframes.compat.nats_bench` beside `nats_bench` in fast mode.

python -m tests.benchmarks.bench_lookup --store STORE [--benchmark nats-tss] [--peer NATS-tss-v1_0-3ffb9-simple] [--queries 10000]

STORE holds what was exported from the peer's folder; a folder of fewer architectures than the space will do.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

import nbframes as nbf
from nbframes import benchmarks
from tests.benchmarks.table import Row, measure, print_table

WORK = """
import json, random, resource, sys, time

package, source, space, hp, archs, count = *sys.argv[1:5], *map(int, sys.argv[5:])
start = time.perf_counter()
if package == "ours":
    from nbframes.compat import nats_bench
else:
    import nats_bench
api = nats_bench.create(source, space, fast_mode=True, verbose=False)
created = time.perf_counter()
api.get_more_info(archs // 2, "cifar10", hp=hp, is_random=False)
answered = time.perf_counter()
draw = random.Random(0)
datasets = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
queries = [(draw.randrange(archs), draw.choice(datasets)) for _ in range(count)]


def ask(**options):
    start = time.perf_counter()
    for index, dataset in queries:
        api.get_more_info(index, dataset, hp=hp, **options)
    return (time.perf_counter() - start) * 1e6 / count


figures = {"created": created - start, "answered": answered - start, "first": ask(is_random=False)}
figures |= {"mean": ask(is_random=False), "random": ask(is_random=True)}
for index in range(archs):
    api._prepare_info(index)
begin = time.perf_counter()
figures["found"] = api.find_best("cifar10", "test", hp=hp, enforce_all=False)
figures["best"] = time.perf_counter() - begin
figures["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(figures))
"""


def run(*arguments: object, repeat: int) -> dict[str, float]:
    """Medians of a new interpreter's figures."""
    command = [sys.executable, "-c", WORK, *map(str, arguments)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(repeat)
    ]
    medians = {key: statistics.median(one[key] for one in runs) for key in runs[0] if key != "found"}
    return medians | {"found": runs[0]["found"]}


def compat(options: argparse.Namespace, archs: int, hp: str) -> tuple[list[Row], dict[str, float] | None]:
    """Our module with the API of nats_bench, and nats_bench if its folder is given."""
    space = options.benchmark.removeprefix("nats-")
    ours = run("ours", options.store, space, hp, archs, options.queries, repeat=options.repeat)
    peer = run("peer", options.peer, space, hp, archs, options.queries, repeat=1) if options.peer else None
    assert peer is None or peer["found"] == ours["found"], (ours["found"], peer["found"])

    def row(work: str, key: str, *, scale: float = 1.0, unit: str = "ms", budget: str = "") -> Row:
        theirs = None if peer is None else peer[key] * scale
        return Row(work, ours[key] * scale, theirs, "nats_bench", budget, unit)

    rows = [
        row("import and create", "created", scale=1e3),
        row("import, create, first answer", "answered", scale=1e3),
        row(f"get_more_info, first {options.queries:,}, mean of runs", "first", unit="us/query"),
        row("get_more_info, the same again", "mean", unit="us/query"),
        row("get_more_info, the same, a random run", "random", unit="us/query", budget="<= 0.5" if peer else ""),
        row(f"find_best among {archs:,}", "best", scale=1e3),
        row("peak memory", "memory", unit="MB"),
    ]
    return rows, peer


def lookups(options: argparse.Namespace, archs: int, full: int, peer: dict[str, float] | None) -> list[Row]:
    """`nbf.lookup`: loading, single values and arrays of them."""
    store = nbf.open_store(options.store)
    choice = {"benchmark": options.benchmark, "dataset": "cifar10", "split": "test", "schedule": full}
    draw, theirs = random.Random(0), None if peer is None else peer["mean"]

    def load(*, final: bool):
        table = nbf.lookup(store, **choice, final=final)
        assert table.array.size
        return table

    table, count = load(final=False), options.queries
    seed = table.seeds[0]
    known = np.flatnonzero(table.present(np.arange(archs), seed, full)).tolist()
    queries = [(draw.choice(known), draw.choice(table.budgets)) for _ in range(count)]
    queries = [(arch, budget) for arch, budget in queries if table.present(arch, seed, budget)]
    chosen, budgets = (np.array(column) for column in zip(*queries, strict=True))
    expected = store.scan(options.benchmark).filter(
        nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule(full), nbf.arch(known[0]), nbf.seed(seed)
    )
    assert table.value(known[0], seed, full) == expected.filter(nbf.final()).select("value").collect().item()

    def scalar() -> None:
        value = table.value
        for arch, budget in queries:
            value(arch, seed, budget)

    each = 1e3 / len(queries)
    return [
        Row("loading the final values", measure(lambda: load(final=True), repeat=options.repeat), budget="<= 10 ms"),
        Row("loading the curves", measure(lambda: load(final=False), repeat=options.repeat), budget="<= 150 ms"),
        Row("one value", measure(scalar) * each, theirs, "nats_bench", "<= 0.25 us", "us"),
        Row("one value, asked for as an array", measure(lambda: table.values(chosen, seed, budgets)) * each, theirs, "nats_bench", "<= 0.025 us", "us"),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True)
    parser.add_argument("--benchmark", default="nats-tss", choices=["nats-tss", "nats-sss"])
    parser.add_argument("--peer", metavar="FOLDER", help="the folder that nats_bench reads in fast mode")
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    full = benchmarks.get(options.benchmark).full_schedule
    runs = nbf.open_store(options.store).scan_runs(options.benchmark)
    present = runs.select(pl.col("arch").unique().sort()).collect()["arch"]
    archs = present.len()
    assert present.to_list() == list(range(archs)), "the store must hold the first architectures of the space"
    rows, peer = compat(options, archs, str(full))
    rows += lookups(options, archs, full, peer)
    print_table(f"{options.benchmark}: {archs:,} architectures of {Path(options.store).name}", rows)


if __name__ == "__main__":
    main()
