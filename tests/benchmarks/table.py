"""Measure things side by side and print them as one table."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Row:
    """One line of the table: a piece of work, our figure, the peer's and the budget for their ratio."""

    work: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    budget: str = ""
    unit: str = "ms"


def measure(work: Callable[[], object], *, repeat: int = 5, warmup: int = 1) -> float:
    """Median wall time of ``work`` in milliseconds."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def print_table(title: str, rows: list[Row]) -> None:
    """Print the rows with their ratios."""
    print(f"\n{title}")
    print(f"{'work':<58}{'ours':>12}{'peer':>12}  {'unit':<6}{'ratio':>8}  {'budget':<14}peer")
    for row in rows:
        peer = f"{row.peer:12.2f}" if row.peer is not None else f"{'':>12}"
        ratio = f"{row.ours / row.peer:8.3f}" if row.peer else f"{'':>8}"
        print(f"{row.work:<58}{row.ours:12.2f}{peer}  {row.unit:<6}{ratio}  {row.budget:<14}{row.peer_name}")
