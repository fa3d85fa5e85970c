"""What is not a results frame is refused in words, by every helper alike."""

from __future__ import annotations

import math

import polars as pl
import pytest

import nbframes as nbf
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
