"""Pareto fronts and their ranks on frames: groups, order, lazy frames, and real architectures."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.analysis import nondominated_rank, pareto_front
from nbframes.errors import FrameError, InvalidArgumentError
from tests import published_tables

ROWS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.one_of(st.none(), st.integers(0, 4)),
        st.one_of(st.none(), st.just(float("nan")), st.integers(0, 4).map(float)),
        st.integers(0, 3),
    ),
    max_size=40,
)
SCHEMA = {"group": pl.String, "accuracy": pl.Int64, "params": pl.Float64, "time": pl.Int32}


@pytest.fixture(scope="module")
def tss():
    """One row per architecture of the topology space: its mean real accuracy and its parameters."""
    values = published_tables.measured().filter(
        benchmark="nats-tss", metric="accuracy", dataset="cifar10-valid", split="val", schedule=200
    )
    archs = published_tables.tss_archs()
    return (
        values.group_by("arch")
        .agg(accuracy=pl.col("value").mean())
        .join(archs, on="arch")
        .select("arch", "accuracy", params="params_cifar10")
        .sort("arch")
    )


def front_by_sql(frame):
    return duckdb.sql(
        """
        select * from frame a where accuracy is not null and params is not null and not isnan(params) and not exists (
            select * from frame b
            where b."group" = a."group" and b.accuracy >= a.accuracy and b.params <= a.params and b.time <= a.time
              and not isnan(b.params)
              and (b.accuracy > a.accuracy or b.params < a.params or b.time < a.time))
        order by "group", accuracy desc, params, time
        """
    ).pl()


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_front_of_each_group_agrees_with_duckdb(rows):
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    ours = pareto_front(frame, maximise="accuracy", minimise=["params", "time"], by="group")
    assert_frame_equal(ours, front_by_sql(frame))


@given(ROWS, st.booleans())
@settings(max_examples=40, deadline=None)
def test_groups_give_what_each_gives_alone(rows, keep_weakly):
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    options = {"maximise": ["accuracy", "time"], "minimise": "params"}
    together = pareto_front(frame, by="group", keep_weakly=keep_weakly, **options)
    alone = [pareto_front(frame.filter(group=group), keep_weakly=keep_weakly, **options) for group in "ab"]
    assert_frame_equal(together, pl.concat(alone))
    ranked = nondominated_rank(frame, by="group", **options)
    alone = [nondominated_rank(frame.filter(group=group), **options) for group in "ab"]
    assert_frame_equal(ranked, pl.concat(alone))


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_lazy_frames_stay_lazy_and_give_the_same(rows):
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    for helper in (pareto_front, nondominated_rank):
        lazy = helper(frame.lazy(), maximise="accuracy", minimise=["params", "time"], by=["group"])
        assert isinstance(lazy, pl.LazyFrame)
        assert_frame_equal(
            lazy.collect(), helper(frame, maximise="accuracy", minimise=["params", "time"], by=["group"])
        )


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_first_front_of_the_ranks_is_the_front(rows):
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    options = {"maximise": "accuracy", "minimise": "params", "by": "group"}
    ranked = nondominated_rank(frame, **options)
    assert ranked.height == frame.height
    assert_frame_equal(ranked.filter(pl.col("front") == 1).drop("front"), pareto_front(frame, **options))
    incomplete = pl.any_horizontal(pl.col("accuracy", "params").is_null()) | pl.col("params").is_nan().fill_null(False)
    assert ranked.filter(pl.col("front").is_null() != incomplete).is_empty()


def test_the_expression_chooses_the_same_rows():
    frame = pl.DataFrame({"g": [1, 1, 1, 2, 2], "a": [1.0, 2, 3, 1, 2], "b": [1.0, 2, 2, 2, 1], "c": [0.0, 1, 2, 0, 0]})
    for minimise in (["b"], ["b", "c"]):
        by_expression = frame.filter(nbf.pareto_optimal(maximise="a", minimise=minimise).over("g"))
        by_helper = pareto_front(frame, maximise="a", minimise=minimise, by="g")
        assert_frame_equal(by_helper, by_expression, check_row_order=False)


def test_duplicates_are_kept_in_their_order_or_the_first_stands_for_them():
    frame = pl.DataFrame({"arch": [7, 3, 5, 1], "accuracy": [90.0, 90.0 + 1e-12, 90.0, 80.0], "params": [1, 1, 1, 2]})
    front = pareto_front(frame, maximise="accuracy", minimise="params")
    assert sorted(front["arch"]) == [3, 5, 7]
    first = pareto_front(frame, maximise="accuracy", minimise="params", keep_weakly=False)
    assert first["arch"].to_list() == [7]


def test_front_is_sorted_by_group_then_best_first():
    frame = pl.DataFrame({"g": ["b", "a", "a", "b"], "acc": [1.0, 1.0, 2.0, 2.0], "cost": [1, 1, 2, 2]})
    front = pareto_front(frame, maximise="acc", minimise="cost", by="g")
    assert front.rows() == [("a", 2.0, 2), ("a", 1.0, 1), ("b", 2.0, 2), ("b", 1.0, 1)]


def test_real_front_is_what_brute_force_finds(tss):
    front = pareto_front(tss, maximise="accuracy", minimise="params")
    assert front["arch"][0] == 6111
    accuracy, params = tss["accuracy"].to_numpy(), tss["params"].to_numpy()
    expected = [
        arch
        for arch, a, p in tss.select("arch", "accuracy", "params").rows()
        if not (((accuracy >= a) & (params <= p)) & ((accuracy > a + 1e-9) | (params < p))).any()
    ]
    assert sorted(front["arch"]) == expected
    assert front["params"].is_sorted(descending=True)


def test_real_front_of_the_runs_of_two_groups(tss):
    both = pl.concat([tss.with_columns(space=pl.lit(name)) for name in ("x", "y")])
    front = pareto_front(both, maximise="accuracy", minimise="params", by="space")
    alone = pareto_front(tss, maximise="accuracy", minimise="params")
    for name in ("x", "y"):
        assert_frame_equal(front.filter(space=name).drop("space"), alone)


@pytest.mark.parametrize("helper", [pareto_front, nondominated_rank])
class TestMistakes:
    frame = pl.DataFrame({"accuracy": [1.0], "params": [1], "arch_str": ["x"]})

    def test_no_objective(self, helper):
        with pytest.raises(InvalidArgumentError, match="no objective"):
            helper(self.frame)

    def test_missing_column_names_the_nearest(self, helper):
        with pytest.raises(FrameError, match="did you mean 'params'"):
            helper(self.frame, minimise="parms")

    def test_objective_on_both_sides(self, helper):
        with pytest.raises(InvalidArgumentError, match="'params'"):
            helper(self.frame, maximise="params", minimise="params")

    def test_text_cannot_be_optimised(self, helper):
        with pytest.raises(FrameError, match="'arch_str' is String"):
            helper(self.frame.lazy(), maximise="arch_str")


def test_rank_never_overwrites_a_column():
    frame = pl.DataFrame({"front": [1.0]})
    with pytest.raises(FrameError, match="already has a column 'front'"):
        nondominated_rank(frame, maximise="front")
    assert nondominated_rank(frame, maximise="front", name="rank")["rank"].to_list() == [1]
