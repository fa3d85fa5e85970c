"""What searches had found by when."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.search.frames import queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_GRID: Final = 200
_PER_QUERY: Final = (
    "algorithm",
    "run",
    "step",
    "arch",
    "budget",
    "time",
    "observed",
    "incumbent",
    "problem",
    "clock",
    "unit",
)


def anytime(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    value: str = "regret",
    times: ArrayLike | None = None,
    quantiles: tuple[float, float] = (0.25, 0.75),
    interpolate: bool = False,
) -> pl.DataFrame:
    """What the runs of each algorithm had found by each time, in mean, median and two quantiles.

    Parameters
    ----------
    frame
        What `nbframes.search.run` returns; frames of several problems may be concatenated.
    value
        ``"regret"`` or ``"reported"``, of the incumbent.
    times
        On the clock of the problems; by default up to 200 times, evenly spaced from the first at which every run has an
        incumbent to the last query.
    quantiles
        Of the runs, in [0, 1], interpolated linearly between runs.
    interpolate
        Whether to draw, for each run, the straight line through the two queries nearest in time, as the table of the
        NATS-Bench paper does. By default a run has at each time what its incumbent was then.

    Returns
    -------
    DataFrame
        By problem, algorithm and time: ``problem``, ``algorithm``, ``time``, ``mean``, ``median``, ``low``, ``high``,
        ``std`` (over runs, n - 1), ``runs`` (that had an incumbent), ``value`` (which), ``clock``, and ``unit`` of what is
        reported. Before the first query of a
        run is done, the run has none; where no run has, the numbers are null.

    Raises
    ------
    FrameError
        If the frame is not one of queries, or its regret is not known.
    InvalidArgumentError
        If a time or quantile has no meaning.

    References
    ----------
    ``draw-table.py`` of NATS-Bench's official scripts for the interpolation.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run("random", problem, runs=20, budget=100)
    >>> nbf.anytime(frame, times=[1, 10, 100]).select("algorithm", "time", "runs").rows()
    [('random', 1.0, 20), ('random', 10.0, 20), ('random', 100.0, 20)]
    """
    low, high = quantiles
    if not 0 <= low <= high <= 1:
        msg = f"quantiles should be two ascending numbers in [0, 1], not {quantiles!r}"
        raise InvalidArgumentError(msg)
    found = _with_values(frame, value)
    rows = []
    keys = ("problem", "clock", "unit")
    for (problem, clock, unit), part in found.partition_by(keys, as_dict=True, maintain_order=True).items():
        runs = {name: list(_runs(group, value)) for name, group in _groups(part)}
        grid = _grid([run for several in runs.values() for run in several], times, str(clock))
        for name, several in runs.items():
            at = np.stack([(_interpolated if interpolate else _stepwise)(*run, grid) for run in several])
            names = {"problem": problem, "algorithm": name, "value": value, "clock": clock, "unit": unit}
            rows.append(_summary(at, grid, low, high, names))
    order = ["problem", "algorithm", "time", "mean", "median", "low", "high", "std", "runs", "value", "clock", "unit"]
    return pl.concat(rows).select(order)


def final(frame: pl.DataFrame | pl.LazyFrame, /) -> pl.DataFrame:
    """What each run had found in the end.

    Parameters
    ----------
    frame
        What `nbframes.search.run` returns.

    Returns
    -------
    DataFrame
        One row a run, by problem, algorithm and run: ``problem``, ``algorithm``, ``run``, ``queries``, ``time``, ``incumbent``,
        ``reported``, ``regret``, ``clock``, ``unit``.

    Raises
    ------
    FrameError
        If the frame is not one of queries.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run("random", problem, runs=20, budget=100)
    >>> nbf.search.final(frame).select("algorithm", "run", "queries", "time").row(0)
    ('random', 0, 100, 100.0)
    """
    told = ["incumbent", "reported", "regret", "clock", "unit"]
    columns = ["problem", "algorithm", "run", "step", "time", *told]
    last = queries(frame, columns).group_by("problem", "algorithm", "run", maintain_order=True)
    ends = last.agg(pl.len().cast(pl.Int64).alias("queries"), pl.exclude("step").sort_by("step").last())
    return ends.select("problem", "algorithm", "run", "queries", "time", *told)


def _with_values(frame: pl.DataFrame | pl.LazyFrame, value: str) -> pl.DataFrame:
    names = frame.collect_schema().names() if isinstance(frame, pl.DataFrame | pl.LazyFrame) else []
    valid = [name for name in names if name not in _PER_QUERY]
    if names and value not in valid:
        raise UnknownNameError.of("value", value, valid, "values of a query rather than the incumbent have no curve")
    found = queries(frame, ["problem", "clock", "unit", "algorithm", "run", "step", "time", value])
    if found[value].is_nan().any():
        msg = f"{value} is not known: the best prediction of a surrogate is unknown; use value='reported'"
        raise FrameError(msg)
    return found


def _groups(part: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    yield from (
        (name, group) for (name,), group in part.partition_by("algorithm", as_dict=True, maintain_order=True).items()
    )


def _runs(group: pl.DataFrame, value: str) -> Iterator[tuple[Floats, Floats]]:
    """Times and values of each run, by step."""
    group = group.sort("run", "step")
    run, time, values = (group[name].to_numpy() for name in ("run", "time", value))
    bounds = [0, *(np.flatnonzero(np.diff(run)) + 1).tolist(), len(run)]
    yield from ((time[a:b], values[a:b]) for a, b in pairwise(bounds))


def _grid(runs: Sequence[tuple[Floats, Floats]], times: ArrayLike | None, clock: str) -> Floats:
    if times is not None:
        grid = np.atleast_1d(np.asarray(times, np.float64))
        if grid.ndim != 1 or not len(grid) or not (np.isfinite(grid).all() and (grid >= 0).all()):
            msg = f"times should be one or more numbers of {clock}, 0 or more, not {times!r}"
            raise InvalidArgumentError(msg)
        return np.sort(grid)
    begin, end = max(time[0] for time, _ in runs), max(time[-1] for time, _ in runs)
    if clock == "evaluations" and end - begin < _GRID:
        return np.unique(np.concatenate([np.arange(np.ceil(begin), end + 1e-9), [end]]))
    return np.linspace(begin, end, _GRID)


def _stepwise(time: Floats, values: Floats, grid: Floats) -> Floats:
    """Value of the last query that was done by each time, NaN before the first."""
    place = np.searchsorted(time, grid, side="right") - 1
    return np.where(place < 0, np.nan, values[np.maximum(place, 0)])


def _interpolated(time: Floats, values: Floats, grid: Floats) -> Floats:
    """Straight line through the two queries nearest to each time; the value itself if there is one query only."""
    if len(time) == 1:
        return np.full(len(grid), values[0])
    nearest = np.argsort(np.abs(time - grid[:, None]), axis=1, kind="stable")[:, :2].T
    (time_a, time_b), (value_a, value_b) = time[nearest], values[nearest]
    share = (grid - time_a) / (time_b - time_a)
    return np.asarray(value_a + share * (value_b - value_a))


def _summary(at: Floats, grid: Floats, low: float, high: float, names: dict[str, Any]) -> pl.DataFrame:
    """Statistics over runs at each time; those without a value yet are left out."""
    there = ~np.isnan(at)
    runs = there.sum(axis=0)
    statistics = np.full((5, len(grid)), np.nan)
    for place in np.flatnonzero(runs):
        values = at[there[:, place], place]
        spread = values.std(ddof=1) if len(values) > 1 else np.nan
        statistics[:, place] = [values.mean(), *np.quantile(values, [0.5, low, high]), spread]
    columns = dict(zip(["mean", "median", "low", "high", "std"], statistics, strict=True))
    frame = pl.DataFrame({"time": grid, "runs": runs} | columns).with_columns(pl.col(columns).fill_nan(None))
    return frame.with_columns(pl.lit(text).alias(name) for name, text in names.items())
