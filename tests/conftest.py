"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of real published records; it lies beside the repository, not in it."""
    if not _DATA.is_dir():
        pytest.skip(f"real benchmark records are not on this machine ({_DATA} is absent)")
    return _DATA
