"""Whether the rows of a helper fit into memory, told before any of them is read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError
from nbframes.store import scans

ENVIRONMENT: Final = "NBFRAMES_MEMORY"
BYTES: Final = 180
"""What a row takes at the height of the work, as ``tests/benchmarks/bench_memory.py`` measures it; most helpers need less."""
_FEW: Final = 1_000_000
"""Rows that fit everywhere."""
_OPAQUE: Final = re.compile(r"\bOPAQUE_PYTHON\b")
"""A step that gives no more rows than fitted: a helper, which looked at its own, or a function that is not to be called twice."""
_MULTIPLYING: Final = re.compile(r"\b(JOIN|EXPLODE|UNPIVOT|UNION)\b")
"""Steps that can give more rows than were read."""
_HOLDING: Final = re.compile(r"\b(AGGREGATE|JOIN|UNIQUE)\b")
"""Steps that hold keys in memory to count what comes of them."""
_PARTS: Final = 64
_LEAST: Final = 64
"""Architectures that a part must have, to stand for all."""
_MARGIN: Final = 1.33
"""Ratio by which an estimate may be wrong."""


def check_fits(given: pl.DataFrame | pl.LazyFrame, rows: pl.LazyFrame) -> None:
    """Refuse rows that do not fit. Those of a plan are counted first, where the store that is open could have too many."""
    height, about = given.height if isinstance(given, pl.DataFrame) else scans.largest(), ""
    if height <= _FEW:
        return
    most = available() // BYTES
    if isinstance(given, pl.LazyFrame):
        steps = rows.explain(optimized=False)
        if height <= most and not _MULTIPLYING.search(steps):
            return
        height, about = _height(rows, steps, most)
    if height > most:
        msg = (
            f"{about}{height:,} rows would be held at once, which takes about {height * BYTES / 1e9:.3g} GB; {most * BYTES / 1e9:.3g} GB are free\n\n"
            "Hint: filter to one metric, dataset and split, to final() or to some budgets, and go through the others one after the "
            "other; take a sample, such as pl.col('arch') % 100 == 0; or let an engine that spills to disk answer: "
            f"nbf.query_sql. ${ENVIRONMENT} is the memory (GB) that helpers count on"
        )
        raise FrameError(msg)


def _height(rows: pl.LazyFrame, steps: str, most: int) -> tuple[int, str]:
    """Rows that a plan gives, and whether it is about so many: where counting them would hold their keys and they are far from ``most``, a part is counted."""
    if _OPAQUE.search(steps):
        return 0, ""
    if _HOLDING.search(steps) and "arch" in rows.collect_schema():
        part = rows.filter(pl.col("arch").hash(0) % _PARTS == 0).select(pl.len(), archs=pl.col("arch").n_unique())
        height, archs = part.collect(engine="streaming").row(0)
        height *= _PARTS
        if archs >= _LEAST and not most / _MARGIN <= height <= most * _MARGIN:
            return round(height, 2 - len(str(height))), "about "
    return rows.select(pl.len()).collect(engine="streaming").item(), ""


def available() -> int:
    """Bytes that this process may still use: what the user said, else the machine's free memory and the limit of the control group."""
    if said := os.environ.get(ENVIRONMENT):
        try:
            return int(float(said) * 1e9)
        except ValueError:
            msg = f"${ENVIRONMENT} should be a number of gigabytes, such as 2 or 0.5, not {said!r}"
            raise InvalidArgumentError(msg) from None
    free = _number("/proc/meminfo", r"MemAvailable:\s+(\d+)", 1024)
    group = _number("/sys/fs/cgroup/memory.max", r"^(\d+)$", 1)
    used = _number("/sys/fs/cgroup/memory.current", r"^(\d+)$", 1)
    known = [x for x in (free, None if group is None else group - (used or 0)) if x is not None]
    return min(known, default=1 << 62)


def _number(path: str, pattern: str, unit: int) -> int | None:
    try:
        found = re.search(pattern, Path(path).read_text("ascii"), re.MULTILINE)
    except OSError:  # another system, or no limit
        return None
    return None if found is None else int(found[1]) * unit
