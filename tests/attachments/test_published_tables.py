"""Published tables attached to the published values from their official files, end to end."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import moocore
import polars as pl
import pytest
from scipy.stats import kendalltau

import nbframes as nbf
from nbframes.downloads.registry import sources
from nbframes.errors import FrameError, SourceError, UnknownNameError
from nbframes.export.attachments import hw_nas_bench, robustness, zero_cost

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize("converter", [hw_nas_bench, robustness, zero_cost])
def test_what_can_be_downloaded_is_described_as_its_manifest_does(store, converter):
    names = {"HW-NAS-Bench": "hw-nas-bench", "NAS-Bench-Suite-Zero": "suite-zero", "robustness dataset": "robustness"}
    name = names[converter.TITLE]
    manifest = store.manifest("nats-tss", name)
    files = sources()[name].values()
    assert files
    for file in files:
        assert (file.title, file.licence, file.citation) == (converter.TITLE, manifest.licence, manifest.citation)


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


ACCURACY = nbf.on("cifar10", "val") & nbf.metric("accuracy") & nbf.schedule("full")
TRADED = ["hw_edgegpu_latency", "hw_edgegpu_energy"]


def accuracies(store):
    """Validation accuracy on CIFAR-10, of the runs that hold out half of its training set."""
    return store.scan("nats-tss").filter(ACCURACY)


def attached(store, *names):
    return store.scan("nats-tss").filter(nbf.metric(*names), nbf.dataset("cifar10"))


def test_costs_measured_on_a_dataset_stand_beside_the_runs_that_hold_out_half_of_it(store, hardware):
    table = nbf.with_costs(accuracies(store), store.scan_runs("nats-tss"), metrics=attached(store, *TRADED)).collect()
    assert table["dataset"].cast(pl.String).unique().to_list() == ["cifar10-valid"]
    expected = hardware.filter(pl.col("dataset") == "cifar10").sort("arch")
    for name in TRADED:
        assert table.sort("arch")[name].equals(expected[name.removeprefix("hw_")], check_names=False)
    assert table["params"].null_count() == 0


def test_a_value_of_its_own_comes_before_the_one_lent(store):
    rows = attached(store, "hw_edgegpu_latency").collect()
    own = rows.head(1).with_columns(dataset=pl.lit("cifar10-valid").cast(rows.schema["dataset"]), value=0.5)
    other = rows.with_columns(metric=pl.lit("hw_pixel3_latency").cast(rows.schema["metric"]))
    table = nbf.with_costs(accuracies(store).collect(), metrics=pl.concat([rows, own, other]))
    assert table["hw_edgegpu_latency"].drop_nulls().to_list() == [0.5]
    assert table["hw_pixel3_latency"].null_count() == 0


def test_what_was_trained_is_not_lent_to_other_runs(store):
    table = nbf.with_costs(accuracies(store), metrics=attached(store, "robust_pgd_1")).collect()
    assert table["robust_pgd_1"].null_count() == table.height == 15_625


def test_the_front_of_accuracy_latency_and_energy_is_that_of_moocore(store, hardware):
    table = nbf.with_costs(accuracies(store), metrics=attached(store, *TRADED))
    front = nbf.pareto_front(table, maximise="value", minimise=TRADED, tie=0).collect()
    means = accuracies(store).group_by("arch").agg(nbf.seed_mean()).collect()
    costs = hardware.filter(pl.col("dataset") == "cifar10").select("arch", "edgegpu_latency", "edgegpu_energy")
    points = means.join(costs, on="arch").sort("arch")
    best = moocore.is_nondominated(points.drop("arch").to_numpy(), maximise=[True, False, False], keep_weakly=True)
    assert sorted(front["arch"]) == points.filter(pl.Series(best))["arch"].to_list()
    assert 3 < front.height < 15_625


def test_an_attached_metric_caps_the_best(store, hardware):
    cap = {"hw_edgegpu_latency": 5}
    best = nbf.best_archs(accuracies(store), k=3, metrics=attached(store, *TRADED), at_most=cap).collect()
    means = accuracies(store).group_by("arch").agg(nbf.seed_mean()).collect()
    fast = hardware.filter(pl.col("dataset") == "cifar10", pl.col("edgegpu_latency") <= 5).select("arch")
    expected = means.join(fast, on="arch").sort("value", descending=True).head(3)
    assert best["arch"].to_list() == expected["arch"].to_list()
    assert best["n"].unique().to_list() == [fast.height]
    assert 0 < fast.height < 15_625


def test_every_proxy_is_correlated_with_accuracy_in_one_call(store, proxies):
    names = [name for name in proxies.columns if name != "arch"]
    rows = store.scan("nats-tss").filter(
        ACCURACY | (nbf.metric(*(f"zc_{name}" for name in names)) & nbf.dataset("cifar10"))
    )
    table = nbf.rank_correlation(rows, "metric", against="accuracy").collect()
    assert table["metric_a"].cast(pl.String).sort().to_list() == sorted(f"zc_{name}" for name in names)
    means = store.scan("nats-tss").filter(ACCURACY).group_by("arch").agg(nbf.seed_mean()).collect()
    for name in names:
        both = proxies.filter(pl.col(name) != -1e8).join(means, on="arch")
        expected = kendalltau(both[name], both["value"].round(4)).statistic
        row = table.filter(pl.col("metric_a").cast(pl.String) == f"zc_{name}")
        assert row["correlation"].item() == pytest.approx(expected, abs=1e-5)
        assert row["n"].item() == both.height
    apart = table.select("dataset", "split", "schedule", "budget")
    assert apart.null_count().row(0) == (len(names),) * 4
    assert table["benchmark"].null_count() == 0


def test_conditions_that_two_proxies_share_are_told(store):
    rows = store.scan("nats-tss").filter(ACCURACY | (nbf.metric("zc_synflow", "zc_nwot") & nbf.dataset("cifar10")))
    table = nbf.rank_correlation(rows, "metric").collect().with_columns(pl.col("metric_b", "dataset").cast(pl.String))
    among = table.filter(~(pl.col("metric_a").cast(pl.String) == "accuracy"), pl.col("metric_b") != "accuracy")
    assert among.select("dataset", "split", "schedule", "budget").rows() == [("cifar10", "none", 0, 0)]
    assert table.height == 3


def test_metrics_of_several_datasets_are_compared_within_each(store):
    names = ["hw_edgegpu_latency", "hw_fpga_latency"]
    table = nbf.rank_correlation(store.scan("nats-tss").filter(nbf.metric(*names)), "metric").collect()
    assert sorted(table["dataset"].cast(pl.String)) == ["cifar10", "cifar100"]


def test_a_metric_of_several_schedules_is_not_compared_across_them(store):
    every = store.scan("nats-tss").filter(nbf.metric("accuracy"), nbf.dataset("cifar100"), nbf.split("val"))
    rows = pl.concat([every, attached(store, "zc_synflow")])
    with pytest.raises(FrameError, match=r"nothing to compare(?s:.*)'schedule'"):
        nbf.rank_correlation(rows, "metric", against="accuracy").collect()


def test_robust_accuracy_is_correlated_with_clean_accuracy(store, attacks):
    settings = {"robust_pgd_1": "pgd@Linf_eps-1.0", "robust_clean": "val_accs"}
    robust = nbf.metric(*settings) & nbf.dataset("cifar10")
    table = nbf.rank_correlation(store.scan("nats-tss").filter(robust), "metric", against="robust_clean").collect()
    expected = kendalltau(attacks[settings["robust_pgd_1"]].round(4), attacks["val_accs"].round(4)).statistic
    assert table["correlation"].item() == pytest.approx(expected, abs=1e-4)
    assert table["n"].item() == 15_625
    beside = nbf.rank_correlation(
        store.scan("nats-tss").filter(ACCURACY | robust), "metric", against="accuracy"
    ).collect()
    means = accuracies(store).group_by("arch").agg(nbf.seed_mean()).collect().join(attacks, on="arch")
    for name, column in settings.items():
        expected = kendalltau(means[column].round(4), means["value"].round(4)).statistic
        row = beside.filter(pl.col("metric_a").cast(pl.String) == name)
        assert row["correlation"].item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_the_notebook_draws_all_three(store, tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="notebooks are read by nbformat")
    pytest.importorskip("nbclient", reason="notebooks are run by nbclient")
    book = shutil.copy(ROOT / "notebooks" / "attachments.ipynb", tmp_path / "book.ipynb")
    runner = ROOT / "tests" / "tools" / "run_notebooks.py"
    done = subprocess.run(
        [sys.executable, runner, book, "--store", store.root], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    outputs = [output for cell in nbformat.read(book, as_version=4).cells for output in cell.get("outputs", ())]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "skipped:" not in printed
    assert "zc_synflow" in printed
    assert "hw_edgegpu_energy" in printed
    assert "the same files: True" in printed
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3


def test_a_folder_is_attached_like_its_zip(store, attacks_file, tmp_path):
    with zipfile.ZipFile(attacks_file) as archive:
        archive.extractall(tmp_path / "data")
        names = sorted(archive.namelist())
    before = store.manifest("nats-tss", "robustness")
    after = nbf.attach(tmp_path / "data", store, overwrite=True)
    assert after.tables == before.tables
    assert [file["path"] for file in after.source["files"]] == names
    assert (before.source["name"], after.source["name"]) == (attacks_file.name, "data")


def test_what_is_no_published_table_is_refused(store, tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(SourceError, match=r"(?s)not a published table .*HW-NAS-Bench.*nbframes import --template"):
        nbf.attach(tmp_path / "x.json", store)
    with pytest.raises(SourceError, match="there is no file"):
        nbf.attach(tmp_path / "y.json", store)


def test_a_store_without_the_benchmark_says_which_it_needs(hardware_file, tmp_path):
    rows = {"arch": [0], "dataset": "d", "split": "test", "schedule": 1, "budget": 1, "seed": 0}
    nbf.write_results(pl.DataFrame(rows | {"metric": "accuracy", "value": [1.0]}), tmp_path, benchmark="mine")
    with pytest.raises(UnknownNameError, match="belongs to nats-tss or nb201"):
        nbf.attach(Path(hardware_file), tmp_path)
