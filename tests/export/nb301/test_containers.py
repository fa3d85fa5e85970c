"""Folder, zip, tars and pickle give the same tables; broken ones are refused."""

from __future__ import annotations

import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.formats import detect
from nbframes.export.nb301.tables import release_root
from tests.export.nb301.conftest import containers, read, write


def test_every_container_gives_the_same_tables(release, tmp_path) -> None:
    expected = None
    for name, reader in containers(release, tmp_path).items():
        tables = read(reader)
        expected = expected or tables
        for got, wanted in zip(tables[:3], expected[:3], strict=True):
            assert_frame_equal(got, wanted)
        assert tables.report.version == "nb_301_v13_lc_iclr_final", name
        assert sum(file["size"] > 0 and len(file["sha256"]) == 64 for file in tables.report.files) in (1, 9)


def test_architectures_are_numbered_by_the_bytewise_order_of_paths_and_runs_by_architecture(release) -> None:
    runs = read(detect(release)).runs
    assert runs.sort("entry").select("path", "arch", "seed").rows() == [
        ("de/results_7.json", 0, 0),
        ("de/results_9.json", 1, 0),
        ("lowpar_training_data/rs/results_0.json", 2, 0),
        ("rs/results_0.json", 3, 0),
        ("rs/results_1.json", 4, 0),
        ("rs/results_10.json", 5, 0),
        ("rs/results_12.json", 3, 1),
        ("rs/results_2.json", 0, 1),
        ("rs/results_3_ti.json", 6, 0),
    ]


def test_worker_processes_change_nothing(release) -> None:
    one, two = read(detect(release), jobs=1), read(detect(release), jobs=2)
    for got, wanted in zip(two[:3], one[:3], strict=True):
        assert_frame_equal(got, wanted)


def test_entries_of_the_pickle_keep_their_numbers(tmp_path, make) -> None:
    entries = [{"path": path, "parsed": make(k)} for k, path in enumerate(["rs/results_5.json", "de/results_1.json"])]
    file = tmp_path / "nb301.pkl"
    file.write_bytes(pickle.dumps({"num_files": 2, "entries": entries}))
    assert read(detect(file)).runs.select("path", "entry").rows() == [
        ("de/results_1.json", 1),
        ("rs/results_5.json", 0),
    ]


def test_the_older_layout_is_read(tmp_path, make) -> None:
    runs = {
        f"run_{n}/results_fidelity_{f}/results_{k}.json": make(n + f + k)
        for n in (1, 2)
        for f in (0, 1)
        for k in (0, 3)
    }
    assert read(detect(write(tmp_path, runs))).runs["path"].sort().to_list() == sorted(runs)
    only = {path: run for path, run in runs.items() if path.startswith("run_1/results_fidelity_0")}
    above = write(tmp_path / "deep/release", only).parent
    assert read(detect(above)).runs["path"].sort().to_list() == sorted(only)


def test_a_malicious_pickle_is_refused(tmp_path) -> None:
    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "owned",)

    file = tmp_path / "nb301.pkl"
    file.write_bytes(pickle.dumps({"num_files": 1, "entries": [{"path": "a.json", "parsed": Attack()}]}))
    with pytest.raises(UnsafePickleError):
        read(detect(file))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["runs.tar", "runs.tar.gz", "runs.tar.xz"])
def test_a_truncated_tar_is_refused(release, tmp_path, name) -> None:
    containers(release, tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=name):
        read(detect(tmp_path / name))


def test_a_tar_cut_between_two_members_is_refused(release, tmp_path) -> None:
    containers(release, tmp_path)
    with tarfile.open(tmp_path / "runs.tar") as archive:
        border = archive.getmembers()[4].offset
    (tmp_path / "runs.tar").write_bytes((tmp_path / "runs.tar").read_bytes()[:border])
    with pytest.raises(SourceError, match="ends in the middle"):
        read(detect(tmp_path / "runs.tar"))


def test_linked_folders_are_followed_and_cycles_left(release, tmp_path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/rs").symlink_to(release / "rs")
    (tmp_path / "linked/again").symlink_to(tmp_path / "linked")
    assert read(detect(tmp_path / "linked")).runs["path"].str.starts_with("rs/").sum() == 6
    assert detect(tmp_path / "linked").total == 6


def test_the_release_root_is_found_in_the_published_file_names(data) -> None:
    published = pl.read_parquet(data / "nb301/run_files_v12.parquet").select(
        pl.concat_str("optimizer", "file", separator="/")
    )
    names = published.to_series().to_list()
    assert len(names) == 46_537
    assert release_root(names) == ""
    assert release_root(f"/home/x/nb_301_v12/{name}" for name in names) == "/home/x/nb_301_v12/"
    assert release_root(name for name in names if name.startswith("rs/")) == ""
    assert release_root(["results_0.json", *names]) == ""


def test_what_nasbenchapi_answers_follows_from_the_tables(tmp_path, make) -> None:
    api = pytest.importorskip("nasbenchapi")
    bare = make(3)
    del bare["learning_curves"], bare["created_by_optimizer"]
    runs = {"rs/results_0.json": make(0), "rs/results_4.json": make(1, points=90), "de/results_1.json": bare}
    file = tmp_path / "nb301.pkl"
    entries = [{"path": path, "parsed": run} for path, run in runs.items()]
    file.write_bytes(pickle.dumps({"benchmark": "nasbench301", "num_files": len(entries), "entries": entries}))
    peer, tables = api.NASBench301(str(file), verbose=False), read(detect(file))
    for run in tables.runs.rows(named=True):
        rows = tables.results.filter(arch=run["arch"], seed=run["seed"])
        curve = dict(rows.filter(metric="accuracy", split="val").select("budget", "value").rows())
        for budget in (1, 50, 90, None):
            answer = peer.query(run["entry"], split="val", budget=budget)
            assert answer["info"]["path"] == run["path"]
            assert answer["info"].get("optimizer") == run["optimizer"]
            assert answer["cost"] == run["train_time"]
            final = float(np.float32(run["best_val_accuracy"]))
            assert answer["metric"] == (curve[budget or max(curve)] if curve else final)
        test = rows.filter(metric="accuracy", split="test")
        assert peer.query(run["entry"], split="test")["metric"] == test["value"].item()


def test_a_corrupt_member_of_a_zip_is_a_broken_record(release, tmp_path) -> None:
    containers(release, tmp_path)
    whole = bytearray((tmp_path / "runs.zip").read_bytes())
    whole[200] ^= 0xFF
    (tmp_path / "runs.zip").write_bytes(whole)
    with pytest.raises(SourceError, match="unpacked"):
        read(detect(tmp_path / "runs.zip"))
    tables = read(detect(tmp_path / "runs.zip"), on_error="skip")
    assert len(tables.report.skipped) == 1
    assert tables.runs.height == 8


@pytest.mark.parametrize("container", ["folder", "zip", "tar.gz"])
def test_a_member_that_unpacks_to_very_much_is_broken_and_not_read_whole(tmp_path, make, container) -> None:
    bomb = b'{"budget": "' + b" " * (1 << 25) + b'"}'
    folder = write(tmp_path / "runs", {"rs/results_0.json": make(0)})
    (folder / "rs/results_1.json").write_bytes(bomb)
    with zipfile.ZipFile(tmp_path / "runs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.json")):
            archive.write(file, file.relative_to(folder))
    with tarfile.open(tmp_path / "runs.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(folder, ".")
    reader = detect(folder) if container == "folder" else detect(tmp_path / f"runs.{container}")
    tables = read(reader, on_error="skip")
    assert tables.runs["path"].to_list() == ["rs/results_0.json"]
    assert "it holds more bytes than the limit of 16,777,216" in tables.report.skipped[0]["reason"]
