"""Whether measured numbers can be what they are called: looked at on their way into the store, whatever the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes import benchmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.export.findings import Findings
    from nbframes.export.reader import Rows

_PERCENT = (0.0, 100.0)
_NOT_NEGATIVE = (0.0, float("inf"))


def examine(rows: Rows, findings: Findings) -> None:
    """Note values that are not finite or outside of what their metric can be, and budgets above their schedules.

    Parameters
    ----------
    rows
        Rows of one partition.
    findings
        Takes what is odd.

    Examples
    --------
    >>> from nbframes.export.findings import Findings
    >>> from nbframes.export.reader import Rows
    >>> from nbframes.schema import Partition
    >>> key = [np.array([0, 1], np.int32) for _ in range(4)]
    >>> rows = Rows(Partition("accuracy", "cifar10", "test"), True, *key, np.array([94.5, 104.5]))
    >>> found = Findings()
    >>> examine(rows, found)
    >>> found.lines()
    ['values of accuracy outside [0, 100]: 1, such as arch 1, cifar10 test, schedule 1, budget 1, seed 1: 104.5']
    """
    if not len(rows.value):
        return
    metric = rows.partition.metric
    low, high = _bounds(metric)
    if not (low <= rows.value.min() and rows.value.max() <= high and np.isfinite(rows.value.max())):
        finite = np.isfinite(rows.value)
        _note(findings, f"values of {metric} that are not finite", rows, ~finite)
        outside = finite & ((rows.value < low) | (rows.value > high))
        _note(findings, f"values of {metric} outside [{low:g}, {high:g}]", rows, outside)
    if (rows.budget > rows.schedule).any():
        _note(findings, "budgets above the schedule of their run", rows, rows.budget > rows.schedule)


def _bounds(metric: str) -> tuple[float, float]:
    known = benchmarks.find_metric(metric)
    unit = known.unit if known else ""
    if unit.startswith("percent"):
        return _PERCENT
    return _NOT_NEGATIVE if unit.startswith("seconds") else (float("-inf"), float("inf"))


def _note(findings: Findings, what: str, rows: Rows, odd: NDArray[np.bool_]) -> None:
    places = np.flatnonzero(odd)
    if places.size:
        findings.note(what, *(_example(rows, place) for place in places[:3].tolist()), count=places.size)


def _example(rows: Rows, place: int) -> str:
    values: dict[str, Any] = {name: getattr(rows, name)[place] for name in ("schedule", "budget", "seed")}
    run = ", ".join(f"{name} {value}" for name, value in values.items())
    partition = f"{rows.partition.dataset} {rows.partition.split}"
    return f"arch {rows.arch[place]}, {partition}, {run}: {float(rows.value[place])!r}"
