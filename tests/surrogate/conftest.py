"""The published accuracies of the DARTS space, and the ONNX surrogate that was fitted to the same benchmark."""

from __future__ import annotations

import polars as pl
import pytest

from tests import published_tables


@pytest.fixture(scope="session")
def published() -> pl.DataFrame:
    """Return ``arch_str`` and validation accuracy of 10,221 real architectures."""
    frame = published_tables.nb301()
    cells = pl.concat_str("genotype_normal", "genotype_reduce", separator="|")
    return frame.select(arch_str=cells, value="val_accuracy_percent")


@pytest.fixture(scope="session")
def long(published) -> pl.DataFrame:
    """Return them in the long format of a store."""
    names = {"dataset": "cifar10", "split": "val", "metric": "accuracy", "schedule": 100, "budget": 100, "seed": 0}
    columns = [pl.lit(value).alias(name) for name, value in names.items()]
    return published.select(*columns, "value", arch=pl.int_range(pl.len()))
