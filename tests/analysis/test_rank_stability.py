from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.analysis import rank_stability
from nbframes.errors import FrameError

stats = pytest.importorskip("scipy.stats")


def test_ranks_agree_with_scipy_on_the_architectures_with_all_seeds(tss):
    one = tss.filter(nbf.dataset("cifar100"))
    found = rank_stability(one)
    wide = one.pivot("seed", index="arch", values="value").drop_nulls().sort("arch")
    assert found["arch"].equals(wide["arch"])
    assert found["n"].unique().to_list() == [8_169]
    ranks = np.array([stats.rankdata(-wide[str(seed)].round(9).to_numpy()) for seed in (777, 888, 999)])
    np.testing.assert_allclose(found["mean"], ranks.mean(axis=0))
    np.testing.assert_allclose(found["std"], ranks.std(axis=0, ddof=1), atol=1e-9)
    np.testing.assert_array_equal(found["min"], ranks.min(axis=0))
    np.testing.assert_array_equal(found["max"], ranks.max(axis=0))


def test_stability_across_datasets_is_of_means_over_seeds(tss):
    found = rank_stability(tss, ("dataset", "split"))
    assert found.height == 15_625
    assert found["rankings"].unique().to_list() == [3]
    reversed_ranks = rank_stability(tss, ("dataset", "split"), maximise=False)
    np.testing.assert_allclose(found["mean"] + reversed_ranks["mean"], 15_626)


def test_groups_are_those_alone(tss):
    alone = rank_stability(tss.filter(nbf.dataset("cifar100")), by="dataset")
    assert_frame_equal(rank_stability(tss, by="dataset").filter(nbf.dataset("cifar100")), alone)


def test_lazy_in_lazy_out(tss):
    lazy = rank_stability(tss.lazy(), by="dataset")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), rank_stability(tss, by="dataset"))


def test_unlike_rows_are_not_ranked_together(tss):
    with pytest.raises(FrameError, match="several values of 'dataset', 'split'"):
        rank_stability(tss, by=[])
