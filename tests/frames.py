"""Small results frames for tests."""

from __future__ import annotations

import numpy as np
import polars as pl


def results(
    archs: int = 6,
    *,
    dataset: str = "cifar10",
    split: str = "test",
    metric: str = "accuracy",
    schedule: int = 3,
    seeds=(777, 888),
) -> pl.DataFrame:
    """Every budget of every run of a few architectures, values drawn from a fixed seed."""
    rng = np.random.default_rng(archs)
    keys = pl.DataFrame({"arch": range(archs)}).join(pl.DataFrame({"seed": seeds}), how="cross")
    keys = keys.join(pl.DataFrame({"budget": range(1, schedule + 1)}), how="cross")
    return keys.with_columns(
        dataset=pl.lit(dataset),
        split=pl.lit(split),
        metric=pl.lit(metric),
        schedule=schedule,
        value=rng.uniform(10, 95, keys.height),
    )
