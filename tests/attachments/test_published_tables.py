"""Published tables attached to the published values from their official files, end to end."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import kendalltau

import nbframes as nbf
from nbframes.errors import SourceError, UnknownNameError


@pytest.fixture(scope="module")
def store(hardware_file, proxies_file, attacks_file, tmp_path_factory):
    root = tmp_path_factory.mktemp("own") / "store"
    shutil.copytree(nbf.published.store().root, root, copy_function=shutil.copyfile)
    for folder in [root, *root.rglob("*")]:
        folder.chmod(0o755 if folder.is_dir() else 0o644)
    for path in (hardware_file, proxies_file, attacks_file):
        nbf.attach(path, root)
    return nbf.open_store(root)


def test_all_three_are_there_and_sound(store):
    assert store.catalogue.attachments("nats-tss") == ["hw-nas-bench", "robustness", "suite-zero"]
    assert store.verify("nats-tss").is_empty()
    assert store.manifest("nats-tss", "hw-nas-bench").notes["left out"] == {"hw_edgetpu_latency": 9398}
    assert store.manifest("nats-tss", "suite-zero").notes["left out"] == dict.fromkeys(
        ["zc_epe_nas", "zc_jacov", "zc_nwot", "zc_zen"], 1
    )
    assert store.manifest("nats-tss", "robustness").licence == "MIT"


def column(store, metric, dataset="cifar10"):
    rows = store.scan("nats-tss").filter(nbf.metric(metric), nbf.dataset(dataset))
    return rows.select("arch", "value").sort("arch").collect()


def test_every_value_is_the_published_one(store, hardware, proxies, attacks):
    for name in [name for name in hardware.columns if name not in ("arch", "dataset")]:
        for dataset in ("cifar10", "cifar100"):
            expected = hardware.filter(pl.col("dataset") == dataset, pl.col(name) >= 0).sort("arch")
            found = column(store, f"hw_{name}", dataset)
            assert found["arch"].to_list() == expected["arch"].to_list()
            assert found["value"].equals(expected[name], check_names=False)
    for name in [name for name in proxies.columns if name != "arch"]:
        expected = proxies.filter(pl.col(name) != -1e8).sort("arch")
        found = column(store, f"zc_{name}")
        assert found["arch"].to_list() == expected["arch"].to_list()
        assert found["value"].equals(expected[name], check_names=False)
    found = column(store, "robust_pgd_1")
    assert (found["value"] - attacks.sort("arch")["pgd@Linf_eps-1.0"]).abs().max() < 1e-12


def test_a_proxy_is_correlated_with_accuracy_in_one_call(store):
    accuracy = nbf.on("cifar10", "val") & nbf.metric("accuracy") & nbf.schedule("full")
    proxy = nbf.metric("zc_synflow", "zc_jacov") & nbf.dataset("cifar10")
    rows = (
        store.scan("nats-tss")
        .filter(accuracy | proxy)
        .with_columns(pl.lit("cifar10").alias("dataset"), split=pl.lit("val"), schedule=0, budget=0)
    )
    table = nbf.rank_correlation(rows, "metric", against="accuracy").collect()
    means = store.scan("nats-tss").filter(accuracy).group_by("arch").agg(nbf.seed_mean()).collect()
    for name in ("zc_synflow", "zc_jacov"):
        both = column(store, name).join(means, on="arch", suffix="_accuracy")
        expected = kendalltau(both["value"].round(12), both["value_accuracy"].round(4)).statistic
        row = table.filter(pl.col("metric_a").cast(pl.String) == name)
        assert row["correlation"].item() == pytest.approx(expected, abs=1e-5)
        assert row["n"].item() == both.height


def test_what_is_no_published_table_is_refused(store, tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(SourceError, match=r"(?s)no published table .*HW-NAS-Bench.*nbframes import --template"):
        nbf.attach(tmp_path / "x.json", store)
    with pytest.raises(SourceError, match="there is no file"):
        nbf.attach(tmp_path / "y.json", store)


def test_a_store_without_the_benchmark_says_which_it_needs(hardware_file, tmp_path):
    rows = {"arch": [0], "dataset": "d", "split": "test", "schedule": 1, "budget": 1, "seed": 0}
    nbf.write_results(pl.DataFrame(rows | {"metric": "accuracy", "value": [1.0]}), tmp_path, benchmark="mine")
    with pytest.raises(UnknownNameError, match="belongs to nats-tss or nb201"):
        nbf.attach(Path(hardware_file), tmp_path)
