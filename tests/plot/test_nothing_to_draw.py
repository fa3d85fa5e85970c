"""Plots of frames without rows, and of what is no frame."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import FrameError

ROWS = pl.DataFrame(
    {
        "arch": [0, 0, 1, 1],
        "seed": [1, 1, 1, 1],
        "schedule": [2] * 4,
        "budget": [1, 2, 1, 2],
        "value": [1.0, 2.0, 3.0, 4.0],
    }
)
FRAMES = {
    "learning_curves": (nbf.learning_curves(ROWS), nbf.plot.learning_curves),
    "summarize": (nbf.summarize(ROWS.filter(budget=2)), nbf.plot.summarize),
    "ecdf": (nbf.ecdf(ROWS.filter(budget=2)), nbf.plot.ecdf),
    "best_archs": (nbf.best_archs(ROWS.filter(budget=2)), nbf.plot.best_archs),
    "rank_correlation": (nbf.rank_correlation(ROWS, "budget"), nbf.plot.rank_correlation),
    "top_overlap": (nbf.top_overlap(ROWS, "budget", k=1), nbf.plot.top_overlap),
    "pareto_front": (
        nbf.pareto_front(ROWS, maximise="value", minimise="budget"),
        lambda frame: nbf.plot.pareto_front(frame, maximise="value", minimise="budget"),
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_an_empty_frame_is_refused(name):
    frame, plot = FRAMES[name]
    with pytest.raises(FrameError, match="nothing to draw"):
        plot(frame.clear())


@pytest.mark.parametrize("name", FRAMES)
def test_what_is_no_frame_is_refused(name):
    with pytest.raises(FrameError, match="expected the frame that"):
        FRAMES[name][1](None)
