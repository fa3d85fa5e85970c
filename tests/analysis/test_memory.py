"""Rows that do not fit into memory are refused when a helper is called, before any of them is read."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.analysis import _memory
from nbframes.errors import FrameError, InvalidArgumentError

HELPERS = [
    nbf.learning_curves,
    nbf.summarize,
    nbf.ecdf,
    nbf.best_archs,
    lambda frame: nbf.rank_correlation(frame, ("schedule", "budget")),
    lambda frame: nbf.pareto_front(frame, maximise="value", minimise="arch"),
]


@pytest.fixture
def rows(monkeypatch):
    """Accuracies of the published store, on a machine with room for a thousand rows."""
    monkeypatch.setattr(_memory, "_FEW", 10)
    monkeypatch.setenv(_memory.ENVIRONMENT, str(1000 * _memory.BYTES / 1e9))
    return nbf.published.store().scan("nats-tss").filter(nbf.metric("accuracy"), nbf.on("cifar100", "val"))


@pytest.mark.parametrize("helper", HELPERS)
def test_too_many_rows_are_refused_with_the_way_round(rows, helper):
    count = rows.select(pl.len()).collect().item()
    with pytest.raises(FrameError, match=rf"{count:,} rows would be held at once(.|\n)*query_sql"):
        helper(rows)
    helper(rows.filter(pl.col("arch") % 100 == 0)).collect()
    with pytest.raises(FrameError, match=f"{count:,} rows"):
        helper(rows.collect())


def test_what_a_plan_makes_of_its_rows_is_not_computed_to_be_counted(rows):
    few = rows.group_by("arch").agg(pl.col("value").mean()).head(50)
    assert nbf.pareto_front(few, maximise="value", minimise="arch").collect().height > 0


def test_what_is_said_of_the_memory_must_be_a_number(rows, monkeypatch):
    monkeypatch.setenv(_memory.ENVIRONMENT, "lots")
    with pytest.raises(InvalidArgumentError, match=r"number of gigabytes, such as 2 or 0\.5, not 'lots'"):
        nbf.ecdf(rows)


def test_the_machine_is_asked_where_nobody_says(monkeypatch):
    monkeypatch.delenv(_memory.ENVIRONMENT, raising=False)
    assert _memory.available() > 100e6
