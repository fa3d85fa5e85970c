"""Files that are cut off, corrupt, foreign, or programs are refused."""

from __future__ import annotations

import os
import pickle
import zipfile

import pytest

import nbframes as nbf
from nbframes.errors import SourceError, UnsafePickleError
from tests.export.nb201.conftest import read, runs_of, with_weights
from tests.export.nb201.files import (
    MAGIC,
    SYSTEM,
    WRITERS,
    legacy,
    pickled,
    zipped,
)


@pytest.mark.parametrize("container", WRITERS)
def test_a_file_cut_off_anywhere_is_refused(tiny, tmp_path, monkeypatch, container):
    if container != "pickle":
        with_weights(tiny, monkeypatch)
    path = WRITERS[container](tmp_path / "x", tiny)
    whole = path.read_bytes()
    assert len(read(path).rows) > 50
    sizes = {*range(0, len(whole), max(len(whole) // 60, 1)), *range(len(whole) - 40, len(whole)), *range(30)}
    for size in sorted(sizes):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=str(path)):
            read(path)


@pytest.mark.parametrize("write", [legacy, pickled])
def test_data_behind_the_end_is_refused(tiny, tmp_path, write):
    path = write(tmp_path / "x", tiny)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(SourceError, match="other data follows"):
        read(path)


@pytest.mark.parametrize("member", ["archive/data.pkl", "archive/data/0", "archive/byteorder"])
def test_a_corrupt_member_is_noticed(tiny, tmp_path, monkeypatch, member):
    path = zipped(tmp_path / "x", with_weights(tiny, monkeypatch))
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
        data = archive.read(member)
    whole = bytearray(path.read_bytes())
    place = whole.index(data, info.header_offset) + (
        len(data) // 2 if member != "archive/data.pkl" else data.index(b"G") + 8
    )
    whole[place] ^= 1
    path.write_bytes(whole)
    with pytest.raises(SourceError, match="corrupt"):
        read(path)


@pytest.mark.parametrize("system", [{}, 7, None])
def test_a_head_that_torch_does_not_write(tiny, tmp_path, system):
    path = legacy(tmp_path / "x", tiny, system=system)
    if isinstance(system, dict):
        assert read(path).rows
    else:
        with pytest.raises(SourceError, match="does not begin as torch"):
            read(path)


@pytest.mark.parametrize(
    ("top", "reason"),
    [
        ({"conv.weight": [1.0]}, "should hold .*arch2infos"),
        ([1, 2, 3], "should hold .*list"),
        ({"meta_archs": [], "arch2infos": {0: {"200": {}}}}, "'200' is none of"),
        ({"meta_archs": ["x"], "arch2infos": {"0": {"full": {}}}}, "not the index of an architecture"),
        ({"meta_archs": ["x"], "arch2infos": {0: {"full": {}}}}, "it lacks"),
        ({"meta_archs": ["x", "y"], "arch2infos": {}, "total_archs": 2}, "missing in the source, as 2 of 2 are"),
    ],
)
@pytest.mark.parametrize("write", [legacy, zipped])
def test_a_torch_file_of_something_else_is_refused(tmp_path, write, top, reason):
    with pytest.raises(SourceError, match=reason):
        read(write(tmp_path / "x", top))


def test_a_broken_record_is_left_out_where_that_is_asked_for(small, tmp_path):
    expected = read(legacy(tmp_path / "x", small))
    del small["arch2infos"][0]["full"]["all_results"]["cifar10", 777]["params"]
    path = legacy(tmp_path / "x", small)
    with pytest.raises(SourceError, match=r"architecture 0.*it lacks \{'params'\}"):
        read(path)
    tables = read(path, on_error="skip")
    assert tables.rows == {key: value for key, value in expected.rows.items() if key[3] == 1}
    assert [skipped["record"] for skipped in tables.report.skipped] == ["architecture 0"]


def test_an_interrupted_export_leaves_nothing(small, tmp_path):
    path = legacy(tmp_path / "x", small)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceError, match="truncated"):
        nbf.export(path, tmp_path / "store", progress=False)
    assert nbf.Store(tmp_path / "store").benchmarks() == []


class Evil:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("place", ["before", "record", "behind"])
@pytest.mark.parametrize("container", WRITERS)
def test_a_program_in_the_object_never_runs(tiny, tmp_path, container, place):
    evil = Evil(tmp_path / "ran")
    if place == "record":
        runs_of(tiny)[0]["latency"] = [evil]
    top = {"evil": evil, **tiny} if place == "before" else {**tiny, "evil": evil} if place == "behind" else tiny
    path = WRITERS[container](tmp_path / "x", top)
    for on_error in ("raise", "skip"):
        with pytest.raises(UnsafePickleError, match=r"mkdir.*nothing of it was run"):
            read(path, on_error=on_error)
    assert not (tmp_path / "ran").exists()


def test_a_program_in_the_head_or_the_tail_never_runs(tiny, tmp_path):
    for option in ({"system": {"x": Evil(tmp_path / "ran")}}, {"keys": [Evil(tmp_path / "ran")]}):
        with pytest.raises(UnsafePickleError, match="mkdir"):
            read(legacy(tmp_path / "x", tiny, **option))
    assert not (tmp_path / "ran").exists()


def test_persistent_ids_are_storages_or_nothing(tmp_path):
    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ("module", "os", "source", "code") if value == "x" else None

    class Top:
        pass

    path = tmp_path / "x"
    with path.open("wb") as file:
        for part in (MAGIC, 1001, SYSTEM):
            pickle.dump(part, file, 2)
        Pickler(file, 2).dump({"meta_archs": "x"})
    with pytest.raises(SourceError, match="not a torch storage"):
        read(path)
