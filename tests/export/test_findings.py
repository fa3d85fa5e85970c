"""What is odd about a source is exported, counted and listed; strict exports stop; what is left with nothing fails."""

from __future__ import annotations

import bz2
import pickle
import shutil
import zipfile

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import FindingsWarning, SourceError
from tests.export.nb101 import files as made

HINT = "without strict=True"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return nbf.synthetic.write(tmp_path_factory.mktemp("sources"), "nats-sss", "nb301")


def export(source, store, **options):
    return nbf.export(source, store, progress=False, jobs=1, **options)


def nb101_file(path, runs):
    if path.suffix == ".tfrecord":
        return made.write_tfrecord(path, runs)
    return made.write_pickle(path, [(run.row, made.derived(run)) for run in runs])


def change_record(folder, change):
    """Change the first record of a folder of NATS-Bench."""
    path = min(folder.glob("0*.pbz2"))
    record = pickle.loads(bz2.decompress(path.read_bytes()))
    for state in record.values():
        for result in state["all_results"].values():
            change(result)
    path.write_bytes(bz2.compress(pickle.dumps(record, 4)))


@pytest.fixture
def sss(sources, tmp_path):
    return shutil.copytree(sources["nats-sss"], tmp_path / sources["nats-sss"].name)


def test_the_real_hashes_and_accuracies_of_nas_bench_101_are_found_right(data, tmp_path):
    manifest = export(data / "nb101" / "nasbench_sample.tfrecord", tmp_path, strict=True)
    assert not manifest.findings


@pytest.mark.parametrize("form", ["tfrecord", "pkl"])
def test_one_changed_digit_of_a_module_hash_is_a_finding(tmp_path, form):
    right = [made.run(seed=seed) for seed in range(3)]
    fork = nbf.spaces.nb101.hash("|".join(made.FORK))
    wrong = fork[:-1] + ("1" if fork[-1] == "0" else "0")
    path = nb101_file(tmp_path / f"x.{form}", [*right, made.run(seed=0, cell=made.FORK, hash=wrong)])
    with pytest.raises(
        SourceError, match=rf"module_hash is not the hash of its cell: 1, such as .*{wrong}(.|\n)*{HINT}"
    ):
        export(path, tmp_path / "store", strict=True)
    assert not (tmp_path / "store" / "manifests").exists()
    with pytest.warns(FindingsWarning, match="module_hash is not the hash of its cell: 1"):
        manifest = export(path, tmp_path / "store")
    (found,) = manifest.findings
    assert found["count"] == 1
    right.append(made.run(seed=0, cell=made.FORK, hash=fork))
    export(nb101_file(path, right), tmp_path / "store", strict=True, overwrite=True)


def test_an_accuracy_of_no_number_of_images_is_a_finding(tmp_path):
    run = made.run()
    path = nb101_file(tmp_path / "x.tfrecord", [run.but(final=run.final | {5: 0.9})])
    what = r"accuracies that are not a number of images out of 9,984: 1, such as .*final_test_accuracy: 0\.9"
    with pytest.warns(FindingsWarning, match=what):
        export(path, tmp_path / "store")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (float("nan"), "values of accuracy that are not finite: "),
        (float("inf"), "values of accuracy that are not finite: "),
        (-0.5, r"values of accuracy outside \[0, 100\]: "),
        (100.5, r"values of accuracy outside \[0, 100\]: "),
    ],
)
def test_an_accuracy_that_cannot_be_one_is_a_finding_and_stays_as_it_is(sss, tmp_path, value, what):
    change_record(sss, lambda result: result["train_acc1es"].update({0: value}))
    with pytest.warns(FindingsWarning, match=what):
        manifest = export(sss, tmp_path / "store")
    runs = nbf.scan_runs("nats-sss", store=tmp_path / "store").filter(nbf.arch(0)).select(pl.len()).collect().item()
    (found,) = manifest.findings
    assert found["count"] == runs
    stored = nbf.scan("nats-sss", store=tmp_path / "store").filter(nbf.arch(0), nbf.metric("accuracy"), nbf.budget(1))
    values = stored.filter(nbf.split("train")).collect()["value"].to_list()
    assert values.count(value) == runs or value != value


def test_a_negative_time_is_a_finding(sss, tmp_path):
    change_record(sss, lambda result: result["train_times"].update({0: -1.0}))
    with pytest.warns(FindingsWarning, match=r"values of epoch_time outside \[0, inf\]"):
        export(sss, tmp_path / "store")


def test_two_members_of_a_zip_with_one_name_are_a_finding(sources, tmp_path):
    folder = sources["nb301"]
    files = sorted(folder.rglob("*.json"))[:3]
    path = tmp_path / "runs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.write(files[0], files[0].relative_to(folder))
    with pytest.warns(FindingsWarning, match="paths that more than one run has: 1"):
        export(path, tmp_path / "store")


def test_an_export_that_leaves_out_everything_fails_and_keeps_what_was_there(sss, tmp_path):
    before = export(sss, tmp_path / "store")
    for path in sss.glob("0*.pbz2"):
        path.write_bytes(b"x")
    with pytest.raises(SourceError, match=r"no record that can be exported; the first, 000000\.pickle\.pbz2"):
        export(sss, tmp_path / "store", overwrite=True, on_error="skip")
    store = nbf.open_store(tmp_path / "store")
    assert store.manifest("nats-sss") == before
    assert store.verify().is_empty()
