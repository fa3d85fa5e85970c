"""The NAS-Bench-101 space: hashing and reading whole columns, and listing all cells, against upstream's loops.

usage: python -m tests.benchmarks.bench_nb101_space [--size CELLS] [--peer CELLS]
"""

from __future__ import annotations

import argparse
import resource
from hashlib import md5
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from nbframes.spaces import nb101
from nbframes.spaces.nb101 import _enumeration
from tests.benchmarks.table import Row, measure, print_table

if TYPE_CHECKING:
    import polars as pl

LABELS = {"input": -1, "output": -2, **{name: label for label, name in enumerate(nb101.OPERATIONS)}}


def official_hash(matrix, labels):
    """Upstream's algorithm as it is described: colour refinement by MD5, one vertex at a time."""
    v = len(labels)
    in_degree, out_degree = np.sum(matrix, axis=0).tolist(), np.sum(matrix, axis=1).tolist()
    colours = [md5(str(label).encode()).hexdigest() for label in zip(out_degree, in_degree, labels, strict=True)]
    for _ in range(v):
        refined = []
        for x in range(v):
            sources = sorted(colours[y] for y in range(v) if matrix[y, x])
            targets = sorted(colours[y] for y in range(v) if matrix[x, y])
            refined.append(md5(("".join(sources) + "|" + "".join(targets) + "|" + colours[x]).encode()).hexdigest())
        colours = refined
    return md5(str(sorted(colours)).encode()).hexdigest()


def official_parse(text):
    """Matrix and labels of upstream's text."""
    adjacency, operations = text.split("|")
    v = int(len(adjacency) ** 0.5)
    matrix = np.array([int(bit) for bit in adjacency], np.int8).reshape(v, v)
    return matrix, [LABELS[name] for name in operations.split(",")]


def official_cells(v):
    """Upstream's enumeration: every matrix and labelling, kept if its hash is new."""
    places = [(i, j) for i in range(v) for j in range(i + 1, v)]
    seen = set()
    for bits in product((0, 1), repeat=len(places)):
        matrix = np.zeros((v, v), np.int8)
        for place, bit in zip(places, bits, strict=True):
            matrix[place] = bit
        full = matrix[:-1].any(axis=1).all() and matrix[:, 1:].any(axis=0).all()
        if full and matrix.sum() <= nb101.MAX_EDGES:
            for operations in product(range(len(nb101.OPERATIONS)), repeat=v - 2):
                seen.add(official_hash(matrix, [-1, *operations, -2]))
    return seen


def enumerate_afresh(max_vertices: int) -> pl.DataFrame:
    """All cells, nothing of it from an earlier call."""
    _enumeration.drawings.cache_clear()
    _enumeration.all_cells.cache_clear()
    return nb101.enumerate(max_vertices=max_vertices)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=nb101.SIZE, help="cells for our functions")
    parser.add_argument("--peer", type=int, default=10_000, help="cells for the loops; all times are for one cell")
    options = parser.parse_args()

    cells = nb101.sample(options.size, seed=0, replace=False)["arch_str"]
    few = cells.head(options.peer)
    parsed = [official_parse(text) for text in few]
    assert nb101.hash(few).to_list() == [official_hash(*cell) for cell in parsed]
    assert len(official_cells(4)) == 84

    ours, peer = 1e3 / len(cells), 1e3 / len(few)
    columns = nb101.parse(cells)
    movable = columns.filter(columns["vertices"] > 2)
    archs = columns.with_columns(nb101.hash(columns))
    one = nb101.parse(cells[0])
    rows = [
        Row(
            f"official hash, {len(cells):,} cells",
            measure(lambda: nb101.hash(columns), repeat=3) * ours,
            measure(lambda: [official_hash(*cell) for cell in parsed], repeat=3) * peer,
            "official loop",
            "<= 0.20",
            "us",
        ),
        Row(
            "official hash, a column of 100 cells",
            measure(lambda: nb101.hash(few.head(100))) * 10,
            measure(lambda: [official_hash(*cell) for cell in parsed[:100]]) * 10,
            "official loop",
            "",
            "us",
        ),
        Row(
            f"parse, {len(cells):,} cells",
            measure(lambda: nb101.parse(cells), repeat=3) * ours,
            measure(lambda: [official_parse(text) for text in few], repeat=3) * peer,
            "plain loop",
            "",
            "us",
        ),
        Row(f"parameters, {len(cells):,} cells", measure(lambda: nb101.params(columns), repeat=3) * ours, unit="us"),
        Row(
            f"mutate, {len(cells):,} cells", measure(lambda: nb101.mutate(movable, seed=0), repeat=3) * ours, unit="us"
        ),
        Row(f"find one of {len(cells):,} cells", measure(lambda: nb101.find(archs, one))),
        Row("enumerate all 423,624 cells", measure(lambda: enumerate_afresh(7), repeat=3), budget="<= 10,000 ms"),
        Row(
            "enumerate the 2,532 cells of up to 5 vertices",
            measure(lambda: enumerate_afresh(5), repeat=3),
            measure(lambda: [official_cells(v) for v in range(2, 6)], repeat=1, warmup=0),
            "official loop",
        ),
    ]
    print_table("The space of NAS-Bench-101 (us: microseconds a cell)", rows)
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
