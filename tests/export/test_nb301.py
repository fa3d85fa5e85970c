"""NAS-Bench-301 run logs: the real one value by value, every container, every trap of the published files."""

from __future__ import annotations

import json
import pickle
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.formats import detect
from nbframes.export.nb301.tables import release_root
from nbframes.schema import ARCHS, RUNS
from nbframes.spaces import darts

POINTS = 98


class Tables(NamedTuple):
    results: pl.DataFrame
    archs: pl.DataFrame
    runs: pl.DataFrame
    report: object

    def curve(self, metric: str, split: str, path: str) -> pl.DataFrame:
        run = self.runs.row(by_predicate=pl.col("path") == path, named=True)
        rows = self.results.filter(metric=metric, split=split, arch=run["arch"], seed=run["seed"])
        return rows.select("budget", "value", "final")


def read(reader, *, jobs: int = 1, on_error: str = "raise") -> Tables:
    results, archs, runs = [], [], []
    for batch in reader.batches(jobs=jobs, on_error=on_error):
        for rows in batch.rows:
            columns = {name: getattr(rows, name) for name in ("arch", "schedule", "budget", "seed", "value")}
            frame = pl.DataFrame(columns).with_columns(final=pl.lit(rows.final))
            key = frame.select(pl.struct("arch", "schedule", "budget", "seed"))
            assert key.equals(key.sort(pl.all())), "the contract of Rows: sorted"
            results.append(frame.with_columns(**{n: pl.lit(v) for n, v in rows.partition._asdict().items()}))
        archs.append(batch.archs)
        runs.append(batch.runs)
    key = ["metric", "dataset", "split", "arch", "schedule", "budget", "seed"]
    whole = pl.concat(results).sort(key) if results else pl.DataFrame()
    assert not results or whole.select(pl.struct(key).is_unique().all()).item()
    return Tables(whole, pl.concat(f for f in archs if f.height), pl.concat(f for f in runs if f.height), reader.report)


@pytest.fixture(scope="session")
def real(data) -> dict:
    return json.loads((data / "nb301/results_0.json").read_text())


@pytest.fixture
def make(real):
    """Make a run of 100 epochs from the real one, with curves; ``cell`` varies the architecture."""

    def make(cell: int = 0, points: int = POINTS, **changes) -> dict:
        run = json.loads(json.dumps(real))
        config = run["optimized_hyperparamater_config"]
        for name in [name for name in config if name in darts.CONFIG]:
            del config[name]
        config |= darts.to_config(darts.sample(100, seed=0)["arch_str"][cell])
        run |= {"budget": 100, "created_by_optimizer": "rs"}
        curve = (50 + 40 * np.linspace(0, 1, points) ** 0.5 + cell).astype(np.float32).astype(float)
        run["learning_curves"] = {
            "Train/val_accuracy": curve.tolist(),
            "Train/train_accuracy": (curve - 3).tolist(),
            "Train/train_loss": (2 - curve / 100).tolist(),
            "Train/train_cross_entropy": (1 - curve / 200).tolist(),
            "Train/val_cross_entropy": (1 - curve / 300).tolist(),
            "Train/learning_rate": np.linspace(0.025, 1e-6, points).tolist(),
            "Train/epochs": [float(e) for e in range(1, points + 1)],
            "Train/model_parameters": [6369358.0] * points,
        }
        return run | changes

    return make


def write(folder: Path, runs: dict[str, object]) -> Path:
    for path, run in runs.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(run if isinstance(run, str) else json.dumps(run))
    return folder


# --- the real run -------------------------------------------------------------------------------------------------


def test_the_real_run_value_by_value(tmp_path, real, data) -> None:
    shutil.copy(data / "nb301/results_0.json", tmp_path)
    tables = read(detect(tmp_path))
    info, config = real["info"][0], real["optimized_hyperparamater_config"]
    values = {(r["metric"], r["split"]): r["value"] for r in tables.results.rows(named=True)}
    assert values == {("accuracy", "test"): 97.54, ("time", "train"): 365136.0}
    assert tables.results.select("arch", "schedule", "budget", "seed", "final", "dataset").unique().rows() == [
        (0, 1500, 1500, 0, True, "cifar10")
    ]
    (run,) = tables.runs.rows(named=True)
    settings = json.loads(run.pop("config"))
    assert run == {
        **dict.fromkeys(["mflops", "latency", "latencies", "optimizer"]),
        "arch": 0,
        "dataset": "cifar10",
        "schedule": 1500,
        "seed": 0,
        "params": info["model_parameters"],
        "train_time": 365136.0,
        "entry": 0,
        "path": "results_0.json",
        "dataset_path": info["dataset_path"],
        "best_epoch": info["epochs"],
        **{
            f"best_{name}": info[name]
            for name in (
                "val_accuracy",
                "train_accuracy",
                "train_loss",
                "train_cross_entropy",
                "val_cross_entropy",
                "learning_rate",
            )
        },
    }
    own = darts.CONFIG.keys() | {f"NetworkSelectorDatasetInfo:darts:{name}" for name in ("layers", "init_channels")}
    in_info = ("train_datapoints", "val_datapoints", "dataset_id")
    assert settings == {k: v for k, v in config.items() if k not in own} | {k: info[k] for k in in_info}
    (arch,) = tables.archs.rows(named=True)
    assert (arch["layers"], arch["init_channels"]) == (20, 50)
    assert arch["arch_str"] == darts.format(darts.from_config(config))
    assert arch["hash"] == darts.hash(arch["arch_str"])
    assert tables.report.notes["differing_copies"] == []


def test_the_tables_have_the_promised_columns(tmp_path, make) -> None:
    tables = read(detect(write(tmp_path, {"rs/results_0.json": make()})))
    assert dict(tables.archs.schema) == ARCHS | darts.ENCODING | {"layers": pl.Int32, "init_channels": pl.Int32}
    assert list(tables.runs.schema.items())[: len(RUNS)] == list(RUNS.items())
    assert tables.runs.columns[len(RUNS) :][:4] == ["entry", "optimizer", "path", "dataset_path"]


def test_every_point_of_every_curve_comes_back(tmp_path, make) -> None:
    run = make()
    tables = read(detect(write(tmp_path, {"rs/results_0.json": run})))
    published = {
        ("accuracy", "train"): "Train/train_accuracy",
        ("accuracy", "val"): "Train/val_accuracy",
        ("loss", "train"): "Train/train_loss",
        ("cross_entropy", "train"): "Train/train_cross_entropy",
        ("cross_entropy", "val"): "Train/val_cross_entropy",
        ("learning_rate", "train"): "Train/learning_rate",
    }
    for (metric, split), key in published.items():
        curve = tables.curve(metric, split, "rs/results_0.json")
        assert curve["value"].to_list() == run["learning_curves"][key]
        assert curve["budget"].to_list() == list(range(1, POINTS + 1))
        assert curve["final"].to_list() == [False] * (POINTS - 1) + [True]
    assert tables.results.height == 6 * POINTS + 2
    assert tables.results["schedule"].unique().to_list() == [100]


# --- containers ---------------------------------------------------------------------------------------------------


@pytest.fixture
def release(tmp_path, make) -> Path:
    """Some runs of three optimizers, one architecture in two of them."""
    runs = {f"rs/results_{k}.json": make(cell) for k, cell in ((0, 0), (1, 1), (2, 2), (10, 3), (12, 0))}
    runs |= {"de/results_7.json": make(2), "de/results_9.json": make(4), "rs/results_3_ti.json": make(5)}
    runs |= {"lowpar_training_data/rs/results_0.json": make(6)}
    return write(tmp_path / "top/nb_301_v13_lc_iclr_final", runs)


def containers(release: Path, folder: Path) -> dict[str, object]:
    top = release.parent
    files = sorted(path for path in top.rglob("*.json"))
    with zipfile.ZipFile(folder / "runs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in reversed(files):
            archive.write(file, file.relative_to(top))
    for name, mode in (("runs.tar", "w"), ("runs.tar.gz", "w:gz"), ("runs.tar.xz", "w:xz")):
        with tarfile.open(folder / name, mode) as archive:
            for file in reversed(files):
                archive.add(file, f"./{file.relative_to(top)}")
    entries = [{"path": str(file), "parsed": json.loads(file.read_text())} for file in files]
    with (folder / "runs.pkl").open("wb") as file:
        pickle.dump({"benchmark": "nasbench301", "num_files": len(entries), "entries": entries}, file, protocol=4)
    return {
        "folder": detect(release),
        "folder above": detect(top),
        "zip": detect(folder / "runs.zip"),
        "tar": detect(folder / "runs.tar"),
        "tar.gz": detect(folder / "runs.tar.gz"),
        "tar.xz": detect(folder / "runs.tar.xz"),
        "pickle": detect(folder / "runs.pkl"),
    }


def test_every_container_gives_the_same_tables(release, tmp_path) -> None:
    expected = None
    for name, reader in containers(release, tmp_path).items():
        tables = read(reader)
        expected = expected or tables
        for got, wanted in zip(tables[:3], expected[:3], strict=True):
            assert_frame_equal(got, wanted)
        assert tables.report.version == "nb_301_v13_lc_iclr_final", name
        assert sum(file["size"] > 0 and len(file["sha256"]) == 64 for file in tables.report.files) in (1, 9)


def test_architectures_are_numbered_by_the_bytewise_order_of_paths_and_runs_by_architecture(release) -> None:
    runs = read(detect(release)).runs
    assert runs.sort("entry").select("path", "arch", "seed").rows() == [
        ("de/results_7.json", 0, 0),
        ("de/results_9.json", 1, 0),
        ("lowpar_training_data/rs/results_0.json", 2, 0),
        ("rs/results_0.json", 3, 0),
        ("rs/results_1.json", 4, 0),
        ("rs/results_10.json", 5, 0),
        ("rs/results_12.json", 3, 1),
        ("rs/results_2.json", 0, 1),
        ("rs/results_3_ti.json", 6, 0),
    ]


def test_worker_processes_change_nothing(release) -> None:
    one, two = read(detect(release), jobs=1), read(detect(release), jobs=2)
    for got, wanted in zip(two[:3], one[:3], strict=True):
        assert_frame_equal(got, wanted)


def test_entries_of_the_pickle_keep_their_numbers(tmp_path, make) -> None:
    entries = [{"path": path, "parsed": make(k)} for k, path in enumerate(["rs/results_5.json", "de/results_1.json"])]
    file = tmp_path / "nb301.pkl"
    file.write_bytes(pickle.dumps({"num_files": 2, "entries": entries}))
    assert read(detect(file)).runs.select("path", "entry").rows() == [
        ("de/results_1.json", 1),
        ("rs/results_5.json", 0),
    ]


def test_the_older_layout_is_read(tmp_path, make) -> None:
    runs = {
        f"run_{n}/results_fidelity_{f}/results_{k}.json": make(n + f + k)
        for n in (1, 2)
        for f in (0, 1)
        for k in (0, 3)
    }
    assert read(detect(write(tmp_path, runs))).runs["path"].sort().to_list() == sorted(runs)
    only = {path: run for path, run in runs.items() if path.startswith("run_1/results_fidelity_0")}
    above = write(tmp_path / "deep/release", only).parent
    assert read(detect(above)).runs["path"].sort().to_list() == sorted(only)


def test_a_malicious_pickle_is_refused(tmp_path) -> None:
    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "owned",)

    file = tmp_path / "nb301.pkl"
    file.write_bytes(pickle.dumps({"num_files": 1, "entries": [{"path": "a.json", "parsed": Attack()}]}))
    with pytest.raises(UnsafePickleError):
        read(detect(file))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["runs.tar", "runs.tar.gz", "runs.tar.xz"])
def test_a_truncated_tar_is_refused(release, tmp_path, name) -> None:
    containers(release, tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=name):
        read(detect(tmp_path / name))


def test_a_tar_cut_between_two_members_is_refused(release, tmp_path) -> None:
    containers(release, tmp_path)
    with tarfile.open(tmp_path / "runs.tar") as archive:
        border = archive.getmembers()[4].offset
    (tmp_path / "runs.tar").write_bytes((tmp_path / "runs.tar").read_bytes()[:border])
    with pytest.raises(SourceError, match="ends in the middle"):
        read(detect(tmp_path / "runs.tar"))


def test_linked_folders_are_followed_and_cycles_left(release, tmp_path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/rs").symlink_to(release / "rs")
    (tmp_path / "linked/again").symlink_to(tmp_path / "linked")
    assert read(detect(tmp_path / "linked")).runs["path"].str.starts_with("rs/").sum() == 6
    assert detect(tmp_path / "linked").total == 6


def test_the_release_root_is_found_in_the_published_file_names(data) -> None:
    published = pl.read_parquet(data / "nb301/run_files_v12.parquet").select(
        pl.concat_str("optimizer", "file", separator="/")
    )
    names = published.to_series().to_list()
    assert len(names) == 46_537
    assert release_root(names) == ""
    assert release_root(f"/home/x/nb_301_v12/{name}" for name in names) == "/home/x/nb_301_v12/"
    assert release_root(name for name in names if name.startswith("rs/")) == ""
    assert release_root(["results_0.json", *names]) == ""


def test_what_nasbenchapi_answers_follows_from_the_tables(tmp_path, make) -> None:
    api = pytest.importorskip("nasbenchapi")
    bare = make(3)
    del bare["learning_curves"], bare["created_by_optimizer"]
    runs = {"rs/results_0.json": make(0), "rs/results_4.json": make(1, points=90), "de/results_1.json": bare}
    file = tmp_path / "nb301.pkl"
    entries = [{"path": path, "parsed": run} for path, run in runs.items()]
    file.write_bytes(pickle.dumps({"benchmark": "nasbench301", "num_files": len(entries), "entries": entries}))
    peer, tables = api.NASBench301(str(file), verbose=False), read(detect(file))
    for run in tables.runs.rows(named=True):
        rows = tables.results.filter(arch=run["arch"], seed=run["seed"])
        curve = dict(rows.filter(metric="accuracy", split="val").select("budget", "value").rows())
        for budget in (1, 50, 90, None):
            answer = peer.query(run["entry"], split="val", budget=budget)
            assert answer["info"]["path"] == run["path"]
            assert answer["info"].get("optimizer") == run["optimizer"]
            assert answer["cost"] == run["train_time"]
            final = float(np.float32(run["best_val_accuracy"]))
            assert answer["metric"] == (curve[budget or max(curve)] if curve else final)
        test = rows.filter(metric="accuracy", split="test")
        assert peer.query(run["entry"], split="test")["metric"] == test["value"].item()


def test_a_corrupt_member_of_a_zip_is_a_broken_record(release, tmp_path) -> None:
    containers(release, tmp_path)
    whole = bytearray((tmp_path / "runs.zip").read_bytes())
    whole[200] ^= 0xFF
    (tmp_path / "runs.zip").write_bytes(whole)
    with pytest.raises(SourceError, match="unpacked"):
        read(detect(tmp_path / "runs.zip"))
    tables = read(detect(tmp_path / "runs.zip"), on_error="skip")
    assert len(tables.report.skipped) == 1
    assert tables.runs.height == 8


@pytest.mark.parametrize("container", ["folder", "zip", "tar.gz"])
def test_a_member_that_unpacks_to_very_much_is_broken_and_not_read_whole(tmp_path, make, container) -> None:
    bomb = b'{"budget": "' + b" " * (1 << 25) + b'"}'
    folder = write(tmp_path / "runs", {"rs/results_0.json": make(0)})
    (folder / "rs/results_1.json").write_bytes(bomb)
    with zipfile.ZipFile(tmp_path / "runs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.json")):
            archive.write(file, file.relative_to(folder))
    with tarfile.open(tmp_path / "runs.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(folder, ".")
    reader = detect(folder) if container == "folder" else detect(tmp_path / f"runs.{container}")
    tables = read(reader, on_error="skip")
    assert tables.runs["path"].to_list() == ["rs/results_0.json"]
    assert "it holds more bytes than the limit of 16,777,216" in tables.report.skipped[0]["reason"]


# --- traps --------------------------------------------------------------------------------------------------------


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
