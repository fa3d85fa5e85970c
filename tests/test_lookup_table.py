"""Lookups against the frame that they were made from."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from tests.frames import results

CHOICE = {"dataset": "cifar10", "split": "test"}


def _frame(**options):
    return results(**options).with_columns(benchmark=pl.lit("mine"), final=pl.col("budget") == pl.col("schedule"))


def _with_times(frame):
    times = frame.with_columns(
        metric=pl.lit("epoch_time"), split=pl.lit("train"), value=0.1 + pl.col("arch") + pl.col("budget")
    )
    return pl.concat([frame, times])


@given(keep=st.sets(st.integers(0, 35), min_size=1))
@settings(max_examples=40, deadline=None)
def test_every_value_and_only_those_are_found(keep):
    frame = _frame().with_row_index().filter(pl.col("index").is_in(sorted(keep))).drop("index")
    table = nbf.lookup(frame, **CHOICE)
    there = {(a, s, b): v for a, s, b, v in frame.select("arch", "seed", "budget", "value").rows()}
    for arch in range(7):
        for seed in (777, 888, 5):
            for budget in range(5):
                assert bool(table.present(arch, seed, budget)) == ((arch, seed, budget) in there)
                if (arch, seed, budget) in there:
                    assert table.value(arch, seed, budget) == there[arch, seed, budget]
                    assert table.values([arch], seed, budget).tolist() == [there[arch, seed, budget]]
                else:
                    with pytest.raises(UnknownNameError):
                        table.value(arch, seed, budget)
                    with pytest.raises(UnknownNameError):
                        table.values([arch], seed, budget)
    assert (~table.mask).sum() == frame.height


def test_seeds_and_budgets_of_any_size_are_found():
    frame = _frame(seeds=(3, 2**31 - 1)).with_columns(budget=pl.col("budget") * 1_000_000)
    table = nbf.lookup(frame, **CHOICE)
    for arch, seed, budget, value in frame.select("arch", "seed", "budget", "value").rows():
        assert table.value(arch, seed, budget) == value
        assert table.values([arch], [seed], [budget]).tolist() == [value]
    assert not table.present([0, 0, 0], [4, 0, 2**31 - 2], 1_000_000).any()
    assert not table.present(0, 3, [0, 999_999, 3_000_001]).any()


def test_means_are_builtin_sums_over_published_seeds():
    frame = _frame(seeds=(777, 888, 999)).filter(~((pl.col("arch") == 2) & (pl.col("seed") == 999)))
    table = nbf.lookup(frame, **CHOICE)
    for arch in range(6):
        values = frame.filter(pl.col("arch") == arch, pl.col("budget") == 3).sort("seed")["value"].to_list()
        assert table.mean(arch, 3) == sum(values) / len(values)
    with pytest.raises(UnknownNameError):
        table.mean(77, 3)


def test_a_published_nan_stays_nan_and_is_not_missing():
    frame = _frame().with_columns(value=pl.when(pl.col("arch") == 1).then(math.nan).otherwise(pl.col("value")))
    table = nbf.lookup(frame, **CHOICE)
    assert math.isnan(table.value(1, 777, 1))
    assert table.present(1, 777, 1)


def test_times_add_up_the_epochs_in_order():
    table = nbf.lookup(_with_times(_frame()), **CHOICE)
    assert table.time(4, 777, 3) == sum(0.1 + 4 + b for b in (1, 2, 3))
    assert table.times(np.arange(6), 888, 1).tolist() == [0.1 + a + 1 for a in range(6)]


def test_times_are_missing_after_a_gap_and_where_none_are_published():
    frame = _with_times(_frame())
    gap = frame.filter(~((pl.col("metric") == "epoch_time") & (pl.col("arch") == 2) & (pl.col("budget") == 2)))
    table = nbf.lookup(gap, **CHOICE)
    assert table.time(2, 777, 1) == pytest.approx(3.1)
    with pytest.raises(UnknownNameError):
        table.time(2, 777, 3)
    with pytest.raises(FrameError, match="no time or epoch_time"):
        nbf.lookup(_frame(), **CHOICE).time(0, 777, 1)


def test_cumulative_times_are_taken_as_published():
    frame = _frame()
    times = frame.with_columns(metric=pl.lit("time"), split=pl.lit("train"), value=pl.col("budget") * 10.0)
    assert nbf.lookup(pl.concat([frame, times]), **CHOICE).time(1, 777, 2) == 20.0


def test_negative_indices_do_not_wrap_around():
    table = nbf.lookup(_frame(), **CHOICE)
    for arch in (-1, -6, 6):
        with pytest.raises(UnknownNameError, match="no architecture"):
            table.value(arch, 777, 1)
        assert not table.present(arch, 777, 1)


def test_open_choices_are_refused_with_the_way_out():
    several = pl.concat([_frame(), _frame(schedule=5)])
    with pytest.raises(FrameError, match=r"(?s)several values of schedule: 3, 5.*schedule="):
        nbf.lookup(several.lazy(), **CHOICE).value(0, 777, 1)
    assert nbf.lookup(several, **CHOICE, schedule=5).budgets == [1, 2, 3, 4, 5]
    with pytest.raises(UnknownNameError, match="did you mean 'cifar10'"):
        nbf.lookup(several, dataset="cifar11", split="test").value(0, 777, 1)
    with pytest.raises(InvalidArgumentError, match="integers"):
        nbf.lookup(_frame(), **CHOICE).values([0.5], 777, 1)


def test_final_values_only():
    assert nbf.lookup(_frame(), **CHOICE, final=True).budgets == [3]


def test_duplicate_keys_are_refused():
    with pytest.raises(FrameError, match="more than one value"):
        nbf.lookup(pl.concat([_frame(), _frame()]), **CHOICE).value(0, 777, 1)


def test_the_arrays_cannot_be_changed():
    table = nbf.lookup(_frame(), **CHOICE)
    with pytest.raises(ValueError, match="read-only"):
        table.array[0, 0, 0] = 1.0
    assert table.array.shape == table.mask.shape == (6, 2, 3)
    assert table.seeds == [777, 888]


def test_wrong_choices_say_what_there_is():
    frame = _frame()
    with pytest.raises(FrameError, match="no rows to look up"):
        nbf.lookup(frame, **CHOICE, schedule=13).value(0, 777, 1)
    both = pl.concat([frame, frame.with_columns(dataset=pl.lit("cifar10-valid"), split=pl.lit("val"))])
    with pytest.raises(FrameError, match=r"(?s)\('cifar10', 'test'\), \('cifar10-valid', 'val'\)"):
        nbf.lookup(both, dataset="cifar10-valid", split="test").value(0, 777, 1)
    with pytest.raises(FrameError, match="open_store"):
        nbf.lookup("store", **CHOICE)
    table = nbf.lookup(frame, **CHOICE)
    for arch in ("a", 0.5, None):
        for ask in (lambda arch=arch: table.value(arch, 777, 1), lambda arch=arch: table.mean(arch, 1)):
            with pytest.raises(UnknownNameError, match="no architecture"):
                ask()


@given(keep=st.sets(st.integers(0, 35), min_size=1), nan=st.integers(0, 35))
@settings(max_examples=40, deadline=None)
def test_means_of_many_are_those_of_each_and_take_any_integers(keep, nan):
    frame = _frame().with_row_index()
    frame = frame.with_columns(value=pl.when(pl.col("index") == nan).then(float("nan")).otherwise("value"))
    frame = frame.filter(pl.col("index").is_in(sorted(keep))).drop("index")
    table = nbf.lookup(frame, **CHOICE)
    grouped = frame.group_by("arch", "budget").agg(pl.col("value").sort_by("seed")).rows()
    pairs = {(arch, budget): values for arch, budget, values in grouped}
    expected = {}
    for pair, values in pairs.items():
        total = 0.0
        for value in values:
            total += value
        expected[pair] = total / len(values)
        for arch, budget in (pair, map(np.int64, pair), map(np.uint16, pair)):
            np.testing.assert_equal(table.mean(arch, budget), expected[pair])
    archs, budgets = (np.array(column) for column in zip(*pairs, strict=True))
    np.testing.assert_array_equal(table.means(archs, budgets), list(expected.values()))
    for arch in range(8):
        for budget in range(5):
            if (arch, budget) not in pairs:
                with pytest.raises(UnknownNameError):
                    table.means([*archs, arch], [*budgets, budget])
                with pytest.raises(UnknownNameError):
                    table.mean(arch, budget)
    for wrong in (-1, "0", None, 1.0, 10**9):
        with pytest.raises(UnknownNameError, match="there is no architecture"):
            table.mean(wrong, next(iter(budgets)))


def test_numpy_s_integers_are_taken_and_named_in_errors():
    table = nbf.lookup(_frame(), **CHOICE)
    arch, seed, budget = np.int64(1), np.int32(777), np.uint8(1)
    assert table.value(arch, seed, budget) == table.value(1, 777, 1)
    assert type(table.value(arch, seed, budget)) is float
    with pytest.raises(UnknownNameError, match="architecture 1 has no value at budget 1 with seed 5"):
        table.value(arch, np.int64(5), budget)
    with pytest.raises(UnknownNameError, match="unknown budget 9"):
        table.value(arch, seed, np.int64(9))


def test_cifar10_validation_is_what_on_means():
    halves = _frame().with_columns(dataset=pl.lit("cifar10-valid"), split=pl.lit("val"), value=pl.col("value") + 1)
    frame = pl.concat([_frame(), halves])
    table = nbf.lookup(frame, dataset="cifar10", split="val")
    expected = frame.filter(nbf.on("cifar10", "val"), nbf.arch(2), nbf.seed(777)).sort("budget")
    assert [table.value(2, 777, budget) for budget in table.budgets] == expected["value"].to_list()
    own = _frame().with_columns(split=pl.lit("val"))
    both = nbf.lookup(pl.concat([halves, own]), dataset="cifar10", split="val")
    assert both.value(2, 777, 1) == nbf.lookup(own, dataset="cifar10", split="val").value(2, 777, 1)
    with pytest.raises(UnknownNameError, match="unknown split 'val'"):
        nbf.lookup(_frame(), dataset="cifar10", split="val").value(2, 777, 1)


def test_evaluations_cost_what_simulate_train_eval_counts():
    store = nbf.synthetic.store()
    api = nbf.compat.nats_bench.create(store, "tss", verbose=False)
    for arch in (0, 3, 17):
        for dataset, trained in (("cifar10", "cifar10-valid"), ("cifar100", "cifar100")):
            table = nbf.lookup(store, benchmark="nats-tss", dataset=dataset, split="val", schedule=12)
            seed = api.query_by_index(arch, hp="12").get_dataset_seeds(trained)[-1]
            info = api.get_more_info(arch, trained, hp="12", is_random=seed)
            expected = info["train-all-time"] + info["valid-per-time"]
            assert table.time(arch, seed, 12) == pytest.approx(info["train-all-time"], rel=1e-12)
            assert table.time(arch, seed, 12, evaluations=1) == pytest.approx(expected, rel=1e-12)
            both = table.times([arch, arch], seed, 12, evaluations=12)
            assert both == pytest.approx([info["train-all-time"] + info["valid-all-time"]] * 2, rel=1e-12)
    runs = nbf.lookup(store, benchmark="nb101", dataset="cifar10", split="val", schedule=108)
    assert runs.time(0, 0, 108) > 0
    with pytest.raises(FrameError, match="no times of evaluations of 'cifar10' on split 'val'"):
        runs.time(0, 0, 108, evaluations=1)


def test_what_is_looked_up_is_told_without_reading(monkeypatch):
    table = nbf.lookup(_frame(), **CHOICE, final=True)
    with monkeypatch.context() as patch:
        patch.setattr(pl.LazyFrame, "collect", None)
        assert repr(table) == "Lookup of accuracy on cifar10 test, final values: nothing read yet"
    table.seeds  # noqa: B018
    archs, seeds, budgets = table.array.shape
    assert repr(table) == (
        f"Lookup of accuracy on cifar10 test, final values: {archs * seeds:,} values "
        f"({archs} architectures, {seeds} seeds, {budgets} budgets)"
    )


def test_a_schedule_that_is_left_open_must_be_the_only_one():
    frame = pl.concat([_frame(), _frame().with_columns(schedule=pl.col("schedule") + 10)])
    with pytest.raises(FrameError, match="several values of schedule"):
        nbf.lookup(frame, **CHOICE, benchmark="mine").value(0, 777, 1)
    first = int(frame["schedule"].min())
    assert nbf.lookup(frame, **CHOICE, schedule=first).value(0, 777, 1) == nbf.lookup(_frame(), **CHOICE).value(
        0, 777, 1
    )


def test_an_array_is_freed_with_its_lookup():
    gc.disable()
    try:
        table = nbf.lookup(_frame(), **CHOICE)
        table.value(0, 777, 1)
        array = weakref.ref(table.array)
        del table
        assert array() is None
    finally:
        gc.enable()
