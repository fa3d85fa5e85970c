"""Ensembles of whole curves: seconds to fit as many runs as NAS-Bench-301 has, quality on held-out architectures, flat memory of predictions.

usage: python -m tests.benchmarks.bench_fit [--runs 57189] [--cells 100000] [--rounds 500] [--members 10] [--surrogate FOLDER] [--scratch DIR]

Curves are synthetic: nobody has published those of the runs alone. The first ensemble learns a made-up rule with the noise of a training run.
The second learns the 10,221 published accuracies as last values, with shapes from the ONNX surrogate in FOLDER, or made-up ones: its
scores at the last budget are those of real values.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import nbframes as nbf
from nbframes.spaces import darts
from tests.benchmarks.table import Row, print_table

BUDGETS = np.arange(1, 99)
PREDICT = """
import sys, time
import nbframes as nbf
def peak():
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
model, store, cells = sys.argv[1], sys.argv[2], int(sys.argv[3])
surrogate = nbf.surrogate.load(model)
column = nbf.spaces.darts.enumerate(0, cells, seed=1).drop("number")
archs = nbf.surrogate.archs(column)
start = time.process_time()
nbf.write_results(surrogate.predict_batches(column, surrogate.budgets), store, benchmark="predicted", archs=archs)
stored, storing = time.process_time() - start, peak()
start = time.process_time()
accuracy = nbf.scan("predicted", store=store).filter(nbf.metric("accuracy"))
curve = accuracy.group_by("budget").agg(nbf.seed_mean(), nbf.seed_std()).collect(engine="streaming")
best = nbf.best_archs(accuracy.filter(nbf.final()), tie=0).collect()
assert curve.height == len(surrogate.budgets) and best.height >= 1
analysed, analysing = time.process_time() - start, peak()
assert nbf.learning_curves(accuracy, over=("seed", "arch")).collect().height == curve.height
print(stored, storing, analysed, analysing, peak())
"""


def made_up(cells: pl.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Curves by a rule: operations and their pairs decide the end, skip connections the speed; noise of 0.2 percent an epoch."""
    features = darts.features(cells["arch_str"], "one_hot").astype(np.float64)
    rules = np.random.default_rng(1).normal(size=(3, features.shape[1]))
    rule, one, other = ((features - features.mean(axis=0)) @ rules.T).T
    end = rule / rule.std() + 0.5 * one * other / (one * other).std()
    end = 93 + 0.8 * end / end.std()
    speed = 8 + 3 * np.tanh(one / one.std())
    curves = end[:, None] * (1 - 0.55 * np.exp(-BUDGETS / speed[:, None]))
    return curves + rng.normal(0, 0.2, curves.shape)


def of_published(surrogate: Path | None, rng: np.random.Generator) -> tuple[pl.DataFrame, np.ndarray]:
    """Cells with a published accuracy, and curves that end there."""
    store = nbf.published.store()
    values = store.scan("nb301").select("arch", "value").sort("arch").collect()["value"].to_numpy()
    cells = store.scan_archs("nb301").sort("arch").select("arch_str").collect()
    if surrogate is None:
        curves = made_up(cells, rng)
    else:
        frame = nbf.surrogate.load(surrogate).predict(cells["arch_str"], BUDGETS.tolist())
        curves = frame.filter(nbf.metric("accuracy"))["value"].to_numpy().reshape(len(cells), -1)
        curves = curves + rng.normal(0, 0.2, curves.shape)
    return cells, curves * (values / curves[:, -1])[:, None]


def write(root: Path, cells: pl.DataFrame, curves: np.ndarray) -> None:
    n = len(curves)
    frame = pl.DataFrame(
        {
            "arch": np.repeat(np.arange(n, dtype=np.int32), len(BUDGETS)),
            "budget": np.tile(BUDGETS.astype(np.int32), n),
            "value": curves.ravel(),
        }
    ).with_columns(
        final=pl.col("budget") == int(BUDGETS[-1]),
        schedule=pl.lit(100, pl.Int32),
        seed=pl.lit(0, pl.Int32),
        dataset=pl.lit("cifar10"),
        split=pl.lit("val"),
        metric=pl.lit("accuracy"),
    )
    nbf.write_results(frame, root, benchmark="runs", archs=nbf.surrogate.archs(cells["arch_str"]))


def fitted(root: Path, options: argparse.Namespace, title: str):
    cpu, wall = time.process_time(), time.perf_counter()
    surrogate = nbf.surrogate.fit(
        root, benchmark="runs", target="curve", members=options.members, rounds=options.rounds
    )
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"\n{title}: {surrogate.training['runs']}, {options.members} members of at most {options.rounds} trees a number"
    )
    print(f"fitted in {cpu:.0f} s of CPU, {wall:.0f} s on this machine as it was")
    print(f"{'budget':>8}{'R2':>8}{'tau':>8}{'sparse tau':>12}")
    for row in surrogate.scores.filter(pl.col("budget").is_in([1, 10, 50, 98])).rows(named=True):
        print(f"{row['budget']:>8}{row['r2']:>8.3f}{row['kendall_tau']:>8.3f}{row['sparse_kendall_tau']:>12.3f}")
    return surrogate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=57_189)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--surrogate", type=Path)
    parser.add_argument("--without-published", action="store_true", help="the synthetic runs alone")
    parser.add_argument("--scratch", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        scratch = Path(folder)
        if not options.without_published:
            write(scratch / "published", *of_published(options.surrogate, rng))
            fitted(scratch / "published", options, "10,221 published accuracies, synthetic curves up to them")
        cells = darts.sample(options.runs, seed=0)
        write(scratch / "runs", cells, made_up(cells, rng))
        fitted(scratch / "runs", options, f"{options.runs:,} synthetic runs").save(scratch / "model")
        rows = []
        for count in (options.cells // 4, options.cells // 2, options.cells):
            words = [str(scratch / "model"), str(scratch / f"store-{count}"), str(count)]
            told = subprocess.run(
                [sys.executable, "-c", PREDICT, *words], stdout=subprocess.PIPE, text=True, check=True
            )
            stored, storing, analysed, analysing, whole = map(float, told.stdout.split())
            rows += [
                Row(f"{count:,} cells: predict and store, CPU", stored, unit="s"),
                Row("  values a CPU second", count * len(BUDGETS) / stored, unit="1/s"),
                Row("  largest memory", storing, unit="MB"),
                Row("  streamed mean curve and best, CPU", analysed, unit="s"),
                Row("  largest memory", analysing, unit="MB"),
                Row("  largest memory with learning_curves of all rows at once", whole, unit="MB"),
            ]
        print_table(f"Cells x {len(BUDGETS)} budgets", rows)


if __name__ == "__main__":
    main()
