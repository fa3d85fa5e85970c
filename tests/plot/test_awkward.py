"""Figures of what is hard to draw: long names, many groups, one point, values far apart, nothing at all."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest

import nbframes as nbf
from nbframes.analysis import local_optima
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.plot._layout import _LEAST


def made(groups=1, archs=40, budgets=(4,), name="group {}", apart=0.0, seeds=2):
    """Values of some datasets that lie so far apart."""
    frame = pl.DataFrame({"arch": range(archs)})
    for column, values in (("seed", range(seeds)), ("group", range(groups)), ("budget", budgets)):
        frame = frame.join(pl.DataFrame({column: list(values)}), how="cross")
    noise = pl.Series(np.random.default_rng(0).normal(0, 1, frame.height))
    return frame.select(
        "arch",
        "seed",
        "budget",
        dataset=pl.col("group").map_elements(name.format, return_dtype=pl.String),
        split=pl.lit("test"),
        metric=pl.lit("accuracy"),
        schedule=max(budgets),
        value=pl.col("arch") / archs + pl.col("group") * apart + pl.col("budget") + noise,
    )


LONG = made(groups=7, name="a rather long name of a dataset, number {}")
EPOCHS = made(groups=7, name="a rather long name of a dataset, number {}", budgets=range(1, 6))
CROWDED = {
    "overlap": lambda: nbf.plot.top_overlap(nbf.top_overlap(LONG.filter(pl.col("dataset") < "a rather long name of a dataset, number 5"), "dataset", k=[1, 5])),
    "noise": lambda: nbf.plot.seed_noise(nbf.seed_noise(LONG, bins=3)),
    "distribution": lambda: nbf.plot.ecdf(nbf.ecdf(LONG)),
    "costs": lambda: nbf.plot.with_costs(LONG.group_by("dataset", "arch").agg(pl.col("value").mean()).with_columns(params=pl.col("arch") + 1.0)),
    "curves": lambda: nbf.plot.learning_curves(nbf.learning_curves(EPOCHS, over=("seed", "arch"))),
    "correlations": lambda: nbf.plot.rank_correlation(nbf.rank_correlation(EPOCHS, "budget", against=5)),
}  # fmt: skip


@pytest.mark.parametrize("name", CROWDED)
def test_names_however_long_leave_the_axes_their_size(name):
    ax = CROWDED[name]()
    figure = ax.figure
    figure.draw_without_rendering()
    inches = ax.get_position().size * figure.get_size_inches()
    assert (inches >= np.array(_LEAST) - 0.1).all()
    texts = [*ax.texts, *(ax.get_legend().get_texts() if ax.get_legend() else ())]
    assert len(texts) >= 7
    for text in texts:
        box = text.get_window_extent()
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y1 <= figure.bbox.y1 + 1


def test_groups_that_lie_apart_have_axes_of_their_own():
    best = nbf.best_archs(made(groups=3, apart=50.0), k=4)
    ax = nbf.plot.best_archs(best)
    every = ax.figure.axes
    assert [axes.get_title(loc="left") for axes in every] == ["group 0", "group 1", "group 2"]
    for axes, name in zip(every, best["dataset"].unique(maintain_order=True), strict=True):
        part = best.filter(dataset=name)
        assert axes.collections[0].get_offsets()[:, 0].tolist() == part["value"].to_list()
    assert every[-1].get_xlabel() == "test accuracy (%)"
    _, own = plt.subplots()
    assert nbf.plot.best_archs(best, ax=own) is own
    assert len(own.get_yticklabels()) == 12
    near = nbf.plot.best_archs(nbf.best_archs(made(groups=2), k=4))
    assert len(near.figure.axes) == 1


def test_correlations_of_several_groups_share_their_colours():
    frame = pl.concat([made(groups=3).with_columns(split=pl.lit(split)) for split in ("val", "test")])
    found = nbf.rank_correlation(frame, "dataset")
    ax = nbf.plot.rank_correlation(found, method="kendall")
    matrices = ax.figure.axes[:2]
    assert {axes.get_title(loc="left") for axes in matrices} == {"val", "test"}
    assert len({axes.images[0].get_clim() for axes in matrices}) == 1
    part = found.filter(split=matrices[1].get_title(loc="left"))["correlation"]
    matrix = matrices[1].images[0].get_array().filled(np.nan)
    np.testing.assert_allclose(matrix[np.triu_indices(3, 1)], part)
    _, own = plt.subplots()
    with pytest.raises(InvalidArgumentError, match="2 groups are too many"):
        nbf.plot.rank_correlation(found, ax=own)


def test_more_than_twelve_names_are_kept():
    ax = nbf.plot.rank_correlation(nbf.rank_correlation(made(groups=15), "dataset"))
    names = [f"group {i}" for i in range(15)]
    assert sorted(text.get_text() for text in ax.get_yticklabels()) == sorted(names)
    assert sorted(text.get_text() for text in ax.get_xticklabels()) == sorted(names)


def test_a_correlation_that_is_not_known_is_a_dash_and_none_at_all_an_error():
    found = nbf.rank_correlation(made(groups=3), "dataset")
    first = found.with_columns(correlation=pl.when(pl.int_range(pl.len()) > 0).then("correlation"))
    texts = [text.get_text() for text in nbf.plot.rank_correlation(first).texts]
    assert texts.count("\N{EN DASH}") == 2
    with pytest.raises(FrameError, match="nothing to draw: 'correlation' is null or NaN in all 3 rows"):
        nbf.plot.rank_correlation(found.with_columns(correlation=float("nan")))
    with pytest.raises(UnknownNameError, match="did you mean 'kendall'"):
        nbf.plot.rank_correlation(found, method="kendal")


def test_a_single_time_is_a_point_with_a_bar():
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    frame = nbf.search.run(["random", "local"], problem, runs=5, budget=30)
    curves = nbf.anytime(frame, times=[20])
    ax = nbf.plot.anytime(curves)
    assert [line.get_marker() for line in ax.lines] == ["o", "o"]
    for bar, row in zip(ax.collections, curves.iter_rows(named=True), strict=True):
        assert bar.get_segments()[0].tolist() == [[20, row["low"]], [20, row["high"]]]
    assert ax.get_title(loc="right") == "n = 5"
    with pytest.raises(FrameError, match="nothing to draw: 'mean' is null or NaN in all 2 rows"):
        nbf.plot.anytime(nbf.anytime(frame, times=[0.001]))
    with pytest.raises(UnknownNameError, match="did you mean 'median'"):
        nbf.plot.anytime(curves, centre="medium")


def test_curves_of_nan_are_refused():
    curves = nbf.learning_curves(made(budgets=(1, 2))).with_columns(mean=float("nan"))
    with pytest.raises(FrameError, match="nothing to draw: 'mean' is null or NaN"):
        nbf.plot.learning_curves(curves)


def test_small_samples_say_how_small_they_are_and_large_ones_need_not():
    few, many = made(archs=5), made(archs=50)
    notes = [nbf.plot.summarize(nbf.summarize(frame)).get_title(loc="right") for frame in (few, many)]
    assert notes == ["line: all; bar: 25 % to 75 %; circle: mean; n = 5", "line: all; bar: 25 % to 75 %; circle: mean"]
    notes = [nbf.plot.seed_noise(nbf.seed_noise(frame)).get_title(loc="right") for frame in (few, many)]
    assert notes == ["n = 5", ""]
    bare = nbf.plot.summarize(nbf.summarize(few), visuals={"note": False})
    assert bare.get_title(loc="right") == ""


def test_numbers_large_and_small_keep_their_digits():
    tiny = nbf.summarize(made().with_columns(pl.col("value") * 1e-7))
    assert nbf.plot.summarize(tiny).texts[0].get_text().startswith(f"{tiny['max'][0]:.4g}")
    huge = nbf.best_archs(made().with_columns(pl.col("value") * 1e9, metric=pl.lit("own")), k=1)
    assert nbf.plot.best_archs(huge).texts[0].get_text() == f"{huge['value'][0]:.4g}"


def test_marks_are_explained():
    archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    found = local_optima(pl.DataFrame({"arch": [0, 1, 2], "value": [92.0, 91.0, 93.0]}), archs, space="sss")
    assert nbf.plot.local_optima(found).get_title(loc="right") == "bar: a local optimum; dot: the best; right: how many"


def test_a_figure_that_fails_is_not_left_open():
    plt.close("all")
    with pytest.raises(AttributeError):
        nbf.plot.ecdf(nbf.ecdf(made()), visuals={"line": {"no_such_option": 1}})
    assert not plt.get_fignums()


def test_saved_figures_are_whole():
    """Nothing is cut at the edges, in the style or out of it."""
    ax = nbf.plot.rank_correlation(nbf.rank_correlation(made(groups=3, name="a rather long name {}"), "dataset"))
    ax.figure.savefig(io.BytesIO())
    left = min(text.get_window_extent().x0 for text in ax.get_yticklabels())
    assert left >= -1
