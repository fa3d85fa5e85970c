"""`nbframes download` from a server on loopback to a store, and `nbframes export` of what the environment names."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.cli import main
from nbframes.downloads import RetryPolicy, find
from tests.attachments.conftest import operation_tuple

HASTY = RetryPolicy(timeout=0.5, attempts=2, pause=0.0)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """The sample as its publishers would serve it."""
    return nbf.synthetic.write(tmp_path_factory.mktemp("upstream"), "nb101", "nb301")


@pytest.fixture
def tfrecord(upstream):
    return upstream["nb101"].read_bytes()


@pytest.fixture
def registered(site, tfrecord, monkeypatch):
    """NAS-Bench-101 in the registry, served on loopback; call it to change the entry."""
    site.always(body=tfrecord)

    def register(**changes):
        known = {"urls": (site.url,), "size": len(tfrecord), "sha256": hashlib.sha256(tfrecord).hexdigest()}
        source = replace(find("nb101"), **(known | changes))
        monkeypatch.setattr("nbframes.downloads.find", lambda name, variant: source)

    monkeypatch.setattr("nbframes.downloads.RetryPolicy", lambda: HASTY)
    register()
    return register


@pytest.fixture
def call(tmp_path, capsys):
    """Run a command line that works in the folder ``data``: its exit code, output and errors."""

    def run(*words):
        code = main([*words, "--to", str(tmp_path / "data")] if words[0] == "download" else list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data" / "nasbench_full.tfrecord"


def test_a_file_is_fetched_into_the_folder_and_its_path_printed(registered, call, target, tfrecord):
    assert call("download", "nb101") == (0, f"{target}\n", "")
    assert target.read_bytes() == tfrecord


def test_a_file_that_is_there_is_not_fetched_again(registered, call, target, site):
    assert call("download", "nb101") == call("download", "nb101") == (0, f"{target}\n", "")
    assert len(site.asked) == 1


def test_two_words_bring_a_user_from_nothing_to_a_store(registered, call, upstream, tmp_path):
    code, printed, _ = call("download", "nb101", "--export", "--store", str(tmp_path / "store"))
    assert code == 0
    assert "nb101" in printed.splitlines()[1]
    nbf.export(upstream["nb101"], tmp_path / "expected", progress=False)
    for scan in (nbf.scan, nbf.scan_archs, nbf.scan_runs):
        stored = (scan("nb101", store=tmp_path / name).collect() for name in ("store", "expected"))
        assert_frame_equal(*stored, check_row_order=False, check_exact=True)


def test_a_benchmark_that_is_in_the_store_is_replaced_only_if_asked(registered, call, target, tmp_path):
    words = ("download", "nb101", "--export", "--store", str(tmp_path / "store"))
    assert call(*words)[0] == 0
    code, printed, said = call(*words)
    assert (code, printed) == (1, f"{target}\n")
    assert "overwrite" in said
    assert call(*words, "--overwrite")[0] == 0


def test_a_file_fetched_by_hand_goes_on_to_a_store(registered, call, target, site, tfrecord, tmp_path):
    registered(urls=(), pages=("https://drive.google.com/file",))
    mine = tmp_path / "file (1).tfrecord"
    mine.write_bytes(tfrecord)
    store = str(tmp_path / "store")
    code, printed, _ = call("download", "nb101", "--from", str(mine), "--export", "--store", store)
    assert (code, printed.splitlines()[0]) == (0, str(target))
    assert nbf.open_store(store).benchmarks() == ["nb101"]
    assert not site.asked


def test_a_wrong_file_fetched_by_hand_is_refused_and_left(registered, call, target, tfrecord, tmp_path):
    mine = tmp_path / "mine.tfrecord"
    mine.write_bytes(tfrecord[:-1])
    code, printed, said = call("download", "nb101", "--from", str(mine), "--export", "--store", str(tmp_path / "store"))
    assert (code, printed) == (1, "")
    assert "It is cut short" in said
    assert mine.read_bytes() == tfrecord[:-1]
    assert not target.exists()
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["nb110"], "did you mean 'nb101'"),
        (["nats"], "did you mean 'nats-"),
        (["nb101", "--variant", "only_108"], "did you mean 'only108'"),
    ],
)
def test_a_wrong_name_is_a_wrong_call_answered_with_the_nearest(call, tmp_path, words, hint):
    code, printed, said = call("download", *words)
    assert (code, printed) == (2, "")
    assert hint in said
    assert "Valid:" in said
    assert "Traceback" not in said
    assert not (tmp_path / "data").exists()


def test_what_no_program_can_fetch_is_explained_with_the_command_to_run_next(call, tmp_path):
    code, printed, said = call("download", "nats-tss")
    assert (code, printed) == (1, "")
    assert "in a browser, open: https://drive.google.com" in said
    (command,) = re.findall(r"^  nbframes (download .*) --from PATH_OF_THE_FILE$", said, flags=re.MULTILINE)
    assert command == f"download nats-tss --variant {find('nats-tss').variant} --to {str(tmp_path / 'data')!r}"
    assert not list((tmp_path / "data").iterdir())


def test_a_download_that_fails_keeps_what_it_has_and_the_next_goes_on(registered, call, target, site, tfrecord):
    site.answers({"cut": 50_000}, {"status": 503}, {"status": 503})
    code, printed, said = call("download", "nb101")
    assert (code, printed) == (1, "")
    assert "the same call goes on from there" in said
    assert "Traceback" not in said
    assert target.with_name(f"{target.name}.part").read_bytes() == tfrecord[:50_000]
    assert call("download", "nb101") == (0, f"{target}\n", "")
    assert site.ranges[-1] == "bytes=50000-"
    assert target.read_bytes() == tfrecord


def test_another_file_than_the_published_one_never_reaches_a_store(registered, call, target, site, tfrecord, tmp_path):
    site.always(body=tfrecord[::-1])
    code, printed, said = call("download", "nb101", "--export", "--store", str(tmp_path / "store"))
    assert (code, printed) == (1, "")
    assert "nasbench_full.tfrecord" in said
    assert not target.exists()
    assert not (tmp_path / "store").exists()


COMMAND = """
import sys
from dataclasses import replace
from nbframes import cli, downloads

source = replace(downloads.find("nb101"), urls=(sys.argv[1],), size=None, sha256=None)
downloads.find = lambda name, variant: source
sys.exit(cli.main(["download", "nb101", "--to", sys.argv[2]]))
"""


def test_an_interrupted_command_says_that_it_can_go_on(registered, call, target, site, tfrecord):
    site.answers({"stall": 120_000})
    part = target.with_name(f"{target.name}.part")
    command = [sys.executable, "-c", COMMAND, site.url, str(target.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not part.exists() or part.stat().st_size < 100_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=20)
    assert (process.returncode, printed) == (130, "")
    assert said == "nbframes: interrupted; what has arrived is kept, and the same call goes on from there\n"
    assert call("download", "nb101")[0] == 0
    assert site.ranges[-1].startswith("bytes=1")
    assert target.read_bytes() == tfrecord


@pytest.fixture
def environment(monkeypatch):
    """NASBenchAPI's variables: those given, and no others."""

    def name(**paths):
        for number in ("101", "201", "301"):
            monkeypatch.delenv(f"NASBENCH{number}_PATH", raising=False)
        for variable, path in paths.items():
            monkeypatch.setenv(variable, str(path))

    return name


def test_export_finds_what_nasbenchapi_would_find(environment, upstream, call, tmp_path):
    environment(NASBENCH101_PATH=upstream["nb101"], NASBENCH301_PATH=upstream["nb301"])
    code, printed, said = call("export", "--store", str(tmp_path / "store"), "--quiet")
    assert (code, said) == (0, "")
    assert nbf.open_store(tmp_path / "store").benchmarks() == ["nb101", "nb301"]
    assert all(name in printed for name in ("nb101", "nb301"))


def test_a_source_that_is_named_comes_before_the_environment(environment, upstream, call, tmp_path):
    environment(NASBENCH101_PATH=upstream["nb101"])
    assert call("export", str(upstream["nb301"]), "--store", str(tmp_path / "store"), "--quiet")[0] == 0
    assert nbf.open_store(tmp_path / "store").benchmarks() == ["nb301"]


def test_a_variable_that_leads_nowhere_is_a_failure_that_names_the_path(environment, call, tmp_path):
    environment(NASBENCH201_PATH=tmp_path / "absent.pkl")
    code, printed, said = call("export", "--store", str(tmp_path / "store"))
    assert (code, printed) == (1, "")
    assert "absent.pkl" in said


def test_a_table_is_attached_afterwards(call, tmp_path):
    store = tmp_path / "store"
    cells = nbf.published.store().scan_archs("nats-tss").select("arch", "arch_str", "hash").head(2).collect()
    rows = {"dataset": "cifar10", "split": "test", "schedule": 200, "budget": 200, "seed": 777, "metric": "accuracy"}
    results = cells.select("arch", value=pl.lit(90.0)).with_columns(
        pl.lit(value).alias(key) for key, value in rows.items()
    )
    nbf.write_results(results, store, benchmark="nats-tss", archs=cells)
    mine = tmp_path / "zc_nasbench201.json"
    scores = {"synflow": {"score": 9.5, "time": 0.1}, "val_accuracy": 50.0}
    names = [operation_tuple(cell) for cell in cells["arch_str"]]
    mine.write_text(json.dumps({"cifar10": dict.fromkeys(names, scores)}))
    words = ["download", "suite-zero", "--from", str(mine), "--export", "--store", str(store)]
    code, printed, _ = call(*words)
    assert code == 0
    assert "zc_nasbench201.json" in printed
    opened = nbf.open_store(store)
    assert opened.catalogue.attachments("nats-tss") == ["suite-zero"]
    scan = opened.scan("nats-tss").filter(nbf.metric("zc_synflow")).collect()
    assert scan["value"].to_list() == [9.5, 9.5]
    assert call(*words)[0] == 1
    assert call(*words, "--overwrite")[0] == 0


WITHOUT_NETWORK = """
import contextlib, sys
from nbframes.cli import main
with contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(*{"ssl", "urllib.request", "http.client"} & set(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("words", [["--help"], ["download", "--help"], ["info"], ["verify", "nats-tss"]])
def test_a_command_that_downloads_nothing_loads_no_network_stack(words):
    command = [sys.executable, "-c", WITHOUT_NETWORK, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout
    assert done.stderr.rstrip("\n").rpartition("\n")[2] == ""
