"""A small store of two benchmarks of the user's own."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from tests.frames import results


@pytest.fixture
def store(tmp_path):
    frame = pl.concat([results(dataset=d, split=s) for d in ("cifar10", "cifar100") for s in ("val", "test")])
    archs = pl.DataFrame({"arch": range(6), "arch_str": list("abcdef")})
    runs = results().select("arch", "dataset", "schedule", "seed").unique().with_columns(params=pl.col("arch") * 10)
    nbf.write_results(frame, tmp_path / "store", benchmark="first", archs=archs, runs=runs)
    nbf.write_results(
        results(dataset="mine"), tmp_path / "store", benchmark="second", archs=archs.with_columns(extra=1.5)
    )
    return nbf.open_store(tmp_path / "store")
