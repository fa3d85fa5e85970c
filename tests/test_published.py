"""Published values in the package: complete, unchanged, and known to give the numbers that the papers' files give."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import FrameError, InvalidArgumentError
from tests.frames import results
from tests.tools import published_facts

ROOT = Path(__file__).resolve().parents[1]
FACTS = json.loads((ROOT / "tests" / "data" / "published_facts.json").read_text())
GROUP = ("benchmark", "metric", "dataset", "split", "schedule", "seed")
IN_PACKAGE = 5_000_000

store = nbf.published.store()


def accuracy(dataset, split, schedule="full", benchmark="nats-tss"):
    names = (nbf.metric("accuracy"), nbf.dataset(dataset), nbf.split(split), nbf.schedule(schedule))
    return store.scan(benchmark).filter(*names)


# --- what is there ----------------------------------------------------------------------------------------------------


def test_the_benchmarks_are_named_in_part_and_not_official():
    assert store.benchmarks() == ["nb301", "nats-tss", "nats-sss"]
    for name in store.benchmarks():
        manifest = store.manifest(name)
        assert not manifest.official
        assert manifest.not_exported
        assert manifest.notes["repositories"]
        assert all(entry["licence"] in ("MIT", "Apache-2.0") for entry in manifest.notes["repositories"])


def test_every_file_is_what_its_manifest_says():
    assert store.verify().is_empty()


def test_it_is_small():
    files = [path for path in Path(store.root).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < IN_PACKAGE
    assert len(files) == 3 + sum(len(f) for name in store.benchmarks() for f in store.manifest(name).tables.values())


@pytest.mark.parametrize("fact", FACTS["groups"], ids=lambda fact: " ".join(str(fact[key]) for key in GROUP))
def test_every_group_of_values_is_complete(fact):
    values = store.scan(fact["benchmark"]).filter(
        pl.col("metric").cast(pl.String) == fact["metric"],
        pl.col("dataset").cast(pl.String) == fact["dataset"],
        nbf.split(fact["split"]),
        nbf.schedule(fact["schedule"]),
        nbf.seed(fact["seed"]),
    )
    found = values.select(
        rows=pl.len(),
        archs=pl.col("arch").n_unique(),
        min=pl.col("value").min(),
        max=pl.col("value").max(),
        value=pl.col("value").sum(),
    ).collect()
    row = found.row(0, named=True)
    assert row.pop("value") == pytest.approx(fact["value"], rel=1e-12)
    assert row == {key: fact[key] for key in row}


def test_there_are_no_other_values():
    keys = store.scan().select(pl.col("benchmark", "metric", "dataset", "split").cast(pl.String), "schedule", "seed")
    assert set(keys.unique().collect().select(GROUP).iter_rows()) == {
        tuple(fact[key] for key in GROUP) for fact in FACTS["groups"]
    }
    assert store.scan().filter(~nbf.final() | (pl.col("budget") != pl.col("schedule"))).collect().is_empty()


@pytest.mark.parametrize(("benchmark", "space"), [("nats-tss", nbf.spaces.tss), ("nats-sss", nbf.spaces.sss)])
def test_architectures_stand_at_their_official_index(benchmark, space):
    archs = store.scan_archs(benchmark).collect()
    assert archs["arch"].to_list() == list(range(space.SIZE)) == archs["position"].to_list()
    assert archs["arch_str"].equals(space.enumerate()["arch_str"])
    assert archs["hash"].equals(space.hash(archs["arch_str"]))
    assert archs.select(*space.ENCODING).equals(space.parse(archs["arch_str"]))


def test_cells_of_nb301_are_distinct_members_of_the_space():
    archs = store.scan_archs("nb301").collect()
    darts = nbf.spaces.darts
    assert archs["arch_str"].n_unique() == archs["hash"].n_unique() == archs.height == 10_221
    assert darts.format(archs["arch_str"]).equals(archs["arch_str"])
    assert archs["hash"].equals(darts.hash(archs["arch_str"]))
    assert archs.select(*darts.ENCODING).equals(darts.parse(archs["arch_str"]))


def test_with_nothing_configured_it_is_the_store_that_is_read(monkeypatch, tmp_path):
    monkeypatch.delenv("NBFRAMES_STORE", raising=False)
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    found = nbf.open_store()
    assert found.root == store.root
    assert "published values that come with nbframes" in repr(found).splitlines()[0]
    assert nbf.scan_archs("nb301").select(pl.len()).collect().item() == 10_221
    nbf.write_results(results(), benchmark="mine")
    assert nbf.open_store().benchmarks() == ["mine"]
    assert nbf.open_store().root.startswith(str(tmp_path))


def test_nothing_writes_to_it():
    def state():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in Path(store.root).rglob("*")}

    before = state()
    with pytest.raises(InvalidArgumentError, match="the published values"):
        nbf.write_results(results(), store, benchmark="mine")
    store.verify()
    assert state() == before


# --- the same as what was published -----------------------------------------------------------------------------------


def test_every_cell_equals_the_published_tables(data):
    key = ["benchmark", "metric", "dataset", "split", "arch", "schedule", "budget", "seed"]
    expected = published_facts.rows(data).sort(key)
    stored = store.scan().with_columns(
        pl.col(key[:4]).cast(pl.String), pl.col("arch", "schedule", "budget", "seed").cast(pl.Int64)
    )
    assert stored.select(*key, "value").sort(key).collect().equals(expected.select(*key, "value"))


def test_costs_of_runs_equal_the_published_ones(data):
    key = ["arch", "dataset", "schedule", "seed"]
    published = pl.read_parquet(data / "measured" / "nats_tss_runs_200.parquet").sort(key)
    runs = store.scan_runs("nats-tss").with_columns(pl.col("dataset").cast(pl.String)).sort(key).collect()
    assert runs.select(pl.col("arch", "seed").cast(pl.Int64)).equals(
        published.select(pl.col("arch", "seed").cast(pl.Int64))
    )
    assert runs["dataset"].equals(published["dataset"])
    assert runs["latency"].equals(published["latency"])
    assert (runs["params"].to_numpy() / 1e6 == published["params_millions"].to_numpy()).all()


def test_cells_of_nb301_equal_the_published_ones(data):
    table = pl.read_parquet(data / "nb301" / "rs_val_accuracy.parquet")
    archs = store.scan_archs("nb301").sort("arch").collect()
    assert archs["arch_str"].to_list() == [
        f"{a}|{b}" for a, b in table.select("genotype_normal", "genotype_reduce").iter_rows()
    ]
    assert archs["position"].to_list() == table["nbsz_id"].to_list()


def test_the_facts_are_those_of_the_published_tables(data):
    assert json.loads(json.dumps(published_facts.facts(data))) == FACTS


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_official_records_say_the_same(data, space, tmp_path):
    """The official files of three architectures: seeds, values, latencies and parameters line up."""
    (source,) = (data / "nats").glob(f"NATS-{space}-*-simple")
    nbf.export(source, tmp_path, benchmark=f"nats-{space}", on_error="skip", progress=False)
    official = nbf.scan(store=tmp_path).filter(nbf.final())
    key = ["metric", "dataset", "split", "arch", "schedule", "budget", "seed"]
    ours = store.scan(f"nats-{space}").filter(nbf.arch(0, 11, 284), nbf.metric("accuracy"))
    both = ours.join(official, on=key, how="left", suffix="_official").collect()
    assert both.height == {"tss": 3 * 20, "sss": 3 * 3}[space]
    assert (both["value"] - both["value_official"]).abs().max() < 1e-14
    if space == "tss":
        runs = store.scan_runs("nats-tss").filter(nbf.arch(0, 11, 284)).collect()
        exported = nbf.scan_runs("nats-tss", store=tmp_path).collect()
        costs = runs.join(exported, on=["arch", "dataset", "schedule", "seed"], how="left", suffix="_official")
        assert costs["params"].equals(costs["params_official"], check_names=False)
        assert (costs["latency"] - costs["latency_official"]).abs().max() < 1e-15
        times = store.scan("nats-tss").filter(nbf.metric("time"), nbf.arch(0, 11, 284)).collect()
        times = times.join(exported, on=["arch", "dataset", "schedule", "seed"], how="left")
        assert (times["value"] - times["train_time"]).abs().max() < 1e-9


# --- the numbers come out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "split", "arch", "mean"),
    [
        ("cifar10-valid", "val", 6111, 91.6067),
        ("cifar100", "val", 9930, 73.4933),
        ("ImageNet16-120", "val", 10676, 46.7333),
        ("cifar100", "valtest", 9930, 73.5033),
        ("ImageNet16-120", "valtest", 3888, 46.8833),
    ],
)
def test_the_best_architectures_of_the_topology_space(dataset, split, arch, mean):
    best = nbf.best_archs(accuracy(dataset, split), k=1).collect()
    assert best["arch"].item() == arch
    assert best["value"].item() == pytest.approx(mean, abs=5e-5)


@pytest.mark.parametrize(
    "fact",
    FACTS["best"][::3],
    ids=lambda fact: f"{fact['benchmark']} {fact['dataset']} {fact['split']} {fact['schedule']}",
)
def test_the_three_best_of_every_ranking(fact):
    where = ("benchmark", "dataset", "split", "schedule")
    expected = [other for other in FACTS["best"] if all(other[key] == fact[key] for key in where)]
    metric = "best_accuracy" if fact["benchmark"] == "nb301" else "accuracy"
    rows = store.scan(fact["benchmark"]).filter(
        store.metric(metric), nbf.dataset(fact["dataset"]), nbf.split(fact["split"]), nbf.schedule(fact["schedule"])
    )
    means = rows.group_by("arch").agg(nbf.seed_mean(), nbf.seed_count())
    ranked = means.with_columns(nbf.rank()).sort("rank", "arch").head(3).collect()
    assert ranked["arch"].to_list() == [other["arch"] for other in expected]
    assert ranked["seed_count"].to_list() == [other["runs"] for other in expected]
    assert ranked["value"].to_list() == pytest.approx([other["mean"] for other in expected], abs=5e-6)


@pytest.mark.parametrize(
    "where",
    [("cifar10-valid", "val"), ("cifar100", "val"), ("cifar100", "valtest"), ("ImageNet16-120", "val")],
    ids=" ".join,
)
def test_7456_architectures_have_two_runs_and_8169_three(where):
    counts = accuracy(*where).group_by("arch").agg(nbf.seed_count()).collect()["seed_count"].value_counts()
    assert dict(counts.iter_rows()) == {2: 7_456, 3: 8_169}


def test_a_time_and_a_latency_are_one_value_over_the_seeds():
    times = (
        store.scan("nats-tss").filter(nbf.metric("time")).group_by("arch", "dataset").agg(n=pl.col("value").n_unique())
    )
    latencies = store.scan_runs("nats-tss").group_by("arch", "dataset").agg(n=pl.col("latency").n_unique())
    assert times.collect()["n"].to_list() == [1] * 46_875 == latencies.collect()["n"].to_list()
    assert store.manifest("nats-tss").notes["repeated over seeds"] == ["time", "latency"]


@pytest.mark.parametrize("values", ["times", "latencies"])
def test_one_value_for_all_seeds_is_refused_as_noise(values):
    times = values == "times"
    frame = store.scan("nats-tss").filter(nbf.metric("time")) if times else store.scan_runs("nats-tss")
    with pytest.raises(FrameError, match="46,875 architectures have the same value"):
        nbf.seed_noise(frame, value="value" if times else "latency").collect()


@pytest.mark.parametrize("benchmark", ["nats-tss", "nats-sss"])
def test_rank_correlations_are_scipys_on_exact_counts(benchmark):
    """Of all pairs of dataset, split and schedule; scipy ranked whole numbers of images, nbframes percentages with noise."""
    rows = store.scan(benchmark).filter(nbf.metric("accuracy")).drop("budget")
    found = nbf.rank_correlation(rows, ("dataset", "split", "schedule")).collect()
    side = {s: [f"{name}_{s}" for name in ("dataset", "split", "schedule")] for s in "ab"}
    taus = {
        frozenset([row[:3], row[3:6]]): row[6:]
        for row in found.select(*side["a"], *side["b"], "n", "correlation").iter_rows()
    }
    expected = [fact for fact in FACTS["kendall"] if fact["benchmark"] == benchmark]
    assert len(taus) == len(expected) == {"nats-tss": 45, "nats-sss": 3}[benchmark]
    for fact in expected:
        n, tau = taus[frozenset([tuple(fact["a"]), tuple(fact["b"])])]
        assert n == fact["n"]
        assert tau == pytest.approx(fact["tau"], abs=1e-9)


# --- in the package ---------------------------------------------------------------------------------------------------

FIRST_ANSWER = """
import nbframes as nbf
values = nbf.published.store().scan("nats-tss").filter(nbf.on("cifar100", "val"), nbf.metric("accuracy"), nbf.schedule(200))
best = values.group_by("arch").agg(nbf.seed_mean()).top_k(1, by="value").collect()
print(nbf.__file__, *best.row(0))
"""


@pytest.mark.slow
def test_the_wheel_holds_the_store_and_answers(tmp_path):
    """Built and unpacked where nothing of the checkout can be seen."""
    pytest.importorskip("hatchling", reason="wheels are built by hatchling")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    held = {path.relative_to(store.root) for path in Path(store.root).rglob("*") if path.is_file()}
    unpacked = tmp_path / "site" / "nbframes" / "published" / "store"
    assert {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()} == held
    assert wheel.stat().st_size < IN_PACKAGE + 1_000_000
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    answer = subprocess.run(
        [sys.executable, "-c", FIRST_ANSWER], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    file, arch, value = answer.stdout.split()
    assert file.startswith(str(tmp_path))
    assert (arch, f"{float(value):.4f}") == ("9930", "73.4933")
