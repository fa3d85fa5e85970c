"""Memory and seconds of every helper on very many rows, each in a process of its own that is ended at the limit.

Each question is asked of all rows, which helpers refuse before they start where the limit is too small for them, and then of a part, the way
round that they name: some budgets, or a sample. DuckDB, with seven tenths of the limit, spills to disk: in one thread,
since it runs out of memory in two.

usage: python -m tests.benchmarks.bench_memory [--rows 100000000] [--limit 2048] [--store STORE] [--of KIND ...] [--only TEXT] [--folder DIR]

The whole table: a surrogate's rows are made in the layout of a store and adopted, as curves of 98 budgets, then as one value of each cell; their
values are synthetic. With --store the questions are asked of the full NATS-Bench topologies, too. --of chooses among these; a folder
that is named keeps the stores that were made, for the next run.
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
from typing import NamedTuple

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
    "pareto_front of the means of a group_by": "nbf.pareto_front(rows.group_by('arch').agg(nbf.seed_mean()), maximise='value', minimise='arch').collect()",
    "pareto_front of a join": "nbf.pareto_front(rows.join(everything.filter(nbf.final()).select('arch', last='value'), on='arch'), maximise='last', minimise='arch').collect()",
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
    limits = {"memory_limit": "{room}MB", "threads": 1, "temp_directory": spill, "preserve_insertion_order": False}
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
    return "", float(peak), cpu, "refused before it started" if refused else _said(error)


def _said(error: str) -> str:
    """The line of a traceback that says what went wrong."""
    lines = error.strip().splitlines() or ["ended without a word"]
    return next((line for line in lines if "Error: " in line), lines[-1])[:150]


class Kind(NamedTuple):
    """Rows to ask, and how to ask for a part of them."""

    benchmark: str
    part: tuple[str, str]
    """What the part is, and predicates, one question each."""
    curves: tuple[str, str] | None
    """All of the rows part by part, for curves."""
    pairs: tuple[str, str] | None
    """What is compared, and the predicate for it."""
    questions: dict[str, str]


KINDS = {
    "curves": Kind(
        "made",
        ("10 of 98 budgets", "[pl.col('budget').is_between(1, 10)]"),
        ("10 budgets at a time", "[pl.col('budget').is_between(b, b + 9) for b in range(1, 99, 10)]"),
        ("'budget'", "[pl.col('budget').is_in([1, 98])]"),
        QUESTIONS,
    ),
    "finals": Kind("made", ("one cell in 20", "[pl.col('arch') % 20 == 0]"), None, None, QUESTIONS),
    "store": Kind(
        "nats-tss",
        (
            "each dataset and split",
            "[nbf.on(d, s) for d in ('cifar100', 'ImageNet16-120') for s in ('val', 'test', 'valtest')]",
        ),
        None,
        ("('schedule', 'budget')", "[nbf.on('cifar100', 'test') & pl.col('budget').is_in([12, 200])]"),
        QUESTIONS | TSS,
    ),
}


def table(kind: Kind, store: Path, options: argparse.Namespace) -> None:
    """Ask everything of one store."""

    def tell(name: str, of: str, code: str) -> None:
        if options.only in name:
            height, peak, cpu, ended = asked(code, [str(store), kind.benchmark], options.limit)
            rows = f"{int(height):,}" if height else ended
            print(f"| {name} | {of} | {rows} | {peak:.0f} | {cpu:.1f} |", flush=True)

    print("\n| question | asked of | rows of the answer | peak MB | CPU s |\n|---|---|---:|---:|---:|", flush=True)
    for name, question in kind.questions.items():
        whole = [kind.curves] if kind.curves and name.startswith("learning_curves") else []
        for of, parts in (("all", "[pl.lit(True)]"), kind.part, *whole):
            tell(name, of, ASK.replace("{question}", question).replace("{parts}", parts))
    for name, question in PAIRS.items() if kind.pairs else ():
        between, parts = kind.pairs
        code = ASK.replace("{question}", question.replace("BETWEEN", between)).replace("{parts}", parts)
        tell(name, "two budgets", code)
    for question in ("curves", "best", "ecdf"):
        code = SPILLED.replace("{question}", question).replace("{room}", str(options.limit * 7 // 10))
        tell(f"DuckDB, {question}", "all, spilling", code)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--limit", type=int, default=2048, help="MB")
    parser.add_argument("--store", type=Path, help="a store with the full nats-tss")
    parser.add_argument("--of", nargs="*", choices=KINDS, help="which rows to ask; by default all that there are")
    parser.add_argument("--only", default="", help="questions whose name has it")
    parser.add_argument("--folder", type=Path, help="where stores are made, kept and found again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.of or [name for name in KINDS if name != "store" or options.store]:
            store = options.store if name == "store" else Path(options.folder or scratch, name, "store")
            if name != "store" and not store.exists():
                start = time.perf_counter()
                make(store.parent, options.rows, finals=name == "finals")
                print(f"\nwritten and adopted in {time.perf_counter() - start:.0f} s")
            manifest = nbf.open_store(store).manifest(KINDS[name].benchmark)
            print(f"\n{name}: {manifest.rows():,} rows of {manifest.label}, {manifest.size() / 1e6:,.0f} MB")
            table(KINDS[name], store, options)


if __name__ == "__main__":
    main()
