"""The monolith in any order, on all cores, with another index, damaged."""

from __future__ import annotations

import bz2
import pickle
import re

import pytest

from nbframes.errors import SourceError
from nbframes.export.containers import bz2_parallel
from nbframes.export.formats import detect
from tests.export.nats.files import (
    FolderReader,
    MonolithReader,
    Tables,
    dump,
    in_one,
    load,
    numbers,
)


def test_a_damaged_monolith_is_noticed(small, tmp_path):
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    path = in_one(small, tmp_path / "x.pickle.pbz2", infos)
    whole = path.read_bytes()
    assert sorted(Tables(MonolithReader(path)).numbers()) == [0, 1, 2]
    for damaged in (
        whole[:-1],
        whole[: len(whole) // 2],
        whole[:-8] + bytes([whole[-8] ^ 16]) + whole[-7:],
        whole[:900] + b"\0" + whole[901:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match=re.escape(str(path))):
            Tables(MonolithReader(path))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda top: top.update(meta_archs=top["meta_archs"][::-1]), "meta_archs"),
        (lambda top: top.pop("meta_archs"), "should hold"),
        (lambda top: top["arch2infos"].update({"3": {"3": {}}}), "architecture '3'"),
    ],
)
def test_a_monolith_whose_index_is_wrong_is_refused(small, tmp_path, change, reason):
    top = load(small / "meta.pickle.pbz2")
    top.update(
        arch2infos={arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}, evaluated_indexes={0, 1, 2}
    )
    change(top)
    path = dump(top, tmp_path / "x")
    with pytest.raises(SourceError, match=reason):
        Tables(MonolithReader(path))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda top: top.update(evaluated_indexes={0, 1, 2, 3}), "evaluated_indexes is not among the architectures"),
        (lambda top: top.update(evaluated_indexes=[[0]]), "evaluated_indexes is not among the architectures"),
        (lambda top: top.update(total_archs=4), "total_archs is not the number of meta_archs"),
        (lambda top: top.update(more=1), "the unknown key 'more', not exported"),
    ],
)
def test_what_the_index_of_a_monolith_says_beside_the_records_is_noted(small, tmp_path, change, what):
    top = load(small / "meta.pickle.pbz2")
    top["arch2infos"] = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    change(top)
    tables = Tables(MonolithReader(dump(top, tmp_path / "x")))
    assert sorted(tables.numbers()) == [0, 1, 2]
    (found,) = tables.report.findings.listed()
    assert found["what"].startswith(what)


def test_a_second_pickle_behind_the_first_is_refused(small, tmp_path):
    more = pickle.dumps({"more": 1}, 4)
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    path = in_one(small, tmp_path / "x", infos, plain=True)
    path.write_bytes(path.read_bytes() + more)
    with pytest.raises(SourceError, match="other data follows its end"):
        Tables(MonolithReader(path))
    record = small / "000001.pickle.pbz2"
    record.write_bytes(bz2.compress(bz2.decompress(record.read_bytes()) + more))
    with pytest.raises(SourceError, match="bytes follow the end of the pickle"):
        Tables(FolderReader(small))


def test_a_monolith_in_any_order_gives_the_same_tables(small, tmp_path):
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    sorted_one, shuffled = (
        Tables(MonolithReader(in_one(small, tmp_path / "x", {arch: infos[arch] for arch in order})))
        for order in ((0, 1, 2), (2, 0, 1))
    )
    assert shuffled.numbers() == sorted_one.numbers() == {arch: numbers(record) for arch, record in infos.items()}
    assert shuffled.runs.equals(sorted_one.runs, null_equal=True)


@pytest.mark.usefixtures("on_all_cores")
def test_a_monolith_decompressed_on_all_cores_gives_the_same(real, tmp_path, monkeypatch):
    _, folder, records = real
    path = in_one(folder, tmp_path / "x.pickle.pbz2", records)
    several = Tables(MonolithReader(path), jobs=2, on_error="skip")
    monkeypatch.setattr(bz2_parallel, "available", lambda path, jobs: False)
    one = Tables(MonolithReader(path), jobs=2, on_error="skip")
    assert several.numbers() == one.numbers() == {arch: numbers(record) for arch, record in records.items()}
    assert several.report == one.report


@pytest.mark.usefixtures("on_all_cores")
def test_a_damaged_monolith_is_noticed_on_all_cores(small, tmp_path):
    infos = {arch: load(small / f"{arch:06d}.pickle.pbz2") for arch in range(3)}
    path = in_one(small, tmp_path / "x.pickle.pbz2", infos)
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (
        whole[:-1],
        whole[:middle],
        whole[:middle] + bytes([whole[middle] ^ 16]) + whole[middle + 1 :],
        whole + b"more",
        whole + whole[: len(whole) // 3],
    ):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match=re.escape(str(path))):
            Tables(detect(path), jobs=2)
