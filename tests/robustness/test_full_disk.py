"""A disk that fills up at any byte: an error in words, the old state, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from tests.frames import results

ROOT = Path(__file__).resolve().parents[2]

WRITE = """
import resource, signal, sys

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))

import polars as pl
import nbframes as nbf
from tests.frames import results

archs = pl.DataFrame({"arch": range(400), "arch_str": [f"cell {k}" for k in range(400)]})
rows = results(400).sample(fraction=1, shuffle=True, seed=0)
nbf.write_results(rows.iter_slices(500), sys.argv[1], benchmark="mine", archs=archs, overwrite=True)
"""


def _limited(folder, limit):
    """Write with a limit on the size of any file, which the system enforces at that very byte.

    The child limits itself: code between fork and exec is not safe in a process that other libraries gave threads.
    """
    return subprocess.run(
        [sys.executable, "-c", WRITE, str(folder), str(limit)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("limit", [0, 1, 100, 2_000, 4_000, 10_000, 30_000])
@pytest.mark.parametrize("first", [True, False])
def test_a_file_that_cannot_grow_is_an_error_in_words(tmp_path, limit, first):
    folder = tmp_path / "store"
    if not first:
        nbf.write_results(results(2), folder, benchmark="mine", archs=pl.DataFrame({"arch": range(2)}))
    done = _limited(folder, limit)
    assert done.returncode or limit > 1_000  # each store has larger files than that
    if done.returncode:
        last = done.stderr.strip().splitlines()
        assert any("nbframes.errors.StoreError: cannot write to the store" in line for line in last), done.stderr
    staging = folder / ".nbframes" / "staging"
    assert not staging.is_dir() or not list(staging.iterdir())
    if first and done.returncode:
        assert not (folder / "manifests").exists()
        return
    store = nbf.open_store(folder)
    assert store.verify().is_empty()
    assert store.scan("mine").collect().height == (12 if done.returncode else 2400)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB, where this process may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this process may not mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_the_old_state_and_gets_its_space_back(small_disk):
    folder = small_disk / "store"
    nbf.write_results(results(2), folder, benchmark="mine")
    for filling in (0, 300_000, 700_000, 900_000, 950_000):
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"\1" * filling)
        before, told = os.statvfs(small_disk).f_bavail, ""
        try:
            nbf.write_results(results(20_000), folder, benchmark="mine", overwrite=True)
        except nbf.errors.StoreError as error:
            told = str(error)
        if told:
            assert "the disk is full" in told
            assert os.statvfs(small_disk).f_bavail >= before - 2
        store = nbf.open_store(folder)
        assert store.verify().is_empty()
        assert store.scan("mine").collect().height in (12, 120_000)
        ballast.unlink()
        nbf.write_results(results(2), folder, benchmark="mine", overwrite=True)
