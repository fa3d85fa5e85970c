"""Rows that share a key are refused, not counted as runs; so are runs that differ in a column of the caller's own."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.analysis import with_costs
from nbframes.errors import FrameError

RESULTS = pl.DataFrame(
    {
        "arch": [0, 0, 0, 1, 1, 1, 2, 2, 2],
        "seed": [777, 888, 999] * 3,
        "budget": [200] * 9,
        "value": [93.0, 94.0, 93.5, 92.0, 91.5, 92.5, 90.0, 89.0, 91.0],
    }
)
RUNS = pl.DataFrame({"arch": [0, 1, 2], "seed": [777] * 3, "params": [1e6, 2e6, 3e6]})
SPACE = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})

HELPERS = {
    "learning_curves": nbf.learning_curves,
    "summarize": nbf.summarize,
    "ecdf": nbf.ecdf,
    "seed_noise": nbf.seed_noise,
    "best_archs": nbf.best_archs,
    "with_costs": lambda frame: with_costs(frame, RUNS),
    "rank_stability": nbf.rank_stability,
    "paired_ranks": lambda frame: nbf.paired_ranks(frame, "budget"),
    "rank_correlation": lambda frame: nbf.rank_correlation(frame, "seed"),
    "top_overlap": lambda frame: nbf.top_overlap(frame, "seed"),
    "landscape": lambda frame: nbf.landscape(frame, SPACE, space="sss"),
    "marginal_means": lambda frame: nbf.marginal_means(frame, SPACE, space="sss"),
    "operation_effects": lambda frame: nbf.operation_effects(frame, SPACE, space="sss"),
}


@pytest.mark.parametrize("lazy", [False, True], ids=["frame", "lazy"])
@pytest.mark.parametrize("name", HELPERS)
def test_a_join_that_repeats_rows_is_noticed(name, lazy):
    fanned = RESULTS.join(pl.DataFrame({"arch": [0, 0, 0, 1, 2], "copy": [1, 1, 1, 1, 1]}), on="arch").drop("copy")
    assert fanned.height == 15
    with pytest.raises(FrameError, match="9 of 15 rows share theirs") as caught:
        HELPERS[name](fanned.lazy() if lazy else fanned).lazy().collect()
    assert "arch=0" in str(caught.value)
    assert "seed=777" in str(caught.value)


def test_a_doubled_seed_does_not_reorder_the_best():
    doubled = pl.concat([RESULTS, RESULTS.filter(pl.col("arch") == 0, pl.col("seed") == 777)])
    with pytest.raises(FrameError, match=r"arch=0, .*seed=777: 93.0, 93.0"):
        nbf.best_archs(doubled)
    assert nbf.best_archs(doubled.unique()).equals(nbf.best_archs(RESULTS))


def test_rows_in_any_order_and_in_two_files_are_compared():
    shuffled = RESULTS.sample(fraction=1, shuffle=True, seed=3)
    assert nbf.learning_curves(shuffled).equals(nbf.learning_curves(RESULTS))
    with pytest.raises(FrameError, match="share theirs"):
        nbf.learning_curves(pl.concat([shuffled, RESULTS[4:5]]))


@pytest.mark.parametrize("name", ["learning_curves", "summarize", "ecdf", "seed_noise", "best_archs", "with_costs"])
@pytest.mark.parametrize(("column", "values"), [("lr", [0.1, 0.1, 0.2]), ("optimizer", ["sgd", "adam", "sgd"])])
def test_columns_of_ones_own_that_vary_are_named(name, column, values):
    frame = RESULTS.with_columns(pl.Series(column, values * 3))
    with pytest.raises(FrameError, match=f"(?s)differ in '{column}'.*by.*over.*frame.drop\\('{column}'\\)") as caught:
        HELPERS[name](frame)
    assert repr(values[0]) in str(caught.value)


def test_columns_that_do_not_vary_or_are_named_do_no_harm():
    frame = RESULTS.with_columns(lr=pl.col("arch") / 10, note=pl.lit("x"), train_time=pl.col("value") * 2)
    assert nbf.best_archs(frame).equals(nbf.best_archs(RESULTS))
    two = pl.concat([RESULTS.with_columns(lr=0.1), RESULTS.with_columns(lr=0.2, value=pl.col("value") + 1)])
    with pytest.raises(FrameError, match="They differ in 'lr'"):
        nbf.best_archs(two)
    assert nbf.best_archs(two, by="lr").height == 2
    averaged = nbf.best_archs(two, over=("seed", "lr"))
    assert averaged["value"].item() == 94.0
    assert averaged["runs"].item() == 6


def test_costs_of_a_run_stand_once():
    with pytest.raises(FrameError, match="several rows for the same 'arch', 'seed'"):
        with_costs(RESULTS, pl.concat([RUNS, RUNS]))


def test_one_value_published_for_all_seeds_has_no_noise(measured):
    times = measured.filter(nbf.metric("time"), nbf.dataset("cifar100"))
    with pytest.raises(FrameError, match="one value was published for all"):
        nbf.seed_noise(times)
