"""Each engine reads the files of the partitions that a question needs and no others: by its own plan."""

from __future__ import annotations

import re

import polars as pl

import nbframes as nbf
from tests.engines.conftest import answering

WHERE = nbf.metric("accuracy") & nbf.split("test") & nbf.dataset("cifar10") & (pl.col("benchmark") == "mine")


def files(store):
    found = [file.path for manifest in store.catalogue.manifests("mine") for file in manifest.tables["results"]]
    return len(found) + len(store.manifest("other").tables["results"])


def test_polars(store):
    plan = store.scan().filter(WHERE).select("arch", "value").explain()
    assert "metric=loss" not in plan
    assert "benchmark=other" not in plan


def test_duckdb(store, duck):
    statement = nbf.query_sql("means", store, WHERE)
    plan = duck(f"EXPLAIN {statement}")[0][1]
    read, all_files = map(int, re.search(r"Scanning Files:\s*(\d+)/(\d+)", plan).groups())
    assert all_files == files(store)
    assert read == 2  # the final rows of the partition, and the others


def physical_plan(store, session):
    statement = nbf.query_sql("means", store, WHERE, dialect="spark")
    plan = "\n".join(str(row) for row in answering(session)(f"EXPLAIN EXTENDED {statement}"))
    return plan[plan.rindex("Physical Plan") :] if "Physical Plan" in plan else plan


def test_sail(store, sail):
    read = set(re.findall(r"results/(benchmark=[^,\]\s]*?\.parquet)", physical_plan(store, sail)))
    assert len(read) == 2
    assert all("metric=accuracy/dataset=cifar10/split=test" in path for path in read)


def test_spark(store, jvm):
    """Spark lists no files in its plan: what it filters by folder, and what it has to look for in the files."""
    plan = physical_plan(store, jvm)
    by_folder, in_files = (
        re.search(rf"{kind}: \[(.*?)\](?:,|\\n)", plan)[1] for kind in ("PartitionFilters", "DataFilters")
    )
    for name in ("benchmark", "metric", "dataset", "split"):
        assert f"{name}#" in by_folder
        assert f"{name}#" not in in_files
