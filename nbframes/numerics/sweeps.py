"""Fronts of distinct points of whole numbers in lexicographic order, smaller being better.

In that order a point can only be dominated by an earlier one, which takes one objective out of every question.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Ints = NDArray[np.int64]

_BRUTE: Final = 1 << 14
"""Pairs of points up to which all are compared at once."""


def first_front(levels: Ints) -> Mask:
    """Tell which points are non-dominated; ``levels`` has one row per objective."""
    import numpy as np

    objectives, n = levels.shape
    mask: Mask
    if objectives == 1:
        mask = np.arange(n) == 0
    elif objectives == 2:
        least_before = np.minimum.accumulate(levels[1])
        mask = np.r_[True, levels[1, 1:] < least_before[:-1]]
    elif n * n <= _BRUTE:
        mask = np.count_nonzero(nowhere_greater(levels, levels), axis=0) == 1
    elif objectives == 3:
        mask = ~_above_earlier(levels[1], levels[2], np.ones(n, dtype=np.bool_))
    else:
        half = n // 2
        mask = np.concatenate([first_front(levels[:, :half]), first_front(levels[:, half:])])
        early, late = np.flatnonzero(mask[:half]), half + np.flatnonzero(mask[half:])
        mask[late[_any_below(levels[1:, early], levels[1:, late])]] = False
    return mask


def _any_below(early: Ints, late: Ints) -> Mask:
    """Whether each late point has an early one that is nowhere greater (Kung's divide and conquer over the objectives)."""
    import numpy as np

    found: Mask
    if early.shape[1] * late.shape[1] <= _BRUTE:
        found = np.logical_or.reduce(nowhere_greater(early, late), axis=0)
        return found
    if len(early) == 3:
        both = np.concatenate([early, late], axis=1)
        source: Mask = np.arange(both.shape[1]) < early.shape[1]
        order = np.argsort(2 * both[0] + ~source)  # sources first among equals
        found = np.empty(len(order), dtype=np.bool_)
        found[order] = _above_earlier(both[1, order], both[2, order], source[order])
        return found[~source]
    low, high = int(min(early[-1].min(), late[-1].min())), int(max(early[-1].max(), late[-1].max()))
    if low == high:
        return _any_below(early[:-1], late[:-1])
    middle = min(int(np.median(np.concatenate([early[-1], late[-1]]))), high - 1)
    early_low, late_low = early[-1] <= middle, late[-1] <= middle
    found = np.zeros(late.shape[1], dtype=np.bool_)
    found[late_low] = _any_below(early[:, early_low], late[:, late_low])
    found[~late_low] = _any_below(early[:, ~early_low], late[:, ~late_low])
    undecided = np.flatnonzero(~late_low & ~found)
    found[undecided] = _any_below(early[:-1, early_low], late[:-1, undecided])
    return found


def nowhere_greater(some: Ints, others: Ints) -> Mask:
    """Compare all with all: shape (some, others)."""
    import numpy as np

    matrix: Mask = np.logical_and.reduce(some[:, :, None] <= others[:, None, :], axis=0)
    return matrix


def _above_earlier(y: Ints, z: Ints, source: Mask) -> Mask:
    """Whether each point has an earlier source with neither a greater ``y`` nor a greater ``z``.

    Blocks of positions are halved level by level. Within a block the points stand in order of ``y``, and each point of the
    later half meets the least ``z`` among the sources of the earlier half that stand before it: one running minimum for
    all blocks of a level. A point is one integer: its ``z``, a bit for those that are no source, its position.
    """
    import numpy as np

    n = len(y)
    bits = max(n - 1, 1).bit_length()
    full = no_source = 1 << bits
    order = np.sort((y << bits) | np.arange(n)) & (full - 1)
    points = (
        np.arange(full) | no_source | (int(z.max()) << (bits + 1))
    )  # full blocks: the rest are points that find nothing
    points[:n] = (z[order] << (bits + 1)) | np.where(source[order], 0, no_source) | order
    but_z = 2 * no_source - 1
    never = np.iinfo(np.int64).max
    found = np.zeros(full, dtype=np.bool_)
    for half in (1 << level for level in reversed(range(bits))):
        late = (points & half) != 0
        early_sources = np.where(points & (half | no_source), never, points)
        least = np.minimum.accumulate(early_sources.reshape(-1, 2 * half), axis=1).ravel()
        found[points[late & (least <= points | but_z)] & (full - 1)] = True
        halves = points[~late].reshape(-1, half), points[late].reshape(-1, half)
        points = np.concatenate(halves, axis=1).ravel()
    return found[:n]


def front_numbers(levels: Ints) -> NDArray[np.uint32]:
    """Number of the front of each point, from 1; ``levels`` has one row per objective."""
    import numpy as np

    match len(levels):
        case 1:
            return np.arange(1, levels.shape[1] + 1, dtype=np.uint32)
        case 2:
            return np.fromiter(_ranks_of_pairs(levels[1].tolist()), np.uint32, levels.shape[1])
        case 3:
            return np.fromiter(_ranks_of_triples(*levels[1:].tolist()), np.uint32, levels.shape[1])
        case _:
            return _peel(levels)


def _ranks_of_pairs(ys: list[int]) -> Iterator[int]:
    """Find for each point the first front with no smaller ``y``: the fronts' least ``y`` ascend."""
    least: list[int] = []
    for y in ys:
        front = bisect_right(least, y)
        least[front : front + 1] = [y]
        yield front + 1


def _ranks_of_triples(ys: list[int], zs: list[int]) -> Iterator[int]:
    """Find for each point the first front that does not dominate it: those that do come first.

    A front is the staircase of its points so far: ``y`` ascending, ``z`` descending.
    """
    fronts: list[tuple[list[int], list[int]]] = []
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


def _peel(levels: Ints) -> NDArray[np.uint32]:
    """Take one front after the other away."""
    import numpy as np

    ranks = np.zeros(levels.shape[1], dtype=np.uint32)
    rest = np.arange(levels.shape[1])
    front = 0
    while len(rest):
        front += 1
        mask = first_front(levels[:, rest])
        ranks[rest[mask]] = front
        rest = rest[~mask]
    return ranks
