"""Whole NATS-Bench spaces at once against nats_bench's loop over architectures.

usage: python -m tests.benchmarks.bench_nats_spaces [--repeat N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from nats_bench.api_topology import NATStopology
from nats_bench.genotype_utils import topology_str2structure

from nbframes.spaces import sss, tss
from tests.benchmarks.table import Row, measure, print_table

COLD = """
import sys, time, polars
from nbframes.spaces import tss
column = polars.Series(sys.stdin.read().split())
start = time.perf_counter()
tss.hash(column)
print((time.perf_counter() - start) * 1e3)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    cells = tss.enumerate()["arch_str"]
    texts = cells.to_list()
    networks = sss.enumerate()["arch_str"]
    structures = [topology_str2structure(text) for text in texts]

    def ours(work: object) -> float:
        return measure(work, repeat=repeat)

    def loop(work: object) -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1e3

    command = [sys.executable, "-c", COLD]
    cold = subprocess.run(command, input="\n".join(texts), capture_output=True, text=True, check=True)
    unique = loop(lambda: [structure.to_unique_str(consider_zero=True) for structure in structures])
    rows = [
        Row(
            "tss: parse 15,625",
            ours(lambda: tss.parse(cells)),
            loop(lambda: list(map(topology_str2structure, texts))),
            "nats_bench",
        ),
        Row("tss: hash 15,625", ours(lambda: tss.hash(cells)), unique, "nats_bench to_unique_str"),
        Row(
            "tss: hash 15,625, first call of a process",
            float(cold.stdout),
            unique,
            "nats_bench to_unique_str",
            "<= 100 ms",
        ),
        Row(
            "tss: matrix 15,625",
            ours(lambda: tss.matrix(cells)),
            loop(lambda: list(map(NATStopology.str2matrix, texts))),
            "nats_bench",
        ),
        Row("tss: params 15,625", ours(lambda: tss.params(cells))),
        Row("tss: all 375,000 neighbours", ours(lambda: tss.neighbours(cells))),
        Row("tss: mutate 15,625", ours(lambda: tss.mutate(cells, seed=0))),
        Row("tss: one mutation of one cell", ours(lambda: tss.mutate(texts[0], seed=0))),
        Row("sss: parse 32,768", ours(lambda: sss.parse(networks))),
        Row("sss: hash 32,768", ours(lambda: sss.hash(networks))),
        Row("sss: all 1,146,880 neighbours", ours(lambda: sss.neighbours(networks))),
    ]
    print_table("NATS-Bench search spaces", rows)


if __name__ == "__main__":
    main()
