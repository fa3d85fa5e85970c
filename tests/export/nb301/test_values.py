"""The real run value by value, and every point of every curve."""

from __future__ import annotations

import json
import shutil

import polars as pl

from nbframes.export.formats import detect
from nbframes.schema import ARCHS, RUNS
from nbframes.spaces import darts
from tests.export.nb301.conftest import POINTS, read, write


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
