"""The query vocabulary against plain Polars, brute force and the published meaning of the names."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes import benchmarks
from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.expr import tied
from nbframes.schema import DATASET, METRIC, SPLIT


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: nbf.dataset("cifar-10"), "cifar10"),
        (lambda: nbf.dataset("imagenet16-120"), "ImageNet16-120"),
        (lambda: nbf.split("valid"), "val"),
        (lambda: nbf.metric("acuracy"), "accuracy"),
        (lambda: nbf.on("cifar100", "tets"), "test"),
        (lambda: nbf.on("cifar1000", "test"), "cifar100"),
        (lambda: nbf.schedule("ful"), "full"),
    ],
)
def test_a_typo_raises_with_the_nearest_match(make, near):
    with pytest.raises(UnknownNameError, match=f"did you mean '{near}'") as caught:
        make()
    assert "Valid:" in str(caught.value)


@pytest.mark.parametrize("bad", [-1, 2**32, 1.5, "3", True, None])
def test_arch_takes_whole_numbers_of_its_range(bad):
    with pytest.raises(InvalidArgumentError, match="whole number"):
        nbf.arch(bad) if not isinstance(bad, str) else nbf.arch([bad])


@pytest.mark.parametrize("make", [nbf.arch, nbf.seed, nbf.budget, nbf.schedule, nbf.dataset, nbf.metric, nbf.split])
def test_a_predicate_without_arguments_is_refused(make):
    with pytest.raises(InvalidArgumentError, match="at least one"):
        make()


def test_numpy_integers_and_iterables_are_taken():
    frame = pl.DataFrame({"arch": range(10)}, schema={"arch": pl.Int32})
    assert frame.filter(nbf.arch(np.arange(3), np.int64(7), [8])).to_series().to_list() == [0, 1, 2, 7, 8]


def test_own_names_are_taken_when_they_are_known():
    assert nbf.dataset("mine", known=["mine"]).meta.root_names() == ["dataset"]
    with pytest.raises(UnknownNameError, match="known=store"):
        nbf.dataset("mine")


def test_on_follows_the_protocol_of_the_papers():
    rows = [(d, s) for d in benchmarks.dataset_names() for s in nbf.schema.SPLITS]
    frame = pl.DataFrame(rows, schema={"dataset": DATASET, "split": SPLIT}, orient="row")

    def chosen(*names):
        return [(str(d), str(s)) for d, s in frame.filter(nbf.on(*names)).rows()]

    assert chosen("cifar10", "val") == [("cifar10", "val"), ("cifar10-valid", "val")]
    assert chosen("cifar10", "train") == [("cifar10", "train")]
    assert chosen("cifar10", "test") == [("cifar10", "test")]
    assert chosen("ImageNet16-120", "valtest") == [("ImageNet16-120", "valtest")]
    with pytest.raises(UnknownNameError, match=r"split of 'cifar10' 'valtest'.*\n\nValid: 'train', 'val', 'test'"):
        nbf.on("cifar10", "valtest")
    with pytest.raises(InvalidArgumentError, match="Hint: use nbf"):
        nbf.on("cifar10-valid", "val")


def test_full_schedule_is_each_benchmarks_own():
    official = {known.name: known.full_schedule for known in benchmarks.OFFICIAL}
    rows = [(b, s) for b in (*official, "mine") for s in (12, 90, 100, 108, 200)]
    frame = pl.DataFrame(rows, schema={"benchmark": pl.String, "schedule": pl.Int32}, orient="row")
    assert dict(frame.filter(nbf.schedule("full")).rows()) == official
    both = frame.filter(nbf.schedule("full", 12))
    assert both.height == len(official) + 6


def test_aggregates_work_in_agg_and_over():
    frame = pl.DataFrame({"arch": [0, 0, 1], "value": [1.0, 2.0, 5.0]})
    grouped = frame.group_by("arch").agg(nbf.seed_mean(), nbf.seed_std(), nbf.seed_count()).sort("arch")
    assert grouped.rows() == [(0, 1.5, pytest.approx(math.sqrt(0.5)), 2), (1, 5.0, None, 1)]
    windowed = frame.with_columns(mean=nbf.seed_mean().over("arch"))
    assert windowed["mean"].to_list() == [1.5, 1.5, 5.0]


def _epoch_times(budgets, **keys):
    run = {
        "benchmark": "nats-tss",
        "metric": "epoch_time",
        "dataset": "cifar10",
        "split": "train",
        "arch": 1,
        "schedule": 12,
    }
    return pl.DataFrame([run | {"seed": 777, "budget": b, "value": 0.1 * b} | keys for b in budgets])


def test_cumulative_time_is_the_builtin_sum_of_each_run():
    frame = pl.concat([_epoch_times(range(12, 0, -1)), _epoch_times(range(1, 13), seed=888, split="val")])
    out = frame.with_columns(nbf.cumulative_time())
    for budget, seed, elapsed in out.select("budget", "seed", "cumulative_time").rows():
        assert elapsed == pytest.approx(sum(0.1 * b for b in range(1, budget + 1)), rel=1e-15), seed


def test_cumulative_time_is_null_after_a_gap_and_for_other_metrics():
    frame = pl.concat(
        [_epoch_times([2, 3]), _epoch_times([1, 3], arch=2), _epoch_times([1], arch=3, metric="accuracy")]
    )
    assert frame.select(nbf.cumulative_time()).to_series().to_list() == [None, None, 0.1, None, None]


def test_cumulative_time_keeps_published_cumulative_times():
    frame = _epoch_times([54, 108], metric="time")
    assert frame.select(nbf.cumulative_time()).to_series().to_list() == frame["value"].to_list()


near_ties = st.lists(
    st.one_of(st.none(), st.just(math.nan), st.integers(0, 5).map(float), st.integers(0, 5).map(lambda k: k + 4e-6)),
    max_size=30,
)


def _brute_ties(values):
    """Representative of each value by walking the sorted values; NaN stands for itself."""
    present = sorted(v for v in values if v is not None and not math.isnan(v))
    representative, last, start = {}, None, None
    for value in present:
        if last is None or value - last >= 1e-5:
            start = value
        representative[value], last = start, value
    return [v if v is None or math.isnan(v) else representative[v] for v in values]


@given(near_ties)
@settings(max_examples=60, deadline=None)
def test_ties_ranks_and_regrets_agree_with_brute_force(values):
    frame = pl.DataFrame({"value": values}, schema={"value": pl.Float64})
    expected = _brute_ties(values)
    assert frame.select(tied()).to_series().equals(pl.Series(expected, dtype=pl.Float64))
    present = [v for v in expected if v is not None and not math.isnan(v)]

    def of_each(measure, last):
        found = [v if v is None else last if math.isnan(v) else measure(v) for v in expected]
        return pl.Series(found, dtype=pl.UInt32 if isinstance(last, int) else pl.Float64)

    ranks = of_each(lambda v: 1 + sum(w > v for w in present), len(present) + 1)
    assert frame.select(nbf.rank()).to_series().equals(ranks)
    smallest_first = of_each(lambda v: 1 + sum(w < v for w in present), len(present) + 1)
    assert frame.select(nbf.rank(maximise=False)).to_series().equals(smallest_first)
    regrets = of_each(lambda v: max(present) - v, math.nan)
    assert frame.select(nbf.regret()).to_series().equals(regrets)
    losses = of_each(lambda v: v - min(present), math.nan)
    assert frame.select(nbf.regret(maximise=False)).to_series().equals(losses)


@pytest.mark.parametrize("tie", [-1e-9, math.inf, math.nan, True, "1e-5", None])
def test_a_tie_is_a_number_of_at_least_0(tie):
    for make in (tied, nbf.rank, nbf.regret, lambda tie: nbf.pareto_optimal(maximise="value", tie=tie)):
        with pytest.raises(InvalidArgumentError, match="tie="):
            make(tie=tie)


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_pareto_optimal_agrees_with_its_definition(objectives, data):
    value = st.one_of(
        st.none(), st.just(math.nan), st.integers(0, 4).map(float), st.integers(0, 4).map(lambda k: k + 3e-6)
    )
    rows = data.draw(st.lists(st.tuples(st.integers(0, 1), *[value] * objectives), max_size=25))
    names = [f"x{i}" for i in range(objectives)]
    schema = {"group": pl.Int64} | dict.fromkeys(names, pl.Float64)
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    maximise = [data.draw(st.booleans()) for _ in names]
    up = [n for n, m in zip(names, maximise, strict=True) if m]
    down = [n for n, m in zip(names, maximise, strict=True) if not m]
    got = frame.select(nbf.pareto_optimal(maximise=up, minimise=down).over("group")).to_series().to_list()
    assert got == [_on_front(row, rows, maximise) for row in rows]


def _on_front(row, rows, maximise):
    def gains(other):
        if any(v is None or math.isnan(v) for v in other[1:]):
            return None
        return [round(v) if up else -round(v) for v, up in zip(other[1:], maximise, strict=True)]

    mine = gains(row)
    if mine is None:
        return False
    rivals = [gains(other) for other in rows if other[0] == row[0]]
    return not any(g is not None and g != mine and all(a >= b for a, b in zip(g, mine, strict=True)) for g in rivals)


def test_pareto_optimal_needs_an_objective():
    with pytest.raises(InvalidArgumentError, match="objectives"):
        nbf.pareto_optimal()


def test_expressions_give_the_same_on_lazy_and_eager_frames():
    frame = pl.DataFrame({"value": [3.0, 1.0, 3.0 + 1e-12], "cost": [1.0, 2.0, 3.0]})
    columns = [nbf.rank(), nbf.regret(), nbf.pareto_optimal(maximise="value", minimise="cost")]
    assert_frame_equal(frame.with_columns(columns), frame.lazy().with_columns(columns).collect())


def test_categorical_and_string_columns_are_both_understood():
    typed = pl.DataFrame({"dataset": ["cifar10"], "metric": ["loss"]}, schema={"dataset": DATASET, "metric": METRIC})
    for frame in (typed, typed.cast(pl.String)):
        assert frame.filter(nbf.dataset("cifar10", "cifar100"), nbf.metric("loss")).height == 1


def test_one_known_name_is_a_name_and_not_its_letters():
    frame = pl.DataFrame({"dataset": ["mine", "m"]})
    assert frame.filter(nbf.dataset("mine", known="mine"))["dataset"].to_list() == ["mine"]
    with pytest.raises(UnknownNameError):
        nbf.dataset("m", known="mine")


def test_the_protocol_of_the_papers_says_how_to_name_a_dataset_of_ones_own():
    with pytest.raises(UnknownNameError, match="known=store"):
        nbf.on("mine", "test")


def test_none_is_no_objective():
    frame = pl.DataFrame({"accuracy": [94.0, 93.0], "params": [2.0, 1.0]})
    assert frame.select(nbf.pareto_optimal(maximise="accuracy", minimise=None)).to_series().to_list() == [True, False]
    with pytest.raises(InvalidArgumentError, match="needs objectives"):
        nbf.pareto_optimal(maximise=None)
