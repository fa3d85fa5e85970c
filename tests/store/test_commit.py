"""A benchmark appears complete or not at all, whatever interrupts the writer."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import StoreError
from nbframes.store.locks import locked
from tests.frames import results

WRITE = """
import sys
import polars as pl
import nbframes as nbf
from tests.frames import results

def write(folder, archs, **options):
    nbf.write_results(
        results(archs, dataset="mine"), folder, benchmark="mine", overwrite=True,
        archs=pl.DataFrame({"arch": range(archs)}), **options)
"""

CRASH = (
    WRITE
    + """
import os
from pathlib import Path

import nbframes.store.commit as commit

folder, crash_at = sys.argv[1], int(sys.argv[2])
armed, steps = False, 0

def counted(original):
    def step(*args, **kwargs):
        global steps
        if armed:
            if steps == crash_at:
                os._exit(9)
            steps += 1
        return original(*args, **kwargs)
    return step

def arm(*args, original=commit._put_record):
    global armed
    armed = True
    original(*args)

for name in ("replace", "unlink", "mkdir", "rmdir"):
    setattr(Path, name, counted(getattr(Path, name)))
commit._put_record = arm
write(folder, 5)
"""
)


def _run(script, *args, **options):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.Popen([sys.executable, "-c", script, *map(str, args)], env=environment, **options)


def _archs(folder):
    """Number of architectures in the tables, which must agree with each other."""
    store = nbf.open_store(folder)
    count = store.scan("mine").select(pl.col("arch").n_unique()).collect().item()
    assert store.scan_archs("mine").collect().height == count
    assert store.scan("mine").collect().height == count * 6
    return count


def test_a_crash_at_any_step_of_the_commit_is_rolled_forward(tmp_path):
    """The process dies before its k-th change of the file system after the commit began, for every k.

    By turns the next one to come reads, writes or verifies.
    """
    outcomes = []
    for step in range(40):
        folder = tmp_path / str(step)
        nbf.write_results(results(2, dataset="mine"), folder, benchmark="mine", archs=pl.DataFrame({"arch": range(2)}))
        code = _run(CRASH, folder, step).wait()
        if step % 3 == 0:
            assert _archs(folder) in (2, 5)
        elif step % 3 == 1:
            nbf.write_results(results(3), folder, benchmark="other")
        assert nbf.Store(folder).verify().is_empty()
        outcomes.append(_archs(folder))
        assert not list((folder / ".nbframes" / "staging").iterdir())
        if code == 0:
            break
    else:
        pytest.fail("the commit never came to its end")
    assert outcomes[0] == 2, "before the record the old state counts"
    assert outcomes[-1] == 5
    assert outcomes == sorted(outcomes)
    assert len(outcomes) > 6


def test_a_first_export_that_dies_inside_its_commit_is_there_afterwards(tmp_path):
    folders = [tmp_path / str(step) for step in range(2, 12)]
    for step, folder in enumerate(folders, 2):
        assert _run(CRASH, folder, step).wait() == 9
        assert (folder / ".nbframes" / "commit.json").exists()
    for folder in folders[::2]:
        assert nbf.open_store(folder).benchmarks() == ["mine"]
        assert _archs(folder) == 5
    for folder in folders[1::2]:
        assert nbf.Store(folder).verify().is_empty()
        assert _archs(folder) == 5


def test_readers_wait_for_a_commit_that_is_under_way(tmp_path):
    nbf.write_results(results(2, dataset="mine"), tmp_path, benchmark="mine", archs=pl.DataFrame({"arch": range(2)}))
    record = tmp_path / ".nbframes" / "commit.json"
    with locked(tmp_path / ".nbframes" / "lock"):
        record.write_text("{}")
        threading.Timer(0.5, record.unlink).start()
        assert nbf.Store(tmp_path).scan("mine").collect().height == 12


def test_a_kill_at_random_moments_leaves_the_old_state_or_the_new(tmp_path):
    random.seed(0)
    nbf.write_results(results(2, dataset="mine"), tmp_path, benchmark="mine", archs=pl.DataFrame({"arch": range(2)}))
    loop = WRITE + "\nprint('ready', flush=True)\nwhile True:\n    write(sys.argv[1], 5)\n    write(sys.argv[1], 2)\n"
    for _ in range(6):
        writer = _run(loop, tmp_path)
        time.sleep(0.5 + random.random())
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        assert nbf.open_store(tmp_path).verify().is_empty()
        assert _archs(tmp_path) in (2, 5)


def test_a_reader_never_sees_half(tmp_path):
    nbf.write_results(results(2, dataset="mine"), tmp_path, benchmark="mine", archs=pl.DataFrame({"arch": range(2)}))
    writer = _run(WRITE + "\nfor _ in range(40):\n    write(sys.argv[1], 5)\n    write(sys.argv[1], 2)\n", tmp_path)
    seen = set()
    while writer.poll() is None:
        try:
            frame = nbf.scan("mine", store=tmp_path).collect()
        except (StoreError, FileNotFoundError, pl.exceptions.ComputeError):
            continue
        seen.add((frame["arch"].n_unique(), frame.height))
    assert writer.wait() == 0
    assert seen == {(2, 12), (5, 30)}


def test_two_writers_of_different_benchmarks_do_not_disturb_each_other(tmp_path):
    script = "import sys\nimport nbframes as nbf\nfrom tests.frames import results\nfor i in range(5):\n    "
    script += "nbf.write_results(results(4), sys.argv[1], benchmark=sys.argv[2], overwrite=True)\n"
    writers = [_run(script, tmp_path, name, stderr=subprocess.PIPE) for name in ("one", "two")]
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors.decode()
    store = nbf.open_store(tmp_path)
    assert store.benchmarks() == ["one", "two"]
    assert store.verify().is_empty()


def test_a_full_disk_is_a_clear_error_and_changes_nothing(tmp_path):
    nbf.write_results(results(2), tmp_path, benchmark="mine")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match="The store is unchanged"):
            nbf.write_results(results(2000), tmp_path, benchmark="mine", overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    store = nbf.open_store(tmp_path)
    assert store.verify().is_empty()
    assert store.scan("mine").collect()["arch"].n_unique() == 2


def test_a_read_only_place_is_a_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises((StoreError, FileExistsError, NotADirectoryError)):
        nbf.write_results(results(2), blocked / "store", benchmark="mine")
