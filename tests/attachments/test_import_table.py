"""Tables described in a TOML: benchmarks and attachments without code; errors point at the line and the column."""

from __future__ import annotations

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import FrameError, SourceError
from nbframes.export.attachments import TEMPLATE
from nbframes.export.attachments.description import line_of, read_description

CELLS = nbf.spaces.tss.from_index(pl.Series(range(4))).to_list()


@pytest.fixture
def table(tmp_path):
    frame = pl.DataFrame(
        {
            "net": CELLS,
            "top1": [71.5, 72.5, 73.5, 70.0],
            "ms": [1.5, -1.0, 2.5, 3.5],
            "seed": [1, 1, 2, 1],
            "set": ["a", "a", "b", "a"],
        }
    )
    frame.write_csv(tmp_path / "table.csv")
    frame.write_parquet(tmp_path / "table.parquet")
    return tmp_path


BENCHMARK = """
[table]
file = "table.csv"
key = "net"
licence = "MIT"
citation = "@misc{x}"
source = "a lab"

[benchmark]
name = "mine"
title = "My benchmark"
space = "nbframes.spaces:tss"
full_schedule = 30

[keys]
dataset = { column = "set" }
split = "test"
schedule = 30
budget = 30
seed = { column = "seed" }

[metrics.top1]
metric = "accuracy"

[metrics.ms]
metric = "board_ms"
unit = "ms"
better = "min"
split = "none"
schedule = 0
budget = 0
no_value = [-1]

[runs]
latency = { column = "ms" }
"""

ATTACHMENT = """
[table]
file = "table.parquet"
key = "net"
[attach]
to = "nats-tss"
name = "lab"
[keys]
dataset = "cifar10"
seed = { column = "seed" }
[metrics.ms]
unit = "ms"
no_value = -1
"""


def described(folder, text):
    path = folder / "table.toml"
    path.write_text(text)
    return path


def test_a_table_becomes_a_benchmark(table):
    manifest = nbf.import_table(described(table, BENCHMARK), table / "store")
    assert (manifest.benchmark, manifest.licence, manifest.citation) == ("mine", "MIT", "@misc{x}")
    assert manifest.notes["left out"] == {"board_ms": 1}
    store = nbf.open_store(table / "store")
    assert store.verify().is_empty()
    rows = store.scan("mine").filter(nbf.metric("accuracy"), nbf.schedule("full"), nbf.final())
    names = store.scan_archs("mine").select("arch", "arch_str", "hash")
    found = (
        rows.join(names, on="arch")
        .select("arch_str", pl.col("dataset").cast(pl.String), "seed", "value")
        .sort("value")
        .collect()
    )
    assert found.rows() == [
        (CELLS[3], "a", 1, 70.0),
        (CELLS[0], "a", 1, 71.5),
        (CELLS[1], "a", 1, 72.5),
        (CELLS[2], "b", 2, 73.5),
    ]
    assert names.collect()["hash"].equals(nbf.spaces.tss.hash(names.collect()["arch_str"]), check_names=False)
    board = store.scan("mine").filter(nbf.metric("board_ms", known=store)).collect()
    assert board["value"].to_list() == [1.5, 3.5, 2.5]
    assert store.scan_runs("mine").collect().height == 4


def test_a_table_becomes_an_attachment(table):
    rows = {
        "arch": range(4),
        "dataset": "cifar10",
        "split": "test",
        "schedule": 200,
        "budget": 200,
        "seed": 777,
        "metric": "accuracy",
        "value": 90.0,
    }
    archs = pl.DataFrame({"arch": range(4), "arch_str": CELLS})
    nbf.write_results(pl.DataFrame(rows), table / "store", benchmark="nats-tss", archs=archs)
    manifest = nbf.import_table(described(table, ATTACHMENT), table / "store")
    assert (manifest.attachment, manifest.notes["left out"]) == ("lab", {"ms": 1})
    store = nbf.open_store(table / "store")
    assert store.scan("nats-tss").filter(nbf.metric("ms", known=store)).select(
        "arch", "seed", "value"
    ).collect().rows() == [(0, 1, 1.5), (2, 2, 2.5), (3, 1, 3.5)]


def test_the_template_describes_a_table(tmp_path):
    description = read_description(described(tmp_path, TEMPLATE))
    assert description.attach == {"to": "nats-tss", "name": "my-board", "isomorphs": False}
    assert [column.metric.name for column in description.columns] == ["board_latency"]


def line(text, part):
    return next(number for number, found in enumerate(text.splitlines(), start=1) if part in found)


@pytest.mark.parametrize(
    ("old", "new", "where", "reason"),
    [
        ('file = "table.csv"', 'file = "tabel.csv"', "file =", "cannot be read"),
        ('key = "net"', 'key = "nett"', "key =", "no column 'nett'; did you mean 'net'"),
        ("[metrics.top1]", "[metrics.top5]", "[metrics.top5]", "no column 'top5'; did you mean 'top1'"),
        ('column = "set"', 'column = "sets"', "dataset =", "did you mean 'set'"),
        ('unit = "ms"', 'units = "ms"', "units =", r"has no 'units'; did you mean 'unit'"),
        ('unit = "ms"', "", "[metrics.ms]", "needs its 'unit'"),
        ('unit = "ms"', "unit = 3", "unit =", "unit is a string, not 3"),
        ('better = "min"', 'better = "low"', "[metrics.ms]", "better is 'max', 'min' or None"),
        ("no_value = [-1]", 'no_value = ["x"]', "no_value =", "no_value is a number"),
        ("[benchmark]", "[bench]", "[bench]", r"unknown section \[bench\]; did you mean 'benchmark'"),
        ("[keys]", "[attach]\nto = 'x'\n[keys]", "", r"say either \[attach\]"),
        ("schedule = 30\nbudget", 'schedule = "30"\nbudget', 'schedule = "30"', "schedule is a whole number"),
        ('metric = "accuracy"', 'metric = "accuracy"\nunit = "fraction"', "unit =", "is known with unit 'percent"),
        ('metric = "accuracy"', 'metric = "../x"', "[metrics.top1]", "needs its 'unit'"),
        ("full_schedule = 30", "full_schedule = 0", "full_schedule =", "number of epochs"),
        ('space = "nbframes.spaces:tss"', 'space = "nbframes.spaces:sss"', "space =", "."),
        ("latency = {", "latancy = {", "latancy =", "did you mean 'latency'"),
        ('dataset = { column = "set" }', "", "[keys]", "no dataset is given"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(table, old, new, where, reason):
    text = BENCHMARK.replace(old, new)
    assert text != BENCHMARK
    expected = f"line {line(text, where)}: " if where else ""
    with pytest.raises(SourceError, match=f"(?s){expected}.*{reason}"):
        nbf.import_table(described(table, text), table / "store")
    assert not (table / "store").exists() or not nbf.open_store(table / "store").benchmarks()


def test_a_value_that_is_no_number_is_named_with_its_row(table):
    pl.DataFrame(
        {"net": CELLS[:2], "top1": ["71.5", "n/a"], "ms": [1.0, 2.0], "seed": [1, 1], "set": ["a", "a"]}
    ).write_csv(table / "table.csv")
    with pytest.raises(SourceError, match=r"column 'top1' holds 'n/a' in row 2"):
        nbf.import_table(described(table, BENCHMARK), table / "store")


def test_a_key_that_occurs_twice_is_refused(table):
    pl.DataFrame(
        {"net": CELLS[:1] * 2, "top1": [1.0, 2.0], "ms": [1.0, 2.0], "seed": [1, 1], "set": ["a", "a"]}
    ).write_csv(table / "table.csv")
    with pytest.raises(FrameError, match=r"more than once|twice"):
        nbf.import_table(described(table, BENCHMARK), table / "store")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[table", "is not TOML: "),
        ("", r"no section \[table\]"),
        ("table = 3", "is a section"),
        ("[table]\n[metrics]\nx = 3", "one section for each column"),
    ],
)
def test_texts_that_are_no_descriptions_are_refused(tmp_path, text, reason):
    with pytest.raises(SourceError, match=reason):
        read_description(described(tmp_path, text))


def test_lines_are_those_of_the_section():
    text = "[a]\nx = 1\n[b.c]\nx = 2\n'y' = 3"
    assert [
        line_of(text, "a", "x"),
        line_of(text, "b.c", "x"),
        line_of(text, "b.c", "y"),
        line_of(text, "b.c", "z"),
    ] == [2, 4, 5, 3]
