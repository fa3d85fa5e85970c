"""Drawings of fronts, costs, ranks, landscapes, operations and comparisons: what their artists hold."""

from __future__ import annotations

import inspect

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex, to_rgba
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes import analysis
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.plot._style import DENSE, PALETTE

OBJECTIVES = {"maximise": "value", "minimise": "params"}


def table(n=40, benchmarks=("nats-sss", "nats-tss")):
    """Made-up values and costs, one row for each architecture."""
    rng = np.random.default_rng(0)
    parts = [
        pl.DataFrame(
            {"benchmark": [name] * n, "arch": range(n), "params": np.exp(rng.uniform(10, 15, n))}
        ).with_columns(value=pl.Series(rng.normal(90, 2, n)) + shift, metric=pl.lit("accuracy"), split=pl.lit("test"))
        for shift, name in enumerate(benchmarks)
    ]
    return pl.concat(parts)


def sizes():
    """Some of the size space, two made-up results."""
    archs = nbf.spaces.sss.enumerate().filter(pl.col("arch") < 512).select("arch", "arch_str")
    rng = np.random.default_rng(1)
    results = pl.concat(
        [
            archs.select("arch", dataset=pl.lit(name), metric=pl.lit("accuracy"), value=pl.Series(rng.normal(size=512)))
            for name in ("cifar10", "cifar100")
        ]
    )
    return archs, results


ARCHS, RESULTS = sizes()
ONE = RESULTS.filter(dataset="cifar10")
FRAMES = {
    "pareto_front": (nbf.pareto_front(table(), **OBJECTIVES), OBJECTIVES),
    "nondominated_rank": (analysis.nondominated_rank(table(benchmarks=["x"]), **OBJECTIVES), OBJECTIVES),
    "hypervolume": (nbf.hypervolume(table(), **OBJECTIVES, ref={"value": 80, "params": 1e7}), {}),
    "with_costs": (table(), {}),
    "paired_ranks": (analysis.paired_ranks(RESULTS, "dataset"), {}),
    "locality": (nbf.locality(RESULTS, ARCHS, space="sss", steps=4), {}),
    "landscape": (analysis.landscape(RESULTS, ARCHS, space="sss"), {}),
    "local_optima": (analysis.local_optima(RESULTS, ARCHS, space="sss"), {}),
    "marginal_means": (analysis.marginal_means(ONE, ARCHS, space="sss"), {}),
    "operation_effects": (analysis.operation_effects(ONE, ARCHS, space="sss"), {}),
}
every = pytest.mark.parametrize("name", FRAMES)


def draw(name, frame=None, /, **options):
    given, needed = FRAMES[name]
    return getattr(nbf.plot, name)(given if frame is None else frame, **(needed | options))


@every
def test_given_axes_are_drawn_on_and_returned_without_another_figure(name):
    figure, ax = plt.subplots()
    assert draw(name, ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


@every
def test_without_axes_there_is_one_new_figure_and_settings_stay(name):
    before = dict(plt.rcParams)
    draw(name)
    assert len(plt.get_fignums()) == 1
    assert dict(plt.rcParams) == before


@every
def test_frames_are_left_unchanged_and_may_be_lazy(name):
    frame, _ = FRAMES[name]
    before = frame.clone()
    draw(name, frame.lazy())
    assert_frame_equal(frame, before)


@every
def test_every_artist_can_be_left_out(name):
    text = inspect.getsource(getattr(nbf.plot, name))
    known = text.split("Artists(visuals, (")[1].split(")")[0].replace('"', "").split(",")
    ax = draw(name, visuals={artist.strip(): False for artist in known if artist.strip()})
    assert not ax.lines
    assert not ax.collections
    assert not ax.patches
    assert not ax.images
    assert not ax.texts
    assert ax.get_legend() is None


@every
def test_unknown_visuals_and_missing_columns_are_named(name):
    with pytest.raises(UnknownNameError, match="unknown visual 'lien'"):
        draw(name, visuals={"lien": {}})
    with pytest.raises(FrameError, match="lacks the columns"):
        draw(name, pl.DataFrame({"foo": [1]}))


def test_front_is_a_staircase_through_its_points():
    frame, _ = FRAMES["pareto_front"]
    ax = draw("pareto_front", cloud=table())
    assert [line.get_drawstyle() for line in ax.lines] == ["steps-post"] * 2
    for line, name, shade in zip(ax.lines, ("nats-sss", "nats-tss"), PALETTE, strict=False):
        part = frame.filter(benchmark=name).sort("params")
        np.testing.assert_allclose(line.get_xydata(), part.select("params", "value"))
        assert to_hex(line.get_color()).upper() == shade
    assert [text.get_text() for text in ax.texts] == ["nats-sss", "nats-tss"]
    cloud = ax.collections[0]
    np.testing.assert_allclose(cloud.get_offsets(), table().select("params", "value"))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("parameters (millions)", "test accuracy (%)")
    assert ax.get_ylim()[0] < frame["value"].min()
    assert ax.get_ylim()[1] > frame["value"].max()


def test_front_of_two_gains_steps_the_other_way():
    gains = {"maximise": ["value", "speed"]}
    frame = nbf.pareto_front(pl.DataFrame({"value": [1.0, 2, 3], "speed": [3.0, 2, 1]}), **gains)
    ax = nbf.plot.pareto_front(frame, **gains)
    assert ax.lines[0].get_drawstyle() == "steps-pre"
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.lines[0].get_ydata().tolist() == [3, 2, 1]


@pytest.mark.parametrize("maximise", [(), ["value", "params", "arch"]])
def test_fronts_are_drawn_in_a_plane(maximise):
    with pytest.raises(InvalidArgumentError, match="cannot be drawn in a plane"):
        draw("pareto_front", maximise=maximise, minimise=())


def test_ranked_fronts_stand_one_behind_the_other():
    frame, _ = FRAMES["nondominated_rank"]
    ax = draw("nondominated_rank", fronts=3)
    assert [line.get_label() for line in ax.lines] == ["1", "2", "3"]
    for number, line in enumerate(ax.lines, start=1):
        expected = frame.filter(front=number).sort("params").select("params", "value")
        np.testing.assert_allclose(line.get_xydata(), expected)
    assert len(ax.collections[0].get_offsets()) == frame.filter(pl.col("front") > 3).height
    with pytest.raises(InvalidArgumentError, match="groups"):
        draw("nondominated_rank", analysis.nondominated_rank(table(), **OBJECTIVES))


def test_hypervolumes_are_bars_in_the_order_of_the_frame():
    frame, _ = FRAMES["hypervolume"]
    ax = draw("hypervolume")
    assert [bar.get_width() for bar in ax.patches] == frame["hypervolume"].to_list()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["nats-sss", "nats-tss"]
    assert [text.get_text() for text in ax.texts] == [f"{value / 1e8:.4g}" for value in frame["hypervolume"]]
    assert "10^{8}" in ax.get_xlabel()
    told = draw("hypervolume", **OBJECTIVES, ref={"value": 80, "params": 1e7}).get_xlabel()
    assert told.endswith("test accuracy (%) \N{MULTIPLICATION SIGN} parameters)\nfrom value 80, params 10,000,000")
    assert ax.get_xlim()[0] == 0


def test_costs_of_several_benchmarks_have_a_colour_each():
    ax = draw("with_costs")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["nats-sss", "nats-tss"]
    for points, name, shade in zip(ax.collections, ("nats-sss", "nats-tss"), PALETTE, strict=False):
        np.testing.assert_allclose(points.get_offsets(), table().filter(benchmark=name).select("params", "value"))
        assert to_hex(points.get_facecolor()[0]).upper() == shade


def test_thousands_of_architectures_are_a_density_that_counts_all():
    n = DENSE + 500
    ax = nbf.plot.with_costs(table(n, ["nats-sss"]))
    (cells,) = ax.collections
    assert cells.get_rasterized()
    assert cells.get_array().sum() == n
    assert len(ax.figure.axes) == 2
    assert ax.get_xscale() == "log"


def test_costs_that_are_null_are_not_drawn():
    frame = table(5, ["x"]).with_columns(params=pl.when(pl.col("arch") > 0).then("params"))
    assert len(nbf.plot.with_costs(frame).collections[0].get_offsets()) == 4


def test_ranks_meet_on_the_diagonal():
    frame, _ = FRAMES["paired_ranks"]
    ax = draw("paired_ranks")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), frame.select("rank_a", "rank_b"))
    assert ax.lines[0].get_xydata().tolist() == [[1, 1], [512, 512]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rank by cifar10", "rank by cifar100")
    three = pl.concat([RESULTS, ONE.with_columns(dataset=pl.lit("z"))])
    with pytest.raises(InvalidArgumentError, match="pairs"):
        draw("paired_ranks", analysis.paired_ranks(three, "dataset"))


@pytest.mark.parametrize("show", ["autocorrelation", "mean"])
def test_locality_is_a_line_for_each_group(show):
    frame, _ = FRAMES["locality"]
    ax = draw("locality", show=show)
    lines = [line for line in ax.lines if len(line.get_xdata()) > 2]
    for line, name in zip(lines, ("cifar10", "cifar100"), strict=True):
        part = frame.filter(dataset=name).drop_nulls(show)
        np.testing.assert_allclose(line.get_xydata(), part.select("distance", show))
    assert {text.get_text() for text in ax.texts} == {"cifar10", "cifar100"}
    assert len(ax.collections) == (2 if show == "mean" else 0)
    with pytest.raises(UnknownNameError, match="show"):
        draw("locality", show="median")


def test_landscapes_are_rows_of_two_correlations():
    frame, _ = FRAMES["landscape"]
    ax = draw("landscape")
    for points, column in zip(ax.collections, ("autocorrelation", "fitness_distance"), strict=True):
        np.testing.assert_allclose(points.get_offsets(), np.column_stack([frame[column], [0, 1]]))
    assert [text.get_text() for text in ax.texts] == [f"{count:,} local optima" for count in frame["local_optima"]]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_local_optima_are_marks_with_the_best_first():
    frame, _ = FRAMES["local_optima"]
    ax = draw("local_optima")
    marks, bests = ax.collections[::2], ax.collections[1::2]
    for row, name in enumerate(("cifar10", "cifar100")):
        values = frame.filter(dataset=name)["value"].to_list()
        assert marks[row].get_offsets().tolist() == [[value, row] for value in values]
        assert bests[row].get_offsets().tolist() == [[max(values), row]]
        assert ax.texts[row].get_text() == str(len(values))


def _luminance(colour):
    """Of a colour with gamma, by the definition of sRGB."""
    channels = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


@pytest.mark.parametrize("kind", ["effects", "correlations"])
def test_words_in_cells_stand_out_from_every_colour(kind):
    if kind == "effects":
        steps = np.linspace(-1, 1, 41)
        pairs = [(f"a{i:02}", f"b{i:02}", mean) for i, mean in enumerate(steps)]
        frame = pl.DataFrame(pairs, schema=["operation", "replacement", "mean"], orient="row")
        ax = nbf.plot.operation_effects(frame.with_columns(n=pl.lit(100), std=0.0))
    else:
        names = [f"d{i}" for i in range(12)]
        rows = [(a, b, (i * 12 + j) / 143) for i, a in enumerate(names) for j, b in enumerate(names) if i < j]
        frame = pl.DataFrame(rows, schema=["dataset_a", "dataset_b", "correlation"], orient="row")
        ax = nbf.plot.rank_correlation(frame.with_columns(n=pl.lit(100)), method="kendall")
    image, written = ax.images[0], [text for text in ax.texts if text.get_text()]
    assert len(written) > 40
    for text in written:
        column, row = map(round, text.get_position())
        cell = _luminance(image.to_rgba(image.get_array()[row, column]))
        word = _luminance(to_rgba(text.get_color()))
        assert (max(cell, word) + 0.05) / (min(cell, word) + 0.05) > 4.5


def test_local_optima_far_apart_have_axes_of_their_own():
    frame, _ = FRAMES["local_optima"]
    apart = frame.with_columns(pl.col("value") - 50 * (pl.col("dataset") == "cifar100"))
    every = nbf.plot.local_optima(apart).figure.axes
    assert [[tick.get_text() for tick in axes.get_yticklabels()] for axes in every] == [["cifar10"], ["cifar100"]]
    for axes, name in zip(every, ("cifar10", "cifar100"), strict=True):
        values = apart.filter(dataset=name)["value"].to_list()
        assert axes.collections[0].get_offsets().tolist() == [[value, 0] for value in values]
        assert axes.get_xlim()[1] - axes.get_xlim()[0] < 25
    assert [bool(axes.get_xlabel()) for axes in every] == [False, True]


@pytest.mark.parametrize("positions", [True, False])
def test_marginal_means_are_a_line_for_each_operation(positions):
    frame = analysis.marginal_means(ONE, ARCHS, space="sss", positions=positions)
    ax = nbf.plot.marginal_means(frame)
    operations = frame["operation"].unique(maintain_order=not positions).sort().cast(pl.String).to_list()
    assert [text.get_text() for text in ax.texts] != []
    assert {text.get_text() for text in ax.texts} == set(operations)
    for line, operation in zip(ax.lines, operations, strict=True):
        part = frame.filter(pl.col("operation").cast(pl.String) == operation)
        assert line.get_ydata().tolist() == part["mean"].to_list()
    ticks = [text.get_text() for text in ax.get_xticklabels()]
    assert ticks == (
        [f"channels {i}" for i in range(1, 6)] if positions else [str(i) for i in sorted(set(frame["count"]))]
    )


def test_effects_are_a_matrix_with_its_numbers():
    frame, _ = FRAMES["operation_effects"]
    ax = draw("operation_effects")
    matrix = ax.images[0].get_array()
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert (
        names == [text.get_text() for text in ax.get_xticklabels()] == ["8", "16", "24", "32", "40", "48", "56", "64"]
    )
    for row in frame.with_columns(pl.col(pl.Enum).cast(pl.String)).iter_rows(named=True):
        assert matrix[names.index(row["operation"]), names.index(row["replacement"])] == row["mean"]
    assert np.ma.is_masked(matrix[0, 0]) or np.isnan(matrix[0, 0])
    assert len(ax.texts) == frame.height
    image = ax.images[0]
    assert image.norm.vmin == -image.norm.vmax
    both = analysis.operation_effects(RESULTS, ARCHS, space="sss")
    with pytest.raises(InvalidArgumentError, match="groups"):
        nbf.plot.operation_effects(both)


@pytest.fixture(scope="module")
def comparison():
    """Two made-up benchmarks, of which the second has several seeds."""
    rng = np.random.default_rng(2)
    runs = pl.DataFrame(
        [
            {"benchmark": name, "arch": arch, "schedule": schedule, "seed": seed, "dataset": "cifar10"}
            for name, schedule, seeds in (("nats-sss", 90, 1), ("nats-tss", 200, 3))
            for arch in range(60)
            for seed in range(seeds)
        ]
    ).with_columns(params=np.exp(10 + pl.col("arch") / 10), final=pl.lit(value=True), metric=pl.lit("accuracy"))
    results = pl.concat(
        [
            runs.with_columns(split=pl.lit(split), budget="schedule", value=60 + pl.col("arch") / 2 + noise)
            for split in ("val", "test")
            for noise in [pl.Series(rng.normal(0, 3, runs.height))]
        ]
    )
    return analysis.compare(results, runs)


def test_comparison_keeps_one_colour_for_each_benchmark(comparison):
    distribution, front, noise, agreement = nbf.plot.compare(comparison)
    assert len(plt.get_fignums()) == 1
    assert [text.get_text() for text in distribution.get_legend().get_texts()] == ["nats-sss", "nats-tss"]
    for ax in (distribution, front):
        assert [to_hex(line.get_color()).upper() for line in ax.lines] == list(PALETTE[:2])
    assert [to_hex(line.get_color()).upper() for line in noise.lines] == [PALETTE[1]]  # the size space has one seed
    values = [points.get_offsets()[0] for points in agreement.collections]
    np.testing.assert_allclose(values, np.column_stack([comparison.agreement["correlation"], [0, 1]]))
    np.testing.assert_allclose(
        front.lines[1].get_ydata(), comparison.front.filter(benchmark="nats-tss").sort("params")["value"]
    )


def test_comparison_names_the_benchmarks_that_a_panel_has_nothing_of(comparison):
    *_, noise, agreement = nbf.plot.compare(comparison)
    assert [text.get_text() for text in noise.texts] == ["without several seeds: nats-sss"]
    assert not [text for text in agreement.texts if "without" in text.get_text()]
    lonely = comparison._replace(noise=comparison.noise.clear(), agreement=comparison.agreement.clear())
    *_, noise, agreement = nbf.plot.compare(lonely)
    assert [text.get_text() for text in noise.texts] == ["no benchmark has several seeds"]
    assert [text.get_text() for text in agreement.texts] == ["no benchmark has both splits"]


def test_comparison_draws_on_given_axes(comparison):
    figure, axes = plt.subplots(2, 2)
    assert nbf.plot.compare(comparison, axes=axes.flat[:]) == tuple(axes.flat)
    assert plt.get_fignums() == [figure.number]
    with pytest.raises(InvalidArgumentError, match="four axes, got 2"):
        nbf.plot.compare(comparison, axes=axes[0])
    with pytest.raises(UnknownNameError, match="unknown visual"):
        nbf.plot.compare(comparison, visuals={"fronts": {}})
    bare = nbf.plot.compare(
        comparison, visuals=dict.fromkeys(("front", "noise", "agreement", "label", "legend"), False)
    )
    assert bare[0].get_legend() is None
    assert not bare[1].lines
