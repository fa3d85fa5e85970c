"""Lookups against the frame that they were made from."""

from __future__ import annotations

import math

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
        nbf.lookup(both, dataset="cifar10", split="val").value(0, 777, 1)
    with pytest.raises(FrameError, match="open_store"):
        nbf.lookup("store", **CHOICE)
    table = nbf.lookup(frame, **CHOICE)
    for arch in ("a", 0.5, None):
        for ask in (lambda arch=arch: table.value(arch, 777, 1), lambda arch=arch: table.mean(arch, 1)):
            with pytest.raises(UnknownNameError, match="no architecture"):
                ask()
