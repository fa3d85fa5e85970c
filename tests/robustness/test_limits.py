"""Sources that ask for much end in words, within seconds and little memory; the limits can be raised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, SourceError
from nbframes.export import limits
from tests.robustness.bombs import BOMBS

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES = 200
CPU_SECONDS = 5
QUICK = (
    "a record of dicts",
    "ten million marks",
    "entries with long texts",
    "what follows NAS-Bench-101",
    "a tar header of 2 GB",
    "a tar.gz of 2 GB",
    "a pipe",
    "a run of lists",
)
"""Those whose files are written in no time; all of them with NBFRAMES_FUZZ set, as the long fuzz run has it."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("name", BOMBS if "NBFRAMES_FUZZ" in os.environ else QUICK)
def test_a_source_that_asks_for_much_ends_in_words_and_in_little(name, tmp_path):
    BOMBS[name](tmp_path / "source")
    command = [sys.executable, "-m", "tests.robustness.bombs", str(tmp_path / "source")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    took = json.loads(done.stdout)
    assert took["words"]
    assert took["megabytes"] < MEGABYTES
    assert took["cpu"] < CPU_SECONDS


def test_limits_can_be_raised_and_hold_for_one_export(tmp_path):
    source = nbf.synthetic.write(tmp_path, "nats-sss")["nats-sss"]
    with pytest.raises(SourceError, match=r"limit of 1,000; .*nbf\.Limits\(record_bytes=\.\.\.\)"):
        nbf.export(source, tmp_path / "store", limits=nbf.Limits(record_bytes=1000), progress=False, jobs=1)
    assert limits.current() == nbf.Limits()
    nbf.export(source, tmp_path / "store", limits=nbf.Limits(record_bytes=1 << 30), progress=False, jobs=1)


@pytest.mark.parametrize("wrong", [0, -1, True, "many", float("nan")])
def test_a_limit_is_a_number_above_zero(wrong):
    with pytest.raises(InvalidArgumentError, match="the limit 'nesting' is a number above 0"):
        nbf.Limits(nesting=wrong)


def test_workers_have_the_limits_of_the_export(tmp_path):
    source = nbf.synthetic.write(tmp_path, "nats-sss")["nats-sss"]
    small = nbf.Limits(record_items=10)
    with pytest.raises(SourceError, match=r"nbf\.Limits\(record_(items|bytes)=\.\.\.\)"):
        nbf.export(source, tmp_path / "store", limits=small, progress=False, jobs=2)
