"""Processes killed at any moment of a write, an overwrite, an export, an attachment, a removal or a recovery.

The suite kills a few. `NBFRAMES_KILLS=300 python -m pytest tests/robustness/test_kills.py` kills as many as it says;
`NBFRAMES_SEED` chooses the moments.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nbframes as nbf

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("NBFRAMES_KILLS", "8"))
SEED = int(os.environ.get("NBFRAMES_SEED", "0"))
ROUND = 20
"""Kills of one store, one after the other, so that what one left behind meets the next."""

WORK = """
import random, sys, warnings
import polars as pl
import nbframes as nbf
from tests.frames import results

folder, source, chance = sys.argv[1], sys.argv[2], random.Random(sys.argv[3])
warnings.simplefilter("ignore")

def write(count):
    nbf.write_results(results(count), folder, benchmark="mine", archs=pl.DataFrame({"arch": range(count)}), overwrite=True)

def attach():
    board = pl.DataFrame({"arch": [0, 1], "dataset": "cifar10", "joules": [1.5, 2.5]})
    nbf.attach(board, folder, to="mine", name="board", overwrite=True)

def detach():
    if "board" in nbf.Store(folder).catalogue.attachments("mine"):
        nbf.detach(folder, to="mine", name="board")

def export():
    nbf.export(source, folder, jobs=1, progress=False, overwrite=True)

write(2)
print("ready", flush=True)
while True:
    chance.choice([lambda: write(2), lambda: write(5), attach, detach, export])()
"""

LOOK = """
import sys
import nbframes as nbf

print("ready", flush=True)
nbf.open_store(sys.argv[1]).verify()
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return nbf.synthetic.write(tmp_path_factory.mktemp("source"), "nb301")["nb301"]


def _killed(script, chance, *args, within):
    """Start a process and kill it at some moment after it is ready; return how it ended."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, "-c", script, *map(str, args)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        child.stdout.readline()
        time.sleep(chance.uniform(0, within))
        child.send_signal(signal.SIGKILL)
        _, told = child.communicate()
    assert child.returncode in (-signal.SIGKILL, 0), told
    return child.returncode


def _check(folder, rows_of_export):
    store = nbf.open_store(folder)
    assert store.verify().is_empty(), store.verify().rows()
    rows = store.scan("mine").filter(nbf.expr.metric("accuracy")).collect()
    archs = rows["arch"].n_unique()
    assert archs in (2, 5)
    assert rows.height == archs * 6
    assert store.scan_archs("mine").collect().height == archs
    joules = [store.manifest("mine", name).rows() for name in store.catalogue.attachments("mine")]
    assert joules in ([], [2])
    if "nb301" in store.benchmarks():
        rows_of_export.add(store.scan("nb301").collect().height)
    assert len(rows_of_export) <= 1, "an export is whole or it is not there"
    assert not list((folder / ".nbframes" / "staging").iterdir())
    left = {path.name for path in (folder / ".nbframes").iterdir()} - {"lock", "staging", "commit.tmp"}
    assert not left


@pytest.mark.parametrize("number", range(-(-KILLS // ROUND)))
def test_whatever_is_killed_leaves_the_old_state_or_the_new(tmp_path, source, number):
    chance, rows_of_export = random.Random(f"{SEED} {number}"), set()
    for kill in range(min(ROUND, KILLS - number * ROUND)):
        _killed(WORK, chance, tmp_path, source, f"{SEED} {number} {kill}", within=0.5)
        if chance.random() < 0.4:
            _killed(LOOK, chance, tmp_path, within=0.05)
        _check(tmp_path, rows_of_export)
