"""Pareto fronts, ranks and hypervolume at the size of NAS-Bench-101, beside moocore.

Run as ``python -m tests.benchmarks.bench_pareto [--size N]``. Budgets: a mask of three objectives at most 1.05 times moocore's
time whatever the data, frames 1.5 times. The clouds are drawn; none of these numbers was measured by
a benchmark.
"""

from __future__ import annotations

import argparse

import moocore
import numpy as np
import polars as pl

import nbframes as nbf
from nbframes.analysis import nondominated_rank
from nbframes.numerics.pareto import nondominated_mask
from tests.benchmarks.table import Row, measure, print_table


def like_measured(n: int, random: np.random.Generator) -> np.ndarray:
    """Mean accuracy of three runs in steps of 1/9984, log-uniform parameters, training time that goes with them."""
    params = np.exp(random.uniform(np.log(227_274), np.log(49_979_274), n)).round()
    runs = np.clip(random.normal(90 + 0.24 * np.log(params / 2e5), 2, (3, n)), 9, 95)
    accuracy = (np.floor(runs * 99.84) / 99.84).mean(axis=0)
    return np.column_stack([accuracy, params, params / 1e4 * random.uniform(0.5, 1.5, n)])


def clouds(n: int) -> dict[str, np.ndarray]:
    """Three objectives each; the first is maximised."""
    random = np.random.default_rng(0)
    sphere = np.abs(random.normal(size=(n, 3)))
    sphere /= np.linalg.norm(sphere, axis=1)[:, None]
    plane = random.random((n, 2))
    steps = np.arange(n, dtype=float)
    return {
        "like measured": like_measured(n, random),
        "uniform": random.random((n, 3)) * [-1, 1, 1],
        "few levels": random.integers(0, 60, (n, 3)).astype(float),
        "sphere, all on the front": sphere * [1, -1, -1],
        "plane, all on the front": np.column_stack([plane.sum(axis=1), plane]),
        "staircase, all on the front": np.column_stack([steps, steps, np.zeros(n)]),
        "one chain": np.column_stack([-steps, steps, steps]),
    }


def in_order(frame: pl.DataFrame, fronts: np.ndarray, objectives: int) -> pl.DataFrame:
    """Rows by front and objectives, the best first, as the helper gives them."""
    names = frame.columns[:objectives]
    return frame.with_columns(front=fronts).sort(
        ["front", *names], descending=[False, True, *[False] * (objectives - 1)]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=423_624, help="number of points")
    parser.add_argument("--repeat", type=int, default=7, help="repeats of which the median is taken")
    options = parser.parse_args()
    maximise = [True, False, False]

    rows = []
    for name, points in clouds(options.size).items():
        expected = moocore.is_nondominated(points, maximise=maximise, keep_weakly=True).astype(bool)
        assert (nondominated_mask(points, maximise=maximise) == expected).all(), name
        rows.append(
            Row(
                f"{name} ({expected.sum():,} on the front)",
                measure(lambda p=points: nondominated_mask(p, maximise=maximise), repeat=options.repeat),
                measure(
                    lambda p=points: moocore.is_nondominated(p, maximise=maximise, keep_weakly=True),
                    repeat=options.repeat,
                ),
                "moocore.is_nondominated",
                "<= 1.05",
            )
        )
    print_table(f"mask of {options.size:,} points x 3 objectives", rows)

    points = clouds(options.size)["like measured"]
    frame = pl.DataFrame(points, schema=["accuracy", "params", "time"], orient="row")
    costs = {"maximise": "accuracy", "minimise": ["params", "time"]}
    ref = {"accuracy": 80.0, "params": 5e7, "time": 5e3}
    signs = np.array([-1.0, 1.0, 1.0])
    two = points[:, :2]
    rows = [
        Row(
            "pareto_front, frame in, frame out",
            measure(lambda: nbf.pareto_front(frame, **costs), repeat=options.repeat),
            measure(
                lambda: frame.filter(moocore.is_nondominated(frame.to_numpy(), maximise=maximise, keep_weakly=True)),
                repeat=options.repeat,
            ),
            "moocore and filter",
            "<= 1.5",
        ),
        Row(
            "hypervolume",
            measure(lambda: nbf.hypervolume(frame, ref=ref, **costs), repeat=options.repeat),
            measure(
                lambda: moocore.hypervolume(points * signs, ref=np.array(list(ref.values())) * signs),
                repeat=options.repeat,
            ),
            "moocore.hypervolume",
            "<= 1.5",
        ),
        Row(
            "nondominated_rank, two objectives",
            measure(lambda: nondominated_rank(frame, maximise="accuracy", minimise="params"), repeat=3),
            measure(lambda: in_order(frame, moocore.pareto_rank(two, maximise=maximise[:2]), 2), repeat=3),
            "moocore, column and sort",
            "<= 1.5",
        ),
        Row(
            "nondominated_rank, three objectives",
            measure(lambda: nondominated_rank(frame, **costs), repeat=3),
            measure(lambda: in_order(frame, moocore.pareto_rank(points, maximise=maximise), 3), repeat=1, warmup=0),
            "moocore, column and sort",
            "<= 1.5",
        ),
    ]
    print_table(f"frames of {options.size:,} rows", rows)


if __name__ == "__main__":
    main()
