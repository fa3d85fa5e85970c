"""Synthetic NAS-Bench-301: run logs with the keys of a real one."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import polars as pl
import pytest

from nbframes.spaces import darts
from nbframes.synthetic import nb301 as nb301_sample
from tests import published_tables
from tests.synthetic.conftest import layout

stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def logs(sources):
    return {path: json.loads(path.read_text()) for path in sorted(sources["nb301"].rglob("*.json"))}


def test_runs_have_the_keys_of_a_real_one(data, logs):
    real = json.loads((data / "nb301" / "results_0.json").read_text())

    def settings(run):
        return {name for name in run["optimized_hyperparamater_config"] if "edge_" not in name}

    whole = [run for run in logs.values() if run["info"]]
    assert len(whole) == len(logs) - 1
    for run in whole:
        assert set(run) == {*real, "created_by_optimizer", "learning_curves"}
        assert layout(run["info"])[1][0][0] is dict
        assert set(run["info"][0]) == set(real["info"][0])
        assert settings(run) == settings(real)
        assert len(run["optimized_hyperparamater_config"]) == len(real["optimized_hyperparamater_config"])


def test_info_describes_the_best_epoch(logs):
    for run in logs.values():
        for info in run["info"]:
            curves = run["learning_curves"]
            best = curves["Train/epochs"].index(info["epochs"])
            assert max(curves["Train/val_accuracy"]) == curves["Train/val_accuracy"][best] == info["val_accuracy_final"]
            for name in ("train_loss", "train_accuracy", "train_cross_entropy", "val_accuracy", "val_cross_entropy"):
                assert info[f"{name}_final"] == np.float32(info[name]) == curves[f"Train/{name}"][best]
            assert run["final_metric_score"] == -info["val_accuracy"]


def test_curves_end_before_the_last_epoch(logs):
    lengths = Counter(len(run["learning_curves"].get("Train/epochs", [])) for run in logs.values())
    assert lengths[98] > 0.8 * len(logs)
    assert set(lengths) == {98, 49, 0}


def test_parameters_are_those_of_the_cells(logs):
    for run in list(logs.values())[::10]:
        genotype = darts.from_config(run["optimized_hyperparamater_config"])
        assert all(info["model_parameters"] == darts.params(genotype) for info in run["info"])


def test_better_networks_are_those_that_really_are():
    """Rank correlation with ten thousand published accuracies."""
    real = published_tables.nb301()
    texts = real.select(pl.concat_str("genotype_normal", "genotype_reduce", separator="|")).to_series()
    assert stats.spearmanr(nb301_sample.quality(texts), real["val_accuracy_percent"]).statistic > 0.6
