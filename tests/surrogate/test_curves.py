"""Surrogates of whole curves: every budget at the cost of a few, exact at the last, with the spread of the members."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import InvalidArgumentError
from nbframes.spaces import darts
from nbframes.surrogate.basis import Basis

pytest.importorskip("lightgbm")
BUDGETS = list(range(1, 21))


def score(cells: pl.DataFrame) -> np.ndarray:
    """Something that a surrogate can learn: one number between 0 and 8 of each cell."""
    return cells["arch_str"].str.count_matches("sep_conv").cast(pl.Float64).to_numpy()


def curves(cells: pl.DataFrame) -> np.ndarray:
    """Curves that end by how good a cell is, and rise by how many skip connections it has."""
    skips = cells["arch_str"].str.count_matches("skip_connect").cast(pl.Float64).to_numpy()
    speed = 3 + skips
    return (80 + score(cells))[:, None] * (1 - np.exp(-np.outer(speed, BUDGETS) / 20))


def write(root, count=1200, lacking=-1):
    """Store of cells with a curve each, of which one may lack an epoch, and the time of the whole training of 25 epochs."""
    cells = darts.sample(count, seed=2)
    names = {"dataset": "cifar10", "schedule": 25, "seed": 0}
    rows = pl.DataFrame(
        {
            "arch": np.repeat(np.arange(count), len(BUDGETS)),
            "budget": np.tile(BUDGETS, count),
            "value": curves(cells).ravel(),
        }
    ).filter((pl.col("arch") != lacking) | (pl.col("budget") != 7))
    accuracy = rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in names.items()),
        split=pl.lit("val"),
        metric=pl.lit("accuracy"),
        final=pl.col("budget") == BUDGETS[-1],
    )
    time = accuracy.filter("final").with_columns(
        split=pl.lit("train"),
        metric=pl.lit("time"),
        budget=pl.lit(25),
        value=pl.Series(1000 + 100 * score(cells)),
    )
    frame = pl.concat([accuracy, time], how="diagonal_relaxed")
    nbf.write_results(frame, root, benchmark="curves", archs=nbf.surrogate.archs(cells))
    return root


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write(tmp_path_factory.mktemp("curves"), lacking=3)


@pytest.fixture(scope="module")
def fitted(store):
    return nbf.surrogate.fit(store, benchmark="curves", target="curve", members=3, rounds=200)


def test_the_basis_reproduces_curves_of_its_span_and_any_last_value() -> None:
    rng = np.random.default_rng(0)
    known = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=12)
    basis = Basis.of_curves(known)
    np.testing.assert_allclose(basis.curves(basis.coefficients(known)), known, atol=1e-9)
    other = rng.normal(size=(5, 12))
    assert (basis.curves(basis.coefficients(other))[:, -1] == other[:, -1]).all()
    same = Basis.from_dict(basis.to_dict())
    assert all((a == b).all() for a, b in zip(same, basis, strict=True))
    constant = np.full((4, 3), 2.0)
    basis = Basis.of_curves(constant)
    np.testing.assert_allclose(basis.curves(basis.coefficients(constant)), constant)


def test_every_budget_is_learned(fitted) -> None:
    accuracy = fitted.scores.filter(metric="accuracy")
    assert accuracy["budget"].to_list() == BUDGETS
    assert accuracy["runs"].unique().to_list() == [119]
    assert accuracy["r2"].min() > 0.5
    assert accuracy["kendall_tau"].min() > 0.5
    assert fitted.scores.filter(metric="time")["budget"].to_list() == [20]
    assert fitted.training["runs"] == {"fitted": 1080, "held_out": 119, "left_out": 1}
    assert fitted.training["budgets"] == BUDGETS


def test_the_scores_are_what_scipy_says_of_the_predictions(store, fitted) -> None:
    stats = pytest.importorskip("scipy.stats")
    from nbframes.surrogate.runs import folds, of_one_setting, runs_of

    runs, _, _ = of_one_setting(runs_of(nbf.open_store(store), "curves", "curve"))
    held_out = runs.filter(pl.Series(folds(runs, 3, 0.1, 0) == -1))
    frame = fitted.predict(held_out["arch_str"], BUDGETS).filter(nbf.metric("accuracy"))
    predicted = frame["value"].to_numpy().reshape(-1, len(BUDGETS))
    measured = np.stack(held_out["accuracy"].to_list())
    for row in fitted.scores.filter(metric="accuracy").rows(named=True)[::5]:
        i = BUDGETS.index(row["budget"])
        assert row["kendall_tau"] == pytest.approx(
            stats.kendalltau(measured[:, i], predicted[:, i]).statistic, abs=1e-9
        )
        sparse = stats.kendalltau(measured[:, i], np.round(predicted[:, i], 1)).statistic
        assert row["sparse_kendall_tau"] == pytest.approx(sparse, abs=1e-9)
        r2 = np.corrcoef(measured[:, i], predicted[:, i])[0, 1] ** 2
        assert row["r2"] == pytest.approx(1 - ((measured - predicted)[:, i] ** 2).mean() / measured[:, i].var())
        assert row["r2"] <= r2 + 1e-9


def test_at_the_last_budget_it_answers_as_one_of_last_values(tmp_path) -> None:
    root, cells = write(tmp_path, count=300), darts.sample(50, seed=9)
    curve, last = (
        nbf.surrogate.fit(root, benchmark="curves", target=target, members=2, rounds=30)
        for target in ("curve", "final")
    )
    assert last.budgets == (20,)
    assert last.training["setting"] == curve.training["setting"]
    assert_frame_equal(curve.predict(cells), last.predict(cells), check_exact=True)


def test_time_grows_evenly_up_to_what_was_measured(fitted) -> None:
    cells = darts.sample(5, seed=4)
    time = fitted.predict(cells, [5, 10, 20]).filter(nbf.metric("time"))["value"].to_numpy().reshape(-1, 3)
    np.testing.assert_allclose(time / time[:, 2:], np.tile([0.25, 0.5, 1], (5, 1)))
    # 25 epochs take 1000 to 1800 seconds, 20 of them four fifths
    assert ((time[:, 2] > 780) & (time[:, 2] < 1460)).all()


def test_members_tell_how_sure_the_ensemble_is(fitted) -> None:
    cells = darts.sample(7, seed=5)
    mean = fitted.predict(cells, [1, 10, 20])
    members = fitted.predict(cells, [1, 10, 20], members=True)
    assert fitted.members == 3
    assert members["seed"].unique().sort().to_list() == [0, 1, 2]
    keys = ["metric", "split", "arch", "budget"]
    by_seed = members.group_by(*keys, maintain_order=True).agg(nbf.seed_mean(), nbf.seed_std(), nbf.seed_count())
    assert_frame_equal(by_seed.select(*keys, "value"), mean.select(*keys, "value"))
    assert by_seed["seed_count"].unique().to_list() == [3]
    assert (by_seed["value_std"] > 0).all()
    parts = fitted.predict_batches(cells, [1, 10, 20], members=True, batch_size=2)
    assert_frame_equal(pl.concat(parts).sort(*keys, "seed"), members.sort(*keys, "seed"))


def test_a_frame_of_a_batch_does_not_grow_with_the_budgets(fitted, monkeypatch) -> None:
    monkeypatch.setattr("nbframes.surrogate.base._ROWS", 100)
    cells = darts.sample(30, seed=6)
    assert [frame.height for frame in fitted.predict_batches(cells, BUDGETS)] == [200] * 6
    assert [frame["arch"].n_unique() for frame in fitted.predict_batches(cells, BUDGETS, members=True)] == [1] * 30


def test_a_single_model_has_no_members(fitted, monkeypatch) -> None:
    monkeypatch.setattr(type(fitted), "members", 1)
    with pytest.raises(InvalidArgumentError, match="single model"):
        fitted.predict(darts.sample(2, seed=0), members=True)


def test_curves_are_kept_in_files(fitted, tmp_path) -> None:
    fitted.save(tmp_path)
    loaded = nbf.surrogate.load(tmp_path)
    cells = darts.sample(20, seed=8)
    assert loaded.budgets == fitted.budgets
    assert_frame_equal(loaded.predict(cells, BUDGETS, members=True), fitted.predict(cells, BUDGETS, members=True))
    function = nbf.surrogate.arrow_function(tmp_path, budgets=BUDGETS)
    assert function.frame(cells.select("arch_str").with_row_index("arch")).height == 2 * 20 * 20
