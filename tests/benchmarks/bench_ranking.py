"""Rank correlations beside loops of scipy: python -m tests.benchmarks.bench_ranking [--archs 15625] [--budgets 200] [--large 423624]."""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np
import polars as pl
from scipy import stats

import nbframes as nbf
from tests.benchmarks.table import Row, measure, print_table

rng = np.random.default_rng(0)


def curves(archs: int, budgets: int, seeds: int = 3) -> pl.DataFrame:
    """Saturating curves with noise, in the steps of a thousandth that accuracies on ten thousand images have."""
    final = np.clip(rng.normal(88, 5, archs), 10, 95)
    progress = 1 - np.exp(-np.arange(1, budgets + 1) / (budgets / 5))
    noise = rng.normal(0, 0.8, (archs, budgets, seeds))
    value = np.round(10 + (final[:, None] - 10)[:, :, None] * progress[None, :, None] + noise, 2)
    return pl.DataFrame(
        {
            "arch": np.repeat(np.arange(archs, dtype=np.int32), budgets * seeds),
            "budget": np.tile(np.repeat(np.arange(1, budgets + 1, dtype=np.int32), seeds), archs),
            "seed": np.tile(np.array([777, 888, 999], dtype=np.int32)[:seeds], archs * budgets),
            "value": value.ravel(),
        }
    )


def matrix(frame: pl.DataFrame) -> np.ndarray:
    """Means over seeds: a row for each budget, with ties as scipy sees them."""
    means = frame.group_by("budget", "arch").agg(nbf.seed_mean()).sort("budget", "arch")
    return means["value"].round(9).to_numpy().reshape(frame["budget"].n_unique(), -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archs", type=int, default=15_625)
    parser.add_argument("--budgets", type=int, default=200)
    parser.add_argument("--large", type=int, default=423_624)
    parser.add_argument(
        "--peer-pairs", type=int, default=300, help="pairs of which scipy's time is taken and scaled up"
    )
    options = parser.parse_args()
    rows = []

    frame = curves(options.archs, options.budgets)
    means = matrix(frame)
    pairs = list(combinations(range(options.budgets), 2))
    sample = [pairs[i] for i in rng.permutation(len(pairs))[: options.peer_pairs]]
    scale = len(pairs) / len(sample)
    peers = {"kendall": stats.kendalltau, "spearman": stats.spearmanr}
    for method, budget in (("kendall", "<= 0.3"), ("spearman", "")):
        ours = measure(lambda method=method: nbf.rank_correlation(frame, "budget", method=method), repeat=3)
        peer = scale * measure(lambda f=peers[method]: [f(means[a], means[b]) for a, b in sample], repeat=3, warmup=0)
        work = f"{method}: {len(pairs):,} pairs of {options.archs:,}, from {frame.height:,} rows"
        rows.append(Row(work, ours, peer, f"scipy loop, scaled from {len(sample)} pairs", budget))
    found = nbf.rank_correlation(frame, "budget", against=options.budgets)
    for a, value in zip(range(options.budgets - 1), found["correlation"], strict=True):
        assert abs(value - stats.kendalltau(means[a], means[-1]).statistic) < 1e-9

    large = curves(options.large, 2, seeds=1).drop("seed")
    means = matrix(large)
    ours = measure(lambda: nbf.rank_correlation(large, "budget"))
    peer = measure(lambda: stats.kendalltau(means[0], means[1]))
    rows.append(
        Row(
            f"kendall: one pair of {options.large:,}, from {large.height:,} rows",
            ours,
            peer,
            "scipy, arrays at hand",
            "<= 1.5",
        )
    )
    ours = measure(lambda: nbf.rank_correlation(large, "budget", method="weighted_kendall"))
    peer = measure(lambda: stats.weightedtau(means[0], means[1]), repeat=1, warmup=0)
    rows.append(Row(f"weighted kendall: one pair of {options.large:,}", ours, peer, "scipy, arrays at hand"))
    few = frame.filter(pl.col("budget") > options.budgets - 2)
    ours = measure(lambda: nbf.rank_correlation(few, "budget", resamples=200), repeat=3)
    rows.append(Row(f"kendall with 200 resamples: one pair of {options.archs:,}", ours))
    print_table("rank correlation", rows)


if __name__ == "__main__":
    main()
