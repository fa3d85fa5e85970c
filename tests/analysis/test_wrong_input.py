"""What is not a results frame is refused in words, by every helper alike."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.analysis._frames import constant
from nbframes.errors import FrameError, InvalidArgumentError

HELPERS = {
    "learning_curves": nbf.learning_curves,
    "summarize": nbf.summarize,
    "ecdf": nbf.ecdf,
    "best_archs": nbf.best_archs,
    "seed_noise": nbf.seed_noise,
    "rank_stability": nbf.rank_stability,
    "rank_correlation": lambda frame: nbf.rank_correlation(frame, "budget"),
    "top_overlap": lambda frame: nbf.top_overlap(frame, "budget"),
    "pareto_front": lambda frame: nbf.pareto_front(frame, maximise="value"),
    "hypervolume": lambda frame: nbf.hypervolume(frame, maximise="value", ref={"value": 0.0}),
}


@pytest.mark.parametrize("name", HELPERS)
@pytest.mark.parametrize("frame", [None, {"value": [1.0]}, "store"], ids=["none", "dict", "text"])
def test_what_is_no_frame_is_refused(name, frame):
    with pytest.raises(FrameError, match="expected a polars DataFrame or LazyFrame, got"):
        HELPERS[name](frame)


def test_frames_of_others_are_named():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    with pytest.raises(FrameError, match=r"got pandas\.DataFrame"):
        nbf.ecdf(pandas.DataFrame({"value": [1.0]}))


@pytest.mark.parametrize("wrong", ["3", 2.5, 0, -1, True, None])
def test_counts_are_whole_numbers(wrong):
    frame = pl.DataFrame({"arch": [0, 0], "seed": [1, 1], "budget": [1, 2], "value": [1.0, 2.0]})
    calls = {
        "k": [lambda: nbf.best_archs(frame, k=wrong), lambda: nbf.top_overlap(frame, "budget", k=wrong)],
        "distance": [lambda: nbf.seed_noise(frame, distance=wrong)],
        "bins": [] if wrong is None else [lambda: nbf.seed_noise(frame, bins=wrong)],
    }
    for option, asked in calls.items():
        for call in asked:
            with pytest.raises(
                InvalidArgumentError, match=f"{option} should be a whole number of at least 1, not {wrong!r}"
            ):
                call()


def test_numpy_counts():
    frame = pl.DataFrame({"arch": [0, 1], "seed": [1, 1], "value": [1.0, 2.0]})
    assert nbf.best_archs(frame, k=np.int64(1))["arch"].to_list() == [1]


@pytest.mark.parametrize("helper", [nbf.best_archs, nbf.seed_noise, nbf.rank_stability])
def test_the_better_end_is_true_or_false(helper):
    frame = pl.DataFrame({"arch": [0, 1], "seed": [1, 1], "value": [1.0, 2.0]})
    with pytest.raises(InvalidArgumentError, match=r"maximise should be True, False or None .* not 'value'"):
        helper(frame, maximise="value")


@pytest.mark.parametrize("name", HELPERS)
def test_a_frame_without_values_is_refused(name):
    frame = pl.DataFrame({"arch": [1], "seed": [1], "budget": [1], "schedule": [1], "accuracy": [1.0]})
    with pytest.raises(FrameError, match="lacks the columns 'value'"):
        HELPERS[name](frame)


@pytest.mark.parametrize("helper", [nbf.learning_curves, nbf.summarize, nbf.ecdf])
def test_averaging_over_nothing_is_refused(helper):
    frame = pl.DataFrame({"arch": [1], "seed": [1], "budget": [1], "schedule": [1], "value": [1.0]})
    with pytest.raises(InvalidArgumentError, match="names no column to average over"):
        helper(frame, over=())
    with pytest.raises(InvalidArgumentError, match="should be names of columns"):
        helper(frame, over=7)


@pytest.mark.parametrize("helper", [nbf.learning_curves, nbf.summarize, nbf.ecdf, nbf.seed_noise, nbf.best_archs])
def test_nothing_gives_nothing_and_infinities_raise_no_warning(helper):
    frame = pl.DataFrame({"arch": [0, 0, 1], "seed": [1, 2, 1], "budget": [1] * 3, "value": [math.inf, -math.inf, 1.0]})
    assert helper(frame.head(0)).height == 0
    assert helper(frame.with_columns(value=pl.lit(None, pl.Float64))).height == 0
    assert helper(frame.head(0).lazy()).collect().height == 0
    assert helper(frame).height > 0


COLUMNS = [
    pl.Series([math.nan] * 3),
    pl.Series([1.5, 1.5, 2.5]),
    pl.Series(["a", "b", "a"]),
    pl.Series(["a"] * 3, dtype=pl.Categorical),
    pl.Series(["a"] * 3, dtype=pl.Categorical(pl.Categories("made_up"))),
    pl.Series(["a", "b", "a"], dtype=pl.Enum(["a", "b"])),
    pl.Series([True] * 3),
    pl.Series([None, 1, 1], dtype=pl.Int32),
    pl.Series([None] * 3, dtype=pl.Int32),
    pl.Series([[1, 2], [1, 2], [1, 2]]),
    pl.Series([[1, 2], [1, 3], [1, 2]]),
    pl.Series([{"x": 1}, {"x": 2}, {"x": 1}]),
    pl.Series([], dtype=pl.Float64),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.dtype}-{column.n_unique()}")
def test_a_constant_column_has_one_value(column):
    assert constant(column) == (column.n_unique() <= 1)
