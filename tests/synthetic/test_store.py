"""The store of synthetic files: exported once, shared by processes, copied for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nbframes as nbf
from nbframes import synthetic
from nbframes.errors import UnknownNameError
from tests.synthetic.conftest import final


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return synthetic.store(tmp_path_factory.mktemp("store"), benchmarks=["nats-sss"])


def test_a_store_holds_the_numbers_of_the_sample(store, size):
    values = (
        store.scan("nats-sss")
        .filter(nbf.metric("accuracy"), nbf.dataset("cifar100"), nbf.split("test"), nbf.schedule(12), nbf.final())
        .sort("arch", "seed")
        .collect()
    )
    expected = [value for record in size for _, value in sorted(final(record, "12", "cifar100", "x-test").items())]
    assert expected == values["value"].to_list()


def test_architectures_are_numbered_by_the_sample(store, size):
    archs = store.scan_archs("nats-sss").sort("arch").collect()
    assert archs["arch_str"].to_list() == [record["12"]["arch_str"] for record in size]


def test_nothing_is_exported_twice(store):
    manifest = Path(store.root, "manifests", "nats-sss.json")
    before = manifest.stat().st_mtime_ns
    assert synthetic.store(store.root, benchmarks=["nats-sss"]).benchmarks() == ["nats-sss"]
    assert manifest.stat().st_mtime_ns == before


def test_a_store_of_an_unknown_benchmark_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="unknown benchmark 'mine'"):
        synthetic.store(tmp_path / "nothing", benchmarks=["mine"])
    assert not (tmp_path / "nothing").exists()


RACE = """
import sys, nbframes as nbf
store = nbf.synthetic.store(benchmarks=["nb301"])
print(store.root, store.scan("nb301").collect().height)
"""


def test_processes_share_one_export_and_each_works_on_its_own_copy(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    racing = [
        subprocess.Popen([sys.executable, "-c", RACE], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    said = [process.communicate()[0].split() for process in racing]
    assert all(process.returncode == 0 for process in racing)
    assert len({root for root, _ in said}) == 3
    assert len({rows for _, rows in said}) == 1
    [version] = (tmp_path / "nbframes" / "synthetic").iterdir()
    assert [folder.name for folder in version.iterdir()] == ["nb301"]
    assert not any(Path(root).exists() for root, _ in said)


OVERWRITE = """
import nbframes as nbf, polars as pl
store = nbf.synthetic.store(benchmarks=["nb301"])
frame = store.scan("nb301").select(pl.exclude("benchmark")).head(10).collect()
nbf.write_results(frame, store, benchmark="nb301", overwrite=True)
print(store.scan().collect().height)
"""


def test_what_is_written_to_a_copy_does_not_reach_the_cache(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}

    def said(code):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        return int(done.stdout.split()[-1])

    assert said(OVERWRITE) == 10
    assert said(RACE) > 10


def test_caches_of_other_versions_leave_after_a_week(monkeypatch, tmp_path):
    from nbframes.synthetic import cache

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache.cache_folder()
    old, recent = folder.with_name("0.0.1-old"), folder.with_name("0.0.2-recent")
    for other in (old, recent):
        other.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert cache._writable(folder) == folder
    assert not old.exists()
    assert recent.exists()


def test_without_a_cache_the_sample_lasts_as_long_as_the_process(tmp_path):
    (tmp_path / "file").write_text("in the way")
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "file")}
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "file").read_text() == "in the way"
