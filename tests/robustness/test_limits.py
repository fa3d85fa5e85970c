"""Sources that ask for much end in words, within seconds and little memory; the limits can be raised."""

from __future__ import annotations

import io
import itertools
import json
import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest

import nbframes as nbf
from nbframes.errors import InvalidArgumentError, SourceError
from nbframes.export import limits
from nbframes.export.containers.pickles import stream_items
from tests.robustness.bombs import BOMBS, read

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
    "sets of a long text",
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


SLOW = {
    "sets of a long text": "000000.pickle.pbz2",
    "a long key": "000000.pickle.pbz2",
    "a tar.gz of members that hold nothing": "source",
    "a monolith of streams that hold nothing": "source",
}
"""Sources that stay within all other limits for minutes, and the file that the error names."""


@pytest.mark.parametrize("name", SLOW)
def test_a_source_that_asks_for_little_but_takes_long_ends_in_words(name, tmp_path):
    BOMBS[name](tmp_path / "source")
    hurried = limits.Limits(record_seconds=0.05)
    with limits.limited(hurried):
        words = read(tmp_path / "source")
    assert f"{SLOW[name]}: one record takes more seconds than the limit of 0.05" in words
    assert "nbf.Limits(record_seconds=...)" in words


def test_every_record_has_the_whole_time(monkeypatch):
    records = pickle.dumps({"infos": {key: [OrderedDict() for _ in range(10)] for key in range(8)}})
    ticks, rate = itertools.count(), 0.0
    monkeypatch.setattr(limits, "_clock", lambda: next(ticks) * rate)

    def read_all():
        return len(list(stream_items(io.BytesIO(records), "the source", "infos")))

    read_all()
    looks = next(ticks)
    assert looks >= 8 * 10
    rate = 2 * limits.current().record_seconds / looks  # twice what one record may take, over all of them
    assert read_all() == 8
    rate = limits.current().record_seconds / 5
    with pytest.raises(SourceError, match=r"the source: .*more seconds than the limit of 3\.0; .*record_seconds"):
        read_all()


@pytest.mark.parametrize("wrong", [0, -1, True, "many", float("nan")])
def test_a_limit_is_a_number_above_zero(wrong):
    with pytest.raises(InvalidArgumentError, match="the limit 'nesting' is a number above 0"):
        nbf.Limits(nesting=wrong)


def test_workers_have_the_limits_of_the_export(tmp_path):
    source = nbf.synthetic.write(tmp_path, "nats-sss")["nats-sss"]
    small = nbf.Limits(record_items=10)
    with pytest.raises(SourceError, match=r"nbf\.Limits\(record_(items|bytes)=\.\.\.\)"):
        nbf.export(source, tmp_path / "store", limits=small, progress=False, jobs=2)
