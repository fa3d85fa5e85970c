"""The Delta log of a store: readable by other engines, true after every commit, checked by verify."""

from __future__ import annotations

import json
import warnings

import polars as pl
import pytest

import nbframes as nbf
from nbframes.cli import main
from nbframes.errors import StoreError
from nbframes.store.delta import LOG


def results(n=4, value=50.0):
    keys = pl.DataFrame({"arch": range(n)}).join(pl.DataFrame({"budget": [1, 2]}), how="cross")
    return keys.with_columns(
        dataset=pl.lit("own.data"),
        split=pl.lit("test"),
        metric=pl.lit("accuracy"),
        schedule=2,
        seed=1,
        value=value + pl.col("arch"),
    )


@pytest.fixture
def root(tmp_path):
    nbf.write_results(results(), tmp_path, benchmark="mine")
    assert nbf.write_delta_log(tmp_path) == 0
    return tmp_path


def versions(root):
    return sorted(path.name for path in (root / LOG).iterdir())


def logged(root):
    """Rows of the table that the log describes, read by an implementation of Delta that is not ours."""
    deltalake = pytest.importorskip("deltalake", reason="deltalake is not installed")
    table = pl.DataFrame(pl.from_arrow(deltalake.DeltaTable(str(root / "results")).to_pyarrow_table()))
    order = ["benchmark", "metric", "dataset", "split", "arch", "budget"]
    return table.select(*order, "schedule", "seed", "final", "value").sort(order)


def scanned(root):
    order = ["benchmark", "metric", "dataset", "split", "arch", "budget"]
    frame = nbf.open_store(root).scan().collect().with_columns(pl.col(order[:4]).cast(pl.String))
    return frame.select(*order, "schedule", "seed", "final", "value").sort(order)


def test_the_log_is_true_through_every_commit(root):
    assert logged(root).equals(scanned(root))
    nbf.write_results(results(6), root, benchmark="other")
    assert logged(root).equals(scanned(root))
    costs = pl.DataFrame({"arch": [0, 1], "dataset": "d", "ms": [1.0, 2.0]})
    nbf.attach(costs, root, to="mine", name="board")
    assert logged(root).equals(scanned(root))
    nbf.write_results(results(3, 70.0), root, benchmark="other", overwrite=True)
    assert logged(root).equals(scanned(root))
    nbf.detach(root, to="mine", name="board")
    assert logged(root).equals(scanned(root))
    assert len(versions(root)) == 5
    assert nbf.write_delta_log(root) == 4
    assert nbf.open_store(root).verify().is_empty()


def test_a_store_without_a_log_gets_none(tmp_path):
    nbf.write_results(results(), tmp_path, benchmark="mine")
    assert not (tmp_path / LOG).exists()


def test_the_bounds_of_keys_are_those_of_the_files(root):
    lines = (root / LOG / f"{0:020d}.json").read_text().splitlines()
    stats = [json.loads(json.loads(line)["add"]["stats"]) for line in lines if "add" in line and '"path"' in line]
    assert {(s["numRecords"], s["minValues"]["arch"], s["maxValues"]["arch"]) for s in stats} == {(4, 0, 3)}


def test_sail_reads_the_log(root, sail):
    frame = sail.read.format("delta").load(str(root / "results"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyspark warns of pandas 3
        found = frame.where("benchmark = 'mine' AND arch = 2").toArrow().to_pylist()
    assert sorted((row["budget"], row["value"]) for row in found) == [(1, 52.0), (2, 52.0)]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda path: path.write_text(path.read_text().replace('"size": ', '"size": 9')), "the manifest says"),
        (lambda path: path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n"), "the Delta log lacks"),
        (lambda path: path.write_text("{"), "not a version of a Delta log"),
        (lambda path: path.rename(path.with_name(f"{3:020d}.json")), "not the next version"),
    ],
)
def test_verify_sees_a_log_that_is_not_true(root, change, text):
    change(root / LOG / f"{0:020d}.json")
    problems = nbf.open_store(root).verify()
    assert problems["problem"].str.contains(text).any(), problems["problem"].to_list()


def test_an_interrupted_commit_is_finished_with_its_log(root, monkeypatch):
    def killed(store):
        raise KeyboardInterrupt

    monkeypatch.setattr("nbframes.store.commit.refresh", killed)
    with pytest.raises(KeyboardInterrupt):
        nbf.write_results(results(5), root, benchmark="other")
    monkeypatch.undo()
    assert nbf.open_store(root).verify()["path"].to_list() == []
    assert logged(root).equals(scanned(root))


def test_the_shell_writes_it(tmp_path, capsys):
    nbf.write_results(results(), tmp_path, benchmark="mine")
    assert main(["catalog", "--store", str(tmp_path)]) == 2
    assert main(["catalog", "--delta", "--store", str(tmp_path)]) == 0
    assert "version 0" in capsys.readouterr().out
    with pytest.raises(StoreError, match="no store"):
        nbf.write_delta_log(tmp_path / "nothing")
