"""What is seen in figures, in words: for people who do not see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from nbframes.analysis import Comparison


def comparison(found: Comparison) -> str:
    """For every benchmark the range of its values, its front and the agreement of its splits."""
    taus = dict(found.agreement.select(pl.col("benchmark").cast(pl.String), "correlation").rows())
    fronts = dict(found.front.group_by(pl.col("benchmark").cast(pl.String)).len().rows())
    lines = []
    for name, n, low, high in _ranges(found.distribution, "benchmark"):
        front = f", {fronts[name]} on the front of value and parameters" if name in fronts else ""
        tau = f", Kendall's tau of the splits {taus[name]:.2f}" if taus.get(name) is not None else ""
        lines.append(f"{name}: {n:,} architectures from {low:.2f} to {high:.2f}{front}{tau}")
    return f"Four panels. {'; '.join(lines)}."


def curves(found: pl.DataFrame) -> str:
    """Where each curve begins and ends."""
    lines = []
    for keys, part in found.sort("budget").group_by("dataset", "split", maintain_order=True):
        (dataset, split), first, last = map(str, keys), part.row(0, named=True), part.row(-1, named=True)
        lines.append(
            f"{dataset} {split} from {first['mean']:.2f} at epoch {first['budget']} to {last['mean']:.2f} at epoch {last['budget']}"
        )
    return f"Mean curves: {'; '.join(lines)}."


def correlations(found: pl.DataFrame) -> str:
    """The pairs that agree least and most."""
    known = found.drop_nulls("correlation").sort("correlation")
    if known.is_empty():
        return "A matrix in which no correlation is known."
    least, most = (_pair(known.row(place, named=True)) for place in (0, -1))
    return f"A matrix of {found.height} pairs, from {least} to {most}."


def front(found: pl.DataFrame, candidates: int) -> str:
    """The ends of a front."""
    ends = found.sort("params")
    cheap, dear = (ends.row(place, named=True) for place in (0, -1))
    return (
        f"A staircase of {found.height} of {candidates:,} architectures, from {cheap['value']:.2f} with {cheap['params']:,.0f} "
        f"parameters to {dear['value']:.2f} with {dear['params']:,.0f}."
    )


def noise(found: pl.DataFrame) -> str:
    """How large the deviation over seeds is, from the worst to the best architectures."""
    bins = found.drop_nulls("std").sort("mean")
    if bins.is_empty():
        return "No deviation over seeds is known."
    first, last = bins.row(0, named=True), bins.row(-1, named=True)
    return (
        f"The deviation over seeds is {first['std']:.2f} around a mean of {first['mean']:.2f} and {last['std']:.2f} around "
        f"{last['mean']:.2f}; at most {max(bins['std']):.2f}."
    )


def _ranges(steps: pl.DataFrame, name: str) -> list[tuple[str, int, float, float]]:
    values = pl.col("value")
    rows = steps.group_by(pl.col(name).cast(pl.String), maintain_order=True)
    return rows.agg(pl.col("n").first(), values.min().alias("low"), values.max().alias("high")).rows()


def _pair(row: dict[str, object]) -> str:
    sides = (" ".join(str(row[f"{name}_{end}"]) for name in ("dataset", "split")) for end in "ab")
    return f"{row['correlation']:.2f} ({' and '.join(sides)})"
