"""A manifest's lines for the files of a source."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbframes.store.storage import file_sha256

if TYPE_CHECKING:
    import os


def described(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a file once and describe it under its own name."""
    file = Path(path)
    return _entry(file.name, file.stat().st_size, file_sha256(file))


def described_content(name: str, content: bytes) -> dict[str, Any]:
    """Describe a file that is in memory; ``name`` is its path relative to the source."""
    return _entry(name, len(content), hashlib.sha256(content).hexdigest())


def _entry(name: str, size: int, sha256: str) -> dict[str, Any]:
    return {"path": name, "size": size, "sha256": sha256}
