"""Labels and ticks leave room for each other."""

from __future__ import annotations

import itertools

import matplotlib.pyplot as plt
import polars as pl
import pytest

import nbframes as nbf
from nbframes.plot._labels import label_ends


def boxes(texts):
    renderer = texts[0].figure.canvas.get_renderer()
    return [text.get_window_extent(renderer) for text in texts]


@pytest.mark.parametrize("ends", [(1.0, 1.0), (0.98, 1.0)], ids=["same", "near"])
def test_labels_of_lines_that_end_near_each_other_do_not_overlap(ends):
    _, ax = plt.subplots()
    ax.set(xlim=(0, 1), ylim=(0, 100))
    label_ends(ax, [("the first", ends[0], 50.0, "#000000"), ("the second", ends[1], 50.5, "#000000")])
    first, second = boxes(ax.texts)
    assert not first.overlaps(second)


def test_labels_of_lines_that_end_far_from_each_other_stay_at_their_ends():
    _, ax = plt.subplots()
    ax.set(xlim=(0, 1), ylim=(0, 100))
    label_ends(ax, [("the first", 0.2, 50.0, "#000000"), ("the second", 0.9, 50.5, "#000000")])
    assert [text.xyann[1] for text in ax.texts] == [0, 0]


@pytest.mark.parametrize("span", [25, 80, 2000])
def test_labels_of_a_narrow_logarithmic_axis_do_not_overlap(span):
    costs = pl.DataFrame({"arch": range(50), "value": [90.0] * 50}).with_columns(
        params=13_000.0 * span ** (pl.col("arch") / 49)
    )
    _, ax = plt.subplots(figsize=(3.3, 2.9))
    nbf.plot.with_costs(costs, ax=ax)
    ax.figure.canvas.draw()
    inside = [
        tick.label1
        for tick in [*ax.xaxis.get_major_ticks(), *ax.xaxis.get_minor_ticks()]
        if tick.label1.get_text() and ax.get_xlim()[0] <= tick.get_loc() <= ax.get_xlim()[1]
    ]
    assert len(inside) >= 2
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes(inside), 2))
