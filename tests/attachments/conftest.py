"""Real published values, wrapped again in the form of their official files."""

from __future__ import annotations

import json
import pickle
import zipfile

import polars as pl
import pytest

import nbframes as nbf


@pytest.fixture(scope="session")
def cells():
    """Official strings of NAS-Bench-201's cells, by index."""
    archs = nbf.published.store().scan_archs("nats-tss").select("arch", "arch_str", "hash").collect().sort("arch")
    assert archs["arch"].to_list() == list(range(15625))
    return archs


@pytest.fixture(scope="session")
def hardware(knowledge):
    return pl.read_parquet(knowledge("hw_nas_bench_nb201.parquet"))


@pytest.fixture(scope="session")
def hardware_file(hardware, cells, tmp_path_factory):
    tables = {}
    for (dataset,), part in hardware.sort("arch").partition_by("dataset", as_dict=True, include_key=False).items():
        columns = {name: part[name].to_list() for name in part.columns if name != "arch"}
        config = [{"name": "infer.tiny", "C": 16, "N": 5, "arch_str": cell} for cell in cells["arch_str"]]
        tables[dataset] = {"config": config} | columns
    path = tmp_path_factory.mktemp("hw") / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(pickle.dumps({"nasbench201": tables, "fbnet": {"cifar100": {}}}, protocol=4))
    return path


@pytest.fixture(scope="session")
def proxies(knowledge):
    return pl.read_parquet(knowledge("zero_cost_nb201_cifar10.parquet"))


EDGES = ["edge_0_1", "edge_0_2", "edge_0_3", "edge_1_2", "edge_1_3", "edge_2_3"]
OPERATIONS = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]


def operation_tuple(cell):
    """NASLib's name of a cell: operations in its own order on edges 01, 02, 03, 12, 13, 23."""
    (first,), second, third = ([part.split("~")[0] for part in node.strip("|").split("|")] for node in cell.split("+"))
    return str(tuple(OPERATIONS.index(op) for op in (first, second[0], third[0], second[1], third[1], third[2])))


@pytest.fixture(scope="session")
def proxies_file(proxies, cells, tmp_path_factory):
    names = dict(zip(cells["arch"], cells["arch_str"], strict=True))
    entries = {}
    for row in proxies.iter_rows(named=True):
        arch = row.pop("arch")
        scores = {name: {"score": value, "time": 0.25} if name != "flops" else value for name, value in row.items()}
        entries[operation_tuple(names[arch])] = scores | {"val_accuracy": 50.0, "id": arch}
    path = tmp_path_factory.mktemp("zc") / "zc_nasbench201.json"
    path.write_text(json.dumps({"cifar10": entries}))
    return path


@pytest.fixture(scope="session")
def attacks(knowledge):
    return pl.read_parquet(knowledge("robustness_nb201_cifar10.parquet"))


@pytest.fixture(scope="session")
def attacks_file(attacks, cells, tmp_path_factory):
    table = attacks.sort("arch")
    same = table.select(pl.struct(pl.exclude("arch")).rank("dense")).to_series().to_list()
    trained = {}
    for arch, group in enumerate(same):
        trained.setdefault(group, str(arch))
    ids = {
        str(arch): {"nb201-string": cell, "isomorph": trained[same[arch]]}
        for arch, cell in enumerate(cells["arch_str"])
    }
    settings = {}
    for name in table.columns[2:]:
        attack, strength = name.split("_eps-")
        settings.setdefault(attack, []).append(float(strength))
    path = tmp_path_factory.mktemp("robustness") / "cifar10.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("robustness-data/meta.json", json.dumps({"ids": ids, "epsilons": settings}))
        for attack, strengths in settings.items():
            columns = [
                (
                    table[f"{attack}_eps-{e:g}" if f"{attack}_eps-{e:g}" in table.columns else f"{attack}_eps-{e}"]
                    / 100
                ).to_list()
                for e in strengths
            ]
            found = {
                i: list(values)
                for i, values in zip(ids, zip(*columns, strict=True), strict=True)
                if ids[i]["isomorph"] == i
            }
            archive.writestr(
                f"robustness-data/cifar10/{attack}_accuracy.json",
                json.dumps({"cifar10": {attack: {"accuracy": found}}}),
            )
        clean = {i: value / 100 for i, value in zip(ids, table["val_accs"], strict=True) if ids[i]["isomorph"] == i}
        archive.writestr(
            "robustness-data/cifar10/clean_accuracy.json", json.dumps({"cifar10": {"clean": {"accuracy": clean}}})
        )
        archive.writestr(
            "robustness-data/cifar10/fog_accuracy.json", json.dumps({"cifar10": {"fog": {"accuracy": {}}}})
        )
        archive.writestr("robustness-data/cifar10/fgsm@Linf_cm.json", "{}")
    return path
