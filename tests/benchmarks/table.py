"""Measure things side by side and print them as one table."""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MISSED = "missed: "
"""How the line of a row that is beyond its budget begins."""

_BUDGET = re.compile(r"<= (?P<beyond>\+)?(?P<limit>[\d,]+(?:\.\d+)?)(?: (?P<unit>ms|us|s|MB))?")


@dataclass
class Row:
    """One line of the table: a piece of work, our figure, the peer's and the budget.

    A budget is ``<= 0.8`` (times the peer's figure), ``<= 10 ms`` or ``<= 120 MB`` (our figure alone, in the row's unit) or ``<= +40 ms`` (beyond the peer's).
    """

    work: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    budget: str = ""
    unit: str = "ms"

    def __post_init__(self) -> None:
        if not self.budget:
            return
        form = _BUDGET.fullmatch(self.budget)
        if form is None:
            msg = f"{self.work}: budget {self.budget!r} is none of '<= 0.8', '<= 10 ms', '<= +40 ms'"
            raise ValueError(msg)
        if form["unit"] not in (None, self.unit) or (form["beyond"] and not form["unit"]):
            msg = f"{self.work}: budget {self.budget!r} is not in the row's unit, {self.unit!r}"
            raise ValueError(msg)
        if self.peer is None and (form["beyond"] or not form["unit"]):
            msg = f"{self.work}: budget {self.budget!r} needs a peer's figure"
            raise ValueError(msg)

    @property
    def missed(self) -> bool:
        """Whether our figure is beyond the budget."""
        form = _BUDGET.fullmatch(self.budget)
        if form is None:
            return False
        limit = float(form["limit"].replace(",", ""))
        if form["unit"] is None:
            return self.ours > limit * self.peer
        return self.ours - (self.peer if form["beyond"] else 0) > limit

    @property
    def ratio(self) -> str:
        """Our figure over the peer's, as text."""
        return f"{self.ours / self.peer:.3f}" if self.peer else ""


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
    """Print the rows with their ratios, then those beyond their budgets."""
    print(f"\n{title}")
    print(f"{'work':<58}{'ours':>12}{'peer':>12}  {'unit':<6}{'ratio':>8}  {'budget':<14}peer")
    for row in rows:
        peer = f"{row.peer:12.2f}" if row.peer is not None else f"{'':>12}"
        print(f"{row.work:<58}{row.ours:12.2f}{peer}  {row.unit:<6}{row.ratio:>8}  {row.budget:<14}{row.peer_name}")
    for row in rows:
        if row.missed:
            against = f", {row.ratio} x {row.peer_name}" if row.ratio else ""
            print(f"{MISSED}{row.work}: {row.ours:.2f} {row.unit}{against}, budget {row.budget}")
