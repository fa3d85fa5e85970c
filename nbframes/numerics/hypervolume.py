"""Hypervolume of points, exact for any number of objectives."""

from __future__ import annotations

from bisect import bisect_left
from math import fsum, inf
from typing import TYPE_CHECKING

from nbframes.numerics.pareto import nondominated_mask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def volume(gains: NDArray[np.float64]) -> float:
    """Volume of the union of the boxes between the origin and each point.

    Parameters
    ----------
    gains
        Array of shape ``(n, m)``: how much better than the reference each point is in each objective. Points that are
        not better in every objective (zero, negative or NaN) add nothing.

    Notes
    -----
    The points are taken by decreasing last gain. Each adds that gain times the part of its box in the other objectives that
    the points before it do not cover [1]_. For three objectives that part is kept as a staircase, O(n log n) altogether [2]_;
    for more it is the box without the volume of the boxes of the points before it, cut to it.

    References
    ----------
    .. [1] L. While, L. Bradstreet, L. Barone: A Fast Way of Calculating Exact Hypervolumes.
       IEEE Transactions on Evolutionary Computation 16 (2012).
    .. [2] C. M. Fonseca, L. Paquete, M. López-Ibáñez: An Improved Dimension-Sweep Algorithm for the Hypervolume
       Indicator. IEEE Congress on Evolutionary Computation (2006).
    """
    import numpy as np

    gains = gains[(gains > 0).all(axis=1)]
    if np.isinf(gains).any():
        return inf
    return _volume(gains)


def _volume(gains: NDArray[np.float64]) -> float:
    import numpy as np

    if not len(gains):
        return 0.0
    if gains.shape[1] == 1:
        return float(gains.max())
    gains = gains[nondominated_mask(gains, maximise=True, keep_weakly=False, tie=0)]
    gains = gains[np.argsort(-gains[:, -1], kind="stable")]
    if gains.shape[1] == 2:
        return fsum(gains[:, 1] * np.diff(gains[:, 0], prepend=0.0))
    if gains.shape[1] == 3:
        return _sweep(*gains.T.tolist())
    bases = gains[:, :-1]
    uncovered = (np.prod(base) - _volume(np.minimum(bases[:i], base)) for i, base in enumerate(bases))
    return fsum(height * area for height, area in zip(gains[:, -1], uncovered, strict=True))


def _sweep(xs: list[float], ys: list[float], zs: list[float]) -> float:
    """Add box by box by decreasing ``z`` to a staircase: ``x`` ascending, ``y`` descending, with a step beyond each end."""
    stair_x, stair_y = [0.0, inf], [inf, 0.0]
    volumes = []
    for x, y, z in zip(xs, ys, zs, strict=True):
        end = begin = bisect_left(stair_x, x)
        if stair_y[end] >= y:
            continue
        right, areas = x, []
        while stair_y[begin] < y:
            left = stair_x[begin - 1]
            areas.append((right - left) * (y - stair_y[begin]))
            right = left
            begin -= 1
        if stair_x[end] == x:
            end += 1
        stair_x[begin + 1 : end], stair_y[begin + 1 : end] = [x], [y]
        volumes.append(z * fsum(areas))
    return fsum(volumes)
