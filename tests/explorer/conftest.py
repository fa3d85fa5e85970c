"""Explorers that several tests look at, and the browser that shows them."""

from __future__ import annotations

import gzip

import orjson
import polars as pl
import pytest

import nbframes as nbf
from nbframes.spaces import nb101
from tests.explorer.browser import BROWSER, DRIVER, started


@pytest.fixture(scope="session")
def tss():
    return nbf.explore(nbf.published.store(), "nats-tss", dataset="cifar100", split="val", progress=False)


@pytest.fixture(scope="session")
def cells(tmp_path_factory):
    """A store of 60,000 cells of NAS-Bench-101: more than a page shows one by one."""
    archs = nb101.enumerate().head(60_000).with_columns(arch=pl.int_range(60_000, dtype=pl.Int32))
    frame = archs.select(
        "arch",
        dataset=pl.lit("cifar10"),
        split=pl.lit("test"),
        metric=pl.lit("accuracy"),
        schedule=108,
        budget=108,
        seed=0,
        value=(pl.col("arch") * 7919 % 9973) / 100,
    )
    curve = frame.with_columns(budget=54, value=pl.col("value") / 2)
    runs = frame.select("arch", "dataset", "schedule", "seed", train_time=pl.col("arch") * 104_729 % 99_991 / 7 + 1)
    runs = runs.with_columns(params=nb101.params(archs["arch_str"]).cast(pl.Int64))
    root = tmp_path_factory.mktemp("cells") / "cells"
    nbf.write_results(pl.concat([frame, curve]), root, benchmark="nb101", archs=archs, runs=runs, synthetic=True)
    return nbf.open_store(root)


@pytest.fixture(scope="session")
def large(cells):
    return nbf.explore(cells, "nb101", sample=2_000, seed=5, progress=False)


@pytest.fixture(scope="session")
def told():
    """What views are told of an explorer."""
    return lambda explorer, alone=True: orjson.loads(gzip.decompress(explorer._packed(alone=alone)))


@pytest.fixture(scope="module")
def browser():
    if not (BROWSER and DRIVER):
        pytest.skip("chromium and chromedriver are not installed")
    pytest.importorskip("selenium.webdriver")
    driver = started()
    yield driver
    driver.quit()
