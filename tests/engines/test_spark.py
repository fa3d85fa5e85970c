"""Spark itself reads a store as it is: by its root, by a partition, and the tables whose columns differ."""

from __future__ import annotations

import warnings

import polars as pl
import pytest

import nbframes as nbf

COLUMNS = ["benchmark", "dataset", "split", "metric", "arch", "schedule", "budget", "seed", "final", "value"]
VECTORISED = "spark.sql.parquet.enableVectorizedReader"


def rows(frame):
    """What Spark hands over, as Polars reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyspark warns of pandas 3
        return pl.DataFrame(pl.from_arrow(frame.toArrow()))


def texts(frame):
    return frame.with_columns(pl.col("benchmark", "dataset", "split", "metric").cast(pl.String)).sort(COLUMNS)


def test_the_root_is_a_table_with_the_columns_of_a_scan(store, jvm):
    found = rows(jvm.read.parquet(f"{store.root}/results")).select(COLUMNS)
    assert texts(found).equals(texts(store.scan().select(COLUMNS).collect()))


def test_a_partition_is_a_table_of_its_own(store, jvm):
    part = "results/benchmark=mine/metric=loss/dataset=cifar100/split=val"
    found = rows(jvm.read.parquet(f"{store.root}/{part}"))
    names = [name for name in COLUMNS if name in found.columns]
    assert names == ["arch", "schedule", "budget", "seed", "final", "value"]
    where = nbf.on("cifar100", "val") & nbf.metric("loss")
    expected = store.scan("mine").filter(where).select(names).collect()
    assert found.select(names).sort(names).equals(expected.sort(names))


def test_the_vectorised_reader_still_lacks_the_encoding_of_losses(store, jvm):
    """The page on reading elsewhere says to switch it off. When this fails, Spark has learned it, and no page need say so."""
    jvm.conf.set(VECTORISED, "true")
    try:
        with pytest.raises(Exception, match="Unsupported encoding: BYTE_STREAM_SPLIT"):
            rows(jvm.read.parquet(f"{store.root}/results").where("metric = 'loss'"))
    finally:
        jvm.conf.set(VECTORISED, "false")


@pytest.mark.parametrize("table", ["archs", "runs"])
def test_no_table_has_columns_that_spark_refuses(jvm, table):
    """Published architectures and runs, whose columns differ by benchmark: whole numbers are signed."""
    store = nbf.published.store()
    found = rows(jvm.read.option("mergeSchema", "true").parquet(f"{store.root}/{table}"))
    expected = getattr(store, f"scan_{table}")().collect()
    assert set(found.columns) == set(expected.columns)
    assert found.height == expected.height
    keys = ["benchmark", "arch", *(["dataset", "schedule", "seed"] if table == "runs" else [])]
    value = "arch_str" if table == "archs" else "params"
    left, right = (
        frame.select([*keys, value]).with_columns(pl.col("^(benchmark|dataset)$").cast(pl.String)).sort(keys)
        for frame in (found, expected)
    )
    assert left.equals(right)
