"""Fixtures that every test may use."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from nbframes.benchmarks import registry
from tests import published_tables

if TYPE_CHECKING:
    from collections.abc import Callable

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _registry_as_before(monkeypatch):
    """Forget afterwards what a test registers: the next one in this process expects the official names alone."""
    before = dict(registry._registered)
    monkeypatch.setattr(registry, "_plugins", registry._plugins)
    yield
    registry._registered.clear()
    registry._registered.update(before)


@pytest.fixture(autouse=True)
def _no_store_of_the_machine(monkeypatch):
    """Forget the store that the caller's environment names: each test says which one it means."""
    monkeypatch.delenv("NBFRAMES_STORE", raising=False)


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of real published records; it lies beside the repository, not in it."""
    if not _DATA.is_dir():
        pytest.skip(f"real benchmark records are not on this machine ({_DATA} is absent)")
    return _DATA


@pytest.fixture(scope="session")
def knowledge() -> Callable[[str], Path]:
    """Path of a table that others published, by its name below ``knowledge``."""

    def path(name: str) -> Path:
        found = _DATA / "knowledge" / name
        if not found.exists():
            pytest.skip(f"{found} is not here: real published values, see the README there")
        return found

    return path


@pytest.fixture(scope="session")
def measured() -> pl.DataFrame:
    """Published accuracies and times of all 15,625 tss and 32,768 sss architectures."""
    from nbframes.schema import HIVE, RESULTS

    frame = published_tables.measured()
    return frame.with_columns(final=pl.lit(value=True)).select(*RESULTS).cast(HIVE)


@pytest.fixture(scope="session")
def tss(measured) -> pl.DataFrame:
    """Accuracies of the topology space after 200 epochs, two or three runs of each architecture."""
    chosen = (pl.col("benchmark") == "nats-tss") & (pl.col("metric") == "accuracy") & (pl.col("schedule") == 200)
    return measured.filter(chosen)


@pytest.fixture(scope="session")
def sss(measured) -> pl.DataFrame:
    """Validation accuracies of the size space after 90 epochs, one run of each architecture."""
    return measured.filter((pl.col("benchmark") == "nats-sss") & (pl.col("metric") == "accuracy"))


@pytest.fixture(scope="session")
def sail():
    """Session of Sail, which speaks Spark Connect and needs no JVM; pyspark warns of pandas 3."""
    server_module = pytest.importorskip("pysail.spark", reason="pysail is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        if not hasattr(
            sys.modules["__main__"], "__file__"
        ):  # a worker of xdist, which pyspark takes for its own doctests
            sys.modules["__main__"].__file__ = __file__
        server = server_module.SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        host, port = server.listening_address
        session = SparkSession.builder.remote(f"sc://{host}:{port}").create()
        yield session
        session.stop()
        server.stop()
