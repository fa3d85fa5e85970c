"""From upstream's files to a store: lossless, the same for any number of jobs, complete or not at all."""

from __future__ import annotations

import bz2
import math
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from functools import reduce
from operator import add
from pathlib import Path

import nats_bench
import polars as pl
import pytest

import nbframes as nbf
from nbframes import benchmarks
from nbframes.errors import BenchmarkExistsError, SourceError, UnknownNameError, UnsafePickleError
from nbframes.schema import RUNS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"nats-tss": "NATS-tss-v1_0-3ffb9-simple", "nats-sss": "NATS-sss-v1_0-50262-simple"}
INDEXES = (0, 11, 284)
SPLITS = {
    "cifar10-valid": {"x-valid": "val", "ori-test": "test"},
    "cifar10": {"ori-test": "test"},
    "cifar100": {"x-valid": "val", "x-test": "test", "ori-test": "valtest"},
    "ImageNet16-120": {"x-valid": "val", "x-test": "test", "ori-test": "valtest"},
}


@pytest.fixture(scope="module")
def real(data, tmp_path_factory):
    """Store of the real records; those of other architectures are absent from the folders."""
    folder = tmp_path_factory.mktemp("real")
    for name in FOLDERS.values():
        nbf.export(data / "nats" / name, folder, on_error="skip", progress=False)
    return nbf.open_store(folder)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return nbf.synthetic.write(tmp_path_factory.mktemp("sample"), "nats-sss", "nats-tss")


def _record(data, benchmark, index):
    return pickle.loads(bz2.decompress((data / "nats" / FOLDERS[benchmark] / f"{index:06d}.pickle.pbz2").read_bytes()))


def _numbers(record, arch):
    """Every measured number of a record, by its key in the tables."""
    for hp, state in record.items():
        for (dataset, seed), run in state["all_results"].items():
            for field, metric in (("train_acc1es", "accuracy"), ("train_acc5es", "accuracy_top5"), ("train_losses", "loss"), ("train_times", "epoch_time")):  # fmt: skip
                for epoch, value in (run[field] or {}).items():
                    yield (metric, dataset, "train", arch, int(hp), epoch + 1, seed), value
            for field, metric in (("eval_acc1es", "accuracy"), ("eval_losses", "loss"), ("eval_times", "epoch_time")):
                for key, value in run[field].items():
                    name, epoch = key.split("@")
                    yield (metric, dataset, SPLITS[dataset][name], arch, int(hp), int(epoch) + 1, seed), value


@pytest.mark.parametrize("name", FOLDERS)
def test_every_number_of_every_record_is_in_the_tables_and_nothing_else(real, data, name):
    expected = dict(pair for index in INDEXES for pair in _numbers(_record(data, name, index), index))
    columns = ["metric", "dataset", "split", "arch", "schedule", "budget", "seed"]
    frame = real.scan(name).collect().with_columns(pl.col("metric", "dataset", "split").cast(pl.String))
    assert dict(zip(frame.select(columns).iter_rows(), frame["value"], strict=True)) == expected
    assert frame.height == len(expected)
    assert (frame["final"] == (frame["budget"] == frame["schedule"])).all()


@pytest.mark.parametrize("name", FOLDERS)
def test_runs_and_architectures_are_upstreams(real, data, name):
    runs = real.scan_runs(name).collect()
    assert runs.schema.names()[1:] == list(RUNS)
    found = {(a, str(d), s, seed): rest for _, a, d, s, seed, *rest in runs.iter_rows()}
    count = 0
    for index in INDEXES:
        for hp, state in _record(data, name, index).items():
            for (dataset, seed), run in state["all_results"].items():
                params, mflops, latency, latencies, train_time = found[index, dataset, int(hp), seed]
                assert params / 1e6 == run["params"]
                assert mflops == run["flop"]
                assert latencies == run["latency"]
                assert latency == reduce(add, run["latency"]) / len(
                    run["latency"]
                )  # from Python 3.12 on, sum() compensates
                assert train_time == reduce(add, run["train_times"].values())
                count += 1
    assert runs.height == count
    meta = pickle.loads(bz2.decompress((data / "nats" / FOLDERS[name] / "meta.pickle.pbz2").read_bytes()))
    archs = real.scan_archs(name).collect()
    assert archs["arch_str"].to_list() == [meta["meta_archs"][index] for index in archs["arch"]]


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_absent_is_named_in_the_manifest(real, name):
    manifest = real.manifest(name)
    assert manifest.official
    assert manifest.skipped
    assert "missing" in str(manifest.skipped)
    assert manifest.not_exported
    assert len(manifest.source["files"]) == 4
    assert real.verify().is_empty()


def test_absent_records_stop_the_export_unless_they_may_be_skipped(data, tmp_path):
    with pytest.raises(SourceError, match=r"000001\.pickle\.pbz2"):
        nbf.export(data / "nats" / FOLDERS["nats-tss"], tmp_path, progress=False)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", FOLDERS)
def test_means_and_total_times_agree_with_nats_bench_within_a_few_ulp(real, data, name):
    api = nats_bench.create(str(data / "nats" / FOLDERS[name]), name.removeprefix("nats-"), True, False)
    full = str(benchmarks.get(name).full_schedule)
    scan = real.scan(name).filter(nbf.dataset("cifar10"), nbf.schedule(int(full)))
    means = (
        scan.filter(nbf.on("cifar10", "test"), nbf.metric("accuracy")).group_by("arch", "budget").agg(nbf.seed_mean())
    )
    times = scan.filter(nbf.metric("epoch_time"), nbf.split("train")).with_columns(nbf.cumulative_time())
    means, times = means.collect(), times.group_by("arch", "budget").agg(nbf.seed_mean("cumulative_time")).collect()
    for index in INDEXES:
        for epoch in (0, int(full) // 2, int(full) - 1):
            info = api.get_more_info(index, "cifar10", iepoch=epoch, hp=full, is_random=False)
            mine = means.filter(nbf.arch(index), nbf.budget(epoch + 1))["value"].item()
            elapsed = times.filter(nbf.arch(index), nbf.budget(epoch + 1))["cumulative_time"].item()
            assert abs(mine - info["test-accuracy"]) <= 4 * math.ulp(mine)
            assert abs(elapsed - info["train-all-time"]) <= 4 * (epoch + 1) * math.ulp(elapsed)


def _tables(folder):
    store = nbf.open_store(folder)
    return {name: store.manifest(name).tables for name in store.benchmarks()}


def test_the_tables_are_the_same_whatever_the_number_of_jobs(sample, tmp_path):
    for jobs in (1, 2, 3):
        nbf.export(sample["nats-sss"], tmp_path / str(jobs), jobs=jobs, progress=False)
    assert _tables(tmp_path / "1") == _tables(tmp_path / "2") == _tables(tmp_path / "3")


def _as_tar(source, target):
    with tarfile.open(target, "w") as archive:
        archive.add(source, source.name)


def _as_monolith(source, target):
    meta = pickle.loads(bz2.decompress((source / "meta.pickle.pbz2").read_bytes()))
    records = {int(p.name[:6]): pickle.loads(bz2.decompress(p.read_bytes())) for p in sorted(source.glob("[0-9]*"))}
    whole = {k: meta[k] for k in ("meta_archs", "total_archs")} | {
        "arch2infos": records,
        "evaluated_indexes": set(records),
    }
    target.write_bytes(bz2.compress(pickle.dumps(whole, protocol=4), 1))


@pytest.mark.parametrize(
    ("make", "file"), [(_as_tar, "nats.tar"), (_as_monolith, "nats.pickle.pbz2")], ids=["tar", "monolith"]
)
def test_folder_tar_and_monolith_give_the_same_tables(sample, tmp_path, make, file):
    make(sample["nats-sss"], tmp_path / file)
    nbf.export(tmp_path / file, tmp_path / "packed", progress=False)
    nbf.export(sample["nats-sss"], tmp_path / "folder", progress=False)
    assert _tables(tmp_path / "packed") == _tables(tmp_path / "folder")


def test_an_existing_benchmark_stays_until_the_new_one_is_whole(sample, tmp_path):
    nbf.export(sample["nats-sss"], tmp_path, progress=False)
    before = _tables(tmp_path)
    with pytest.raises(BenchmarkExistsError, match="overwrite=True"):
        nbf.export(sample["nats-sss"], tmp_path, progress=False)
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in sample["nats-sss"].iterdir():
        content = file.read_bytes()
        (broken / file.name).write_bytes(content[:-40] if file.name.startswith("000050") else content)
    with pytest.raises(SourceError, match="000050"):
        nbf.export(broken, tmp_path, overwrite=True, progress=False)
    assert _tables(tmp_path) == before
    manifest = nbf.export(broken, tmp_path, overwrite=True, on_error="skip", progress=False)
    assert [entry["record"] for entry in manifest.skipped] == ["000050.pickle.pbz2"]
    assert nbf.open_store(tmp_path).scan("nats-sss").select(pl.col("arch").n_unique()).collect().item() == 95


def test_another_benchmark_than_the_one_insisted_on_is_refused(sample, tmp_path):
    with pytest.raises(SourceError, match="nats-sss"):
        nbf.export(sample["nats-sss"], tmp_path, benchmark="nats-tss", progress=False)
    with pytest.raises(UnknownNameError, match="did you mean 'nats-sss'"):
        nbf.export(sample["nats-sss"], tmp_path, benchmark="nats_sss", progress=False)
    with pytest.raises(UnknownNameError, match="on_error"):
        nbf.export(sample["nats-sss"], tmp_path, on_error="ignore", progress=False)
    assert not list(tmp_path.iterdir())


class _Program:
    def __reduce__(self):
        return os.system, ("touch should-not-exist",)


def test_a_record_that_is_a_program_is_refused_even_where_records_may_be_skipped(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "records"
    shutil.copytree(sample["nats-sss"], source)
    (source / "000003.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"01": _Program()})))
    for on_error in ("raise", "skip"):
        with pytest.raises(UnsafePickleError, match=r"(?s)000003.*system|system.*000003"):
            nbf.export(source, tmp_path / "store", on_error=on_error, progress=False)
    assert not (tmp_path / "should-not-exist").exists()
    assert not (tmp_path / "store" / "results").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x80\x04.", b"BZh9" + b"\x00" * 50])
def test_foreign_files_are_refused_in_words(content, tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(content)
    with pytest.raises(SourceError, match=r"source\.bin"):
        nbf.export(source, tmp_path / "store", progress=False)
    with pytest.raises(SourceError, match="nowhere"):
        nbf.export(tmp_path / "nowhere", tmp_path / "store", progress=False)
    assert not (tmp_path / "store").exists()


def test_a_kill_during_the_export_leaves_the_old_state(sample, tmp_path):
    """Killed with -9 at random moments, workers and all; the next verify clears what was left."""
    random.seed(3)
    nbf.export(sample["nats-tss"], tmp_path, progress=False)
    before = _tables(tmp_path)
    for _ in range(3):
        command = [sys.executable, "-m", "nbframes", "export", sample["nats-tss"], "--store", tmp_path, "--overwrite", "--jobs", "2"]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(0.8 + random.random() * 1.5)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        store = nbf.open_store(tmp_path)
        assert store.verify().is_empty()
        assert _tables(tmp_path) == before
        assert not list((tmp_path / ".nbframes" / "staging").iterdir())


def test_an_interrupt_leaves_no_processes_and_no_files(sample, tmp_path):
    command = [
        sys.executable,
        "-m",
        "nbframes",
        "export",
        sample["nats-tss"],
        "--store",
        tmp_path / "store",
        "--jobs",
        "2",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    if process.returncode:
        assert not (tmp_path / "store" / "results").exists()
    deadline = time.monotonic() + 10
    while _lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _lives(process.pid)


def _lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
