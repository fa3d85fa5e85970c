"""Values and ranks of the same architecture side by side."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import kendalltau, rankdata

from nbframes.analysis import paired_ranks, rank_correlation
from nbframes.errors import FrameError, InvalidArgumentError
from tests import published_tables


@pytest.fixture(scope="module")
def results():
    """Real accuracies of the topology space after 200 epochs, all seeds and three datasets."""
    return published_tables.measured().filter(benchmark="nats-tss", metric="accuracy", schedule=200)


def test_ranks_of_real_architectures_are_scipys(results):
    paired = paired_ranks(results, ["dataset", "split"])
    assert paired.height == 3 * 15_625
    means = results.group_by("dataset", "arch").agg(pl.col("value").mean())
    for (a, b), part in paired.group_by("dataset_a", "dataset_b"):
        assert a < b
        for end, dataset in (("a", a), ("b", b)):
            expected = means.filter(dataset=dataset).sort("arch")
            assert part.sort("arch")[f"value_{end}"].to_list() == pytest.approx(expected["value"].to_list())
            values, place = np.unique(-expected["value"].to_numpy(), return_inverse=True)
            ties = np.cumsum(np.diff(values, prepend=-np.inf) >= 1e-5)
            assert part.sort("arch")[f"rank_{end}"].to_list() == rankdata(ties[place], "min").tolist()


def test_their_correlation_is_that_of_rank_correlation(results):
    paired = paired_ranks(results, ["dataset", "split"])
    correlation = rank_correlation(results, ["dataset", "split"])
    for row in correlation.iter_rows(named=True):
        part = paired.filter(dataset_a=row["dataset_a"], dataset_b=row["dataset_b"])
        assert part.height == row["n"]
        assert kendalltau(part["rank_a"], part["rank_b"]).statistic == pytest.approx(row["correlation"])


def test_only_architectures_with_both_values_are_ranked():
    frame = pl.DataFrame(
        {"g": list("xxxxxy"), "arch": [0, 1, 2, 0, 2, 0], "budget": [1, 1, 1, 2, 2, 2], "value": [5.0, 9, 7, 1, 2, 3]}
    )
    expected = [("x", 1, 2, 0, 5.0, 1.0, 2, 2), ("x", 1, 2, 2, 7.0, 2.0, 1, 1)]
    assert paired_ranks(frame, "budget", by="g").rows() == expected
    smallest_first = paired_ranks(frame, "budget", by="g", maximise=False)
    assert smallest_first["rank_a"].to_list() == [1, 2]
    assert_frame_equal(paired_ranks(frame.lazy(), "budget", by="g").collect(), paired_ranks(frame, "budget", by="g"))


def test_unlike_rows_are_never_paired():
    frame = pl.DataFrame(
        {"arch": [0, 0], "split": ["val", "test"], "dataset": ["cifar10", "cifar100"], "value": [1.0, 2]}
    )
    with pytest.raises(FrameError, match="dataset"):
        paired_ranks(frame, "split", by=[])
    with pytest.raises(FrameError, match="several rows for the same"):
        paired_ranks(pl.concat([frame, frame]), ["split", "dataset"])


@pytest.mark.parametrize("between", [[], "arch", ["seed"]])
def test_columns_that_cannot_be_paired(between):
    with pytest.raises(InvalidArgumentError, match="between="):
        paired_ranks(pl.DataFrame({"arch": [0], "seed": [0], "value": [1.0]}), between)
