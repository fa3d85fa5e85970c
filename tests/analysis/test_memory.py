"""Rows that do not fit into memory are refused when a helper is called, before any of them is read."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.analysis import _memory
from nbframes.analysis.query import query_table
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


def joined(rows):
    return rows.join(nbf.published.store().scan_archs("nats-tss").select("arch", "arch_str"), on="arch")


def grouped(rows, *keys):
    return rows.group_by("arch", *keys).agg(nbf.seed_mean())


PLANS = {
    "join": joined,
    "group_by": lambda rows: grouped(rows, "schedule", "budget"),
    "unique": lambda rows: rows.unique(["arch", "schedule", "budget", "seed"]),
    "sort": lambda rows: rows.sort("value"),
    "explode": lambda rows: rows.with_columns(twice=pl.lit([1, 2])).explode("twice"),
    "without architectures": lambda rows: rows.select("value", "seed", "budget").unique(),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_plans_are_counted_before_they_are_carried_out(rows, plan):
    front = {"maximise": "value", "minimise": "budget", "by": []}
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.pareto_front(plan(rows), **front)
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.hypervolume(plan(rows), **front, ref={"value": 0.0, "budget": 300})
    few = plan(rows.filter(pl.col("arch") % 100 == 0, pl.col("budget") == 200))
    assert nbf.pareto_front(few, **front).collect().height > 0


def test_an_estimate_near_the_memory_is_made_sure_of(rows, monkeypatch):
    """As many as fit are taken, one more is refused: estimates of a part of the architectures decide where they are far off."""
    count = grouped(rows).select(pl.len()).collect().item()
    for room, fits in ((count, True), (count - 1, False), (4 * count, True), (count // 4, False)):
        monkeypatch.setenv(_memory.ENVIRONMENT, str((room + 0.5) * _memory.BYTES / 1e9))
        if fits:
            assert nbf.nondominated_rank(grouped(rows), maximise="value").collect().height == count
        else:
            with pytest.raises(FrameError, match="rows would be held at once"):
                nbf.nondominated_rank(grouped(rows), maximise="value")


def estimated(plan):
    return _memory._height(plan, plan.explain(optimized=False), most=10)


def test_an_estimate_is_near_what_it_stands_for(rows):
    count = grouped(rows).select(pl.len()).collect().item()
    height, about = estimated(grouped(rows))
    assert (height, about) == (pytest.approx(count, rel=0.2), "about ")
    few = rows.filter(pl.col("arch") < 40)
    assert estimated(grouped(few)) == (40, "")


def test_more_rows_than_were_read_are_refused_although_those_of_the_store_fit(rows, monkeypatch):
    few = rows.filter(pl.col("arch") < 100)
    pairs = few.join(few.select("schedule", other="arch"), on="schedule")
    held = nbf.published.store().manifest("nats-tss").rows()
    monkeypatch.setenv(_memory.ENVIRONMENT, str((held + 1) * _memory.BYTES / 1e9))
    assert nbf.pareto_front(pairs.head(9), maximise="value", by=[]).collect().height > 0
    crossed = pairs.join(few.select("schedule", third="arch"), on="schedule")
    often = pl.concat([rows] * (held // rows.select(pl.len()).collect().item() + 1))
    for more in (crossed, often):
        with pytest.raises(FrameError, match="rows would be held at once"):
            nbf.pareto_front(more, maximise="value", by=[])


def test_helpers_of_helpers_are_not_carried_out_to_be_counted(rows, monkeypatch):
    few = pl.col("arch") % 100 == 0
    runs = nbf.published.store().scan_runs("nats-tss").filter(few, nbf.dataset("cifar100"), nbf.schedule(200))
    table = nbf.with_costs(rows.filter(few, nbf.schedule(200)), runs)
    monkeypatch.setenv(_memory.ENVIRONMENT, "0.000001")
    front = nbf.hypervolume(table, maximise="value", minimise="params", by=[], ref={"value": 0.0, "params": 1e9})
    assert front.collect()["n"].item() == 157


def test_costs_are_refused_as_values_are(rows):
    part, store = rows.filter(pl.col("arch") % 100 == 0), nbf.published.store()
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.with_costs(part, store.scan_runs("nats-tss"))
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.with_costs(part, metrics=store.scan("nats-tss").filter(nbf.metric("accuracy"), nbf.final()))
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.with_costs(rows, metrics=part.filter(nbf.schedule(200)))


def test_other_questions_refuse_too(rows):
    store = nbf.published.store()
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.compare(store.scan("nats-tss"), store.scan_runs("nats-tss"))
    with pytest.raises(FrameError, match="rows would be held at once"):
        query_table(store, "nats-tss")
    with pytest.raises(FrameError, match="rows would be held at once"):
        nbf.locality(rows.filter(pl.col("arch") < 9), store.scan_archs("nats-tss"))


def test_what_is_said_of_the_memory_must_be_a_number(rows, monkeypatch):
    monkeypatch.setenv(_memory.ENVIRONMENT, "lots")
    with pytest.raises(InvalidArgumentError, match=r"number of gigabytes, such as 2 or 0\.5, not 'lots'"):
        nbf.ecdf(rows)


def test_the_machine_is_asked_where_nobody_says(monkeypatch):
    monkeypatch.delenv(_memory.ENVIRONMENT, raising=False)
    assert _memory.available() > 100e6
