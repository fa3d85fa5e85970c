"""Non-dominated sets: which points of an array are on the Pareto front, and on which front after it.

A point *dominates* another if it is nowhere worse and somewhere better. Three rules make that exact for measured values:

ties
    Values of an objective that tie are one value, as `nbframes.numerics.ties` defines it for the points of one call: none is
    better than another. (Being tied is transitive, without which there need not be a front.)
duplicates
    Points tied in every objective do not dominate each other. All of them are kept, or only the first if ``keep_weakly``
    is false.
missing values
    A point with a NaN in any objective is on no front and dominates nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import reduce
from typing import TYPE_CHECKING, Final

import numpy as np

from nbframes.errors import InvalidArgumentError
from nbframes.numerics.ties import Ties

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Mask = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_SAMPLE: Final = 128
"""Points compared with each other to find pivots that dominate many."""
_FEW: Final = 1 << 14
"""Points of which moocore finds the front before pivots are found."""
_MANY: Final = 1 << 16
"""Points from which on the search for each one's front is faster than moocore's for all."""
_WORTH: Final = 0.02
"""Least part of the sample that a pivot must dominate; below it, comparing every point with it does not pay."""

__all__ = ["nondominated_mask", "nondominated_rank"]


def nondominated_mask(
    points: ArrayLike,
    /,
    *,
    maximise: bool | Sequence[bool] = False,
    keep_weakly: bool = True,
    tie: float | Sequence[float] = 0.0,
) -> Mask:
    """Tell which points are on the Pareto front.

    Parameters
    ----------
    points
        Array of shape ``(n, m)``: n points, m objectives.
    maximise
        Whether to maximise, for all objectives or for each.
    keep_weakly
        Whether points tied in every objective are all on the front, or only the first of them.
    tie
        Least gap between two values that do not tie, for all objectives or for each; 0 for equal values only.

    Returns
    -------
    NDArray[bool]
        One value per point.

    Raises
    ------
    InvalidArgumentError
        If the points are not an ``(n, m)`` array, or ``maximise`` or ``tie`` does not have m values.

    Notes
    -----
    moocore's [1]_. Of many points those that a few well-placed others dominate are dropped first, which on measured data leaves a small
    part; where none dominate many, moocore takes the points as they are.

    References
    ----------
    .. [1] M. López-Ibáñez, F. Rodríguez-Sanchez, D. Hernando Bejarano: moocore, core functions for multi-objective optimization.
       https://multi-objective.github.io/moocore/

    Examples
    --------
    >>> nondominated_mask([[1, 1], [0, 1], [1, 0], [1, 0]]).tolist()
    [False, True, True, True]
    >>> nondominated_mask([[1, 1], [0, 1], [1, 0], [1, 0]], maximise=[True, False], keep_weakly=False).tolist()
    [False, False, True, False]
    """
    import moocore

    array, upward, gaps = _checked(points, maximise, tie)
    plain = not any(gaps) and not np.isnan(array.min(initial=np.inf))
    if plain and not (len(array) > _FEW and any(True for _ in _pivots(_sample(array.T) * _signs(upward)))):
        front: Mask = moocore.is_nondominated(array, maximise=upward, keep_weakly=keep_weakly)
        return front
    costs, complete = _costs(array, upward, gaps)
    mask = np.zeros(len(complete), dtype=np.bool_)
    if costs.size:
        left, candidates = prune(costs)
        front = moocore.is_nondominated(candidates.T, keep_weakly=keep_weakly)
        mask[np.flatnonzero(complete)[left[front]]] = True
    return mask


def nondominated_rank(
    points: ArrayLike, /, *, maximise: bool | Sequence[bool] = False, tie: float | Sequence[float] = 0.0
) -> NDArray[np.uint32]:
    """Tell on which front each point is: 1 for the Pareto front, 2 for the front of what remains without it, and so on.

    Parameters
    ----------
    points
        Array of shape ``(n, m)``: n points, m objectives.
    maximise
        Whether to maximise, for all objectives or for each.
    tie
        Least gap between two values that do not tie, for all objectives or for each; 0 for equal values only.

    Returns
    -------
    NDArray[uint32]
        One value per point, 0 for points with a NaN. Points tied in every objective share a front.

    Raises
    ------
    InvalidArgumentError
        If the points are not an ``(n, m)`` array, or ``maximise`` or ``tie`` does not have m values.

    Notes
    -----
    moocore's, but for many points with three objectives, where with n points on f fronts O(n log n log f) is several times faster: one point
    after the other finds its front by bisection [2]_.

    References
    ----------
    .. [1] K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II.
       IEEE Transactions on Evolutionary Computation 6 (2002).
    .. [2] X. Zhang, Y. Tian, R. Cheng, Y. Jin: An Efficient Approach to Nondominated Sorting for Evolutionary
       Multiobjective Optimization. IEEE Transactions on Evolutionary Computation 19 (2015).

    Examples
    --------
    >>> nondominated_rank([[1, 1], [0, 1], [1, 0], [2, 2]]).tolist()
    [2, 1, 1, 3]
    """
    costs, complete = _costs(*_checked(points, maximise, tie))
    ranks = np.zeros(len(complete), dtype=np.uint32)
    if costs.size:
        ranks[complete] = _front_numbers(costs)
    return ranks


def _checked(
    points: ArrayLike, maximise: bool | Sequence[bool], tie: float | Sequence[float]
) -> tuple[Floats, list[bool], list[float]]:
    """Points as an array; whether to maximise each objective; its least gap between two values that do not tie."""
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or not array.shape[1]:
        msg = f"points must be an array of shape (n, m) with at least one objective; this one has shape {array.shape!r}"
        raise InvalidArgumentError(msg)
    objectives = array.shape[1]
    upward = [bool(each) for each in _per_objective("maximise", maximise, objectives)]
    return array, upward, [float(each) for each in _per_objective("tie", tie, objectives)]


def _costs(array: Floats, upward: Sequence[bool], gaps: Sequence[float]) -> tuple[Floats, Mask]:
    """One row per objective, to be minimised, of the points without NaN, all of a tie the same; and which points those are."""
    costs = np.multiply(array.T, _signs(upward), order="C")
    complete: Mask = ~np.isnan(costs.max(axis=0))
    costs = costs if complete.all() else costs[:, complete]
    for column, gap in zip(costs, gaps, strict=True):
        if gap:
            ties = Ties.of(column, gap)
            column[:] = ties.of_rows(ties.lowest)
    return costs, complete


def _signs(upward: Sequence[bool]) -> Floats:
    """Column of what makes each objective a cost."""
    return np.where(upward, -1.0, 1.0)[:, None]


def _per_objective(option: str, given: float | Sequence[float], objectives: int) -> Sequence[float]:
    each = [given] * objectives if isinstance(given, (bool, int, float)) else list(given)
    if len(each) != objectives:
        msg = f"{option} has {len(each)} values for {objectives} objectives; give one value for each, or one for all"
        raise InvalidArgumentError(msg)
    return each


def prune(costs: Floats) -> tuple[Ints, Floats]:
    """Drop points that a few well-placed others dominate; nothing on the front is lost.

    Parameters
    ----------
    costs
        One row per objective, to be minimised.

    Returns
    -------
    tuple[NDArray[int64], NDArray[float64]]
        Places of the points that are left, ascending, and their costs.

    Examples
    --------
    >>> places, left = prune(np.random.default_rng(0).random((2, 100_000)))
    >>> len(places) < 10_000, left.shape == (2, len(places))
    (True, True)
    """
    left = np.arange(costs.shape[1])
    before = 2 * len(left)
    while _FEW < len(left) < 0.75 * before:
        before = len(left)
        for pivot in _pivots(_sample(costs)):
            keep = ~_dominated_by(pivot, costs)
            left, costs = left[keep], costs[:, keep]
    return left, costs


def _sample(costs: Floats) -> Floats:
    """Some of the points; which pivots are tried does not change the front."""
    return costs[:, np.random.default_rng(0).integers(costs.shape[1], size=_SAMPLE)]


def _pivots(sample: Floats) -> Iterator[Floats]:
    """Give points of the sample that dominate most of what the ones before leave."""
    no_worse = reduce(np.bitwise_and, (column[:, None] <= column for column in sample))
    dominates = no_worse & ~no_worse.T
    left = np.ones(sample.shape[1], dtype=np.bool_)
    while True:
        gains = np.count_nonzero(dominates & left, axis=1)
        best = int(gains.argmax())
        if gains[best] < _WORTH * sample.shape[1]:
            return
        left &= ~dominates[best]
        yield sample[:, best]


def _dominated_by(pivot: Floats, costs: Floats) -> Mask:
    no_better = np.ones(costs.shape[1], dtype=np.bool_)
    equal = no_better.copy()
    for value, column in zip(pivot, costs, strict=True):
        no_better &= column >= value
        equal &= column == value
    return no_better & ~equal


def _front_numbers(costs: Floats) -> NDArray[np.uint32]:
    """Number of the front of each point, from 1."""
    if len(costs) == 1:
        return np.unique(costs[0], return_inverse=True)[1].astype(np.uint32) + 1
    if len(costs) != 3 or costs.shape[1] < _MANY:
        import moocore

        fronts: NDArray[np.uint32] = moocore.pareto_rank(np.ascontiguousarray(costs.T)).astype(np.uint32) + 1
        return fronts
    order = np.lexsort(costs[::-1])
    ordered = costs[:, order]
    first = np.r_[True, (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)]
    distinct = np.fromiter(_fronts_of_triples(*ordered[1:, first].tolist()), np.uint32, int(first.sum()))
    ranks = np.empty(len(order), dtype=np.uint32)
    ranks[order] = distinct[np.cumsum(first) - 1]
    return ranks


def _fronts_of_triples(ys: list[float], zs: list[float]) -> Iterator[int]:
    """Find for each point the first front that does not dominate it: those that do come first.

    The points come in lexicographic order, in which only an earlier one can dominate another. A front is the staircase of its
    points so far: ``y`` ascending, ``z`` descending.
    """
    fronts: list[tuple[list[float], list[float]]] = []
    for y, z in zip(ys, zs, strict=True):
        first, end = 0, len(fronts)
        while first < end:
            middle = (first + end) // 2
            stair_y, stair_z = fronts[middle]
            step = bisect_right(stair_y, y) - 1
            if step >= 0 and stair_z[step] <= z:
                first = middle + 1
            else:
                end = middle
        if first == len(fronts):
            fronts.append(([], []))
        stair_y, stair_z = fronts[first]
        begin = end = bisect_left(stair_y, y)
        while end < len(stair_z) and stair_z[end] >= z:
            end += 1
        stair_y[begin:end], stair_z[begin:end] = [y], [z]
        yield first + 1
