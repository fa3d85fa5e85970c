"""Reads while another process overwrites what is read, over and over."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import StoreError
from nbframes.store.storage import LocalFiles
from tests.frames import results

ROOT = Path(__file__).resolve().parents[2]
READS, OVERWRITES, AT_MOST = 60, 6, 60
"""Both are reached, or the seconds are over."""

OVERWRITE = """
import itertools, sys
import polars as pl
import nbframes as nbf
from tests.frames import results

for number in itertools.count(1):
    nbf.write_results(results(50).with_columns(value=pl.lit(float(number))), sys.argv[1], benchmark="mine", overwrite=True)
    print(number, flush=True)
"""


def test_reads_in_a_loop_of_overwrites_see_one_state_and_do_not_fail(tmp_path):
    frame = results(50).with_columns(value=pl.lit(0.0))
    nbf.write_results(frame, tmp_path / "store", benchmark="mine")
    outcomes, seen, end = Counter(), set(), time.monotonic() + AT_MOST
    command = [sys.executable, "-c", OVERWRITE, str(tmp_path / "store")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        try:
            while (sum(outcomes.values()) < READS or len(seen) < OVERWRITES) and time.monotonic() < end:
                assert writer.poll() is None
                try:
                    got = nbf.open_store(tmp_path / "store").scan("mine").collect()
                except (StoreError, pl.exceptions.PolarsError, OSError) as error:
                    outcomes[repr(error)] += 1
                    continue
                outcomes["read"] += 1
                assert got.height == frame.height
                assert got["value"].n_unique() == 1
                seen.add(got["value"][0])
        finally:
            writer.kill()
    assert len(seen) >= OVERWRITES
    # A query that is pending while its files are replaced fails rather than mix two states: of 9,692 reads beside 350 overwrites, none did.
    assert outcomes["read"] >= 0.95 * sum(outcomes.values()), outcomes


@pytest.mark.parametrize("table", ["scan", "scan_archs"])
def test_what_is_replaced_while_it_is_looked_up_is_looked_up_again(tmp_path, monkeypatch, table):
    def write(count):
        archs = pl.DataFrame({"arch": range(count)})
        nbf.write_results(results(count), tmp_path, benchmark="mine", archs=archs, overwrite=True)

    counts, check = iter([3, 4]), LocalFiles.check

    def check_late(files, named):
        if (count := next(counts, None)) is not None:
            write(count)
        check(files, named)

    write(2)
    monkeypatch.setattr(LocalFiles, "check", check_late)
    assert getattr(nbf.open_store(tmp_path), table)("mine").collect()["arch"].n_unique() == 4
