"""Memory and seconds of every helper on very many rows, each in a process of its own that is ended at the limit.

Each question is asked of all rows, which helpers refuse before they start where the limit is too small for them, and then of a part, the way
round that they name: some budgets, or a sample. DuckDB answers with half of the limit and spills to disk.

usage: python -m tests.benchmarks.bench_memory [--rows 100000000] [--limit 2048] [--finals] [--store STORE] [--only TEXT] [--scratch DIR]

A surrogate's rows are made in the layout of a store and adopted: curves of 98 budgets, or with --finals one value of each cell. Their
values are synthetic. With --store the questions are asked of the full NATS-Bench topologies instead.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import nbframes as nbf

BUDGETS = 98
CELLS = 100_000
"""Cells of a file."""
ASK = """
import sys
import polars as pl, nbframes as nbf
store = nbf.open_store(sys.argv[1])
everything = store.scan(sys.argv[2]).filter(nbf.metric("accuracy"))
parts = {parts}
height = 0
for part in parts:
    rows = everything.filter(part)
    final = rows.filter(nbf.final())
    height += len({question})
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(height, int(line.split()[1]) // 1024)
"""
QUESTIONS = {
    "the values alone, as a frame": "rows.select('value').collect()",
    "mean of each budget, streaming expression": "rows.group_by('budget').agg(nbf.seed_mean()).collect(engine='streaming')",
    "learning_curves, one a cell": "nbf.learning_curves(rows).collect()",
    "learning_curves, of the population": "nbf.learning_curves(rows, over=('seed', 'arch')).collect()",
    "learning_curves, with quantiles": "nbf.learning_curves(rows, over=('seed', 'arch'), quantiles=(0.1, 0.9)).collect()",
    "summarize": "nbf.summarize(rows).collect()",
    "ecdf": "nbf.ecdf(rows).collect()",
    "best_archs": "nbf.best_archs(rows, k=10).collect()",
    "pareto_front": "nbf.pareto_front(rows, maximise='value', minimise='arch').collect()",
    "nondominated_rank": "nbf.nondominated_rank(rows, maximise='value', minimise='arch').collect()",
    "hypervolume": "nbf.hypervolume(rows, maximise='value', minimise='arch', ref={'value': 0.0, 'arch': 2**31}).collect()",
}
PAIRS = {
    "rank_correlation": "nbf.rank_correlation(rows, BETWEEN).collect()",
    "paired_ranks": "nbf.paired_ranks(rows, BETWEEN).collect()",
    "top_overlap": "nbf.top_overlap(rows, BETWEEN, k=100).collect()",
    "rank_stability": "nbf.rank_stability(rows, between=BETWEEN).collect()",
}
TSS = {
    "seed_noise": "nbf.seed_noise(rows).collect()",
    "with_costs": "nbf.with_costs(final, store.scan_runs(sys.argv[2])).collect()",
    "locality": "nbf.locality(final, store.scan_archs(sys.argv[2])).collect()",
    "local_optima": "nbf.local_optima(final, store.scan_archs(sys.argv[2])).collect()",
    "operation_effects": "nbf.operation_effects(final, store.scan_archs(sys.argv[2])).collect()",
    "marginal_means": "nbf.marginal_means(final, store.scan_archs(sys.argv[2])).collect()",
}
SPILLED = """
import sys, tempfile
import duckdb, nbframes as nbf
with tempfile.TemporaryDirectory(dir=sys.argv[1]) as spill:
    limits = {"memory_limit": "{half}MB", "threads": 2, "temp_directory": spill}
    statement = nbf.query_sql("{question}", nbf.open_store(sys.argv[1]), nbf.metric("accuracy"))
    asked = duckdb.connect(config=limits)
    asked.sql("SET enable_progress_bar = false")  # it prints where the answer goes
    (height,) = asked.sql(f"SELECT count(*) FROM ({statement})").fetchall()[0]
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(height, int(line.split()[1]) // 1024)
"""


def make(root: Path, rows: int, *, finals: bool) -> None:
    """Store of synthetic predictions: curves that rise to a value of each cell, with what is left of it by chance."""
    budgets = 1 if finals else BUDGETS
    schema = pa.schema(
        [
            *((name, pa.int32()) for name in ("arch", "schedule", "budget", "seed")),
            ("final", pa.bool_()),
            ("value", pa.float64()),
        ]
    )
    part = root / "made/results/benchmark=made/metric=accuracy/dataset=cifar10/split=val"
    part.mkdir(parents=True)
    rng = np.random.default_rng(0)
    size = CELLS * (BUDGETS // budgets)
    for start in range(0, rows // budgets, size):
        cells = np.arange(start, min(start + size, rows // budgets), dtype=np.int32)
        end = rng.normal(93, 0.8, len(cells))
        for kind, those in (("curve", np.arange(1, budgets)), ("final", np.array([budgets]))):
            if not len(those):
                continue
            n = len(cells) * len(those)
            values = np.outer(end, 1 - 0.5 * np.exp(-those / 10)) + rng.normal(0, 0.1, (len(cells), len(those)))
            arrays = {
                "arch": np.repeat(cells, len(those)),
                "schedule": np.full(n, 100, np.int32),
                "budget": np.tile(those.astype(np.int32) + BUDGETS - budgets, len(cells)),
                "seed": np.zeros(n, np.int32),
                "final": np.full(n, kind == "final"),
                "value": values.ravel(),
            }
            path = part / f"{kind}-{start:010d}.parquet"
            table = pa.table(arrays).cast(schema)
            pq.write_table(table, path, row_group_size=131_072, compression="zstd", use_dictionary=["budget"])
    exact = nbf.Metric("accuracy", "percent [0, 100]", "max")
    nbf.adopt(root / "made", root / "store", benchmark="made", metrics=[exact])


def asked(code: str, words: list[str], limit: int) -> tuple[str, float, float, str]:
    """Rows of the answer, largest memory in MB, CPU seconds, and how it ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NBFRAMES_MEMORY": str(limit / 1024)},
    )
    peak, page = 0, os.sysconf("SC_PAGE_SIZE")
    while process.poll() is None:
        words = Path(f"/proc/{process.pid}/statm").read_text("ascii").split()
        peak = max(peak, int(words[1]) * page >> 20 if words else 0)
        if peak > limit:
            process.kill()
        time.sleep(0.01)
    told, error = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode == 0:
        height, peak = told.split()
        return height, float(peak), cpu, ""
    if peak > limit:
        return "", float(peak), cpu, f"ended at {limit:,} MB"
    refused = [line for line in error.splitlines() if "would be held at once" in line]
    return "", float(peak), cpu, "refused before it started" if refused else error.strip().splitlines()[-1][:150]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--limit", type=int, default=2048, help="MB")
    parser.add_argument("--finals", action="store_true")
    parser.add_argument("--store", type=Path, help="a store with the full nats-tss")
    parser.add_argument("--made", type=Path, help="a store that an earlier run made, instead of a new one")
    parser.add_argument("--only", default="", help="questions whose name has it")
    parser.add_argument("--scratch", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        store, benchmark = options.store or options.made, "nats-tss" if options.store else "made"
        if store is None:
            start = time.perf_counter()
            make(Path(scratch), options.rows, finals=options.finals)
            store = Path(scratch, "store")
            size = sum(path.stat().st_size for path in store.rglob("*.parquet")) / 1e6
            print(
                f"{options.rows:,} synthetic rows, {size:,.0f} MB, written and adopted in {time.perf_counter() - start:.0f} s"
            )
        print(f"{'question':<44}{'asked of':<22}{'rows':>12}{'MB':>8}{'CPU s':>8}  ")

        def tell(name: str, of: str, code: str) -> None:
            if options.only in name:
                height, peak, cpu, ended = asked(code, [str(store), benchmark], options.limit)
                print(f"{name:<44}{of:<22}{height:>12}{peak:>8.0f}{cpu:>8.1f}  {ended}", flush=True)

        for name, question in (QUESTIONS | (TSS if options.store else {})).items():
            for of, parts in ways(options).items():
                tell(name, of, ASK.replace("{question}", question).replace("{parts}", parts))
        between, pair = (("schedule", "budget"), (12, 200)) if options.store else ("budget", (1, 98))
        for name, question in ({} if options.finals else PAIRS).items():
            code = ASK.replace("{question}", question.replace("BETWEEN", repr(between)))
            tell(
                name,
                f"budgets {pair[0]} and {pair[1]}",
                code.replace("{parts}", f"[pl.col('budget').is_in({list(pair)})]"),
            )
        for question in ("curves", "best", "ecdf"):
            tell(
                f"DuckDB, {question}",
                "all, spilling",
                SPILLED.replace("{question}", question).replace("{half}", str(options.limit // 2)),
            )


def ways(options: argparse.Namespace) -> dict[str, str]:
    """Parts of the rows to ask for."""
    found = {"all": "[pl.lit(True)]"}
    if options.store:
        found["each dataset and split"] = (
            "[nbf.on(d, s) for d in ('cifar100', 'ImageNet16-120') for s in ('val', 'test', 'valtest')]"
        )
    elif options.finals:
        found["one cell in 20"] = "[pl.col('arch') % 20 == 0]"
    else:
        found["10 of 98 budgets"] = "[pl.col('budget').is_between(1, 10)]"
    return found


if __name__ == "__main__":
    main()
