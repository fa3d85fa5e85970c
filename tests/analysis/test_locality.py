"""Neighbours, walks, distances and local optima, against brute force on real and small landscapes."""

from __future__ import annotations

from collections import deque

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from nbframes.analysis import landscape, local_optima, locality, neighbour_pairs
from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.spaces import darts, nb101, sss, tss
from tests import published_tables


@pytest.fixture(scope="module")
def archs():
    """All architectures of the topology space in the official order."""
    return published_tables.tss_archs().select(["arch", "arch_str"])


@pytest.fixture(scope="module")
def pairs(archs):
    return neighbour_pairs(archs, space="tss")


@pytest.fixture(scope="module")
def results():
    """Real accuracies of whole spaces, all seeds."""
    return published_tables.measured().filter(metric="accuracy")


@pytest.fixture(scope="module")
def tss_results(results):
    return results.filter(benchmark="nats-tss", dataset="cifar10-valid", split="val", schedule=200)


def adjacency(pairs):
    around = {}
    for arch, neighbour in pairs.rows():
        around.setdefault(arch, set()).add(neighbour)
        around.setdefault(neighbour, set()).add(arch)
    return around


def breadth_first(around, sources):
    distance, queue = dict.fromkeys(sources, 0), deque(sources)
    while queue:
        node = queue.popleft()
        for other in around.get(node, ()):
            if other not in distance:
                distance[other] = distance[node] + 1
                queue.append(other)
    return distance


small_lands = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=16),
        st.booleans(),
    )
)


def as_frames(land):
    values, edges, maximise = land
    frame = pl.DataFrame({"arch": range(len(values)), "value": values}, schema={"arch": pl.Int64, "value": pl.Float64})
    pairs = pl.DataFrame(edges, schema={"arch": pl.Int32, "neighbour": pl.Int32}, orient="row")
    known = {i: v for i, v in enumerate(values) if v is not None}
    around = adjacency(pairs.filter(pl.col("arch").is_in(known) & pl.col("neighbour").is_in(known)))
    for node, others in around.items():
        others.discard(node)
    return frame, pairs, known, {n: o for n, o in around.items() if o}, maximise


@given(small_lands)
@settings(max_examples=150, deadline=None)
def test_local_optima_of_any_land(land):
    frame, pairs, known, around, maximise = as_frames(land)
    sign = 1 if maximise else -1
    expected = [
        (n, known[n], 1, len(others), sum(known[o] == known[n] for o in others))
        for n, others in sorted(around.items(), key=lambda item: (-sign * known[item[0]], item[0]))
        if all(sign * known[o] <= sign * known[n] for o in others)
    ]
    assert local_optima(frame, pairs, maximise=maximise).rows() == expected


@given(small_lands)
@settings(max_examples=150, deadline=None)
def test_distances_and_figures_of_any_land(land):
    frame, pairs, known, around, maximise = as_frames(land)
    figures = landscape(frame, pairs, maximise=maximise)
    shells = locality(frame, pairs, maximise=maximise, steps=9)
    if not known:
        assert figures.is_empty()
        assert shells.is_empty()
        return
    best = (max if maximise else min)(known.values())
    tops = [n for n, v in known.items() if v == best]
    distance = breadth_first(around, tops)
    row = figures.row(0, named=True)
    assert (row["n"], row["best"], row["best_arch"], row["best_count"]) == (len(known), best, tops[0], len(tops))
    assert row["pairs"] == sum(map(len, around.values())) / 2
    assert row["isolated"] == len(known) - len(around)
    expected = [[known[n] for n, d in distance.items() if d == step] for step in range(10)]
    assert shells["n"].to_list() == [len(values) for values in expected]
    assert shells["mean"].to_list() == pytest.approx([np.mean(v) if v else None for v in expected])
    x, y = [known[n] for n in distance], list(distance.values())
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert row["fitness_distance"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    else:
        assert row["fitness_distance"] is None


@given(small_lands)
@settings(max_examples=150, deadline=None)
def test_autocorrelation_is_that_of_the_transition_matrix(land):
    frame, pairs, known, around, _ = as_frames(land)
    nodes = sorted(around)
    values = np.array([known[n] for n in nodes], dtype=float)
    shells = locality(frame, pairs, steps=4)
    if len(set(values)) < 2:
        assert shells["autocorrelation"].null_count() == shells.height
        return
    links = np.array([[o in around[n] for o in nodes] for n in nodes], dtype=float)
    move = links / links.sum(axis=1, keepdims=True)
    there = links.sum(axis=1) / links.sum()
    np.testing.assert_allclose(there @ move, there)
    mean, variance = there @ values, there @ values**2 - (there @ values) ** 2
    expected = [(there @ (values * (np.linalg.matrix_power(move, k) @ values)) - mean**2) / variance for k in range(5)]
    np.testing.assert_allclose(shells["autocorrelation"], expected, atol=1e-9)
    assert shells["walked"].unique().to_list() == [len(nodes)]


def test_a_long_drawn_walk_has_the_computed_autocorrelation(tss_results, pairs):
    rng = np.random.default_rng(0)
    value = tss_results.group_by("arch").agg(pl.col("value").mean()).sort("arch")["value"].to_numpy()
    around = pairs.sort("arch")["neighbour"].to_numpy().reshape(-1, 24)
    at = rng.integers(len(value), size=4000)
    met = [value[at]]
    for _ in range(150):
        at = around[at, rng.integers(24, size=len(at))]
        met.append(value[at])
    walk = np.array(met) - np.mean(met)
    drawn = [np.mean(walk[: len(walk) - k] * walk[k:]) / np.mean(walk**2) for k in range(7)]
    computed = locality(tss_results, pairs, steps=6)["autocorrelation"]
    np.testing.assert_allclose(computed, drawn, atol=0.01)


def test_real_topology_space(tss_results, pairs):
    row = landscape(tss_results, pairs).row(0, named=True)
    assert (row["n"], row["pairs"], row["isolated"]) == (15_625, 15_625 * 24 // 2, 0)
    assert row["best_arch"] == 6111
    assert row["best"] == pytest.approx(91.60666665)
    optima = local_optima(tss_results, pairs)
    value = dict(tss_results.group_by("arch").agg(pl.col("value").mean()).rows())
    around = adjacency(pairs)
    expected = {n for n, v in value.items() if all(value[o] < v + 1e-9 for o in around[n])}
    assert set(optima["arch"]) == expected
    assert row["local_optima"] == len(expected)
    shells = locality(tss_results, pairs, steps=7)
    assert shells["n"].to_list() == [1, 24, 240, 1280, 3840, 6144, 4096, 0]  # 6 over d, times 4 to the d
    assert shells["autocorrelation"].is_sorted(descending=True)


def test_several_benchmarks_at_once_give_what_each_gives_alone(results, archs):
    both = pl.concat(
        [
            archs.select(pl.lit("nats-tss").alias("benchmark"), pl.col("arch").cast(pl.Int32), "arch_str"),
            sss.enumerate().select(pl.lit("nats-sss").alias("benchmark"), "arch", "arch_str"),
        ]
    ).filter(pl.col("arch") < 4096)
    results = results.filter(
        pl.col("dataset").is_in(["cifar10-valid", "cifar100"]),
        pl.col("schedule").is_in([90, 200]),
        pl.col("arch") < 4096,
    )
    together = landscape(results, both)
    alone = [
        landscape(results.filter(benchmark=name), both.filter(benchmark=name).drop("benchmark"), space=space)
        for name, space in (("nats-sss", "sss"), ("nats-tss", "tss"))
    ]
    assert_frame_equal(together, pl.concat(alone))
    assert together["n"].to_list() == [4096] * 4


def test_lazy_frames_stay_lazy_and_give_the_same(tss_results, pairs):
    for helper in (locality, landscape, local_optima):
        lazy = helper(tss_results.lazy(), pairs.lazy())
        assert isinstance(lazy, pl.LazyFrame)
        collected = helper(tss_results, pairs)
        assert lazy.collect_schema() == collected.schema
        assert_frame_equal(lazy.collect(), collected)


def test_pairs_of_the_topology_space_are_its_neighbours(archs, pairs):
    index = {text: arch for arch, text in archs.rows()}
    around = adjacency(pairs)
    for arch, text in archs.sample(50, seed=0).rows():
        assert around[arch] == {index[other] for other in tss.neighbours(text)}
    assert pairs.height == 15_625 * 24
    assert pairs.equals(pairs.sort("arch", "neighbour"))


def test_pairs_of_cells_are_edits_up_to_isomorphism():
    cells = nb101.enumerate(max_vertices=5)
    archs = cells.select(pl.col("arch_str").alias("arch_str"), pl.int_range(pl.len(), dtype=pl.Int32).alias("arch"))
    found = set(neighbour_pairs(archs, space="nb101").rows())
    arch_of = dict(zip(nb101.hash(archs["arch_str"]), archs["arch"], strict=True))
    expected = set()
    for arch, text in archs.sample(150, seed=1).select("arch", "arch_str").rows():
        edits = {arch_of[nb101.hash(other)] for other in nb101.neighbours(text)} - {arch}
        expected |= {(arch, other) for other in edits} | {(other, arch) for other in edits}
        assert edits <= {other for one, other in found if one == arch}
    assert expected <= found
    assert all((other, arch) in found for arch, other in found)


def test_pairs_of_darts_keep_layers_and_channels_apart():
    cells = darts.sample(2, seed=0)["arch_str"]
    near = darts.neighbours(cells)["neighbour"]
    archs = pl.DataFrame(
        {
            "arch": [10, 11, 12, 13],
            "arch_str": [cells[0], near[0], near[0], near[120]],
            "layers": [8, 8, 20, 8],
            "init_channels": [16] * 4,
        }
    )
    assert neighbour_pairs(archs, space="darts").rows() == [(10, 11), (11, 10)]


def test_missing_architectures_are_no_stepping_stones():
    archs = pl.DataFrame({"arch": [0, 1, 2], "arch_str": ["8:8:8:8:8", "8:8:8:8:64", "8:8:8:64:64"]})
    frame = pl.DataFrame({"arch": [0, 1, 2], "value": [3.0, None, 1.0]})
    row = landscape(frame, archs, space="sss").row(0, named=True)
    assert (row["n"], row["pairs"], row["isolated"], row["local_optima"]) == (2, 0, 2, 0)
    assert row["autocorrelation"] is row["fitness_distance"] is row["correlation_length"] is None


class TestMistakes:
    archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    frame = pl.DataFrame({"arch": [0, 1], "split": ["val", "test"], "value": [1.0, 2.0]})

    def test_unlike_rows_are_never_thrown_together(self):
        with pytest.raises(FrameError, match="split"):
            landscape(self.frame, self.archs, by=[], space="sss")

    def test_several_values_of_an_architecture(self):
        frame = pl.DataFrame({"arch": [0, 0], "value": [1.0, 2.0]})
        with pytest.raises(FrameError, match=r"several rows for the same 'arch'.* arch=0: 1.0, 2.0"):
            locality(frame, self.archs, space="sss")

    def test_space_must_be_known(self):
        with pytest.raises(InvalidArgumentError, match="space="):
            landscape(self.frame, self.archs)
        with pytest.raises(InvalidArgumentError, match="did you mean 'nb101'"):
            landscape(self.frame, self.archs, space="nb11")
        named = self.archs.with_columns(benchmark=pl.lit("mine"))
        with pytest.raises(InvalidArgumentError, match="'mine'"):
            neighbour_pairs(named)

    def test_benchmarks_must_match(self):
        of_two = pl.concat([self.archs.with_columns(benchmark=pl.lit(name)) for name in ("a", "b")])
        with pytest.raises(FrameError, match="the frame has no column"):
            landscape(self.frame.drop("split"), of_two, space="sss")
        with pytest.raises(FrameError, match="does not hold 'c'"):
            landscape(self.frame.with_columns(benchmark=pl.lit("c")), of_two, space="sss")
        frame = pl.concat([self.frame.with_columns(benchmark=pl.lit(name)) for name in ("a", "b")])
        with pytest.raises(FrameError, match="archs has no column"):
            landscape(frame, self.archs, space="sss")

    def test_missing_columns(self):
        with pytest.raises(FrameError, match="'arch_str'"):
            neighbour_pairs(self.archs.drop("arch_str"), space="sss")
        with pytest.raises(FrameError, match="'arch'"):
            landscape(self.frame.drop("arch"), self.archs, space="sss")

    def test_no_architectures(self):
        with pytest.raises(FrameError, match="no rows"):
            neighbour_pairs(self.archs.clear(), space="sss")

    def test_steps_cannot_be_negative(self):
        with pytest.raises(InvalidArgumentError, match="steps should be a whole number of at least 0, not -1"):
            locality(self.frame, self.archs, steps=-1, space="sss")
