"""The format is recognised by what is in a source, whatever its name; what is foreign is told what is understood."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import shutil
import tarfile
import zipfile

import pytest

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.formats import detect
from nbframes.export.nats import reader as nats
from nbframes.export.nats.monolith import MonolithReader
from nbframes.export.nb101 import reader as nb101
from nbframes.export.nb201 import reader as nb201
from nbframes.export.nb301 import reader as nb301

TORCH_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)


def state(text):
    return {"arch_index": 0, "arch_str": text, "all_results": {}, "dataset_seed": {}, "clear_net_done": True}


TSS = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def dump(value, path, *, compressed=False, protocol=4):
    data = pickle.dumps(value, protocol)
    path.write_bytes(bz2.compress(data) if compressed else data)
    return path


@pytest.mark.parametrize("space", ["tss", "sss"])
def test_nats_bench_in_every_container(data, tmp_path, space):
    (folder,) = (data / "nats").glob(f"NATS-{space}-*")
    tar = tmp_path / "nasbench_full.tfrecord"
    with tarfile.open(tar, "w") as file:
        file.add(folder, "whatever")
    meta = pickle.loads(bz2.decompress((folder / "meta.pickle.pbz2").read_bytes()))
    record = pickle.loads(bz2.decompress((folder / "000000.pickle.pbz2").read_bytes()))
    for compressed in (True, False):
        monolith = dump({**meta, "arch2infos": {0: record}}, tmp_path / "x.json", compressed=compressed)
        assert type(detect(monolith)) is MonolithReader
        assert detect(monolith).benchmark == f"nats-{space}"
    assert type(detect(tar)) is nats.TarReader
    assert type(detect(folder)) is nats.FolderReader
    assert detect(tar).benchmark == detect(folder, f"nats-{space}").benchmark == f"nats-{space}"


def test_the_monolith_may_begin_with_its_records(tmp_path):
    path = dump(
        {"arch2infos": {0: {"12": state(TSS)}, 1: {"12": state(TSS)}}, "meta_archs": [TSS], "total_archs": 1},
        tmp_path / "x",
    )
    assert detect(path).benchmark == "nats-tss"
    assert (
        detect(dump({"arch2infos": {0: {"01": state("8:8:8:8:8")}}}, tmp_path / "y", protocol=2)).benchmark
        == "nats-sss"
    )


def test_nas_bench_101(data, tmp_path):
    path = tmp_path / "any.pickle"
    shutil.copyfile(data / "nb101" / "nasbench_sample.tfrecord", path)
    assert type(detect(path)) is nb101.TFRecordReader
    top = {"benchmark": "nb101", "format": "x", "entries_by_arch": {"hash": [{"epoch": 4}]}}
    assert type(detect(dump(top, path))) is nb101.PickleReader


def test_nas_bench_301(data, tmp_path):
    folder = tmp_path / "rs"
    folder.mkdir()
    shutil.copyfile(data / "nb301" / "results_0.json", folder / "results_0.json")
    zipped, tarred = tmp_path / "a.bin", tmp_path / "b.bin"
    with zipfile.ZipFile(zipped, "w") as file:
        file.write(folder / "results_0.json", "rs/results_0.json")
    with tarfile.open(tarred, "w:gz") as file:
        file.add(folder, "rs")
    assert type(detect(tmp_path)) is nb301.FolderReader
    assert type(detect(zipped)) is nb301.ZipReader
    assert type(detect(tarred)) is nb301.TarReader
    entries = {"entries": [{"path": "rs/results_0.json", "parsed": {}}], "num_files": 1}
    assert type(detect(dump(entries, tmp_path / "c.pth"))) is nb301.PickleReader


def test_nas_bench_201(tmp_path):
    zipped = tmp_path / "a.pickle"
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("archive/data.pkl", b"x")
    legacy = tmp_path / "b.pickle"
    legacy.write_bytes(TORCH_MAGIC + b"x")
    records = {"meta_archs": [TSS], "arch2infos": {0: {"full": state(TSS), "less": state(TSS)}}}
    assert type(detect(zipped)) is nb201.TorchReader
    assert type(detect(legacy)) is nb201.TorchReader
    assert type(detect(dump(records, tmp_path / "c"))) is nb201.PickleReader


def test_another_benchmark_than_asked_for_is_refused(data):
    with pytest.raises(SourceError, match="holds 'nb101', not 'nats-tss'"):
        detect(data / "nb101" / "nasbench_sample.tfrecord", "nats-tss")


def zip_of(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"hello world, this is text", "begins with b'hello"),
        (b"<!doctype html>", "perhaps the download failed"),
        (gzip.compress(b"x"), "decompress it first"),
        (b"PAR1....", "a Parquet file"),
        (zip_of("readme.txt"), "a zip with 'readme.txt'"),
        (pickle.dumps([1, 2]), "a pickled list"),
        (pickle.dumps({"a": 1}), "a pickled dict with 'a'"),
        (bz2.compress(pickle.dumps({"arch2infos": {0: {"x": 1}}})), "a pickled dict with 'arch2infos'"),
        (pickle.dumps({"12": state(TSS)}), "name the folder"),
        (pickle.dumps({"meta_archs": [TSS], "arch2infos": None}), "name the folder"),
        (bz2.compress(b"no pickle"), "does not begin as a pickle"),
        (b"BZh9garbage garbage garbage", "corrupt"),
        (
            pickle.dumps({"arch2infos": {0: {"12": state("no architecture")}}}),
            "neither the topology space nor the size space",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_foreign_file_is_told_what_is_understood(tmp_path, content, found):
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="source") as error:
        detect(path)
    assert found in str(error.value)


def test_a_folder_of_sources_asks_for_one_of_them(data):
    with pytest.raises(SourceError, match=r"holds the sources 'NATS-sss.*name one of them"):
        detect(data / "nats")


def test_an_empty_folder_and_an_absent_source_are_refused(tmp_path):
    with pytest.raises(SourceError, match="nbframes reads"):
        detect(tmp_path)
    with pytest.raises(SourceError, match="there is no file or folder"):
        detect(tmp_path / "nothing")


def test_a_compressed_tar_of_nats_bench_is_refused_with_the_way_round(data, tmp_path):
    (folder,) = (data / "nats").glob("NATS-sss-*")
    with tarfile.open(tmp_path / "x", "w:gz") as file:
        file.add(folder, "x")
    with pytest.raises(SourceError, match="decompress it first"):
        detect(tmp_path / "x")


def test_a_program_at_the_beginning_does_not_run(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(pickle.dumps({"format": "x", "run": print, "entries": []}))
    with pytest.raises(UnsafePickleError, match=r"builtins\.print"):
        detect(path)
