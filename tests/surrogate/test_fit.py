"""Fitting a surrogate: quality on real accuracies, honest splits, files without pickles."""

from __future__ import annotations

import json
import sys

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError, MissingDependencyError, SourceError, StoreError
from nbframes.spaces import darts

pytest.importorskip("lightgbm")
stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="session")
def real_store(long, published, tmp_path_factory):
    """Store of the published accuracies."""
    root = tmp_path_factory.mktemp("published")
    nbf.write_results(long, root, benchmark="published", archs=nbf.surrogate.archs(published["arch_str"]))
    return root


@pytest.fixture(scope="session")
def fitted(real_store):
    return nbf.surrogate.fit(real_store, benchmark="published", target="final", members=2, rounds=150)


@pytest.fixture
def made_store(tmp_path):
    """Make a store of runs whose accuracy is the number of separable convolutions, with known peculiarities."""

    def make(count: int = 300, **columns: pl.Expr):
        cells = darts.sample(count, seed=2)
        archs = nbf.surrogate.archs(cells).with_columns(layers=pl.lit(8), init_channels=pl.lit(32))
        score = cells["arch_str"].str.count_matches("sep_conv").cast(pl.Float64)
        runs = archs.select(
            "arch",
            dataset=pl.lit("cifar10"),
            schedule=pl.lit(100),
            seed=pl.lit(0),
            optimizer=pl.when(pl.col("arch") % 3 == 0).then(pl.lit("de")).otherwise(pl.lit("rs")),
            config=pl.lit('{"momentum":0.9}'),
            best_val_accuracy=80 + score,
            train_time=1000 + 100 * score,
        ).with_columns(**columns)
        results = runs.select(
            "arch",
            "dataset",
            "schedule",
            "seed",
            budget=pl.lit(98),
            final=pl.lit(value=True),
            split=pl.lit("val"),
            metric=pl.lit("accuracy"),
            value=pl.lit(50.0),
        )
        nbf.write_results(results, tmp_path, benchmark="nb301", archs=archs, runs=runs, overwrite=True)
        return tmp_path

    return make


def test_it_learns_to_rank_real_architectures(fitted) -> None:
    (scores,) = fitted.scores.rows(named=True)
    assert scores["metric"] == "accuracy"
    assert scores["runs"] == 1022
    assert scores["r2"] > 0.65
    assert 0.68 < scores["kendall_tau"] < scores["sparse_kendall_tau"] < 0.8
    assert fitted.training["runs"] == {"fitted": 9199, "held_out": 1022, "left_out": 0}


def test_the_scores_are_those_of_the_runs_held_out(fitted, published) -> None:
    """The members have learned the other runs: over all of them the fit is better than the score says."""
    predicted = fitted.predict(published["arch_str"]).sort("arch")["value"].to_numpy()
    values = published["value"].to_numpy()
    r2 = 1 - ((values - predicted) ** 2).sum() / ((values - values.mean()) ** 2).sum()
    assert r2 > fitted.scores["r2"].item() + 0.02


def test_sparse_kendall_tau_rounds_the_predictions(fitted, published) -> None:
    predicted = fitted.predict(published["arch_str"]).sort("arch")["value"].to_numpy()
    plain = stats.kendalltau(published["value"], predicted).statistic
    sparse = stats.kendalltau(published["value"], np.round(predicted, 1)).statistic
    assert sparse - plain == pytest.approx(
        (fitted.scores["sparse_kendall_tau"] - fitted.scores["kendall_tau"]).item(), abs=0.01
    )


def test_predictions_have_the_interface_of_every_surrogate(fitted, published) -> None:
    cells = published["arch_str"].head(5)
    frame = fitted.predict(cells)
    assert_frame_equal(frame, fitted.predict(cells, 100))
    assert frame.select("benchmark", "schedule", "budget", "final", "metric", "split").unique().rows() == [
        ("nb301-surrogate", 100, 100, True, "accuracy", "val")
    ]
    with pytest.raises(InvalidArgumentError, match="Valid: 100"):
        fitted.predict(cells, 98)


def test_saving_and_loading_keeps_everything_and_needs_no_pickle(fitted, published, tmp_path) -> None:
    fitted.save(tmp_path / "mine")
    loaded = nbf.surrogate.load(tmp_path / "mine")
    cells = published["arch_str"].head(500)
    assert_frame_equal(loaded.predict(cells), fitted.predict(cells))
    assert_frame_equal(loaded.scores, fitted.scores)
    assert loaded.training == fitted.training
    assert {file.suffix for file in (tmp_path / "mine").iterdir()} == {".json", ".txt"}
    with pytest.raises(FileExistsError):
        fitted.save(tmp_path / "mine")


@pytest.mark.parametrize("damage", ["truncate", "remove", "format"])
def test_a_damaged_file_is_refused(fitted, tmp_path, damage) -> None:
    fitted.save(tmp_path)
    model, description = tmp_path / "accuracy-1-0.txt", tmp_path / "surrogate.json"
    if damage == "truncate":
        model.write_text("tree\nversion=v4\n")
    elif damage == "remove":
        model.unlink()
    else:
        description.write_text(json.dumps(json.loads(description.read_text()) | {"format": 99}))
    with pytest.raises(SourceError, match=r"fit the surrogate again|whole fitted surrogate"):
        nbf.surrogate.load(tmp_path)


def test_accuracy_and_time_are_learned_from_runs(made_store) -> None:
    surrogate = nbf.surrogate.fit(made_store(1000), members=3, rounds=300)
    assert surrogate.scores["metric"].to_list() == ["accuracy", "time"]
    assert surrogate.scores["r2"].min() > 0.5
    assert surrogate.scores["sparse_kendall_tau"].is_null().to_list() == [False, True]
    frame = surrogate.predict(darts.sample(3, seed=9))
    assert frame["metric"].unique(maintain_order=True).to_list() == ["accuracy", "time"]
    assert surrogate.training["setting"] == {
        "dataset": "cifar10",
        "schedule": 100,
        "budget": 100,
        "layers": 8,
        "init_channels": 32,
        "config": '{"momentum":0.9}',
    }


def test_the_last_value_of_the_curve_can_be_the_target(made_store) -> None:
    surrogate = nbf.surrogate.fit(made_store(), target="final", members=2, rounds=20)
    assert surrogate.budgets == (98,)
    assert surrogate.predict(darts.sample(4, seed=1))["value"].to_list() == pytest.approx([50.0] * 4)


def test_the_result_does_not_depend_on_the_number_of_threads(made_store) -> None:
    store = made_store()
    one, two = (nbf.surrogate.fit(store, members=3, rounds=30, jobs=jobs) for jobs in (1, 2))
    other = nbf.surrogate.fit(store, members=3, rounds=30, seed=1)
    cells = darts.sample(50, seed=7)
    assert_frame_equal(one.predict(cells), two.predict(cells))
    assert not other.predict(cells)["value"].equals(one.predict(cells)["value"])


def test_unlike_settings_are_not_mixed_and_failed_runs_left_out(made_store) -> None:
    store = made_store(
        config=pl.when(pl.col("arch") < 40).then(pl.lit('{"momentum":0.5}')).otherwise(pl.lit('{"momentum":0.9}')),
        best_val_accuracy=pl.when(pl.col("arch") < 290).then("best_val_accuracy"),
    )
    surrogate = nbf.surrogate.fit(store, members=2, rounds=10)
    counts = surrogate.training["runs"]
    assert surrogate.training["setting"]["config"] == '{"momentum":0.9}'
    assert counts["left_out"] == 40
    assert counts["fitted"] + counts["held_out"] == 250
    assert counts["held_out"] == 25


def test_isomorphic_architectures_stay_on_one_side(made_store) -> None:
    """Every architecture twice: held out by architecture, a tenth of the runs is an even number."""
    from nbframes.surrogate.runs import folds

    hashes = darts.hash(darts.sample(100, seed=3)["arch_str"])
    runs = pl.DataFrame({"hash": [*hashes, *hashes], "optimizer": ["rs"] * 60 + ["de"] * 40 + ["tpe"] * 100})
    fold = folds(runs, members=4, test_fraction=0.1, seed=0)
    assert (fold[:100] == fold[100:]).all()
    assert (fold[:60] == -1).sum() == 6
    assert (fold[60:100] == -1).sum() == 4
    assert np.bincount(fold[:100][fold[:100] >= 0]).tolist() == [23, 23, 22, 22]


def test_options_and_data_that_cannot_work_are_refused(made_store, real_store, tmp_path) -> None:
    store = made_store(count=12)
    with pytest.raises(InvalidArgumentError, match="members >= 2"):
        nbf.surrogate.fit(store, members=1)
    with pytest.raises(InvalidArgumentError, match="did you mean 'best'"):
        nbf.surrogate.fit(store, target="besst")
    with pytest.raises(FrameError, match="12 runs of one setting, too few"):
        nbf.surrogate.fit(store)
    with pytest.raises(StoreError, match="runs"):
        nbf.surrogate.fit(real_store, benchmark="published")
    nbf.write_results(
        nbf.scan("nb301", store=store), tmp_path / "bare", benchmark="bare", archs=pl.DataFrame({"arch": range(12)})
    )
    with pytest.raises(FrameError, match="arch_str"):
        nbf.surrogate.fit(tmp_path / "bare", benchmark="bare", target="final")


def test_without_lightgbm_the_message_says_what_to_install(made_store, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(MissingDependencyError, match=r"nbframes\[surrogate\]"):
        nbf.surrogate.fit(made_store(), members=2)
