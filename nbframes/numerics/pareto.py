"""Numerics of non-dominated sets: which points of an array are on the Pareto front, and on which front after it.

A point *dominates* another if it is nowhere worse and somewhere better. Three rules make that exact for measured values:

ties
    In each objective the sorted values fall into runs whose neighbours lie less than `nbframes.schema.TIE` apart. All
    values of a run are tied: none is better than another. (So values nearer than ``TIE`` are always tied, and being tied
    is transitive, without which there need not be a front.) The runs are those of the points of one call.
duplicates
    Points tied in every objective do not dominate each other. All of them are kept, or only the first if ``keep_weakly``
    is false.
missing values
    A point with a NaN in any objective is on no front and dominates nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbframes.errors import InvalidArgumentError
from nbframes.numerics.sweeps import first_front, front_numbers, nowhere_greater
from nbframes.schema import TIE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Mask = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_SAMPLE = 512
"""Points compared with each other to find pivots that dominate many."""
_WORTH = 0.02
"""Least part of the sample that a pivot must dominate; below it, comparing every point with it does not pay."""

__all__ = ["nondominated_mask", "nondominated_rank"]


def nondominated_mask(
    points: ArrayLike, /, *, maximise: bool | Sequence[bool] = False, keep_weakly: bool = True, tie: float = TIE
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
        Neighbouring values nearer than this are tied; 0 for equal values only.

    Returns
    -------
    NDArray[bool]
        One value per point.

    Raises
    ------
    InvalidArgumentError
        If the points are no ``(n, m)`` array or ``maximise`` does not have m values.

    Notes
    -----
    Points that a few well-placed others dominate are dropped first, which on measured data leaves a small part. What is
    left costs O(n log n) for one and two objectives, O(n log² n) for three and O(n log^(m-1) n) for more [1]_, in
    whole-array steps.

    References
    ----------
    .. [1] H. T. Kung, F. Luccio, F. P. Preparata: On Finding the Maxima of a Set of Vectors. J. ACM 22 (1975).

    Examples
    --------
    >>> nondominated_mask([[1, 1], [0, 1], [1, 0], [1, 0]]).tolist()
    [False, True, True, True]
    >>> nondominated_mask([[1, 1], [0, 1], [1, 0], [1, 0]], maximise=[True, False], keep_weakly=False).tolist()
    [False, False, True, False]
    """
    import numpy as np

    costs, complete = _costs(points, maximise)
    mask = np.zeros(len(complete), dtype=np.bool_)
    if costs.size:
        ties = [_ties(column, tie) for column in costs]
        left = _prune(costs, ties)
        distinct = _distinct(_levels(costs[:, left], ties))
        front = distinct.rows(first_front(distinct.levels), keep_weakly=keep_weakly)
        mask[np.flatnonzero(complete)[left[front]]] = True
    return mask


def nondominated_rank(
    points: ArrayLike, /, *, maximise: bool | Sequence[bool] = False, tie: float = TIE
) -> NDArray[np.uint32]:
    """Tell on which front each point is: 1 for the Pareto front, 2 for the front of what remains without it, and so on.

    Parameters
    ----------
    points
        Array of shape ``(n, m)``: n points, m objectives.
    maximise
        Whether to maximise, for all objectives or for each.
    tie
        Neighbouring values nearer than this are tied; 0 for equal values only.

    Returns
    -------
    NDArray[uint32]
        One value per point, 0 for points with a NaN. Points tied in every objective share a front.

    Raises
    ------
    InvalidArgumentError
        If the points are no ``(n, m)`` array or ``maximise`` does not have m values.

    Notes
    -----
    O(n log n) for one and two objectives and, with n points on f fronts, O(n log n log f) for three: one point after the
    other finds its front by bisection [2]_. For more objectives one front after the other is taken away.

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
    import numpy as np

    costs, complete = _costs(points, maximise)
    ranks = np.zeros(len(complete), dtype=np.uint32)
    if costs.size:
        distinct = _distinct(_levels(costs, [_ties(column, tie) for column in costs]))
        of_complete = np.empty(costs.shape[1], dtype=np.uint32)
        of_complete[distinct.order] = front_numbers(distinct.levels)[distinct.group]
        ranks[complete] = of_complete
    return ranks


def _costs(points: ArrayLike, maximise: bool | Sequence[bool]) -> tuple[Floats, Mask]:
    """One row per objective, to be minimised, of the points without NaN; and which points those are."""
    import numpy as np

    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or not array.shape[1]:
        msg = f"points must be an array of shape (n, m) with at least one objective; this one has shape {array.shape!r}"
        raise InvalidArgumentError(msg)
    signs = np.where(np.broadcast_to(_per_objective(maximise, array.shape[1]), array.shape[1]), -1.0, 1.0)
    costs = np.multiply(array.T, signs[:, None], order="C")
    complete: Mask = ~np.isnan(costs.max(axis=0))
    return (costs if complete.all() else costs[:, complete]), complete


def _per_objective(maximise: bool | Sequence[bool], objectives: int) -> Sequence[bool]:
    each = [maximise] * objectives if isinstance(maximise, bool) else list(maximise)
    if len(each) != objectives:
        msg = f"maximise has {len(each)} values for {objectives} objectives; give one value for each, or one for all"
        raise InvalidArgumentError(msg)
    return each


class _Ties(NamedTuple):
    """The runs of tied values of one objective, ascending: their least and their greatest values."""

    low: Floats
    high: Floats

    def levels(self, values: Floats) -> Ints:
        """Return the number of the run in which each value lies."""
        import numpy as np

        order = np.argsort(values)  # searching in order is several times faster than at random
        levels = np.empty(len(values), dtype=np.int64)
        levels[order] = np.searchsorted(self.low, values[order], side="right") - 1
        return levels


def _ties(column: Floats, tie: float) -> _Ties:
    import numpy as np

    ordered = np.sort(column)
    with np.errstate(invalid="ignore"):  # inf - inf
        gaps = np.diff(ordered)
        apart = (gaps > 0) & (gaps >= tie)
    return _Ties(ordered[np.r_[True, apart]], ordered[np.r_[apart, True]])


def _levels(costs: Floats, ties: list[_Ties]) -> Ints:
    import numpy as np

    return np.stack([runs.levels(column) for column, runs in zip(costs, ties, strict=True)])


def _prune(costs: Floats, ties: list[_Ties]) -> Ints:
    """Return the points that no pivot dominates; nothing on the front is lost."""
    import numpy as np

    random = np.random.default_rng(0)  # which pivots are tried does not change the front
    left = np.arange(costs.shape[1])
    before = 2 * len(left)
    while 4 * _SAMPLE < len(left) < 0.75 * before:
        before = len(left)
        sample = _levels(costs[:, random.integers(before, size=_SAMPLE)], ties)
        for pivot in _pivots(sample):
            keep = ~_dominated_by(pivot, costs, ties)
            left, costs = left[keep], costs[:, keep]
    return left


def _pivots(sample: Ints) -> Iterator[Ints]:
    """Give points of the sample that dominate most of what the ones before leave."""
    import numpy as np

    no_worse = nowhere_greater(sample, sample)
    dominates = no_worse & ~no_worse.T
    left = np.ones(sample.shape[1], dtype=np.bool_)
    while True:
        gains = dominates[:, left].sum(axis=1)
        best = int(gains.argmax())
        if gains[best] < _WORTH * sample.shape[1]:
            return
        left &= ~dominates[best]
        yield sample[:, best]


def _dominated_by(pivot: Ints, costs: Floats, ties: list[_Ties]) -> Mask:
    import numpy as np

    no_better = np.ones(costs.shape[1], dtype=np.bool_)
    tied = no_better.copy()
    for level, column, runs in zip(pivot, costs, ties, strict=True):
        no_better &= column >= runs.low[level]
        tied &= column <= runs.high[level]
    return no_better & ~tied


class _Distinct(NamedTuple):
    """The distinct points in lexicographic order, and which rows are which."""

    levels: Ints
    """Shape (m, k)."""
    order: Ints
    """Shape (n,): the rows, in the order of their points."""
    group: Ints
    """Shape (n,): the point of each row of ``order``."""

    def rows(self, chosen: Mask, *, keep_weakly: bool) -> Ints:
        """Return the rows of the chosen points: all of them, or the first of each."""
        import numpy as np

        if keep_weakly:
            return self.order[chosen[self.group]]
        starts = np.searchsorted(self.group, np.arange(self.levels.shape[1]))
        return np.minimum.reduceat(self.order, starts)[chosen]


def _distinct(levels: Ints) -> _Distinct:
    import numpy as np

    order = _lexicographic(levels)
    ordered = levels[:, order]
    first = np.r_[True, (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)]
    return _Distinct(ordered[:, first], order, np.cumsum(first) - 1)


def _lexicographic(levels: Ints) -> Ints:
    import math

    import numpy as np

    sizes = [int(size) for size in levels.max(axis=1) + 1]
    if math.prod(sizes) >= 1 << 63:
        return np.lexsort(levels[::-1])
    return np.argsort(np.ravel_multi_index(tuple(levels), sizes))  # one integer per point: 10 x faster than lexsort
