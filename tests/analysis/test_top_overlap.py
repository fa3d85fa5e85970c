from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError


def top(values: dict[int, float], k: int) -> set[int]:
    """Everything that fewer than k are better than."""
    return {arch for arch, value in values.items() if sum(other > value for other in values.values()) < k}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 25), st.sampled_from([1, 5, 20, 100]), st.booleans())
def test_sets_are_those_of_the_definition(seed, archs, relevant, maximise):
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame({"arch": range(archs)}).join(pl.DataFrame({"budget": [1, 2]}), how="cross")
    frame = frame.with_columns(value=rng.integers(8, size=frame.height) / 8).sample(fraction=0.9, seed=1)
    sides = [dict(frame.filter(budget=b).select("arch", "value").iter_rows()) for b in (1, 2)]
    if not all(sides):
        return
    shared = sides[0].keys() & sides[1].keys()
    first, second = ({arch: side[arch] * (1 if maximise else -1) for arch in shared} for side in sides)
    found = nbf.top_overlap(frame, "budget", k=[1, 3], relevant=relevant, maximise=maximise)
    for k, row in zip((1, 3), found.iter_rows(named=True), strict=True):
        assert (row["k"], row["n"]) == (k, len(shared))
        a, b, good = top(first, k), top(second, k), top(second, math.ceil(len(shared) * (relevant / 100)))
        assert (row["size_a"], row["size_b"], row["common"]) == (len(a), len(b), len(a & b))
        if shared:
            assert row["overlap"] == len(a & b) / max(len(a), len(b))
            assert row["precision"] == len(a & good) / len(a)
        else:
            assert row["overlap"] is row["precision"] is None


def test_a_ranking_overlaps_with_itself_entirely(tss):
    one = tss.filter(nbf.dataset("cifar100"), nbf.seed(777))
    twice = pl.concat([one.with_columns(copy=pl.lit(copy)) for copy in (1, 2)])
    found = nbf.top_overlap(twice, "copy", k=[1, 10, 100], relevant=100)
    assert found["overlap"].to_list() == found["precision"].to_list() == [1.0] * 3


def test_overlap_of_published_rankings_is_symmetric(tss):
    one = nbf.top_overlap(tss, ("dataset", "split"), k=[10, 100, 1000], against=("cifar100", "valtest"))
    other = nbf.top_overlap(tss, ("dataset", "split"), k=[10, 100, 1000])
    ends = pl.col("dataset_a", "dataset_b")
    with_cifar100 = other.filter(pl.any_horizontal(ends == "cifar100"))
    assert sorted(one["overlap"]) == sorted(with_cifar100["overlap"])
    assert other.group_by("k").agg(pl.col("overlap").mean()).sort("k")["overlap"].is_sorted()


def test_lazy_in_lazy_out(tss):
    lazy = nbf.top_overlap(tss.lazy(), "seed", by="dataset")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), nbf.top_overlap(tss, "seed", by="dataset"))


def test_options_are_checked(tss):
    with pytest.raises(InvalidArgumentError, match="k should be a whole number of at least 1, not 0"):
        nbf.top_overlap(tss, "seed", k=0)
    with pytest.raises(InvalidArgumentError, match="relevant=101"):
        nbf.top_overlap(tss, "seed", relevant=101)
    with pytest.raises(FrameError, match="several values of 'split'"):
        nbf.top_overlap(tss, "dataset", by=[])
