from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError


def test_best_of_the_published_space(tss):
    best = nbf.best_archs(tss, k=3)
    first = {row["dataset"]: row for row in best.filter(pl.col("rank") == 1).iter_rows(named=True)}
    assert (first["cifar10-valid"]["arch"], round(first["cifar10-valid"]["value"], 8)) == (6111, 91.60666665)
    assert (first["cifar100"]["arch"], round(first["cifar100"]["value"], 5)) == (9930, 73.50333)
    assert best["n"].unique().to_list() == [15_625]


def test_the_first_two_after_12_epochs_have_as_many_correct_images(measured):
    best = nbf.best_archs(measured.filter(nbf.schedule(12), nbf.on("cifar100", "val")), k=2)
    assert best.select("rank", "arch", "value").rows() == [
        (1, 10165, 61.32),
        (1, 13714, 61.31999992675781),
    ]


def test_all_that_tie_with_the_last_come_with_it_in_order_of_index():
    frame = pl.DataFrame({"arch": [9, 4, 7, 1], "seed": [0] * 4, "value": [3.0, 2.0, 2.0 + 5e-10, 1.0]})
    assert nbf.best_archs(frame, k=2).select("rank", "arch").rows() == [(1, 9), (2, 4), (2, 7)]
    assert nbf.best_archs(frame, k=2, maximise=False).select("rank", "arch").rows() == [(1, 1), (2, 4), (2, 7)]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.integers(1, 5))
def test_fewer_than_k_are_better_than_each_of_the_best(values, k):
    frame = pl.DataFrame({"arch": range(len(values)), "seed": 0, "value": [float(value) for value in values]})
    expected = [arch for arch, value in enumerate(values) if sum(other > value for other in values) < k]
    assert sorted(nbf.best_archs(frame, k=k)["arch"]) == expected


def test_two_benchmarks_at_once_give_what_each_gives_alone(tss, sss):
    together = nbf.best_archs(pl.concat([tss, sss]), k=10)
    for name, alone in (("nats-tss", tss), ("nats-sss", sss)):
        assert_frame_equal(together.filter(pl.col("benchmark") == name), nbf.best_archs(alone, k=10))


RESULTS = pl.DataFrame(
    {
        "benchmark": "nats-tss",
        "dataset": ["cifar10"] * 3 + ["cifar100"] * 3,
        "schedule": 200,
        "arch": [0, 1, 2] * 2,
        "seed": 777,
        "value": [94.0, 93.0, 92.0, 70.0, 71.0, 72.0],
    }
)
RUNS = pl.DataFrame(
    {
        "benchmark": "nats-tss",
        "dataset": ["cifar10"] * 3 + ["cifar100"] * 3,
        "schedule": 200,
        "arch": [0, 1, 2] * 2,
        "seed": 777,
        "params": [1_300_000, 900_000, 300_000, 1_400_000, 1_000_000, 400_000],
        "latency": [0.02, 0.01, None, 0.02, 0.01, None],
    }
)


def test_caps_are_on_the_cost_of_the_same_dataset():
    best = nbf.best_archs(RESULTS, runs=RUNS, at_most={"params": 950_000})
    assert best.select("dataset", "arch", "n", "params").rows() == [
        ("cifar10", 1, 2, 900_000),
        ("cifar100", 2, 1, 400_000),
    ]


def test_an_architecture_without_the_cost_is_left_out_and_not_counted():
    best = nbf.best_archs(RESULTS, runs=RUNS.lazy(), at_most={"latency": 0.05})
    assert best.select("dataset", "arch", "n").rows() == [("cifar10", 0, 2), ("cifar100", 1, 2)]


def test_runs_typed_as_the_store_types_them_fit_frames_of_strings():
    runs = RUNS.cast(
        {"benchmark": nbf.schema.BENCHMARK, "dataset": nbf.schema.DATASET, "arch": pl.Int32, "schedule": pl.Int32}
    )
    assert_frame_equal(
        nbf.best_archs(RESULTS, runs=runs, at_most={"params": 1e6}),
        nbf.best_archs(RESULTS, runs=RUNS, at_most={"params": 1e6}),
    )


def test_costs_of_several_datasets_are_not_mixed():
    with pytest.raises(FrameError, match="several values of 'dataset'"):
        nbf.best_archs(RESULTS.filter(dataset="cifar10").drop("dataset"), runs=RUNS, at_most={"params": 1e6})


def test_lazy_in_lazy_out():
    lazy = nbf.best_archs(RESULTS.lazy(), runs=RUNS.lazy(), costs="upstream", at_most={"params": 1e6})
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), nbf.best_archs(RESULTS, runs=RUNS, costs="upstream", at_most={"params": 1e6}))


class Run:
    """What the official API asks of a run."""

    def __init__(self, params, flop, latency):
        self.params, self.flop, self.latency = params / 1e6, flop, latency

    def get_latency(self):
        return self.latency

    def get_times(self):
        return {}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([777, 888, 999]),
        st.tuples(
            st.sampled_from([344_345, 344_346, 344_355, 802_426]),
            st.sampled_from([47.1, 47.100004, 47.100005]),
            st.sampled_from([-1.0, 0.02, 0.03]),
        ),
        min_size=1,
    )
)
def test_upstream_costs_are_those_of_the_official_api(runs):
    api_utils = pytest.importorskip("nats_bench.api_utils")
    results = api_utils.ArchResults(0, "")
    results.dataset_seed["cifar10"] = list(runs)
    results.all_results = {("cifar10", seed): Run(*costs) for seed, costs in runs.items()}
    frame = pl.DataFrame(
        [{"arch": 0, "seed": seed, "params": p, "mflops": f, "latency": t} for seed, (p, f, t) in runs.items()],
    )
    values = pl.DataFrame({"arch": [0], "seed": [777], "value": [90.0]})
    ours = nbf.best_archs(values, runs=frame, costs="upstream").row(0, named=True)
    try:
        theirs = results.get_compute_costs("cifar10")
    except ValueError:
        assert None in (ours["params"], ours["mflops"])
        return
    assert ours["params"] / 1e6 == pytest.approx(theirs["params"], abs=1e-12)
    assert ours["mflops"] == pytest.approx(theirs["flops"], abs=1e-12)
    assert ours["latency"] == (None if theirs["latency"] is None else pytest.approx(theirs["latency"], abs=1e-12))


def test_mean_costs_are_the_mean_of_the_runs():
    runs = pl.DataFrame({"arch": [0, 0], "seed": [777, 888], "params": [344_346, 802_426]})
    values = pl.DataFrame({"arch": [0], "seed": [777], "value": [90.0]})
    assert nbf.best_archs(values, runs=runs)["params"].item() == 573_386
    assert nbf.best_archs(values, runs=runs, costs="upstream")["params"].item() == 802_426


def test_options_are_checked():
    with pytest.raises(InvalidArgumentError, match="k should be a whole number of at least 1, not 0"):
        nbf.best_archs(RESULTS, k=0)
    with pytest.raises(InvalidArgumentError, match=r"pass runs=nbf.scan_runs\(\)"):
        nbf.best_archs(RESULTS, at_most={"params": 1})
    with pytest.raises(FrameError, match="'flops'"):
        nbf.best_archs(RESULTS, runs=RUNS, at_most={"flops": 1})
    with pytest.raises(UnknownNameError, match="did you mean 'upstream'"):
        nbf.best_archs(RESULTS, runs=RUNS, costs="upstreem")
