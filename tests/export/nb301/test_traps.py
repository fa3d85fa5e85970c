"""Every trap of the published run logs."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from nbframes.errors import SourceError
from nbframes.export.formats import detect
from tests.export.nb301.conftest import POINTS, read, write


def test_missing_curves_and_optimizer(tmp_path, make) -> None:
    run = make()
    del run["learning_curves"], run["created_by_optimizer"]
    tables = read(detect(write(tmp_path, {"rs/results_0.json": run})))
    assert tables.results.height == 2
    assert tables.runs["optimizer"].to_list() == [None]


def test_a_failed_run_is_a_row_of_runs_without_results(tmp_path, make) -> None:
    failed = make(1) | {"info": {}, "test_accuracy": None, "final_metric_score": float("inf"), "runtime": 3.5}
    for key in ("learning_curves", "created_by_optimizer"):
        del failed[key]
    text = json.dumps(failed)
    assert "Infinity" in text
    tables = read(detect(write(tmp_path, {"rs/results_0.json": make(0), "rs/results_1.json": text})))
    assert tables.results["arch"].unique().to_list() == [0]
    row = tables.runs.filter(arch=1).row(0, named=True)
    assert (row["path"], row["params"], row["best_val_accuracy"], row["train_time"]) == (
        "rs/results_1.json",
        None,
        None,
        3.5,
    )
    assert tables.archs["arch"].to_list() == [0, 1]
    assert tables.report.notes["failed_runs"] == ["rs/results_1.json"]
    assert tables.report.skipped == []


def test_failed_runs_alone_can_be_exported(tmp_path, make) -> None:
    run = make(points=0) | {"info": [], "test_accuracy": None, "learning_curves": {}}
    tables = read(detect(write(tmp_path, {"rs/results_0.json": run})))
    assert tables.runs.height == 1
    assert tables.results.height == 0


def test_byte_identical_copies_stay_separate_runs(tmp_path, make) -> None:
    tables = read(detect(write(tmp_path, {f"{o}/results_0.json": make() for o in ("rs", "de", "tpe")})))
    assert tables.archs.height == 1
    assert tables.runs.select("path", "seed").rows() == [
        (f"{o}/results_0.json", k) for k, o in enumerate(("de", "rs", "tpe"))
    ]
    counts = tables.results.group_by("seed").len()
    assert counts.sort("seed").rows() == [(seed, 6 * POINTS + 2) for seed in range(3)]


def test_layers_and_channels_make_another_architecture_of_the_same_hash(tmp_path, make) -> None:
    deep = make()
    deep["optimized_hyperparamater_config"]["NetworkSelectorDatasetInfo:darts:layers"] = 8
    archs = read(detect(write(tmp_path, {"rs/results_0.json": make(), "rs/results_1.json": deep}))).archs
    assert archs["layers"].to_list() == [20, 8]
    assert archs["hash"].n_unique() == archs["arch_str"].n_unique() == 1


def test_epochs_stand_where_the_log_says(tmp_path, make) -> None:
    run = make(points=3)
    run["learning_curves"]["Train/epochs"] = [2.0, 5.0, 98.0]
    tables = read(detect(write(tmp_path, {"rs/results_0.json": run, "rs/results_1.json": make(1)})))
    assert tables.curve("accuracy", "val", "rs/results_0.json")["budget"].to_list() == [2, 5, 98]
    assert tables.curve("accuracy", "val", "rs/results_1.json")["budget"].to_list() == list(range(1, POINTS + 1))
    assert tables.curve("accuracy", "val", "rs/results_0.json")["final"].to_list() == [False, False, True]
    assert tables.report.notes["unknowable_epochs"] == []


@pytest.mark.parametrize(("points", "listed"), [(98, False), (97, True), (100, False)])
def test_without_epochs_the_point_number_counts_and_short_curves_are_listed(tmp_path, make, points, listed) -> None:
    run = make(points=points)
    del run["learning_curves"]["Train/epochs"]
    tables = read(detect(write(tmp_path, {"rs/results_0.json": run})))
    assert tables.curve("loss", "train", "rs/results_0.json")["budget"].to_list() == list(range(1, points + 1))
    assert tables.report.notes["unknowable_epochs"] == (["rs/results_0.json"] if listed else [])


def test_numbers_may_be_integers(tmp_path, make) -> None:
    run = make(points=2)
    run["learning_curves"] |= {"Train/val_accuracy": [10, 90], "Train/epochs": [1, 2]}
    run |= {"test_accuracy": 91, "runtime": 7, "budget": 100.0}
    tables = read(detect(write(tmp_path, {"rs/results_0.json": run})))
    assert tables.curve("accuracy", "val", "rs/results_0.json")["value"].to_list() == [10.0, 90.0]
    assert tables.curve("accuracy", "test", "rs/results_0.json").rows() == [(100, 91.0, True)]


def test_nan_and_infinity_in_curves_are_kept(tmp_path, make) -> None:
    run = make(points=3)
    run["learning_curves"]["Train/train_loss"] = [2.0, float("inf"), float("nan")]
    first, second, third = read(detect(write(tmp_path, {"rs/results_0.json": run}))).curve(
        "loss", "train", "rs/results_0.json"
    )["value"]
    assert (first, second) == (2.0, float("inf"))
    assert np.isnan(third)


def test_copies_that_are_not_the_float32_of_their_values_are_reported(tmp_path, make) -> None:
    run = make(1)
    run["info"][0]["val_accuracy_final"] = 97.67
    runs = {"rs/results_0.json": make(0), "rs/results_1.json": run}
    notes = read(detect(write(tmp_path / "nb_301", runs).parent)).report.notes
    assert notes["differing_copies"] == [{"record": "rs/results_1.json", "val_accuracy_final": 97.67}]


def test_curves_under_other_names_are_named_in_the_manifest(tmp_path, make) -> None:
    run = make()
    run["learning_curves"]["Train/gradient_norm"] = [1.0] * POINTS
    assert read(detect(write(tmp_path, {"rs/results_0.json": run}))).report.notes["unknown_curves"] == [
        "Train/gradient_norm"
    ]


def test_a_setting_that_differs_shows_in_config_alone(tmp_path, make) -> None:
    other = make()
    other["optimized_hyperparamater_config"]["OptimizerSelector:sgd:momentum"] = 0.5
    config = read(detect(write(tmp_path, {"rs/results_0.json": make(), "rs/results_1.json": other}))).runs["config"]
    one, two = map(json.loads, config)
    assert {k for k in one if one[k] != two[k]} == {"OptimizerSelector:sgd:momentum"}
    shuffled = make()
    shuffled["optimized_hyperparamater_config"] = dict(reversed(shuffled["optimized_hyperparamater_config"].items()))
    config = read(detect(write(tmp_path, {"rs/results_0.json": make(), "rs/results_1.json": shuffled}))).runs["config"]
    assert config.n_unique() == 1


def broken_runs(make) -> dict[str, tuple[object, str]]:
    def curves(**changes) -> dict:
        run = make(points=3)
        run["learning_curves"] |= {f"Train/{name}": value for name, value in changes.items()}
        return run

    def config(**changes) -> dict:
        run = make()
        run["optimized_hyperparamater_config"] |= {
            f"NetworkSelectorDatasetInfo:darts:{k}": v for k, v in changes.items()
        }
        return run

    no_budget = make()
    del no_budget["budget"]
    info = make()["info"][0]
    return {
        "not json": ("{", "not JSON"),
        "a list": ("[]", "no object"),
        "foreign": ({"a": 1}, "lacks 'optimized_hyperparamater_config'"),
        "no budget": (no_budget, "lacks 'budget'"),
        "epochs stand still": (curves(epochs=[1, 2, 2]), "do not increase: 2 comes after 2"),
        "epochs go back": (curves(epochs=[1, 3, 2]), "do not increase"),
        "half epochs": (curves(epochs=[1, 1.5, 2]), "whole numbers"),
        "epoch zero": (curves(epochs=[0, 1, 2]), "whole numbers"),
        "more points than epochs": (curves(epochs=[1, 2]), "3 points for 2 epochs"),
        "a text in a curve": (curves(val_accuracy=[1.0, "2", 3.0]), "not a list of numbers"),
        "a truth value in a curve": (curves(val_accuracy=[1.5, True, 3.0]), "truth value"),
        "a truth value among epochs": (curves(epochs=[True, 2, 3]), "truth value"),
        "a truth value behind a zero": (curves(learning_rate=[0.5, 0.0, False]), "learning_rate' holds a truth"),
        "a number for a curve": (curves(val_accuracy=3.0), "not a list of numbers"),
        "test accuracy as text": (make(test_accuracy="97.5"), "'test_accuracy' is '97.5'"),
        "budget of nothing": (make(budget=0), "whole number from 1"),
        "budget as text": (make(budget="100"), "not a number"),
        "two infos": (make(info=[info, info]), "'info'"),
        "curves as list": (make(learning_curves=[1]), "not an object"),
        "no layers": (config(layers=None), "lacks 'NetworkSelectorDatasetInfo:darts:layers'"),
        "other operation": (config(edge_normal_0="none"), "DARTS space"),
        "edges missing": (config(edge_normal_0=None), "DARTS space"),
        "other data": (make(info=[info | {"dataset_path": "datasets/SVHN.csv"}]), "SVHN"),
        "odd setting": (config(drop_path_prob=float("nan")), "drop_path_prob"),
    }


def test_a_broken_run_stops_the_export_and_is_named(tmp_path, make) -> None:
    for name, (content, reason) in broken_runs(make).items():
        folder = write(tmp_path / name, {"rs/results_0.json": make(), "rs/results_1.json": content})
        with pytest.raises(SourceError, match=f"(?s)rs/results_1.json.*{reason}.*on_error='skip'"):
            read(detect(folder))


def test_broken_runs_are_skipped_on_request_and_listed(tmp_path, make) -> None:
    broken = broken_runs(make)
    runs = {f"rs/results_{k}.json": content for k, (content, _) in enumerate(broken.values(), start=1)}
    folder = write(tmp_path, {"rs/results_0.json": make(0), "rs/results_999.json": make(1)} | runs)
    tables = read(detect(folder), on_error="skip")
    assert tables.runs["path"].to_list() == ["rs/results_0.json", "rs/results_999.json"]
    assert tables.runs["entry"].to_list() == [0, len(broken) + 1]
    assert {entry["record"] for entry in tables.report.skipped} == runs.keys()
    for entry in tables.report.skipped:
        assert list(broken.values())[list(runs).index(entry["record"])][1] in entry["reason"]


def test_a_broken_entry_of_the_pickle_is_named_too(tmp_path, make) -> None:
    entries = [{"path": "rs/results_0.json", "parsed": make()}, {"path": "rs/results_1.json", "parsed": {"a": 1}}, 3]
    file = tmp_path / "nb301.pkl"
    file.write_bytes(pickle.dumps({"entries": entries}))
    with pytest.raises(SourceError, match=r"rs/results_1.json"):
        read(detect(file))
    assert [s["record"] for s in read(detect(file), on_error="skip").report.skipped] == [
        "rs/results_1.json",
        "entry 2",
    ]


def test_a_folder_without_runs_is_refused(tmp_path) -> None:
    with pytest.raises(SourceError, match="which no reader recognises"):
        detect(tmp_path)
    write(tmp_path, {".hidden/results_0.json": "{}", "__MACOSX/rs/._results_0.json": "{}"})
    with pytest.raises(SourceError, match="which no reader recognises"):
        detect(tmp_path)
    with pytest.raises(SourceError, match=r"no run of NAS-Bench-301 that can be read.*it lacks"):
        read(detect(write(tmp_path, {"rs/results_0.json": "{}"})), on_error="skip")


def test_closing_the_iterator_early_leaves_no_process(release) -> None:
    import multiprocessing

    batches = detect(release).batches(jobs=2, on_error="raise")
    next(batches)
    batches.close()
    assert multiprocessing.active_children() == []
