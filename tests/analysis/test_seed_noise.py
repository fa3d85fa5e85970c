from __future__ import annotations

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError


def flips(runs: dict[int, list[float]], distance: int, *, maximise: bool) -> dict[int, float | None]:
    """Share of reversed pairs of runs by the definition."""
    sign = -1 if maximise else 1
    order = sorted(runs, key=lambda arch: (sign * sum(runs[arch]) / len(runs[arch]), arch))
    found = dict.fromkeys(runs)
    for ahead, behind in zip(order, order[distance:], strict=False):
        means = [np.mean(runs[arch]) for arch in (ahead, behind)]
        if abs(means[0] - means[1]) > 1e-6 and min(len(runs[ahead]), len(runs[behind])) > 1:
            found[ahead] = np.mean([sign * (b - a) < 0 for a in runs[ahead] for b in runs[behind]])
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, 40), st.lists(st.integers(0, 12).map(float), min_size=1, max_size=4), min_size=1, max_size=12
    ),
    st.integers(1, 3),
    st.booleans(),
)
def test_flips_are_those_of_the_definition(runs, distance, maximise):
    rows = [
        {"arch": arch, "seed": seed, "value": value}
        for arch, values in runs.items()
        for seed, value in enumerate(values)
    ]
    found = nbf.seed_noise(pl.DataFrame(rows), distance=distance, maximise=maximise)
    assert dict(found.select("arch", "flip").iter_rows()) == pytest.approx(flips(runs, distance, maximise=maximise))
    assert found["rank"].is_sorted()


def test_spread_agrees_with_duckdb(tss):
    found = nbf.seed_noise(tss, by="dataset")
    theirs = duckdb.sql("""select dataset::varchar dataset, arch, count(*) runs, avg(value) mean, stddev_samp(value) std
        from tss group by all order by all""").pl()
    ours = found.select(pl.col("dataset").cast(pl.String), "arch", "runs", "mean", "std").sort("dataset", "arch")
    assert_frame_equal(ours, theirs, check_dtypes=False, abs_tol=1e-9)


def test_noise_often_reverses_neighbours_and_rarely_distant_ranks(tss):
    one = tss.filter(nbf.dataset("cifar10-valid"))
    near, far = (nbf.seed_noise(one, distance=distance)["flip"].mean() for distance in (1, 5000))
    assert near == pytest.approx(0.5, abs=0.05)
    assert far < 0.05


def test_bins_hold_equally_many_and_average_what_the_rows_say(tss):
    one = tss.filter(nbf.dataset("cifar100"))
    rows, bins = nbf.seed_noise(one), nbf.seed_noise(one, bins=10)
    assert bins["n"].sum() == 15_625
    assert bins["n"].max() - bins["n"].min() <= 1
    assert (bins["low"][1:] - bins["high"][:-1] > -1e-9).all()
    top = rows.head(bins["n"][-1])
    assert bins["std"][-1] == pytest.approx(np.sqrt((top["std"] ** 2).mean()))
    assert bins["mean"][-1] == pytest.approx(top["mean"].mean())


def test_groups_are_those_alone(tss):
    together = nbf.seed_noise(tss, by="dataset", bins=7)
    alone = nbf.seed_noise(tss.filter(nbf.dataset("cifar100")), by="dataset", bins=7)
    assert_frame_equal(together.filter(nbf.dataset("cifar100")), alone)


def test_lazy_in_lazy_out(tss):
    for bins in (None, 5):
        lazy = nbf.seed_noise(tss.lazy(), by="dataset", bins=bins)
        assert isinstance(lazy, pl.LazyFrame)
        assert lazy.collect_schema() == lazy.collect().schema
        assert_frame_equal(lazy.collect(), nbf.seed_noise(tss, by="dataset", bins=bins))


def test_options_are_checked(tss):
    with pytest.raises(InvalidArgumentError, match="distance should be a whole number of at least 1, not 0"):
        nbf.seed_noise(tss, distance=0)
    with pytest.raises(InvalidArgumentError, match="bins should be a whole number of at least 1, not 0"):
        nbf.seed_noise(tss, bins=0)
    with pytest.raises(FrameError, match="several values of 'dataset', 'split'"):
        nbf.seed_noise(tss, by=[])
