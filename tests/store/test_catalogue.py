"""Manifests are read once for as long as they stay the same, by all stores of a process together."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import nbframes as nbf
from nbframes.errors import UnknownNameError
from nbframes.schema import RECORD
from nbframes.store.catalogue import _Remembered
from nbframes.store.storage import LocalFiles


@pytest.fixture
def read(monkeypatch):
    """Paths that are read, in order."""
    paths, plain = [], LocalFiles.read
    monkeypatch.setattr(LocalFiles, "read", lambda files, path: paths.append(path) or plain(files, path))
    return paths


def pass_time(monkeypatch, seconds):
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + int(seconds * 1e9))


def test_a_store_that_is_opened_again_reads_no_manifest_again(store, read, monkeypatch):
    pass_time(monkeypatch, 10)
    nbf.open_store(store.root).scan()
    assert sorted(read) == sorted([RECORD, RECORD, "manifests/first.json", "manifests/second.json"])
    read.clear()
    nbf.open_store(store.root).scan("first")
    assert read == [RECORD]


def test_what_was_just_written_is_read_again_since_clocks_are_coarse(store, read):
    for _ in range(2):
        read.clear()
        nbf.open_store(store.root).scan("first")
        assert read == [RECORD, "manifests/first.json"]


def test_a_manifest_of_the_same_size_and_time_is_noticed(store, monkeypatch):
    pass_time(monkeypatch, 10)
    path = Path(store.root, "manifests/second.json")
    before, content = path.stat(), path.read_text()
    assert nbf.open_store(store.root).manifest("second").created == store.manifest("second").created
    time.sleep(0.02)
    created = store.manifest("second").created
    path.write_text(content.replace(created, "2001" + created[4:]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    for opened in (store, nbf.open_store(store.root)):
        assert opened.manifest("second").created.startswith("2001")


def test_an_attachment_that_goes_while_manifests_are_read_is_left_out(store, read, monkeypatch):
    import polars as pl

    board = pl.DataFrame({"arch": [0], "dataset": "cifar10", "cost": [1.0]})
    nbf.attach(board, store, to="first", name="board", metrics=["cost"])
    listed = LocalFiles.stamps

    def stamps(files, folder):
        found = listed(files, folder)
        Path(store.root, "manifests/first+board.json").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(LocalFiles, "stamps", stamps)
    assert [manifest.label for manifest in nbf.open_store(store.root).catalogue.manifests("first")] == ["first"]
    Path(store.root, "manifests/second.json").unlink()
    with pytest.raises(UnknownNameError):
        nbf.open_store(store.root).scan("second")


def test_manifests_are_remembered_up_to_some_bytes():
    held = _Remembered(room=100)
    for number in range(5):
        held.put(("root", str(number), ""), number, f"manifest {number}", 30)
        held.get(("root", "0", ""))
    assert [held.get(("root", str(number), "")) for number in range(5)] == [
        (0, "manifest 0"),
        None,
        None,
        (3, "manifest 3"),
        (4, "manifest 4"),
    ]
    held.put(("root", "large", ""), 1, "manifest", 101)
    assert held.get(("root", "large", "")) is None
    assert held.get(("root", "0", "")) == (0, "manifest 0")
