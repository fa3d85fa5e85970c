"""Surrogates over ranges of cells: Arrow functions for other engines, shards that can be resumed, adoption as they are."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

import nbframes as nbf
from nbframes.errors import BenchmarkExistsError, FrameError, InvalidArgumentError, SourceError
from nbframes.surrogate import ShardWriter, arrow_function

SEED = 7
KEYS = ["metric", "dataset", "split", "arch", "budget"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Folder of a surrogate fitted to synthetic runs."""
    folder = tmp_path_factory.mktemp("model")
    source = nbf.synthetic.write(folder / "upstream", "nb301")["nb301"]
    nbf.export(source, folder / "store", jobs=1, progress=False)
    nbf.surrogate.fit(folder / "store", members=2, rounds=10).save(folder / "surrogate")
    return folder / "surrogate"


def predicted(model, count, first=0, seed=SEED):
    """What predict_batches gives in one process."""
    cells = nbf.spaces.darts.enumerate(first, first + count, seed=seed)
    frames = nbf.surrogate.load(model).predict_batches(cells.drop("number"))
    return texts(pl.concat(frames))


def texts(frame):
    names = ["benchmark", "metric", "dataset", "split"]
    return frame.with_columns(pl.col(names).cast(pl.String)).sort(KEYS)


def test_the_function_answers_as_predict_batches_does(model):
    function = pickle.loads(pickle.dumps(arrow_function(model, first=100, seed=SEED)))
    cells = nbf.spaces.darts.enumerate(100, 130, seed=SEED)
    for columns in (["number"], ["number", "arch_str"], ["number", *nbf.spaces.darts.ENCODING]):
        batches = cells.select(columns).to_arrow().to_batches(max_chunksize=7)
        found = list(function(iter(batches)))
        assert all(batch.schema == function.schema for batch in found)
        assert texts(pl.concat(pl.from_arrow(batch) for batch in found)).equals(predicted(model, 30, 100))
    archs = cells.select("arch_str").with_row_index("arch")
    assert texts(function.frame(archs)).equals(predicted(model, 30, 100))


def test_polars_runs_it_lazily(model):
    function = arrow_function(model, seed=SEED)
    cells = nbf.spaces.darts.enumerate(0, 20, seed=SEED).select("number").lazy()
    found = cells.map_batches(function.frame, schema=function.frame_schema).collect()
    assert texts(found).equals(predicted(model, 20))


def test_sail_runs_it(model, sail):
    function = arrow_function(model, seed=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyspark warns of pandas 3
        cells = sail.range(0, 40).withColumnRenamed("id", "number")
        found = pl.DataFrame(pl.from_arrow(cells.mapInArrow(function, function.ddl).toArrow()))
    assert texts(found).equals(predicted(model, 40))


def test_sail_writes_shards_that_become_the_benchmark_of_one_process(model, sail, tmp_path):
    shards = writer(model, tmp_path / "out", first=0)
    assert shards.write(20, 40)[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyspark warns of pandas 3
        ranges = sail.createDataFrame(list(shards.shards(20)), "start long, stop long").repartition(2)
        report = ranges.mapInArrow(shards, "start long, stop long, rows long, computed boolean").toArrow()
    done = pl.DataFrame(pl.from_arrow(report)).sort("start")
    assert done["computed"].to_list() == [True, False, True]
    manifest = nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="mine")
    assert manifest.rows() == done["rows"].sum()
    store = nbf.open_store(tmp_path / "store")
    expected = predicted(model, 50).drop("benchmark")
    assert rows_of(store).select(expected.columns).equals(expected)
    best = nbf.best_archs(store.scan("mine").filter(nbf.metric("accuracy"), nbf.final())).collect()
    assert best["value"][0] == expected.filter(nbf.metric("accuracy"))["value"].max()


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (pl.DataFrame({"cell": ["x"]}), "lacks the columns 'number'"),
        (pl.DataFrame({"arch": [0]}), "lacks the columns 'arch_str'"),
        (pl.DataFrame({"number": [3]}), "do not fit the index"),
        (pl.DataFrame({"number": [10**12]}), "do not fit the index"),
    ],
)
def test_cells_without_a_name_are_refused(model, frame, text):
    with pytest.raises(FrameError, match=text):
        arrow_function(model, first=5).frame(frame)


def test_wrong_options_are_refused(model, tmp_path):
    with pytest.raises(InvalidArgumentError, match="first should be"):
        arrow_function(model, first=-1)
    with pytest.raises(InvalidArgumentError, match="budget 7"):
        arrow_function(model, budgets=7)
    with pytest.raises(InvalidArgumentError, match="count should be"):
        ShardWriter(model, tmp_path, count=0)
    with pytest.raises(SourceError, match="is not a folder"):
        arrow_function(tmp_path / "nothing")


def writer(model, folder, **changes):
    return ShardWriter(model, folder, **({"count": 50, "first": 1000, "seed": SEED, "benchmark": "mine"} | changes))


def rows_of(store):
    frame = store.scan("mine").collect()
    return texts(frame).drop("benchmark")


def test_shards_become_a_benchmark_as_they_are(model, tmp_path):
    shards = writer(model, tmp_path / "out")
    reports = {part: shards.write(*part) for part in shards.shards(20)}
    assert list(reports) == [(0, 20), (20, 40), (40, 50)]
    before = {path.name: path.read_bytes() for path in (tmp_path / "out" / "results").rglob("*.parquet")}
    killed = tmp_path / "out" / ".parts" / "of-a-killed-worker"
    killed.mkdir(parents=True)
    (killed / "curve.parquet").write_bytes(b"PAR1")
    manifest = nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="mine")
    assert not killed.parent.exists()
    store = nbf.open_store(tmp_path / "store")
    assert store.verify().is_empty()
    assert {path.name: path.read_bytes() for path in (tmp_path / "store" / "results").rglob("*.parquet")} == before
    assert not list((tmp_path / "out" / "results").rglob("*.parquet"))
    assert manifest.metrics["accuracy"]["tie"] == 0
    assert (manifest.notes["shards"]["first"], manifest.notes["shards"]["seed"], manifest.notes["shards"]["count"]) == (
        1000,
        SEED,
        50,
    )
    expected = predicted(model, 50, 1000).drop("benchmark")
    assert rows_of(store).select(expected.columns).equals(expected)
    best = nbf.best_archs(store.scan("mine").filter(nbf.metric("accuracy"))).collect()
    number = 1000 + best["arch"][0]
    assert nbf.spaces.darts.enumerate(number, number + 1, seed=SEED).height == 1


def test_a_shard_that_is_there_is_not_computed_again(model, tmp_path):
    shards = writer(model, tmp_path)
    rows, computed = shards.write(0, 20)
    assert computed
    assert shards.write(0, 20) == (rows, False)
    victim = min(tmp_path.rglob("final-*.parquet"))
    victim.write_bytes(victim.read_bytes()[:-50])
    assert shards.write(0, 20) == (rows, True)
    victim.unlink()
    assert shards.write(0, 20)[0] == rows
    assert not list((tmp_path / ".parts").iterdir())


def test_workers_with_another_plan_are_refused(model, tmp_path):
    writer(model, tmp_path)
    writer(model, tmp_path)
    for changes, named in (({"seed": 8}, "seed"), ({"count": 51}, "count"), ({"first": 0}, "first")):
        with pytest.raises(SourceError, match=f"another plan: {named} differ"):
            writer(model, tmp_path, **changes)


def test_arrow_batches_of_ranges_write_shards(model, tmp_path):
    shards = pickle.loads(pickle.dumps(writer(model, tmp_path)))
    ranges = pl.DataFrame(list(shards.shards(25)), schema=["start", "stop"], orient="row")
    report = pl.concat(pl.from_arrow(batch) for batch in shards(ranges.to_arrow().to_batches()))
    assert report.columns == ["start", "stop", "rows", "computed"]
    assert report["computed"].all()
    with pytest.raises(InvalidArgumentError, match="not within that of the plan"):
        shards.write(40, 60)


def spoilt(folder, change):
    path = min(Path(folder).rglob("final-*.parquet"))
    change(path)
    return path


def rewritten(**changes):
    def change(path):
        frame = pl.read_parquet(path, hive_partitioning=False).with_columns(**changes)
        frame.write_parquet(path)

    return change


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (rewritten(value=pl.col("value").cast(pl.Float32)), "has the columns"),
        (rewritten(arch=pl.col("arch").reverse()), "is not sorted"),
        (rewritten(arch=pl.lit(1, pl.Int32)), "key twice"),
        (rewritten(final=pl.col("arch") > 5), "mixes final rows"),
        (rewritten(arch=pl.col("arch") - 1), "negative keys"),
        (rewritten(arch=pl.col("arch") + 3), "both hold architectures|does not hold the cells"),
        (rewritten(seed=pl.when(pl.col("arch") > 3).then(pl.col("seed"))), "null values"),
        (lambda path: path.unlink(), "rows, but the plan has"),
        (lambda path: path.write_bytes(b"PAR1"), "is not a file of results"),
        (lambda path: pq.write_table(pq.read_table(path, partitioning=None).slice(0, 0), path), "is empty"),
    ],
)
def test_files_that_are_no_part_of_a_store_are_refused_and_stay(model, tmp_path, change, text):
    shards = writer(model, tmp_path / "out")
    for part in shards.shards(20):
        shards.write(*part)
    spoilt(tmp_path / "out", change)
    before = sorted(path.name for path in (tmp_path / "out").rglob("*.parquet"))
    with pytest.raises(SourceError, match=text):
        nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="mine")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.parquet")) == before
    assert not (tmp_path / "store" / "manifests").exists()


def test_names_are_those_of_the_folder_and_replaced_on_request(model, tmp_path):
    shards = writer(model, tmp_path / "out")
    shards.write(0, 50)
    with pytest.raises(SourceError, match=r"no Parquet files .* 'benchmark=mine'"):
        nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="yours")
    nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="mine")
    shards.write(0, 50)
    with pytest.raises(BenchmarkExistsError):
        nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="mine")
    nbf.adopt(tmp_path / "out", tmp_path / "store", benchmark="mine", overwrite=True)
    assert np.isfinite(nbf.open_store(tmp_path / "store").scan("mine").collect()["value"].to_numpy()).all()
