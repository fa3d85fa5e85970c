"""Published tables are read from their official files value by value; what stands for "no value" is left out and counted."""

from __future__ import annotations

import json
import pickle
import zipfile

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.attachments import hw_nas_bench, robustness, zero_cost
from nbframes.export.limits import Limits, limited
from nbframes.export.probe import Probe


def test_each_converter_recognises_its_own_file(hardware_file, proxies_file, attacks_file):
    files = {hw_nas_bench: hardware_file, zero_cost: proxies_file, robustness: attacks_file}
    for converter, own in files.items():
        assert [path for path in files.values() if converter.recognises(Probe(path))] == [own]


def test_hardware_costs_are_those_of_the_file(hardware_file, hardware, cells):
    found = hw_nas_bench.convert(hardware_file)
    expected = hardware.cast({"arch": pl.Int32}).join(cells, on="arch").drop("arch", "hash")
    expected = expected.rename({name: f"hw_{name}" for name in expected.columns if name not in ("dataset", "arch_str")})
    expected = expected.with_columns(pl.when(pl.col("hw_edgetpu_latency") >= 0).then(pl.col("hw_edgetpu_latency")))
    order = ["dataset", "arch_str"]
    assert found.frame.select(expected.columns).sort(order).equals(expected.sort(order))
    assert found.left_out == {"hw_edgetpu_latency": 2 * 4699}
    assert found.key == "arch_str"
    assert found.not_exported == ["the table 'fbnet'"]
    assert {(metric.unit, metric.better) for metric in found.metrics if metric.name.endswith("latency")} == {
        ("ms", "min")
    }
    assert {(metric.unit, metric.better) for metric in found.metrics if metric.name.endswith("energy")} == {
        ("mJ", "min")
    }


def test_hardware_costs_without_strings_stand_at_the_official_index(hardware_file, tmp_path):
    content = pickle.loads(hardware_file.read_bytes())
    for table in content["nasbench201"].values():
        table["config"] = [{"name": "infer.tiny"}] * 15625
    path = tmp_path / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(pickle.dumps(content, protocol=2))
    by_index, by_string = hw_nas_bench.convert(path), hw_nas_bench.convert(hardware_file)
    assert by_index.key == "arch"
    assert by_index.frame.drop("arch").equals(
        by_string.frame.drop("arch_str").select(by_index.frame.drop("arch").columns)
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda content: content.pop("nasbench201"), "no table 'nasbench201'"),
        (lambda content: content["nasbench201"].update(cifar10=[1]), "not a table of metrics"),
        (lambda content: content["nasbench201"]["cifar10"]["fpga_latency"].pop(), "15,624 numbers instead of one"),
        (lambda content: content["nasbench201"]["cifar10"].update(fpga_latency=["x"] * 15625), "not a list of numbers"),
        (lambda content: content["nasbench201"]["cifar10"].update(tpu_v9=[]), "unknown metrics 'tpu_v9'"),
    ],
)
def test_hardware_files_of_another_form_are_refused(hardware_file, tmp_path, change, text):
    content = pickle.loads(hardware_file.read_bytes())
    change(content)
    path = tmp_path / "other.pickle"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(SourceError, match=text):
        hw_nas_bench.convert(path)


def test_a_program_in_a_hardware_file_is_not_run(tmp_path):
    path = tmp_path / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(pickle.dumps({"nasbench201": print, "edgegpu_latency": 1}))
    with pytest.raises(UnsafePickleError, match="print"):
        hw_nas_bench.convert(path)


def test_proxies_are_those_of_the_file(proxies_file, proxies):
    found = zero_cost.convert(proxies_file)
    named = proxies.drop("arch").rename(lambda name: f"zc_{name}")
    lacking = named.select((pl.all() == -1e8).sum()).row(0, named=True)
    assert found.left_out == {name: count for name, count in lacking.items() if count}
    assert set(found.left_out) == {"zc_jacov", "zc_nwot", "zc_zen", "zc_epe_nas"}
    expected = named.with_columns(pl.when(pl.all() != -1e8).then(pl.all()))
    assert found.frame.select(named.columns).equals(expected)
    assert found.frame["zc_synflow_time"].unique().to_list() == [0.25]
    assert "zc_flops_time" not in found.frame.columns
    assert found.to == ("nats-tss", "nb201")
    assert found.not_exported == ["upstream's own numbers", "validation accuracies, which are those of the benchmark"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "no table of scores|not a table of scores"),
        ('{"cifar10": [1]}', "not a table of architectures"),
        ('{"cifar10": {"(1, 2)": 3}}', "has no scores"),
        ('{"cifar10": {"(1, 2)": {"magic": 3}}}', "unknown proxy 'magic'"),
        ('{"cifar10": {"(1, 2)": {"snip": {"score": null}}}}', "None, not a number"),
    ],
)
def test_proxy_files_of_another_form_are_refused(tmp_path, text, reason):
    path = tmp_path / "zc.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=reason):
        zero_cost.convert(path)


def test_accuracies_under_attack_are_those_of_the_file(attacks_file, attacks, cells):
    found = robustness.convert(attacks_file)
    frame = found.frame.join(cells, on="arch_str").sort("arch")
    assert frame["arch"].to_list() == list(range(15625))
    for name in attacks.columns[1:]:
        attack, _, strength = name.partition("@Linf_eps-")
        column = "robust_clean" if name == "val_accs" else f"robust_{attack}_{float(strength):g}"
        expected = attacks.cast({"arch": pl.Int32}).sort("arch")[name]
        assert (frame[column] - expected).abs().max() < 1e-12
    assert len(found.metrics) == 33
    assert found.not_exported == [
        "robustness-data/cifar10/fgsm@Linf_cm.json",
        "robustness-data/cifar10/fog_accuracy.json",
    ]
    assert set(frame.select("split", "schedule", "budget", "seed").unique().row(0)) == {"test", 200, 0}


def test_a_folder_is_read_like_its_zip(attacks_file, tmp_path):
    with zipfile.ZipFile(attacks_file) as archive:
        archive.extractall(tmp_path)
    assert robustness.recognises(Probe(tmp_path))
    assert robustness.convert(tmp_path).frame.equals(robustness.convert(attacks_file).frame)


def test_a_zip_that_claims_too_much_is_not_read(attacks_file):
    with limited(Limits(members=3)), pytest.raises(SourceError, match=r"more members than the limit of 3; .*members"):
        nbf.attach(attacks_file)
    with zipfile.ZipFile(attacks_file) as archive:
        assert len(archive.namelist()) > 3


def test_a_zip_that_was_cut_off_is_said_to_be(attacks_file, tmp_path):
    content = bytearray(attacks_file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "cifar10.zip").write_bytes(content)
    with pytest.raises(SourceError, match=r"zip is truncated or corrupt|cannot be read"):
        nbf.attach(tmp_path / "cifar10.zip")
    (tmp_path / "cut.zip").write_bytes(content[:-100])
    with pytest.raises(SourceError, match="a zip whose end is missing; it was cut off, is not a published table"):
        nbf.attach(tmp_path / "cut.zip")


@pytest.mark.parametrize(
    ("meta", "accuracy", "text"),
    [
        ({"ids": {}}, {}, "does not list ids"),
        (
            {"ids": {"0": {"nb201-string": "|x|", "isomorph": "0"}}, "epsilons": {"pgd@Linf": [1.0]}},
            {"7": [0.5]},
            "which cells the ids",
        ),
        (
            {"ids": {"0": {"nb201-string": "|x|", "isomorph": "0"}}, "epsilons": {"pgd@Linf": [1.0, 2.0]}},
            {"0": [0.5]},
            "does not have 2 accuracies",
        ),
        (
            {"ids": {"0": {"nb201-string": "|x|", "isomorph": "0"}}, "epsilons": {"pgd@Linf": [1.0]}},
            {"0": [50.0]},
            "not fractions",
        ),
        (
            {"ids": {"0": {"nb201-string": "|x|", "isomorph": "0"}}, "epsilons": {}},
            {"0": [0.5]},
            "no accuracies under attacks",
        ),
    ],
)
def test_robustness_files_of_another_form_are_refused(tmp_path, meta, accuracy, text):
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    table = {"cifar10": {"pgd@Linf": {"accuracy": accuracy}}}
    (tmp_path / "cifar10" / "pgd@Linf_accuracy.json").write_text(json.dumps(table))
    with pytest.raises(SourceError, match=text):
        robustness.convert(tmp_path)
