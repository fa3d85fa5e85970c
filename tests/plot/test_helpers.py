"""What holds for every drawing of a helper's frame, and what each draws."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.analysis import rank_stability
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.plot._labels import _apart, _within
from nbframes.plot._style import PALETTE, texts


def results(archs=6, budgets=(1, 2, 3, 4), datasets=("cifar10", "cifar100")):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"arch": range(archs)})
    for name, values in (("seed", [777, 888, 999]), ("budget", budgets), ("dataset", datasets)):
        frame = frame.join(pl.DataFrame({name: values}), how="cross")
    value = pl.col("arch") + pl.col("budget") * 10 + pl.Series(rng.normal(0, 0.1, frame.height))
    return frame.with_columns(metric=pl.lit("accuracy"), split=pl.lit("test"), schedule=max(budgets), value=value)


LAST = results().filter(pl.col("budget") == 4)
ONE = LAST.filter(dataset="cifar10")
FRAMES = {
    "learning_curves": nbf.learning_curves(results(), over=("seed", "arch"), quantiles=[0.1, 0.9]),
    "ecdf": nbf.ecdf(LAST),
    "summarize": nbf.summarize(LAST),
    "best_archs": nbf.best_archs(LAST, k=2),
    "top_overlap": nbf.top_overlap(LAST, "seed", k=[1, 2, 4]).filter(dataset="cifar10"),
    "rank_correlation": nbf.rank_correlation(ONE, "seed"),
    "rank_stability": rank_stability(ONE),
    "seed_noise": nbf.seed_noise(ONE),
}
every = pytest.mark.parametrize("name", FRAMES)


def draw(name, frame=None, **options):
    return getattr(nbf.plot, name)(FRAMES[name] if frame is None else frame, **options)


@every
def test_given_axes_are_drawn_on_and_returned_without_another_figure(name):
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert draw(name, ax=ax) is ax
    assert plt.get_fignums() == before
    assert ax.has_data()


@every
def test_a_new_figure_has_the_style_of_the_package_and_leaves_yours_alone(name):
    before = dict(plt.rcParams)
    ax = draw(name)
    assert dict(plt.rcParams) == before
    assert not ax.spines["top"].get_visible()
    assert ax.get_xlabel() or name == "rank_correlation"


@every
def test_the_frame_may_be_lazy_and_is_left_as_it_was(name):
    before = FRAMES[name].clone()
    draw(name, FRAMES[name].lazy())
    assert_frame_equal(FRAMES[name], before)


@every
def test_a_frame_of_another_helper_is_refused(name):
    with pytest.raises(
        FrameError, match=rf"(?s)lacks the columns.*pass the frame that nbf\.(analysis\.)?{name} returns"
    ):
        draw(name, pl.DataFrame({"arch": [0]}))


@every
def test_an_unknown_artist_is_refused(name):
    with pytest.raises(UnknownNameError, match=r"unknown visual 'lines'"):
        draw(name, visuals={"lines": {}})


def test_curves_have_their_values_a_band_and_a_label_in_their_colour():
    frame = FRAMES["learning_curves"]
    ax = draw("learning_curves")
    for line, dataset, shade in zip(ax.lines, ("cifar10", "cifar100"), PALETTE, strict=False):
        part = frame.filter(dataset=dataset)
        np.testing.assert_array_equal(line.get_xdata(), part["budget"])
        np.testing.assert_array_equal(line.get_ydata(), part["mean"])
        assert to_hex(line.get_color()).upper() == shade
    assert [text.get_text() for text in ax.texts] == ["cifar10", "cifar100"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epochs", "test accuracy (%)")
    edges = ax.collections[0].get_paths()[0].vertices
    part = frame.filter(dataset="cifar10")
    assert edges[:, 1].max() == pytest.approx((part["mean"] + part["std"]).max())


def test_a_band_of_quantiles_or_none():
    frame = FRAMES["learning_curves"]
    edges = draw("learning_curves", band=("q10", "q90")).collections[0].get_paths()[0].vertices
    assert edges[:, 1].min() == pytest.approx(frame["q10"].min())
    assert not draw("learning_curves", band=None).collections
    with pytest.raises(FrameError, match="lacks the columns 'q25', 'q75'"):
        draw("learning_curves", band=("q25", "q75"))


def test_artists_take_options_and_can_be_left_out():
    ax = draw("learning_curves", visuals={"line": {"linewidth": 5}, "band": False, "label": False})
    assert {line.get_linewidth() for line in ax.lines} == {5}
    assert not ax.collections
    assert not ax.texts


def test_many_curves_are_one_layer_stored_as_an_image():
    frame = nbf.learning_curves(results(archs=2001, budgets=(1, 2), datasets=("cifar10",)))
    ax = draw("learning_curves", frame)
    (layer,) = ax.collections
    assert len(layer.get_segments()) == 2001
    assert layer.get_rasterized()


def test_fractions_are_drawn_over_the_share_of_the_schedule():
    frame = nbf.learning_curves(results(), over=("seed", "arch"), align="fraction")
    ax = draw("learning_curves", frame)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.25, 0.5, 0.75, 1.0])
    assert ax.get_xlabel() == "share of the schedule"


def test_ecdf_climbs_in_steps_from_zero_to_one():
    ax = draw("ecdf")
    assert {line.get_drawstyle() for line in ax.lines} == {"steps-post"}
    for line in ax.lines:
        assert (line.get_ydata()[0], line.get_ydata()[-1]) == (0, 1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cifar10", "cifar100"]
    assert ax.get_ylabel() == "share of 6 architectures"


def test_summary_rows_hold_range_quantiles_mean_and_best():
    frame = FRAMES["summarize"]
    ax = draw("summarize")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["cifar10", "cifar100"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), frame.select("min", "max").row(0))
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), frame.select("q25", "q75").row(0))
    np.testing.assert_allclose(ax.collections[0].get_offsets()[0], [frame["mean"][0], 0])
    assert ax.texts[0].get_text() == f"{frame['max'][0]:.2f} (arch {frame['max_arch'][0]})"


def test_best_architectures_stand_in_the_order_of_their_ranks():
    ax = draw("best_archs")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["1  arch 5", "2  arch 4"] * 2
    np.testing.assert_array_equal(ax.collections[0].get_offsets()[:, 0], FRAMES["best_archs"]["value"][:2])
    assert ax.yaxis.get_inverted()


def test_overlap_lines_are_named_for_both_sides_of_their_pair():
    ax = draw("top_overlap")
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["seed 777 → seed 888", "seed 777 → seed 999", "seed 888 → seed 999"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 4])
    precision = draw("top_overlap", measure="precision")
    np.testing.assert_array_equal(precision.lines[0].get_ydata(), FRAMES["top_overlap"]["precision"][:3])
    with pytest.raises(UnknownNameError, match="did you mean 'precision'"):
        draw("top_overlap", measure="precisoin")


def test_correlations_stand_on_both_sides_of_the_diagonal():
    found = FRAMES["rank_correlation"]["correlation"]
    matrix = draw("rank_correlation").images[0].get_array().filled(np.nan)
    np.testing.assert_allclose(matrix[np.triu_indices(3, 1)], found)
    np.testing.assert_allclose(matrix, matrix.T)


def test_many_budgets_are_drawn_over_their_own_numbers():
    frame = nbf.rank_correlation(results(budgets=range(5, 105, 5), datasets=["cifar10"]), "budget")
    ax = draw("rank_correlation", frame)
    assert ax.get_xlim() == (2.5, 102.5)
    assert not ax.texts
    assert ax.get_xlabel() == "epochs"


def test_correlations_against_one_budget_are_lines_with_their_intervals():
    frame = nbf.rank_correlation(results(), "budget", against=4, resamples=10)
    ax = draw("rank_correlation", frame)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), frame.filter(dataset="cifar100")["correlation"])
    assert len(ax.collections) == 2
    assert ax.get_ylabel() == "correlation with epoch 4"


def test_noise_of_bins_is_drawn_as_lines_and_of_architectures_as_points():
    points = draw("seed_noise").collections[0].get_offsets()
    np.testing.assert_allclose(points, FRAMES["seed_noise"].select("mean", "std").to_numpy())
    bins = nbf.seed_noise(LAST, bins=3)
    ax = draw("seed_noise", bins, measure="flip")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), bins.filter(dataset="cifar10")["flip"])
    assert ax.get_ylabel() == "share of runs that reverse the order"


def test_thousands_of_architectures_are_drawn_as_their_density():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"arch": np.repeat(np.arange(2500), 2), "seed": [0, 1] * 2500, "value": rng.normal(90, 1, 5000)}
    )
    cells = draw("seed_noise", nbf.seed_noise(frame)).collections[0]
    assert cells.get_array().sum() == 2500
    assert cells.get_rasterized()


@pytest.mark.parametrize("name", ["ecdf", "seed_noise", "rank_stability", "rank_correlation"])
def test_more_groups_than_can_be_told_apart_are_refused(name):
    frame = pl.concat([FRAMES[name].with_columns(source=pl.lit(str(i))) for i in range(50)])
    with pytest.raises(InvalidArgumentError, match=r"too many to tell apart .*'source'.* vary"):
        draw(name, frame)


def test_labels_are_moved_apart_only_as_far_as_needed():
    assert _apart([0.0, 100.0], 10) == [0.0, 100.0]
    assert _apart([50.0, 50.0], 10) == [45.0, 55.0]
    moved = _apart([0.0, 1.0, 2.0, 40.0, 41.0], 10)
    assert np.diff(moved).min() >= 10 - 1e-9
    assert np.mean(moved) == pytest.approx(np.mean([0.0, 1.0, 2.0, 40.0, 41.0]))
    assert _within([-5.0, 5.0, 99.0, 109.0], 10, 0, 100) == [0.0, 10.0, 90.0, 100.0]


def test_texts_say_what_numbers_are_and_skip_a_budget_that_is_the_schedule():
    assert texts(["dataset", "schedule", "budget"], [["x", 12, 12], ["x", 200, 200]]) == [
        "x · 12 epochs",
        "x · 200 epochs",
    ]
    assert texts(["schedule", "budget"], [[12, 12], [200, 12]]) == ["12 epochs · epoch 12", "200 epochs · epoch 12"]
    assert texts(["metric", "arch_a", "arch_b"], [["loss", 1, 2]]) == ["loss · arch 1 → arch 2"]
