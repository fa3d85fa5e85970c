"""Benchmarks and metrics as values: what is derived from them, what registering one changes, and packages that bring some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes import benchmarks
from nbframes.analysis.query import query_table
from nbframes.benchmarks import registry
from nbframes.benchmarks.shared import NATS_SETS
from nbframes.errors import InvalidArgumentError, PluginWarning, UnknownNameError

ROOT = Path(__file__).resolve().parents[1]

ACCURACY = benchmarks.find_metric("accuracy")
ENERGY = nbf.Metric("energy", "mJ", "min")


def own(name="nb-mine", **changes):
    facts = {
        "title": "NAS-Bench-Mine",
        "space": None,
        "datasets": ["mnist"],
        "splits": ["test"],
        "metrics": [ACCURACY, ENERGY],
        "full_schedule": 50,
        "licence": "MIT",
        "citation": "",
    }
    return nbf.Benchmark(name, **facts | changes)


@pytest.fixture
def clean(monkeypatch):
    """Packages that are installed beside the tests bring no benchmarks."""
    monkeypatch.setattr(registry, "_plugins", [])


def test_the_official_five_are_the_contract():
    assert [known.name for known in benchmarks.OFFICIAL] == ["nb101", "nb201", "nb301", "nats-tss", "nats-sss"]
    full = {known.name: known.full_schedule for known in benchmarks.OFFICIAL}
    assert full == {"nb101": 108, "nb201": 200, "nb301": 100, "nats-tss": 200, "nats-sss": 90}
    assert benchmarks.full_schedules().items() >= full.items()
    published = {"accuracy", "accuracy_top5", "loss", "cross_entropy", "learning_rate", "time", "epoch_time"}
    assert {metric.name for known in benchmarks.OFFICIAL for metric in known.metrics} == published | {"best_accuracy"}
    assert set(benchmarks.metric_names()) >= published
    assert benchmarks.dataset_names()[:4] == ("cifar10", "cifar10-valid", "cifar100", "ImageNet16-120")
    ties = {metric.name: metric.tie for known in benchmarks.OFFICIAL for metric in known.metrics}
    assert {name for name, tie in ties.items() if tie} == {"accuracy", "accuracy_top5", "best_accuracy"}
    assert ties["accuracy"] == 1e-5


@pytest.mark.parametrize("known", benchmarks.OFFICIAL, ids=lambda known: known.name)
def test_references_of_the_official_five_name_something(known):
    assert benchmarks.resolve(known.space).SIZE > 0
    assert known.reader is None or benchmarks.resolve(known.reader)


@pytest.mark.parametrize("name", ["nb201", "nats-tss", "nats-sss"])
def test_pairs_are_those_that_the_reader_fills(name):
    read = {(dataset, split) for dataset, sets in NATS_SETS.items() for split in (*sets.values(), "train")}
    assert set(benchmarks.get(name).pairs) == read


def test_values_are_frozen_and_equal_by_content():
    assert own() == own()
    assert hash(own(splits={"mnist": ["test"]})) == hash(own())
    with pytest.raises(AttributeError):
        own().name = "other"
    assert own(splits={"mnist": ["test", "none"]} if "none" in nbf.schema.SPLITS else ["val"]).pairs[0][0] == "mnist"


def test_a_registered_benchmark_is_known_everywhere(clean, tmp_path):
    with pytest.raises(UnknownNameError, match="mnist"):
        nbf.on("mnist", "test")
    assert nbf.register(own()) == own()
    frame = pl.DataFrame(
        {
            "arch": [0, 1, 0, 1],
            "dataset": "mnist",
            "split": "test",
            "schedule": [50, 50, 5, 5],
            "budget": [50, 50, 5, 5],
        }
        | {"seed": 0, "metric": ["energy", "energy", "accuracy", "accuracy"], "value": [2.0, 1.0, 90.0, 91.0]}
    )
    manifest = nbf.write_results(frame, tmp_path, benchmark="nb-mine")
    assert manifest.units["energy"] == "mJ"
    rows = nbf.scan("nb-mine", store=tmp_path).filter(
        nbf.on("mnist", "test"), nbf.metric("energy"), nbf.schedule("full")
    )
    assert rows.collect().height == 2
    ranked = query_table(nbf.open_store(tmp_path), "nb-mine", metric="energy")
    assert (ranked.better, ranked.unit, ranked.frame["arch"].to_list()) == ("min", "mJ", [1, 0])


@pytest.mark.parametrize(
    ("benchmark", "message"),
    [
        (lambda: "nb-mine", "takes an nbframes.Benchmark"),
        (lambda: own("nb101"), "another benchmark 'nb101' .*\n\nHint: choose another name"),
        (
            lambda: own(metrics=[nbf.Metric("accuracy", "fraction", "max")]),
            "the metric 'accuracy' of 'nb-mine' has unit 'fraction'",
        ),
        (lambda: own(metrics=[nbf.Metric("loss", "the training objective as published", "max")]), "better='max', but"),
        (lambda: own(metrics=[nbf.Metric("latency", "ms", "min")]), "'seconds'"),
    ],
)
def test_what_would_give_a_name_two_meanings_is_refused(clean, benchmark, message):
    with pytest.raises(InvalidArgumentError, match=message):
        nbf.register(benchmark())


def test_another_definition_replaces_the_first_only_on_request(clean):
    nbf.register(own())
    nbf.register(own())
    with pytest.raises(InvalidArgumentError, match="overwrite=True"):
        nbf.register(own(title="other"))
    assert nbf.register(own(title="other"), overwrite=True).title == benchmarks.get("nb-mine").title
    with pytest.raises(InvalidArgumentError):
        nbf.register(own("nb101"), overwrite=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: own("../evil"), "cannot be stored"),
        (lambda: own(datasets="mnist"), "not the text 'mnist'"),
        (lambda: own(splits=["tset"]), "did you mean 'test'"),
        (lambda: own(splits={"cifar10": ["test"]}), r"given for \['cifar10'\], but its datasets are \['mnist'\]"),
        (lambda: own(metrics=[ENERGY, ENERGY]), "more than one metric is called 'energy'"),
        (lambda: own(metrics=["energy"]), "nbframes.Metric"),
        (lambda: own(full_schedule=-1), "full_schedule"),
        (lambda: own(full_schedule=True), "full_schedule"),
        (lambda: own(space="nbframes.spaces"), "module:object"),
        (lambda: nbf.Metric("a b", "s"), "cannot be stored"),
        (lambda: nbf.Metric("a", "s", "higher"), "'max', 'min' or None"),
        (lambda: nbf.Metric("a", "s", tie=-1), "at least 0"),
        (lambda: nbf.Metric("a", "s", tie=float("nan")), "at least 0"),
        (lambda: benchmarks.resolve("nbframes.spaces:tsss"), "cannot be imported"),
        (lambda: benchmarks.get("nb102"), "did you mean 'nb101'"),
        (lambda: benchmarks.get("nb101").metric("los"), "unknown metric of nb101 'los'"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make()


def test_synonyms_find_a_benchmark():
    assert benchmarks.get("nasbench101") is benchmarks.get("NAS-Bench-101") is benchmarks.get("nb101")


def _package(folder, name, module, entries):
    """An installed distribution with a module and entry points."""
    (folder / f"{name}.py").write_text(module)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{key} = {value}\n" for key, value in entries.items())
    (info / "entry_points.txt").write_text(f"[{benchmarks.GROUP}]\n{lines}")


GOOD = """
import nbframes as nbf
accuracy = nbf.benchmarks.find_metric("accuracy")
MINE = nbf.Benchmark("nb-packed", title="Packed", space=None, datasets=["mnist"], splits=["test"], metrics=[accuracy, nbf.Metric("joules", "J", "min")],
                     full_schedule=7, licence="MIT", citation="")
WRONG = "not a benchmark"
"""


@pytest.fixture
def python(tmp_path):
    """Run code in a new interpreter that has two packages with benchmarks installed, one of them broken."""
    _package(tmp_path, "packed", GOOD, {"packed": "packed:MINE"})
    _package(tmp_path, "broken", "raise RuntimeError('boom')", {"broken": "broken:MINE", "wrong": "packed:WRONG"})

    def run(code, *options):
        import os

        paths = os.pathsep.join([str(tmp_path), str(ROOT)])
        command = [sys.executable, *options, "-c", f"import nbframes as nbf\n{code}"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": paths}
        )

    return run


def test_packages_bring_benchmarks_when_a_name_is_unknown(python):
    done = python(
        """
import sys
nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule("full")
assert "packed" not in sys.modules and "broken" not in sys.modules
nbf.metric("joules")
nbf.on("mnist", "test")
print(nbf.benchmarks.full_schedules()["nb-packed"], nbf.benchmarks.find_metric("joules").better)
for plugin in nbf.benchmarks.plugins():
    print(plugin.name, plugin.package, plugin.benchmarks, plugin.error)
"""
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "7 min"
    theirs = [line for line in lines[1:] if not line.startswith("nb-")]  # nbframes itself brings some that way
    assert theirs[:2] == ["broken broken () RuntimeError: boom", "packed packed ('nb-packed',) "]
    assert theirs[2].startswith("wrong broken () InvalidArgumentError: it names")
    assert done.stderr.count("of the package 'broken' was skipped") == 2


def test_errors_of_packages_are_warnings_of_their_own_kind(clean, monkeypatch):
    class Entry:
        name, value, dist = "bad", "bad:BAD", None

        def load(self):
            return [own(), own("nb101")]

    monkeypatch.setattr(registry, "_plugins", None)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry()])
    with pytest.warns(PluginWarning, match="'bad'.*was skipped.*another benchmark 'nb101'"):
        benchmarks.load_plugins()
    assert "nb-mine" not in benchmarks.names()
    assert benchmarks.plugins()[0].benchmarks == ()


@pytest.mark.parametrize("again", range(3))  # one more than a pair of workers has
def test_what_a_test_registers_is_forgotten_before_the_next(again):
    assert "nb-mine" not in benchmarks.names()
    nbf.register(own())
    registry._plugins = ["from a test"]


@pytest.mark.parametrize("again", range(3))
def test_so_is_what_it_set_of_plugins(again):
    assert registry._plugins != ["from a test"]
    registry._plugins = ["from a test"]
