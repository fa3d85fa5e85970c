"""`write_results` of rows in random order: rows a second and the largest memory, whatever the number of rows.

    python -m tests.benchmarks.bench_write --rows 50000000

Each batch is made when it is asked for, so that the input itself takes little memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import nbframes as nbf

BATCH = 1_000_000


def shuffled(rows: int, *, partitions: int = 1, seed: int = 0):
    """Batches of rows whose keys are a random permutation: multiplication by an odd number modulo a power of two."""
    space = 1 << (rows - 1).bit_length()
    multiplier = 0x9E3779B1 | 1
    made = 0
    rng = np.random.default_rng(seed)
    for start in range(0, space, BATCH):
        numbers = np.arange(start, min(start + BATCH, space), dtype=np.uint64)
        keys = (numbers * np.uint64(multiplier)) % np.uint64(space)
        keys = keys[keys < rows].astype(np.int64)
        arch, rest = np.divmod(keys, 3 * 200)
        budget, seeds = np.divmod(rest, 3)
        made += len(keys)
        yield pl.DataFrame(
            {
                "arch": arch.astype(np.int32),
                "budget": (budget + 1).astype(np.int32),
                "seed": np.array([777, 888, 999], np.int32)[seeds],
                "value": rng.integers(0, 10_000, len(keys)) / 100,
            }
        ).with_columns(
            schedule=pl.lit(200, pl.Int32),
            dataset=pl.lit("cifar10"),
            split=pl.lit("test"),
            metric=pl.lit("accuracy") if partitions == 1 else pl.format("m{}", pl.col("arch") % partitions),
        )
    assert made == rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--store", help="keep the store there")
    options = parser.parse_args()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, cpu = time.perf_counter(), time.process_time()
    for _ in shuffled(options.rows, partitions=options.partitions):
        pass
    making = time.perf_counter() - started, time.process_time() - cpu
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or folder
        started, cpu = time.perf_counter(), time.process_time()
        batches = shuffled(options.rows, partitions=options.partitions)
        manifest = nbf.write_results(batches, store, benchmark="mine", overwrite=True)
        wall, used = time.perf_counter() - started - making[0], time.process_time() - cpu - making[1]
        size = sum(path.stat().st_size for path in Path(store).rglob("*.parquet")) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert manifest.rows() == options.rows
    print(f"{options.rows:,} rows in {options.partitions} partitions: {wall:.1f} s, {used:.1f} s of CPU")
    print(f"{options.rows / wall / 1e6:.2f} M rows/s, {options.rows / used / 1e6:.2f} M rows/s of CPU, {size:.0f} MB")
    print(f"memory: {before:.0f} MB before, {peak:.0f} MB at most")


if __name__ == "__main__":
    sys.exit(main())
