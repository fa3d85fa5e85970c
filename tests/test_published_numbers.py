"""Published numbers beside what stores hold: real values that reproduce them, and values that were changed."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nbframes as nbf
from nbframes.cli import main
from nbframes.errors import InvalidArgumentError
from nbframes.published.check import FACTS, check_facts, verdict


@pytest.fixture(scope="module")
def facts():
    return json.loads(FACTS.read_text())


def test_every_fact_has_a_source_and_no_two_are_the_same(facts):
    assert len(facts["facts"]) >= 60
    assert {fact["source"] for fact in facts["facts"]} == facts["sources"].keys()
    assert all("https://" in source for source in facts["sources"].values())
    keys = [json.dumps({k: v for k, v in fact.items() if k != "source"}, sort_keys=True) for fact in facts["facts"]]
    assert len(set(keys)) == len(keys)


def test_published_values_reproduce_the_official_notebooks():
    checked = check_facts(nbf.published.store())
    assert checked.filter(verdict="differs").is_empty()
    reproduced = checked.filter(verdict="reproduced")
    assert reproduced.height >= 28
    assert reproduced["source"].n_unique() >= 5
    assert verdict(checked).startswith(f"reproduces {reproduced.height} of {reproduced.height} published numbers; ")


def test_official_hashes_and_parameters_of_nas_bench_101(data, tmp_path):
    nbf.export(data / "nb101" / "nasbench_sample.tfrecord", tmp_path, progress=False)
    checked = check_facts(nbf.open_store(tmp_path))
    assert dict(checked.filter(pl.col("fact").str.starts_with("hash"))["verdict"].value_counts().iter_rows()).keys() <= {"reproduced", "not in the store"}  # fmt: skip
    differing = checked.filter(verdict="differs")["fact"].to_list()
    assert differing == ["count", "runs"]  # a sample is not the official file, and is told so


ROWS = [(arch, seed, schedule, split, 10.0 * arch + seed + schedule) for arch in range(3) for seed in (1, 2) for schedule in (4, 9) for split in ("val", "test")]  # fmt: skip


@pytest.fixture
def store(tmp_path):
    frame = pl.DataFrame(ROWS, orient="row", schema=["arch", "seed", "schedule", "split", "value"])
    frame = frame.with_columns(
        pl.lit("cifar10").alias("dataset"), pl.lit("accuracy").alias("metric"), budget="schedule"
    )
    times = [{"arch": 0, "seed": 1, "schedule": 4, "budget": epoch + 1, "value": 2.0**epoch} for epoch in range(4)]
    times = pl.DataFrame(times).with_columns(
        dataset=pl.lit("cifar10"), split=pl.lit("train"), metric=pl.lit("epoch_time")
    )
    nbf.write_results(
        pl.concat([frame, times], how="diagonal"), tmp_path, benchmark="mine", archs=pl.DataFrame({"arch": range(3)})
    )
    return nbf.open_store(tmp_path)


def _checked(store, tmp_path, *facts):
    path = tmp_path / "facts.json"
    facts = [{"benchmark": "mine", "source": "me"} | fact for fact in facts]
    path.write_text(json.dumps({"sources": {"me": "myself"}, "facts": facts}))
    return check_facts(store, against=path)["verdict"].to_list()


WHERE = {"dataset": "cifar10", "split": "test", "metric": "accuracy", "schedule": 9}


@pytest.mark.parametrize(
    ("fact", "right", "wrong"),
    [
        ({"kind": "value", "arch": 2, "budget": 9, "runs": "mean", **WHERE}, 30.5, 30.6),
        ({"kind": "value", "arch": 2, "budget": 9, "runs": "any", **WHERE}, 31.0, 30.5),
        ({"kind": "value", "arch": 2, "budget": 9, "runs": 1, **WHERE}, 30.0, 31.0),
        ({"kind": "value", "arch": 2, "budget": 9, "runs": 1, "tolerance": 0.5, **WHERE}, 30.5, 30.6),
        ({"kind": "value", "arch": 0, "budget": 3, "runs": "mean", **WHERE, "split": "train", "metric": "time", "schedule": 4}, 7.0, 4.0),
        ({"kind": "mean of all", "archs": 3, **WHERE}, 20.5, 20.0),
        ({"kind": "best", "archs": 3, "arch": 2, **WHERE}, 30.5, 30.0),
        ({"kind": "correlation", "archs": 3, "first": {"schedule": 4}, "second": {"split": "val"}, **WHERE}, 1.0, 0.9),
        ({"kind": "count"}, 3, 4),
    ],
)  # fmt: skip
def test_each_kind_of_fact_holds_or_does_not(store, tmp_path, fact, right, wrong):
    assert _checked(store, tmp_path, fact | {"value": right}, fact | {"value": wrong}) == ["reproduced", "differs"]


def test_the_wrong_winner_differs_and_what_is_missing_is_not_counted(store, tmp_path):
    absent = {"kind": "value", "arch": 7, "budget": 9, "runs": "mean", "value": 1.0, **WHERE}
    assert _checked(
        store,
        tmp_path,
        {"kind": "best", "archs": 3, "arch": 1, **WHERE},
        {"kind": "best", "archs": 4, "arch": 1, **WHERE},
        {"kind": "mean of all", "archs": 4, "value": 1.0, **WHERE},
        absent,
        absent | {"arch": 2, "runs": 3},
        {"kind": "cost", "arch": 0, "column": "params", "value": 3, **WHERE},
        absent | {"benchmark": "nb101"},
    ) == ["differs", *["not in the store"] * 5]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"facts": [{"kind": "value"}], "sources": {}}', '{"facts": [{"kind": "guess", "source": "x"}], "sources": {"x": ""}}'])  # fmt: skip
def test_what_is_no_file_of_facts_is_refused(store, tmp_path, content):
    path = tmp_path / "facts.json"
    path.write_text(content)
    with pytest.raises(InvalidArgumentError, match=r"not a file of published facts|unknown kind or source"):
        check_facts(store, against=path)


def test_the_command_says_how_many_numbers_are_reproduced(store, tmp_path, capsys):
    path = tmp_path / "facts.json"
    facts = [{"benchmark": "mine", "source": "me", "kind": "count", "value": value} for value in (3, 3)]
    path.write_text(json.dumps({"sources": {"me": "myself"}, "facts": facts}))
    command = ["verify", "--store", store.root, "--against", str(path)]
    assert main(command) == 0
    assert "mine reproduces 2 of 2 published numbers" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    assert [fact["verdict"] for fact in json.loads(capsys.readouterr().out)["facts"]] == ["reproduced"] * 2
    path.write_text(path.read_text().replace("3", "4"))
    assert main(command) == 1
    printed = capsys.readouterr().out
    assert "differs" in printed
    assert "reproduces 0 of 2 published numbers" in printed
    assert main(["verify", "--store", nbf.published.store().root, "--against"]) == 0
    assert "nats-tss reproduces" in capsys.readouterr().out
