"""``nbframes search`` as a user meets it."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nbframes as nbf
from nbframes.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBFRAMES_STORE", raising=False)
    return tmp_path


SEARCH = ["search", "nats-tss", "--dataset", "cifar100", "--store", nbf.published.store().root]


def test_it_prints_a_table_and_draws(capsys, here):
    assert main([*SEARCH, "--runs", "5", "--budget", "200000", "--out", "queries.parquet"]) == 0
    said = capsys.readouterr().out
    for text in ("nats-tss cifar100: 15,625 architectures", "clock    seconds of training", "evolution", "±", "(best)"):
        assert text in said
    assert (here / "search.png").read_bytes()[:4] == b"\x89PNG"
    frame = pl.read_parquet(here / "queries.parquet")
    assert frame["algorithm"].n_unique() == 3


def test_it_prints_for_programs(capsys):
    options = ["--schedule", "12", "200", "--clock", "evaluations", "--algorithms", "bohb,random", "--figure", "a.svg"]
    assert main([*SEARCH, *options, "--runs", "3", "--budget", "20", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["algorithm"] for row in document["table"]] == ["bohb", "random", "(best)"]
    assert main([*SEARCH, *options, "--runs", "3", "--budget", "20", "--csv"]) == 0
    assert capsys.readouterr().out.startswith("algorithm,metric,runs,val_mean")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "9", "--schedule", "12"], "Hint: use --clock evaluations"),
        (["--budget", "9", "--dataset", "cifar10"], "for example --report val"),
        (["--budget", "9", "--algorithms", "rea"], "unknown algorithm 'rea'"),
        (["--budget", "1"], "the budget was too small"),
    ],
)
def test_errors_speak_the_shells_language(words, message, capsys):
    assert main([*SEARCH, "--runs", "2", *words]) in (1, 2)
    assert message in capsys.readouterr().err


def test_figures_and_tables_of_made_up_numbers_say_so(tmp_path, capsys):
    store, figure = nbf.synthetic.store(benchmarks=["nats-tss"]), tmp_path / "search.svg"
    words = ["search", "nats-tss", "--dataset", "cifar100", "--runs", "3", "--budget", "5", "--clock", "evaluations"]
    assert main([*words, "--algorithms", "random", "--figure", str(figure), "--store", store.root]) == 0
    assert capsys.readouterr().out.startswith("SYNTHETIC nats-tss")
    assert ">SYNTHETIC</text>" in figure.read_text()
    assert main([*SEARCH, "--algorithms", "random", "--runs", "3", "--budget", "5000", "--figure", str(figure)]) == 0
    assert "SYNTHETIC" not in capsys.readouterr().out + figure.read_text()


@pytest.mark.parametrize(
    ("figure", "said"), [("x.foo", "unknown format of figures 'foo'"), ("nowhere/x.png", "there is no folder")]
)
def test_a_figure_that_cannot_be_written_is_refused_before_the_search(figure, said, tmp_path, capsys):
    out = tmp_path / "queries.parquet"
    words = ["--runs", "3", "--budget", "5000", "--figure", str(tmp_path / figure), "--out", str(out)]
    assert main([*SEARCH, *words]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
