"""Real records in every container give the tables that NATS-Bench gives, and what NASBenchAPI answers."""

from __future__ import annotations

import pickle
import random
import struct
import zipfile
from itertools import product

import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.export.formats import detect
from nbframes.export.nats.reader import FolderReader
from nbframes.export.nb201.reader import PickleReader, TorchReader, version_of
from nbframes.export.probe import Probe
from nbframes.schema import KEY, RUN_KEY
from tests.export.nb201.conftest import Tables, read, same
from tests.export.nb201.files import (
    WRITERS,
    content,
    legacy,
    pickled,
    zipped,
)


@pytest.fixture(scope="module")
def nats(folder):
    return Tables(FolderReader(Probe(folder)), on_error="skip")


@pytest.mark.parametrize("container", WRITERS)
def test_real_records_in_every_container_give_the_tables_of_nats(container, nats, strings, records, tmp_path):
    path = WRITERS[container](tmp_path / "file", content(strings, records))
    reader = detect(path, "nb201")
    assert isinstance(reader, PickleReader if container == "pickle" else TorchReader)
    tables = Tables(reader, on_error="skip")
    same(tables, nats)
    entry, md5 = tables.report.files[0], tables.report.notes["md5"]
    assert (entry["path"], entry["size"], len(entry["sha256"]), len(md5)) == ("file", path.stat().st_size, 64, 32)
    assert [skipped["record"] for skipped in tables.report.skipped] == [
        "architectures 1 ... 10 (10)",
        "architectures 12 ... 283 (272)",
        "architectures 285 ... 15624 (15,340)",
    ]


def test_the_stores_differ_in_the_name_of_the_benchmark_only(folder, strings, records, tmp_path):
    path = legacy(tmp_path / "NAS-Bench-201-v1_1-096897.pth", content(strings, records))
    manifest = nbf.export(path, tmp_path / "store", progress=False, on_error="skip")
    nbf.export(folder, tmp_path / "store", progress=False, on_error="skip")
    assert manifest.version == "NAS-Bench-201-v1_1-096897"
    for scan, key in (
        (nbf.scan, list(KEY[1:])),
        (nbf.scan_archs, ["arch"]),
        (nbf.scan_runs, list(RUN_KEY)),
    ):
        ours, theirs = (
            scan(name, store=tmp_path / "store").drop("benchmark").sort(key).collect() for name in ("nb201", "nats-tss")
        )
        assert_frame_equal(ours, theirs)


def test_any_number_of_jobs_gives_the_same(small, tmp_path):
    path = legacy(tmp_path / "x.pth", small)
    same(read(path, jobs=2), read(path, jobs=1))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_nasbenchapis_pickle_may_be_of_any_protocol(small, protocol, tmp_path):
    same(read(pickled(tmp_path / "x", small, protocol=protocol)), read(legacy(tmp_path / "y", small)))


def test_a_compressed_zip_is_read(small, tmp_path):
    path = zipped(tmp_path / "x", small, compression=zipfile.ZIP_DEFLATED)
    same(read(path), read(legacy(tmp_path / "y", small)))


def test_records_in_any_order_give_the_same_tables(strings, records, tmp_path):
    """Upstream merged its parts in the order of Python sets."""
    reversed_archs = content(strings[:12], {arch: records[arch] for arch in (11, 0)})
    infos = reversed_archs["arch2infos"]
    for arch in range(1, 11):
        infos[arch] = pickle.loads(pickle.dumps(infos[0]))
        for state in infos[arch].values():
            state |= {"arch_index": arch, "arch_str": strings[arch]}
            for run in state["all_results"].values():
                run["arch_config"] = {**run["arch_config"], "arch_str": strings[arch]}
    for info in infos.values():
        del info["full"]
    ordered = {**reversed_archs, "arch2infos": dict(sorted(infos.items())), "evaluated_indexes": sorted(infos)}
    shuffled = list(infos.items())
    random.Random(1).shuffle(shuffled)
    expected = read(legacy(tmp_path / "ordered", ordered))
    assert expected.archs["arch"].to_list() == list(range(12))
    for name, order in (("reversed", list(infos.items())), ("shuffled", shuffled)):
        same(read(zipped(tmp_path / name, {**ordered, "arch2infos": dict(order)})), expected)


@pytest.mark.parametrize(
    ("name", "md5", "version"),
    [
        ("NAS-Bench-201-v1_0-e61699.pth", "", "NAS-Bench-201-v1_0-e61699"),
        ("nasbench201_v1_0-e61699.pkl", "0" * 32, "NAS-Bench-201-v1_0-e61699"),
        ("NAS-Bench-201-v1_0-e61699.pth", "55e847143ce1f7c2d89b676f6b096897", "NAS-Bench-201-v1_1-096897"),
        ("benchmark.pth", "0" * 26 + "e61699", "NAS-Bench-201-v1_0-e61699"),
        (
            "NAS-Bench-201-v1_1-e61699.pth",
            "",
            "NAS-Bench-201, version unknown (the source is called 'NAS-Bench-201-v1_1-e61699.pth')",
        ),
        (
            "NAS-Bench-201-v1_2-006897.pth",
            "",
            "NAS-Bench-201, version unknown (the source is called 'NAS-Bench-201-v1_2-006897.pth')",
        ),
    ],
)
def test_a_version_is_named_only_where_it_is_known(name, md5, version):
    assert version_of(name, md5) == version


def test_what_nasbenchapi_answers_follows_from_the_rows(strings, records, tmp_path):
    """Left out are its defects: no validation of cifar100 and ImageNet16-120, and values of other epochs or sets without a word."""
    api = pytest.importorskip("nasbenchapi.nasbench201_api")
    path = pickled(tmp_path / "nasbench201_v1_0-e61699.pkl", content(strings, records))
    theirs, ours = api.NASBench201(str(path), verbose=False), read(path, on_error="skip")
    assert list(theirs.iter_all()) == ours.archs["arch_str"].to_list()
    compared, silent = 0, 0
    datasets, seeds = ("cifar10", "cifar10-valid", "cifar100", "ImageNet16-120"), (None, 111, 777, 888, 999)
    epochs = (None, 0, 1, 11, 99, 198, 199, 200)
    for (arch, text), dataset, split, seed, epoch in product(
        ours.archs.select("arch", "arch_str").iter_rows(), datasets, ("train", "val", "valid", "test"), seeds, epochs
    ):
        answer = theirs.query(text, dataset, split, seed, epoch)
        run, table_split = dataset, {"val": "val", "valid": "val"}.get(split, split)
        if table_split == "val" and dataset == "cifar10":
            run = "cifar10-valid"
        if table_split == "test" and dataset in {"cifar100", "ImageNet16-120"}:
            table_split = "valtest"
        key = (run, table_split, arch, 200, (199 if epoch is None else epoch) + 1, 777 if seed is None else seed)
        value, seconds = ours.rows.get(("accuracy", *key)), ours.rows.get(("epoch_time", *key))
        if table_split == "val" and dataset != "cifar10":
            assert answer["metric"] is None, "upstream looks for a dataset of this name with '-valid' behind it"
        elif value is None:
            silent += answer["metric"] is not None
        else:
            assert (answer["metric"], answer["cost"]) == (struct.unpack("d", value)[0], struct.unpack("d", seconds)[0])
            compared += 1
    assert compared > 500
    assert silent > 50
