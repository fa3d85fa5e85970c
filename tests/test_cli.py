"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes.cli import main, make_parser
from tests.frames import results


@pytest.fixture
def folder(tmp_path):
    frame = pl.concat([results(split=s) for s in ("val", "test")])
    archs = pl.DataFrame({"arch": range(6), "arch_str": list("abcdef")})
    nbf.write_results(frame, tmp_path / "store", benchmark="mine", archs=archs)
    return str(tmp_path / "store")


COMMANDS = ("demo", "download", "export", "info", "query", "verify", "report", "completion")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    assert f"nbframes {command}" in text


def test_examples_of_the_help_are_calls_that_parse():
    parser = make_parser()
    for command in COMMANDS:
        actions = next(
            a
            for a in parser._actions
            if a.dest == "==SUPPRESS==" or (getattr(a, "choices", None) and command in a.choices)
        )
        for line in actions.choices[command].epilog.splitlines()[1:]:
            words = line.split("|")[0].split(">")[0].strip().removeprefix('eval "$(').removesuffix(')"').split()
            words = [word for word in words if "=" not in word or word.startswith("-")]
            assert parser.parse_args(words[1:]).run


def test_info_lists_the_benchmarks(folder, capsys):
    assert main(["info", "--store", folder]) == 0
    assert "mine" in capsys.readouterr().out
    assert main(["info", "mine", "--store", folder]) == 0
    assert "not official" in capsys.readouterr().out
    assert main(["info", "--json", "--store", folder]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["benchmarks"]["mine"]["tables"]["results"]["rows"] == results().height * 2


def test_query_ranks_by_the_mean_over_seeds(folder, capsys):
    assert main(["query", "mine", "--store", folder, "--top", "2", "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    means = (
        results()
        .filter(pl.col("budget") == 3)
        .group_by("arch")
        .agg(pl.col("value").mean())
        .sort("value", descending=True)
    )
    assert [row["arch"] for row in got] == means["arch"].head(2).to_list()
    assert got[0]["rank"] == 1
    assert got[0]["seed_count"] == 2
    assert got[0]["arch_str"] == "abcdef"[got[0]["arch"]]
    assert main(["query", "mine", "--store", folder, "--arch", "3", "--budget", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["rank", "arch", "value", "value_std", "seed_count", "arch_str"]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["query", "mine", "--dataset", "cifar11"], 2, "did you mean 'cifar10'"),
        (["query", "mine", "--metric", "loss"], 2, "has no loss of cifar10 test"),
        (["query", "mine", "--schedule", "7"], 2, "there are schedules [3]"),
        (["query", "mine", "--top", "0"], 2, "1 or more, not 0"),
        (["query", "mine", "--top", "-5"], 2, "1 or more, not -5"),
        (["query", "mine", "--arch", "1", "99"], 2, "no such values of the architectures [99]"),
        (["query", "mime"], 2, "did you mean 'mine'"),
        (["export", "/nowhere/at-all"], 1, "/nowhere/at-all"),
        (["export"], 2, "NASBENCH101_PATH"),
    ],
)
def test_errors_go_to_stderr_without_a_traceback(folder, words, code, message, capsys, monkeypatch):
    for name in ("NASBENCH101_PATH", "NASBENCH201_PATH", "NASBENCH301_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert main([*words, "--store", folder]) == code
    out, err = capsys.readouterr()
    assert not out
    assert message in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(folder):
    with pytest.raises(nbf.errors.UnknownNameError):
        main(["query", "mime", "--store", folder, "--debug"])


def test_a_wrong_call_is_exit_code_two():
    with pytest.raises(SystemExit) as stop:
        main(["frobnicate"])
    assert stop.value.code == 2


def test_verify_says_sound_or_what_is_wrong(folder, capsys):
    assert main(["verify", "--store", folder]) == 0
    assert capsys.readouterr().out.endswith("sound\n")
    next(Path(folder, "results").rglob("*.parquet")).unlink()
    assert main(["verify", "--store", folder]) == 1
    assert "the file is missing" in capsys.readouterr().out
    assert main(["verify", "--store", folder, "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_scripts_name_the_commands(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(command in script for command in COMMANDS)


def _process(*words, **environment):
    command = [sys.executable, "-m", "nbframes", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def test_a_pipe_gets_no_escapes_and_no_progress(folder):
    done = _process("verify", "--store", folder)
    assert done.returncode == 0
    assert "\033" not in done.stdout
    assert not done.stderr


def test_the_store_comes_from_the_environment(folder):
    done = _process("info", NBFRAMES_STORE=folder)
    assert "mine" in done.stdout


def test_a_closed_pipe_is_no_error(folder):
    script = f"{sys.executable} -m nbframes info --json --store {folder} | head -c 10"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_colour_respects_the_terminal_and_no_color(monkeypatch):
    from nbframes.cli.terminal import bold

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert bold("x") == "\033[1mx\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert bold("x") == "x"
