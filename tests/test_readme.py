"""Every line that the README shows is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from nbframes.cli import main

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
SHOWN = [code for language, code in BLOCKS if language == "text"]
SHELL = [line for language, code in BLOCKS if language == "bash" for line in code.strip().splitlines()]


def test_the_two_commands_stand_at_the_top():
    assert SHELL[0] == "pip install . && nbframes demo"
    assert SHELL[1].startswith('pip install -e ".[test]" && ')


def test_the_python_blocks_run_one_after_the_other(capsys):
    namespace = {}
    printed = []
    with mpl.rc_context(), plt.style.context("default"):
        for code in PYTHON:
            exec(compile(code, "README.md", "exec"), namespace)
            printed.append(capsys.readouterr().out)
        plt.close("all")
    assert printed[0] == SHOWN[0]
    assert all(printed)


def test_the_first_answer_takes_three_lines():
    assert len([line for line in PYTHON[0].splitlines() if line]) == 3


def test_tables_are_sorted():
    tables = re.findall(r"((?:^\|.*\n)+)", README, flags=re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        first = [line.split("|")[1].strip(" `") for line in table.splitlines()[2:]]
        assert first == sorted(first, key=str.casefold)


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)", README)
    assert len(links) > 10
    assert [link for link in links if not (Path(__file__).resolve().parents[1] / link).exists()] == []


def test_the_readme_says_what_finds_damage():
    assert re.search(r"scan reads Parquet as it is: bits that flipped[^`]*`nbframes verify`\s+finds them", README)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    assert main(["demo", "--out", str(folder / "nbframes-demo")]) == 0
    return folder


def test_the_demo_writes_what_it_names(demo):
    figures = list((demo / "nbframes-demo" / "figures").glob("*.png"))
    assert len(figures) >= 6
    assert len([figure for figure in figures if figure.name.startswith("published_")]) >= 3
    assert all(figure.read_bytes().startswith(b"\x89PNG") for figure in figures)
    assert (demo / "nbframes-demo" / "upstream" / "SYNTHETIC-SAMPLE.txt").exists()


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("nbframes")])
def test_the_shell_lines_run(demo, line, monkeypatch, capsys):
    monkeypatch.chdir(demo)
    assert main(shlex.split(line)[1:]) == 0
    assert capsys.readouterr().out


def test_pandas_reads_a_store_as_the_documentation_says():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    import nbframes as nbf

    store = nbf.synthetic.store()
    frame = pandas.read_parquet(f"{store.root}/results", filters=[("arch", "==", 7)])
    assert len(frame) == store.scan().filter(nbf.arch(7)).collect().height


def test_every_command_that_the_readme_names_exists():
    from nbframes.cli import make_parser

    commands = set(re.findall(r"`nbframes (\w+)", README))
    choices = next(action.choices for action in make_parser()._actions if getattr(action, "choices", None))
    assert commands <= set(choices)
