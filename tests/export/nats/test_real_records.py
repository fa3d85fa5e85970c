"""Every published number of the real records arrives, and nothing else."""

from __future__ import annotations

import hashlib
import re

import pytest

from nbframes.errors import SourceError
from nbframes.schema import ARCHS, RUNS
from nbframes.spaces import sss, tss
from tests.export.nats.files import (
    FolderReader,
    MonolithReader,
    Tables,
    TarReader,
    costs,
    in_one,
    in_tar,
    load,
    numbers,
    total,
)


@pytest.mark.parametrize("container", ["folder", "tar", "monolith", "plain monolith"])
def test_every_published_number_arrives_and_nothing_else(real, container, tmp_path):
    benchmark, folder, records = real
    if container == "folder":
        reader = FolderReader(folder)
    elif container == "tar":
        reader = TarReader(in_tar(folder, tmp_path / "any.tar"))
    else:
        path = in_one(folder, tmp_path / "any.pickle", records, plain=container.startswith("plain"))
        reader = MonolithReader(path)
    tables = Tables(reader, on_error="skip")
    assert reader.benchmark == benchmark
    assert tables.numbers() == {arch: numbers(record) for arch, record in records.items()}
    assert tables.costs() == {arch: costs(record) for arch, record in records.items()}
    assert dict(tables.runs.schema) == RUNS
    assert tables.progress == reader.total or container == "monolith"
    assert tables.report.notes["architectures"] == len(load(folder / "meta.pickle.pbz2")["meta_archs"])
    assert sum(
        int(re.search(r"([\d,]+)", re.sub(r".*\(", "(", entry["record"]))[1].replace(",", ""))
        for entry in tables.report.skipped
    ) == (tables.report.notes["architectures"] - 3)


def test_archs_are_the_official_ones(real):
    benchmark, folder, records = real
    archs = Tables(FolderReader(folder), on_error="skip").archs
    space = tss if benchmark == "nats-tss" else sss
    strings = load(folder / "meta.pickle.pbz2")["meta_archs"]
    assert archs["arch"].to_list() == archs["position"].to_list() == sorted(records)
    assert archs["arch_str"].to_list() == [strings[arch] for arch in sorted(records)]
    assert archs["hash"].to_list() == [space.hash(strings[arch]) for arch in sorted(records)]
    assert dict(archs.schema) == ARCHS | space.ENCODING


def test_costs_of_runs_follow_from_the_record(real):
    _, folder, records = real
    for run in Tables(FolderReader(folder), on_error="skip").runs.iter_rows(named=True):
        hp = next(hp for hp in records[run["arch"]] if int(hp) == run["schedule"])
        result = records[run["arch"]][hp]["all_results"][run["dataset"], run["seed"]]
        assert run["train_time"] == total(result)
        assert run["latency"] == sum(result["latency"]) / len(result["latency"])
        assert run["params"] == round(result["params"] * 1e6)


def test_the_rows_are_the_same_whatever_the_jobs(real):
    _, folder, _ = real
    one, two = (Tables(FolderReader(folder), jobs=jobs, on_error="skip") for jobs in (1, 2))
    assert one.numbers() == two.numbers()
    assert one.runs.equals(two.runs, null_equal=True)
    assert one.archs.equals(two.archs)
    assert one.report == two.report


def test_files_are_named_with_size_and_sha256(real, tmp_path):
    _, folder, records = real
    files = Tables(FolderReader(folder), on_error="skip").report.files
    expected = [folder / "meta.pickle.pbz2", *sorted(folder.glob("0*"))]
    assert files == [
        {"path": path.name, "size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in expected
    ]
    for path, reader in (
        (in_tar(folder, tmp_path / "x.tar"), TarReader),
        (
            in_one(folder, tmp_path / "x.pickle.pbz2", records),
            MonolithReader,
        ),
    ):
        (file,) = Tables(reader(path), on_error="skip").report.files
        assert file == {
            "path": path.name,
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }


def test_what_is_missing_stops_the_export_and_can_be_left_out(real, tmp_path):
    _, folder, records = real
    strings = load(folder / "meta.pickle.pbz2")["meta_archs"]
    monolith = MonolithReader(in_one(folder, tmp_path / "x", records))
    for reader, name in ((FolderReader(folder), "000001.pickle.pbz2"), (monolith, "architectures 1 ... 10")):
        with pytest.raises(
            SourceError,
            match=rf"(?s){name}.*missing.*{len(strings) - 3:,} of {len(strings):,} .*on_error='skip'",
        ):
            Tables(reader)
    skipped = Tables(FolderReader(folder), on_error="skip").report.skipped
    assert all(entry["reason"].startswith("missing in the source") for entry in skipped)
    assert len(skipped) == 3
    assert skipped[1]["record"] == "000012.pickle.pbz2 ... 000283.pickle.pbz2 (272 records)"


def test_the_version_is_the_one_in_the_name_or_said_to_be_unknown(real, tmp_path):
    benchmark, folder, _ = real
    assert FolderReader(folder).report.version == folder.name.removesuffix("-simple")
    renamed = in_tar(folder, tmp_path / "copy.tar")
    assert FolderReader(folder).benchmark == TarReader(renamed).benchmark == benchmark
    assert "unknown" in TarReader(renamed).report.version
