"""Attachments: any key, any form, nothing of the benchmark rewritten, and gone without a trace when detached."""

from __future__ import annotations

import hashlib
import re

import duckdb
import numpy as np
import polars as pl
import pyarrow.dataset as ds
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.cli import main
from nbframes.errors import BenchmarkExistsError, FrameError, InvalidArgumentError, StoreError, UnknownNameError

CELLS = nbf.spaces.tss.from_index(pl.Series(range(40)))


def results(archs=40):
    keys = pl.DataFrame({"arch": range(archs)}).join(pl.DataFrame({"seed": [777, 888]}), how="cross")
    return keys.with_columns(
        dataset=pl.lit("cifar100"),
        split=pl.lit("test"),
        metric=pl.lit("accuracy"),
        schedule=200,
        budget=200,
        value=50.0 + pl.col("arch") + pl.col("seed") / 10_000,
    )


def archs(n=40):
    strings = nbf.spaces.tss.from_index(pl.Series(range(n)))
    return pl.DataFrame({"arch": range(n), "position": range(n), "arch_str": strings}).with_columns(
        hash=nbf.spaces.tss.hash(strings)
    )


@pytest.fixture
def root(tmp_path):
    nbf.write_results(results(), tmp_path, benchmark="nats-tss", archs=archs())
    return tmp_path


def state(root):
    """Content of every file of a store, but for locks."""
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock" and path.name != "lock")
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def board(n=40, **columns):
    return pl.DataFrame({"arch": range(n), "dataset": "cifar10", "board_ms": np.arange(n) / 2} | columns)


BOARD = nbf.Metric("board_ms", "ms", better="min", description="time on a board")


def values(root, metric="board_ms"):
    store = nbf.open_store(root)
    return store.scan("nats-tss").filter(nbf.metric(metric, known=store)).select("arch", "value").sort("arch").collect()


def test_a_wide_frame_stands_beside_the_results(root):
    before = state(root)
    manifest = nbf.attach(
        board(), root, to="nats-tss", name="board", metrics=BOARD, licence="MIT", citation="@misc{x}", source="here"
    )
    assert (manifest.attachment, manifest.licence, manifest.citation) == ("board", "MIT", "@misc{x}")
    assert manifest.metrics == {
        "board_ms": {
            "unit": "ms",
            "better": "min",
            "label": "board ms (ms)",
            "description": "time on a board",
            "tie": 0.0,
        }
    }
    rows = nbf.open_store(root).scan("nats-tss").filter(pl.col("metric") == "board_ms").collect()
    assert rows.select("schedule", "budget", "seed", "final").unique().rows() == [(0, 0, 0, True)]
    assert rows["split"].unique().to_list() == ["none"]
    assert values(root)["value"].to_list() == [i / 2 for i in range(40)]
    assert {name: digest for name, digest in state(root).items() if name in before} == before
    assert nbf.open_store(root).verify().is_empty()


@pytest.mark.parametrize("key", ["arch", "arch_str", "hash", "numbers", "cell"])
def test_architectures_are_named_in_any_form(root, key):
    names = {
        "arch": pl.Series(range(40)),
        "arch_str": CELLS,
        "hash": nbf.spaces.tss.hash(CELLS),
        "numbers": pl.Series([str(numbers(cell)) for cell in CELLS]),
        "cell": CELLS,
    }
    frame = board().drop("arch").with_columns(names[key].alias(key))
    unique = frame.filter(~pl.col("arch_str" if key == "arch_str" else key).is_duplicated())
    nbf.attach(unique, root, to="nats-tss", name="board", key=key, isomorphs=key == "hash")
    found = values(root)
    if key == "hash":
        hashes = archs()["hash"]
        single = unique.select(pl.col("hash"), "board_ms")
        expected = archs().select("arch", "hash").join(single, on="hash").sort("arch")
        assert found.rows() == expected.select("arch", "board_ms").rows()
        assert len(hashes) == 40
    else:
        assert found["value"].to_list() == [i / 2 for i in range(40)]


OPERATIONS = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]


def numbers(cell):
    (a,), b, c = ([part.split("~")[0] for part in node.strip("|").split("|")] for node in cell.split("+"))
    return tuple(OPERATIONS.index(op) for op in (a, b[0], c[0], b[1], c[1], c[2]))


def test_isomorphs_share_a_value_on_request(root):
    table = archs().with_columns(n=pl.len().over("hash"))
    twin = table.filter(pl.col("n") > 1).head(1)
    frame = pl.DataFrame({"arch": twin["arch"], "dataset": "cifar10", "board_ms": [7.0]})
    nbf.attach(frame, root, to="nats-tss", name="alone")
    assert values(root)["arch"].to_list() == twin["arch"].to_list()
    nbf.attach(frame, root, to="nats-tss", name="alone", isomorphs=True, overwrite=True)
    assert values(root)["arch"].to_list() == table.filter(pl.col("hash") == twin["hash"][0])["arch"].to_list()
    both = table.filter(pl.col("hash") == twin["hash"][0]).head(2)
    unlike = pl.DataFrame({"arch": both["arch"], "dataset": "cifar10", "board_ms": [7.0, 8.0]})
    with pytest.raises(FrameError, match="isomorphic architectures have different values"):
        nbf.attach(unlike, root, to="nats-tss", name="unlike", isomorphs=True)
    with pytest.raises(FrameError, match=r"(?s)names several architectures .* isomorphs=True"):
        nbf.attach(
            frame.with_columns(hash=pl.lit(twin["hash"][0])).drop("arch"), root, to="nats-tss", name="h", key="hash"
        )


def test_a_long_frame_and_new_runs_of_a_known_metric(root):
    runs = results(5).with_columns(seed=pl.col("seed") + 1000)
    nbf.attach(runs, root, to="nats-tss", name="more-seeds")
    seeds = nbf.open_store(root).scan("nats-tss").filter(nbf.arch(3))
    assert seeds.select("seed").collect()["seed"].sort().to_list() == [777, 888, 1777, 1888]
    means = seeds.filter(nbf.on("cifar100", "test")).select(nbf.seed_count()).collect().item()
    assert means == 4
    with pytest.raises(FrameError, match="the attachment 'more-seeds' has values of 'accuracy'"):
        nbf.attach(runs, root, to="nats-tss", name="again")
    with pytest.raises(FrameError, match="the benchmark has values of 'accuracy'"):
        nbf.attach(results(3), root, to="nats-tss", name="again")


def test_null_is_left_out_and_counted(root):
    frame = board().with_columns(pl.when(pl.col("arch") > 2).then(pl.col("board_ms")), other=pl.lit(1.0))
    manifest = nbf.attach(frame, root, to="nats-tss", name="board")
    assert manifest.notes["without a value"] == {"board_ms": 3}
    assert values(root).height == 37


def test_other_readers_see_it(root):
    nbf.attach(board(), root, to="nats-tss", name="board")
    query = f"SELECT count(*), sum(value) FROM read_parquet('{root}/results/**/*.parquet', hive_partitioning=true) WHERE metric = 'board_ms'"
    assert duckdb.sql(query).fetchall() == [(40, 390.0)]
    table = ds.dataset(root / "results", partitioning="hive").to_table(filter=ds.field("metric") == "board_ms")
    assert table.num_rows == 40


def test_files_of_other_metrics_are_not_read(root):
    nbf.attach(board(), root, to="nats-tss", name="board")
    store = nbf.open_store(root)
    plan = store.scan("nats-tss").filter(nbf.metric("accuracy")).explain()
    assert "metric=board_ms" not in plan


small_frames = st.lists(
    st.tuples(st.integers(0, 39), st.sampled_from(["cifar10", "cifar100", "own-data"]), st.floats(allow_nan=False)),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(rows=small_frames, other=small_frames)
def test_attach_scan_detach_leaves_the_store_byte_for_byte(tmp_path_factory, rows, other):
    root = tmp_path_factory.mktemp("store")
    nbf.write_results(results(), root, benchmark="nats-tss", archs=archs())
    before = state(root)
    schema = ["arch", "dataset", "m"]
    first = pl.DataFrame(rows, schema=schema, orient="row")
    second = pl.DataFrame(other, schema=[*schema[:2], "k"], orient="row")
    nbf.attach(first, root, to="nats-tss", name="first")
    between = state(root)
    nbf.attach(second, root, to="nats-tss", name="second")
    store = nbf.open_store(root)
    found = (
        store.scan("nats-tss")
        .filter(pl.col("metric") == "m")
        .select("arch", pl.col("dataset").cast(pl.String), "value")
        .collect()
    )
    assert sorted(found.rows()) == sorted(first.rows())
    assert store.verify().is_empty()
    nbf.detach(root, to="nats-tss", name="second")
    assert state(root) == between
    nbf.detach(root, to="nats-tss", name="first")
    assert state(root) == before
    assert nbf.open_store(root).verify().is_empty()


def test_the_benchmark_can_be_replaced_if_the_attachment_still_fits(root):
    nbf.attach(board(), root, to="nats-tss", name="board")
    better = results().with_columns(pl.col("value") + 1)
    nbf.write_results(better, root, benchmark="nats-tss", archs=archs(), overwrite=True)
    assert values(root).height == 40
    assert nbf.open_store(root).verify().is_empty()
    shuffled = archs().with_columns(arch_str=pl.col("arch_str").reverse(), hash=pl.col("hash").reverse())
    before = state(root)
    with pytest.raises(StoreError, match=r"(?s)attachment 'board' does not fit .* are others or absent"):
        nbf.write_results(better, root, benchmark="nats-tss", archs=shuffled, overwrite=True)
    with pytest.raises(StoreError, match="does not fit"):
        nbf.write_results(results(10), root, benchmark="nats-tss", archs=archs(10), overwrite=True)
    owned = pl.concat(
        [
            better,
            better.filter(pl.col("seed") == 777).with_columns(
                dataset=pl.lit("cifar10"), split=pl.lit("none"), metric=pl.lit("board_ms"), schedule=0, budget=0, seed=0
            ),
        ],
        how="diagonal_relaxed",
    )
    with pytest.raises(StoreError, match="both have 'board_ms'"):
        nbf.write_results(owned, root, benchmark="nats-tss", archs=archs(), overwrite=True)
    assert state(root) == before
    nbf.detach(root, to="nats-tss", name="board")
    nbf.write_results(results(10), root, benchmark="nats-tss", archs=archs(10), overwrite=True)


@pytest.mark.parametrize(
    ("frame", "options", "error", "text"),
    [
        (board().drop("dataset"), {}, FrameError, "lacks the columns 'dataset'"),
        (board().drop("board_ms"), {}, FrameError, "only keys"),
        (
            board().with_columns(pl.col("arch") + 1000),
            {},
            FrameError,
            "40 of 40 names in column 'arch' are not architectures",
        ),
        (board().with_columns(arch=pl.col("arch") - 1), {}, FrameError, "1 of 40 names in column 'arch'"),
        (board().with_columns(pl.col("arch").cast(pl.Float64)), {}, FrameError, "holds indices"),
        (pl.concat([board(), board()]), {}, FrameError, "occurs twice"),
        (board().with_columns(board_ms=pl.lit(None)), {}, FrameError, "not a number|no value"),
        (board().with_columns(board_ms=pl.lit("fast")), {}, FrameError, "not a number"),
        (board().with_columns(split=pl.lit("tets")), {}, UnknownNameError, "did you mean 'test'"),
        (board(), {"metrics": "bord_ms"}, FrameError, "did you mean 'board_ms'"),
        (board(), {"to": "nats-sss"}, UnknownNameError, "nats-sss"),
        (board(), {"to": "../x"}, (UnknownNameError, InvalidArgumentError), "x"),
        (board(), {"name": "../x"}, InvalidArgumentError, "cannot be stored"),
        (board(), {"key": "cell"}, FrameError, "lacks the columns 'cell'"),
        (
            board().with_columns(cell=pl.lit("|nonsense|")).drop("arch"),
            {"key": "cell"},
            FrameError,
            "not all of the names",
        ),
        (
            board().rename({"board_ms": "loss"}),
            {"metrics": nbf.Metric("loss", "ms", better="min")},
            InvalidArgumentError,
            "known with unit",
        ),
        ([1], {}, (FrameError, InvalidArgumentError), "list"),
        (board(), {"to": None}, InvalidArgumentError, "to=None"),
    ],
)
def test_wrong_calls_are_explained_and_change_nothing(root, frame, options, error, text):
    before = state(root)
    with pytest.raises(error, match=text):
        nbf.attach(frame, root, **({"to": "nats-tss", "name": "board"} | options))
    assert state(root) == before


def test_an_attachment_is_replaced_only_on_request(root):
    nbf.attach(board(), root, to="nats-tss", name="board")
    with pytest.raises(BenchmarkExistsError, match="attachment 'board'"):
        nbf.attach(board(), root, to="nats-tss", name="board")
    nbf.attach(board(10), root, to="nats-tss", name="board", overwrite=True)
    assert values(root).height == 10
    with pytest.raises(UnknownNameError, match="did you mean 'board'"):
        nbf.detach(root, to="nats-tss", name="bord")
    with pytest.raises(UnknownNameError):
        nbf.detach(root, to="nats-tss", name="")


def test_the_shell_attaches_and_detaches(root, capsys):
    before = state(root)
    board().write_csv(root.parent / "board.csv")
    words = [str(root.parent / "board.csv"), "--to", "nats-tss", "--name", "board", "--store", str(root)]
    assert main(["attach", *words]) == 0
    assert "Manifest of nats-tss+board" in capsys.readouterr().out
    assert main(["attach", *words]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["detach", "board", "--from", "nats-tss", "--store", str(root)]) == 0
    assert "removed 40 values" in capsys.readouterr().out
    assert state(root) == before
    assert main(["detach", "board", "--from", "nats-tss", "--store", str(root)]) == 2


def test_the_shell_imports_a_described_table(tmp_path, capsys):
    assert main(["import"]) == 2
    assert "--template" in capsys.readouterr().err
    assert main(["import", "--template"]) == 0
    template = capsys.readouterr().out
    (tmp_path / "table.toml").write_text(template.replace('to = "nats-tss"', 'to = "mine"'))
    pl.DataFrame({"arch_str": ["a", "b"], "latency_ms": [1.0, -1.0]}).write_csv(tmp_path / "latencies.csv")
    rows = {
        "arch": [0, 1],
        "dataset": "d",
        "split": "test",
        "schedule": 1,
        "budget": 1,
        "seed": 0,
        "metric": "accuracy",
        "value": 1.0,
    }
    nbf.write_results(
        pl.DataFrame(rows),
        tmp_path / "s",
        benchmark="mine",
        archs=pl.DataFrame({"arch": [0, 1], "arch_str": ["a", "b"]}),
    )
    assert main(["import", str(tmp_path / "table.toml"), "--store", str(tmp_path / "s")]) == 0
    assert "Manifest of mine+my-board" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "content"), [("x.csv", 'a,b\n1,"2\n'), ("x.csv", ""), ("x.parquet", "PAR1")])
def test_a_broken_table_is_said_to_be_by_the_command_line(tmp_path, capsys, name, content):
    (tmp_path / name).write_text(content)
    words = [str(tmp_path / name), "--store", str(tmp_path), "--to", "mine", "--name", "x"]
    assert main(["attach", *words]) == 1
    told = capsys.readouterr().err
    assert re.search(rf"the table '.*{re.escape(name)}' cannot be read: .+", told)
    assert "Traceback" not in told
