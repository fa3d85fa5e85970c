"""Three cells of NAS-Bench-101 with all their runs, as one file, and how broken copies of it are refused."""

from __future__ import annotations

import pytest

from nbframes.errors import SourceError
from tests.export.nb101.files import (
    FORK,
    cell,
    read,
    write_tfrecord,
)

CELLS = [*cell("a"), *cell("b", FORK), *cell("c", ("0100", "input,output"))]


def with_middle(changed):
    """A file in which one record in the middle is another one."""
    return [*CELLS[:17], changed, *CELLS[18:]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "nasbench.tfrecord"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return read(write_tfrecord(tmp_path_factory.mktemp("nb101") / "whole.tfrecord", CELLS))


def refused(path, match):
    """Check that reading stops with an error that names the file, and that skipping goes on; give what that gives."""
    with pytest.raises(SourceError, match=match) as caught:
        read(path)
    assert path.name in str(caught.value)
    assert "skip" in str(caught.value)
    return read(path, on_error="skip")


def left(tables):
    """How many runs each cell has."""
    counts = tables.runs.join(tables.archs, on="arch").group_by("hash").len()
    return {hash[0]: count for hash, count in counts.iter_rows()}
