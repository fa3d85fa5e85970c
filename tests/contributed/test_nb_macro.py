"""NAS-Bench-Macro, added from outside: the published file value by value, its space, and the conformance kit."""

from __future__ import annotations

import json

import pytest

import nbframes as nbf
from nbframes.contributed import nb_macro
from nbframes.errors import SourceError
from nbframes.testing import check_reader


@pytest.fixture(autouse=True)
def registered():
    nbf.register(nb_macro.BENCHMARK)


def entry(*accuracies, params=1000, flops=2_000_000):
    return {"test_acc": accuracies, "mean_acc": 0.0, "std": 0.0, "params": params, "flops": flops}


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "macro.json"
    path.write_text(json.dumps({"00000012": entry(91.0, 92.0, 93.5), "00000000": entry(50.0, 51.0, 52.0, params=7)}))
    return path


def test_a_small_file_becomes_a_benchmark(small, tmp_path):
    manifest = nbf.export(small, tmp_path / "store", progress=False)
    store = nbf.open_store(tmp_path / "store")
    assert store.verify().is_empty()
    rows = store.scan("nb-macro").filter(
        nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule("full"), nbf.final()
    )
    assert rows.select("arch", "seed", "value").collect().rows() == [
        (0, 0, 50.0),
        (0, 1, 51.0),
        (0, 2, 52.0),
        (5, 0, 91.0),
        (5, 1, 92.0),
        (5, 2, 93.5),
    ]
    assert store.scan_runs("nb-macro").select("params", "mflops").collect().row(0) == (7, 2.0)
    assert "best of the 50 epochs" in manifest.notes["accuracy"]


def test_the_kit_finds_nothing(small):
    assert check_reader(nb_macro.MacroReader, small)["archs"].to_list() == [2]


def test_the_space_has_every_network_and_its_neighbours():
    assert nb_macro.SPACE.SIZE == 6561
    assert nb_macro.SPACE.neighbours("00000000")[:3] == ["10000000", "20000000", "01000000"]


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("0000001", entry(1.0)),
        ("00000013", entry(1.0)),
        ("00000001", entry(101.0)),
        ("00000001", entry()),
        ("00000001", {}),
        ("00000001", None),
    ],
)
def test_a_broken_entry_is_refused_or_left_out(tmp_path, name, broken):
    path = tmp_path / "macro.json"
    path.write_text(json.dumps({"22222222": entry(90.0), name: broken}))
    with pytest.raises(SourceError, match=f"architecture '{name}'"):
        nbf.export(path, tmp_path / "store", progress=False)
    manifest = nbf.export(path, tmp_path / "store", progress=False, on_error="skip")
    assert (manifest.rows(), len(manifest.skipped)) == (1, 1)


def test_every_published_value_comes_out(knowledge, tmp_path):
    path = knowledge("nas-bench-macro_cifar10.json")
    published = json.loads(path.read_text())
    nbf.export(path, tmp_path, progress=False)
    store = nbf.open_store(tmp_path)
    names = store.scan_archs("nb-macro").select("arch", "arch_str")
    rows = store.scan("nb-macro").join(names, on="arch").select("arch_str", "seed", "value").collect()
    assert rows.height == 3 * 6561 == 3 * len(published)
    assert all(published[name]["test_acc"][seed] == value for name, seed, value in rows.rows())
    runs = store.scan_runs("nb-macro").join(names, on="arch").select("arch_str", "params", "mflops").collect()
    assert all(
        (published[n]["params"], published[n]["flops"] / 1e6) == costs
        for n, *costs in runs.rows()
        for costs in [tuple(costs)]
    )
    best = nbf.best_archs(store.scan("nb-macro")).join(names.collect().lazy(), on="arch").collect()
    means = {name: sum(values["test_acc"]) / 3 for name, values in published.items()}
    assert set(best["arch_str"]) == {name for name, mean in means.items() if mean > max(means.values()) - 1e-5}


def test_the_entry_point_of_the_package_brings_it():
    from importlib.metadata import entry_points

    found = {entry.name: entry.value for entry in entry_points(group="nbframes.benchmarks")}
    assert found["nb-macro"] == "nbframes.contributed.nb_macro:BENCHMARK"
    assert found["nb-graph"] == "nbframes.contributed.nb_graph:BENCHMARK"
