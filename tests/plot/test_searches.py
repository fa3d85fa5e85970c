"""Curves and ends of searches, read back from the axes."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError


@pytest.fixture(scope="module")
def frame():
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    return nbf.search.run(["random", "local"], problem, runs=20, budget=60)


def test_each_algorithm_has_a_step_line_a_band_and_its_name(frame):
    curves = nbf.anytime(frame)
    ax = nbf.plot.anytime(curves)
    assert len(ax.lines) == len(ax.collections) == 2
    for line, name in zip(ax.lines, ("random", "local"), strict=True):
        part = curves.filter(pl.col("algorithm") == name)
        assert line.get_xdata().tolist() == part["time"].to_list()
        assert line.get_ydata().tolist() == part["mean"].to_list()
        assert line.get_drawstyle() == "steps-post"
    assert {text.get_text() for text in ax.texts} == {"random", "local"}
    assert ax.get_xlabel() == "simulated time (evaluations)"
    assert ax.get_ylabel() == "nats-tss cifar100, mean regret\n(percentage points)"
    assert ax.get_yscale() == "log"


def test_the_median_and_what_is_reported(frame):
    ax = nbf.plot.anytime(
        nbf.anytime(frame, value="reported"), centre="median", visuals={"band": False, "label": False}
    )
    assert ax.get_ylabel() == "nats-tss cifar100, median reported (percent)"
    assert ax.get_yscale() == "linear"
    assert not ax.collections
    assert not ax.texts


def test_regret_that_reaches_zero_is_drawn_on_a_plain_axis(frame):
    curves = nbf.anytime(frame).with_columns(mean=0.0)
    assert nbf.plot.anytime(curves).get_yscale() == "linear"


def test_the_end_is_a_distribution(frame):
    ends = nbf.search.final(frame)
    ax = nbf.plot.final(ends)
    for line, name in zip(ax.lines, ("random", "local"), strict=True):
        regrets = ends.filter(pl.col("algorithm") == name)["regret"]
        x, y = line.get_xdata(), line.get_ydata()
        for at, share in zip(x[1:], y[1:], strict=True):
            assert share == pytest.approx((regrets <= at).mean())
        assert (y[0], y[-1]) == (0, 1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["random", "local"]
    assert ax.get_xlabel() == "nats-tss cifar100, final regret (percentage points)"
    assert ax.get_ylabel() == "share of 20 runs"


def test_what_cannot_be_drawn_is_refused(frame):
    curves = nbf.anytime(frame)
    with pytest.raises(FrameError, match=r"nbf\.anytime returns"):
        nbf.plot.anytime(curves.drop("low"))
    with pytest.raises(UnknownNameError, match="unknown visual 'lines'"):
        nbf.plot.anytime(curves, visuals={"lines": False})
    many = pl.concat([curves.with_columns(algorithm=pl.lit(str(k))) for k in range(8)])
    with pytest.raises(InvalidArgumentError, match="8 searches are too many"):
        nbf.plot.anytime(many)
