"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes.cli import main, make_parser
from nbframes.cli.program import modules
from tests.frames import results


@pytest.fixture
def folder(tmp_path):
    frame = pl.concat([results(split=s) for s in ("val", "test")])
    archs = pl.DataFrame({"arch": range(6), "arch_str": list("abcdef")})
    nbf.write_results(frame, tmp_path / "store", benchmark="mine", archs=archs)
    return str(tmp_path / "store")


COMMANDS = tuple(name for name, _ in modules())


def test_the_commands_are_those_of_the_design():
    assert set(COMMANDS) >= {"completion", "demo", "download", "export", "info", "plugins", "query", "report", "verify"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    assert f"nbframes {command}" in text


@pytest.mark.parametrize(("command", "module"), list(modules()), ids=COMMANDS)
def test_examples_of_the_help_are_calls_that_parse(command, module):
    parser = make_parser()
    for line in module.EXAMPLES:
        words = line.split("|")[0].split(">")[0].strip().removeprefix('eval "$(').removesuffix(')"').split()
        words = words[words.index("nbframes") :]  # what stands before are variables
        assert words[1] == command
        assert parser.parse_args(words[1:]).run is module.run


def test_the_program_alone_shows_the_commands(capsys):
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)


def test_info_lists_the_benchmarks(folder, capsys):
    assert main(["info", "--store", folder]) == 0
    assert "mine" in capsys.readouterr().out
    assert main(["info", "mine", "--store", folder]) == 0
    assert "not official" in capsys.readouterr().out
    assert main(["info", "--json", "--store", folder]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["benchmarks"]["mine"]["tables"]["results"]["rows"] == results().height * 2


def test_info_writes_notes_as_people_do(capsys):
    assert main(["info", "nats-tss", "--store", nbf.published.store().root]) == 0
    said = capsys.readouterr().out
    assert "name D-X-Y/NATS-Bench, licence MIT; name" in said
    assert "accuracy  cifar100        valtest  percent [0, 100]" in said
    assert not any(python in said for python in ("['", "{'", "True", "None"))


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
    assert [row["arch"] for row in got["rows"]] == means["arch"].head(2).to_list()
    assert got["rows"][0]["rank"] == 1
    assert got["rows"][0]["seed_count"] == 2
    assert got["rows"][0]["arch_str"] == "abcdef"[got["rows"][0]["arch"]]
    assert {name: got[name] for name in ("dataset", "split", "metric", "unit", "better", "schedule", "budgets")} == {
        "dataset": "cifar10",
        "split": "test",
        "metric": "accuracy",
        "unit": "percent [0, 100]",
        "better": "max",
        "schedule": 3,
        "budgets": [3],
    }
    assert (len(got["seeds"]), got["archs"], got["synthetic"]) == (2, 6, False)


def test_query_says_what_it_shows(folder, capsys):
    assert main(["query", "mine", "--store", folder, "--arch", "3", "--budget", "1"]) == 0
    title, head, *rows = capsys.readouterr().out.splitlines()
    assert title.startswith(
        "mine: accuracy (percent [0, 100], more is better) on cifar10 test; schedule 3, budget 1; mean over seeds "
    )
    assert head.split() == ["rank", "arch", "value", "value_std", "seed_count", "arch_str"]
    assert len(rows) == 1


def test_query_and_info_give_csv(folder, capsys):
    assert main(["query", "mine", "--store", folder, "--csv"]) == 0
    table = pl.read_csv(capsys.readouterr().out.encode())
    assert table["rank"].to_list() == sorted(table["rank"])
    assert table.columns == ["rank", "arch", "value", "value_std", "seed_count", "arch_str"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["query", "mine", "--dataset", "cifar11"], 2, "did you mean 'cifar10'"),
        (["query", "mine", "--metric", "loss"], 2, "unknown metric of mine 'loss'"),
        (
            ["query", "mine", "--split", "train"],
            2,
            "mine has no accuracy on train; it has accuracy on 'cifar10 test', 'cifar10 val'",
        ),
        (["query", "mine", "--metric", "accuracies"], 2, "did you mean 'accuracy'"),
        (["query", "mine", "--schedule", "7"], 2, "the schedules are [3]"),
        (["query", "mine", "--top", "0"], 2, "1 or more, not 0"),
        (["query", "mine", "--top", "-5"], 2, "1 or more, not -5"),
        (["query", "mine", "--arch", "1", "99"], 2, "no such values for the architectures [99]"),
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


def test_export_takes_limits_and_says_how_to_raise_one(tmp_path, capsys):
    source = str(nbf.synthetic.write(tmp_path / "upstream", "nb301")["nb301"])
    words = ["export", source, "--store", str(tmp_path / "store"), "--quiet"]
    assert main([*words, "--limit", "members=1"]) == 1
    assert "--limit members=NUMBER" in capsys.readouterr().err
    assert main([*words, "--limit", "members=1000", "--limit", "seconds=60.5", "--strict"]) == 0
    assert main([*words, "--limit", "member=1"]) == 2
    assert "did you mean 'members'" in capsys.readouterr().err
    assert main([*words, "--limit", "members=many"]) == 2
    assert "'many'" in capsys.readouterr().err


@pytest.mark.parametrize("place", [0, 2, 4])
def test_debug_anywhere_shows_the_traceback(folder, place):
    words = ["query", "mime", "--store", folder]
    with pytest.raises(nbf.errors.UnknownNameError):
        main([*words[:place], "--debug", *words[place:]])


def test_errors_speak_the_shells_language(folder, tmp_path, capsys):
    source = nbf.synthetic.write(tmp_path / "upstream", "nb301")["nb301"]
    assert main(["export", str(source), "--store", folder, "--quiet"]) == 0
    assert main(["export", str(source), "--store", folder, "--quiet"]) == 1
    assert main(["query", "mine", "--dataset", "cifar11", "--store", folder]) == 2
    assert main(["report", "--store", folder, "--out", folder]) == 1
    assert main(["info", "--store", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr().err
    assert "--overwrite" in said
    assert f"{folder}: is a directory" in said
    for python in ("=True", "known=", "[Errno", "open_store(", "Error:"):
        assert python not in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["qurey"], "unknown command 'qurey'; did you mean 'query'?"),
        (["query", "mine", "--split", "tset"], "unknown value 'tset'; did you mean 'test'?"),
        (["query"], "BENCHMARK"),
        (["query", "mine", "--top", "many"], "--top"),
    ],
)
def test_a_wrong_call_is_exit_code_two_and_names_the_nearest(words, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert "--help" in said


def test_verify_says_sound_or_what_is_wrong(folder, capsys):
    assert main(["verify", "--store", folder]) == 0
    assert capsys.readouterr().out.endswith("sound\n")
    next(Path(folder, "results").rglob("*.parquet")).unlink()
    assert main(["verify", "--store", folder]) == 1
    assert "the file is missing" in capsys.readouterr().out
    assert main(["verify", "--store", folder, "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 1


def test_missing_cells_of_the_space_are_not_sound(tmp_path, capsys, monkeypatch):
    store = nbf.synthetic.store(tmp_path, benchmarks=["nb101"])
    lacking = store.scan_archs("nb101").select("arch_str", "hash").head(3).collect()
    monkeypatch.setattr("nbframes.store.verify.missing_cells", lambda *_, **__: lacking)
    assert main(["verify", "--store", store.root, "--space"]) == 1
    said = capsys.readouterr().out
    assert said.endswith("incomplete: 3 cells of the published space are not in the store\n")
    assert lacking["hash"][2] in said


def test_plugins_are_listed_with_what_went_wrong(capsys, monkeypatch):
    from nbframes.benchmarks import Plugin, registry

    broken = Plugin("bad", "their-package", "1.0", "theirs:BAD", (), "RuntimeError: boom")
    monkeypatch.setattr(registry, "_plugins", [broken])
    assert main(["plugins"]) == 0
    assert "RuntimeError: boom" in capsys.readouterr().out
    assert main(["plugins", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["package"] == "their-package"
    monkeypatch.setattr(registry, "_plugins", [])
    assert main(["plugins"]) == 0
    assert "no installed package" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh", "fish"])
def test_completion_scripts_name_the_commands_and_ask_for_names(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(command in script for command in COMMANDS)
    for kind in ("benchmarks", "datasets", "metrics"):
        assert f"nbframes completion --list {kind}" in script


def test_names_for_completion_are_those_of_the_store(folder, tmp_path, capsys):
    def said(kind, store):
        assert main(["completion", "--list", kind, "--store", store]) == 0
        return capsys.readouterr().out.split()

    assert said("benchmarks", folder) == ["mine"]
    assert said("benchmarks", str(tmp_path / "nowhere")) == []
    assert said("datasets", str(tmp_path / "nowhere")) == list(nbf.benchmarks.dataset_names())
    assert "accuracy" in said("metrics", folder)
    assert said("official", folder) == ["nb101", "nb201", "nb301", "nats-tss", "nats-sss"]


def test_bash_completes_the_names_of_a_store(folder, tmp_path):
    program = tmp_path / "nbframes"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m nbframes "$@"\n')
    program.chmod(0o755)
    script = """
eval "$(nbframes completion bash)"
COMP_WORDS=(nbframes query m) COMP_CWORD=2 COMP_LINE="nbframes query m" COMP_POINT=16
$(complete -p nbframes | sed 's/.*-F \\([^ ]*\\).*/\\1/') nbframes m query
echo "${COMPREPLY[@]}"
"""
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NBFRAMES_STORE": folder}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.split() == ["mine"], done.stderr


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


def test_a_terminal_cuts_long_texts_to_its_width_and_a_pipe_does_not(monkeypatch, capsys):
    from nbframes.cli.terminal import print_table

    table = pl.DataFrame({"rank": [1], "arch_str": ["x" * 200], "value": [1.5]})
    print_table(table)
    assert "x" * 200 in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    print_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) == 60
    assert "x…" in lines[1]
    assert lines[1].endswith("1.5000")


EVIL = "\033]0;owned\007\033[2J"


def test_what_files_say_cannot_steer_the_terminal(tmp_path, capsys):
    archs = pl.DataFrame({"arch": range(6), "arch_str": [EVIL] * 6})
    nbf.write_results(results(), tmp_path, benchmark="mine", archs=archs, version=EVIL, units={"accuracy": EVIL})
    for words in (["info"], ["info", "mine"], ["query", "mine"], ["verify"]):
        assert main([*words, "--store", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert "\033" not in said
        assert "\007" not in said
    assert main(["query", EVIL, "--store", str(tmp_path)]) == 2
    assert "\033" not in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_an_interrupt_is_one_line_and_130_whenever_it_comes(folder, delay):
    code = "import nbframes.__main__ as program; print('ready', flush=True); program.program()"
    command = [sys.executable, "-c", code, "query", "mine", "--store", folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        assert out
    else:
        assert (process.returncode, err) == (130, "nbframes: interrupted; nothing was left half-done\n")


def test_warnings_are_one_line(folder, monkeypatch, capsys):
    import warnings

    from nbframes.cli.commands import info

    monkeypatch.setattr(info, "run", lambda _: warnings.warn("careful", stacklevel=1) or 0)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["info", "--store", folder]) == 0
    assert capsys.readouterr().err == "nbframes: warning: careful\n"


def test_the_demo_replaces_nothing_that_is_not_its_own(tmp_path, capsys):
    (tmp_path / "store").mkdir()
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert "no demo wrote" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "store"]
    (tmp_path / "NBFRAMES-DEMO.txt").write_text("")
    nbf.write_results(results(), tmp_path / "store", benchmark="nats-tss")
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert "'nats-tss', which is not synthetic" in capsys.readouterr().err
    assert nbf.scan("nats-tss", store=tmp_path / "store").collect().height == results().height


def test_colour_respects_the_terminal_and_no_color(monkeypatch):
    from nbframes.cli.terminal import bold

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert bold("x") == "\033[1mx\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert bold("x") == "x"


def test_only_what_the_benchmark_has_is_suggested(capsys):
    """Datasets of other benchmarks, such as those of plug-ins, are no answer."""
    assert main(["query", "nats-tss", "--dataset", "cifar11", "--store", nbf.published.store().root]) == 2
    said = capsys.readouterr().err
    assert "unknown dataset of nats-tss 'cifar11'; did you mean 'cifar10'" in said
    assert said.split("Valid: ")[1].splitlines()[0] == "'ImageNet16-120', 'cifar10', 'cifar10-valid', 'cifar100'"
