"""Row groups that are written while rows still come: the same bytes, and no error is lost."""

from __future__ import annotations

import numpy as np
import pytest

from nbframes.store.parquet import Background, PartitionFile
from nbframes.store.spill import ROW_GROUP

ROWS = 3 * ROW_GROUP + 5


def parts():
    rng = np.random.default_rng(0)
    whole = {
        "arch": np.arange(ROWS, dtype=np.int32) // 100,
        "schedule": np.full(ROWS, 200, np.int32),
        "budget": np.arange(ROWS, dtype=np.int32) % 100,
        "seed": np.zeros(ROWS, np.int32),
        "value": rng.integers(0, 10_000, ROWS) / 100,
    }
    return [
        {name: column[start : start + 50_000] for name, column in whole.items()} for start in range(0, ROWS, 50_000)
    ]


def filled(file):
    for part in parts():
        file.append(part)
    return file.finish()


def written(folder, background):
    file = PartitionFile(folder, "results", final=False, background=background)
    return filled(file), list(file.contents.entries())


@pytest.fixture
def background():
    threads = Background()
    yield threads
    threads.close()


def test_a_file_is_the_same_whoever_writes_it(tmp_path, background):
    here, there = written(tmp_path / "a", None), written(tmp_path / "b", background)
    assert here == there
    assert here[0].rows == ROWS


def test_an_error_reaches_who_added_the_rows(tmp_path, background, monkeypatch):
    file = PartitionFile(tmp_path, "results", final=False, background=background)
    monkeypatch.setattr(file.contents, "add", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        filled(file)
    file.close()
