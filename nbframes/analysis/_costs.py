"""One cost for each architecture, dataset and schedule, from the costs of its runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

CostRule = Literal["mean", "upstream"]

COST_KEY: Final = ("benchmark", "arch", "dataset", "schedule")
COSTS: Final = ("params", "mflops", "latency", "train_time")

_PRINTED_PER: Final = {"params": 1e6, "mflops": 1.0}
"""Unit in which the official API compares the runs."""

_TRUSTED_SEED: Final = 888


def cost_table(runs: pl.LazyFrame, keys: Sequence[str], columns: Sequence[str], rule: CostRule) -> pl.LazyFrame:
    """Costs of each group of runs: the means of its runs, or what the official API of NATS-Bench gives."""
    if rule == "mean":
        return runs.group_by(keys).agg(pl.col(columns).mean())
    printed = [
        pl.col(name).map_batches(partial(_printed, unit), pl.String, is_elementwise=True).alias(f"_{name}")
        for name, unit in _PRINTED_PER.items()
        if name in columns
    ]
    return runs.with_columns(printed).group_by(keys).agg(map(_upstream, columns))


def _upstream(name: str) -> pl.Expr:
    """Rule of ``ArchResults.get_compute_costs`` in nats_bench 1.8.

    Parameters and operations are means, unless the runs disagree when printed in millions with five decimals: then seed 888
    counts alone, and there is no cost without it (where the official API raises). Latencies count if they are positive.
    """
    value = pl.col(name)
    if name in _PRINTED_PER:
        agree = pl.col(f"_{name}").drop_nulls().n_unique() == 1
        return pl.when(agree).then(value.mean()).otherwise(value.filter(pl.col("seed") == _TRUSTED_SEED).first())
    return value.filter(value > 0).mean() if name == "latency" else value.mean()


def _printed(unit: float, values: pl.Series) -> pl.Series:
    """Texts with five decimals, correctly rounded as Python's.

    The division is numpy's: that of Polars by a number multiplies by its inverse, which can differ in the last bit.
    """
    import numpy as np

    texts = pl.Series(np.char.mod("%.5f", values.cast(pl.Float64).to_numpy() / unit), dtype=pl.String)
    return texts.set(values.is_null(), None)
