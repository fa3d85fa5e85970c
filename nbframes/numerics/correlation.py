"""Correlations of pairs of rows of a matrix, each on the columns that both rows have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from nbframes.numerics.kendall import MISSING, tau_b, tied_pairs, weighted_tau
from nbframes.numerics.ties import Ties, codes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]

Method = Literal["kendall", "spearman", "pearson", "weighted_kendall", "sparse_kendall"]

_BATCH: Final = 2**17
"""Values of each side that are worked on at a time."""

_PARTS: Final = 400
"""Greatest number of parts that the jackknife leaves out one by one."""


def places(values: Array, has: Array, tie: ArrayLike = 0.0) -> Array:
    """Give integers that order each row as its values do, equal for ties; NaN is the least of all, a value not had is `MISSING`.

    Parameters
    ----------
    values
        One row for each ranking, one column for each object; the greatest is the best.
    has
        Which rankings have which objects.
    tie
        Least gap between two values that do not tie.

    Returns
    -------
    NDArray[uint32]
        Codes as `nbframes.numerics.kendall` takes them.

    Examples
    --------
    >>> places(np.array([[2.0, 1.0, np.nan]]), np.ones((1, 3), bool)).tolist()
    [[2, 1, 0]]
    """
    found = codes(values, tie)
    worst = np.isnan(values) & has
    if worst.any():
        found = np.where(worst, 0, found + worst.any(axis=1, keepdims=True)).astype(np.uint32)
    found[~has] = MISSING
    return found


def rounded(values: Array, tie: ArrayLike, decimals: int) -> Array:
    """Round the values of each row, all of a tie alike and upwards from ``tie`` below a half, so that noise does not decide.

    Parameters
    ----------
    values
        One row for each ranking.
    tie
        Least gap between two values that do not tie, or a column of those of the rows.
    decimals
        Digits behind the point.

    Returns
    -------
    NDArray[float64]
        Of the shape of ``values``.

    Examples
    --------
    >>> rounded(np.array([[0.25 - 1e-7, 0.25 + 1e-7]]), 1e-5, 1).tolist()
    [[0.3, 0.3]]
    """
    found = np.empty_like(values)
    for row, value, least in zip(found, values, np.broadcast_to(tie, (len(values), 1)), strict=True):
        ties = Ties.of(value, float(least[0]))
        row[:] = ties.of_rows(np.round(ties.lowest + least, decimals))
    return found


class Correlation:
    """Correlations between rows of values.

    Parameters
    ----------
    values
        One row for each ranking, one column for each object. NaN is the worst value there is, and leaves Pearson's
        correlation undefined.
    has
        Which rankings have which objects.
    method
        What to compute; sparse Kendall is Kendall's of values that the caller has rounded.
    top
        Percentage of the objects, the best by the second row of a pair, to which a pair is restricted; all if None.
    maximise
        Whether the largest value is the best.
    tie
        Least gap between two values that do not tie, or a column of those of the rows.
    threads
        How many to use.
    """

    def __init__(
        self,
        values: Array,
        has: Array,
        *,
        method: Method,
        top: float | None,
        maximise: bool,
        tie: ArrayLike,
        threads: int,
    ) -> None:
        self._method, self._top, self._threads = method, top, threads
        self._values = values if maximise else -values
        self._codes = places(self._values, has, tie)
        self._diverged = np.isnan(values) & has
        whole = top is None and bool(has.all())
        self._tied = tied_pairs(self._codes) if whole else None
        self._batch = max(1, _BATCH // values.shape[1])

    def of(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Number of objects of every pair of rows, and their correlation: NaN where it is not defined."""
        if self._tied is not None and self._method in {"pearson", "spearman"}:
            rows = self._values if self._method == "pearson" else _average_ranks(self._codes)
            found = self._defined(first, second, _all_pearson(rows)[first, second])
            return np.full(len(first), rows.shape[1]), found

        def batch(start: int) -> tuple[Array, Array]:
            chosen = slice(start, start + self._batch)
            x, y = first[chosen], second[chosen]
            if self._tied is not None:
                tied = self._tied[x], self._tied[y]
                return np.full(len(x), self._codes.shape[1]), self._statistic(self._source[x], self._source[y], tied)
            has = self._shared(x, y)
            found = self._statistic(self._rows(x, has), self._rows(y, has))
            return has.sum(axis=1), self._defined(x, y, found, has)

        with ThreadPoolExecutor(self._threads) as pool:
            size, value = zip(*pool.map(batch, range(0, len(first), self._batch)), strict=True)
        return np.concatenate(size), np.concatenate(value)

    def interval(self, first: Array, second: Array, *, resamples: int, level: float, seed: int) -> tuple[Array, Array]:
        """Interval of every pair's correlation: the jackknife's of Pearson's, else the bias-corrected, accelerated bootstrap's."""

        def pair(x: int, y: int) -> Array:
            ends = np.array([x]), np.array([y])
            shared = np.flatnonzero(self._shared(*ends))
            rows = self._dense(x, shared), self._dense(y, shared)
            if not len(shared) or np.isnan(rows).any():
                return np.full(2, np.nan)
            rng = np.random.default_rng(seed)
            estimate = float(self._statistic(rows[0][None], rows[1][None])[0])
            if self._method == "pearson":
                return _jackknifed(estimate, self._jackknife(*rows, rng), level)
            found = []
            for start in range(0, resamples, self._batch):
                size = min(self._batch, resamples - start)
                drawn = rng.integers(len(shared), size=(size, len(shared)))
                found.append(self._statistic(rows[0][drawn], rows[1][drawn]))
            return _bca(estimate, np.concatenate(found), self._jackknife(*rows, rng), level)

        with ThreadPoolExecutor(self._threads) as pool:
            low, high = np.reshape(list(pool.map(pair, first.tolist(), second.tolist())), (-1, 2)).T
        return low, high

    def _jackknife(self, x: Array, y: Array, rng: np.random.Generator) -> Array:
        """Correlations without each of the objects, or without each of some hundred random parts of many objects."""
        n = len(x)
        part = rng.permutation(n) % _PARTS if n > _PARTS else np.arange(n)
        missing = np.nan if self._method == "pearson" else MISSING
        found = []
        for start in range(0, min(n, _PARTS), self._batch):
            left_out = part == np.arange(start, min(start + self._batch, n, _PARTS))[:, None]
            without = [np.where(left_out, row.dtype.type(missing), row) for row in (x, y)]
            found.append(self._statistic(without[0], without[1]))
        return np.concatenate(found)

    def _defined(self, first: Array, second: Array, found: Array, has: Array | None = None) -> Array:
        """Correlations, NaN where Pearson's meets a value that is NaN."""
        if self._method != "pearson" or not self._diverged.any():
            return found
        met = self._diverged[first] | self._diverged[second]
        return np.where((met if has is None else met & has).any(axis=1), np.nan, found)

    @property
    def _source(self) -> Array:
        return self._values if self._method == "pearson" else self._codes

    def _rows(self, rows: Array, has: Array) -> Array:
        source = self._source[rows]
        lacking = np.nan if source.dtype == np.float64 else MISSING
        return np.where(has, source, source.dtype.type(lacking))

    def _dense(self, row: int, columns: Array) -> Array:
        """Some columns of a row; codes are counted anew, to stay below the number of columns."""
        chosen: Array = self._source[row, columns]
        return chosen if self._method == "pearson" else np.unique(chosen, return_inverse=True)[1].astype(np.uint32)

    def _shared(self, first: Array, second: Array) -> Array:
        """Which objects count for each pair of rows."""
        y = self._codes[second]
        has: Array = (self._codes[first] != MISSING) & (y != MISSING)
        if self._top is None:
            return has
        ranked = np.where(has, y.astype(np.int64), -1)
        count = np.ceil(has.sum(axis=1) * (self._top / 100)).astype(np.int64)
        last = np.take_along_axis(np.sort(ranked, axis=1)[:, ::-1], np.maximum(count - 1, 0)[:, None], axis=1)
        return has & (ranked >= last)

    def _statistic(self, x: Array, y: Array, tied: tuple[Array, Array] | None = None) -> Array:
        if self._method == "pearson":
            return _pearson(x, y)
        if self._method == "spearman":
            return _pearson(_average_ranks(x), _average_ranks(y))
        return weighted_tau(x, y) if self._method == "weighted_kendall" else tau_b(x, y, tied)


def _average_ranks(code: Array) -> Array:
    """Rank of each code within its row, 1 for the smallest, ties sharing the mean of their ranks; NaN where missing."""
    rows, n = code.shape
    has = code != MISSING
    levels = int(code.max(where=has, initial=0)) + 1
    flat = code[has] + np.repeat(np.arange(rows) * levels, has.sum(axis=1))
    count = np.bincount(flat, minlength=rows * levels).reshape(rows, levels)
    mean_rank = count.cumsum(axis=1) - (count - 1) / 2
    ranks = np.full((rows, n), np.nan)
    ranks[has] = mean_rank.ravel()[flat]
    return ranks


def _pearson(x: Array, y: Array) -> Array:
    """Pearson's correlation of every row of ``x`` with the same row of ``y``; NaN on both sides is left out."""
    x, y = _directions(x), _directions(y)
    cosine: Array = np.einsum("ij,ij->i", x, y)
    return cosine.clip(-1, 1)


def _all_pearson(rows: Array) -> Array:
    """Pearson's correlation of every row with every row."""
    directions = _directions(rows)
    cosine: Array = directions @ directions.T
    return cosine.clip(-1, 1)


def _directions(rows: Array) -> Array:
    """Rows less their mean, scaled to length 1: 0 where a row has NaN, all NaN where it is constant."""
    has = ~np.isnan(rows)
    size = np.maximum(has.sum(axis=1, keepdims=True), 1)
    centred = np.where(has, rows - rows.sum(axis=1, keepdims=True, where=has) / size, 0.0)
    least = rows.min(axis=1, keepdims=True, where=has, initial=np.inf)
    greatest = rows.max(axis=1, keepdims=True, where=has, initial=-np.inf)
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return centred / np.where(greatest > least, length, np.nan)


def _jackknifed(estimate: float, left_out: Array, level: float) -> Array:
    """Interval of Pearson's correlation from what it is without each part of the objects.

    The jackknife of Fisher's z, of D. V. Hinkley: Improving the jackknife with special reference to correlation estimation, Biometrika
    65 (1978). Its variance is less certain the heavier the tails are: Student's t has the degrees of freedom of F. E. Satterthwaite: An
    approximate distribution of estimates of variance components, Biometrics Bulletin 2 (1946), by the fourth moment of the terms.
    """
    if np.isnan(estimate):
        return np.full(2, np.nan)
    if np.allclose(left_out, estimate, rtol=0, atol=1e-12):
        return np.full(2, estimate)
    if not (np.abs(left_out) < 1).all():  # too few objects to tell how far it varies
        return np.array([-1.0, 1.0])
    parts = len(left_out)
    terms = np.arctanh(left_out)
    squares = (terms - terms.mean()) ** 2
    excess = float((squares**2).mean() / squares.mean() ** 2) - 1
    free = min(2 * parts / excess, parts - 1.0) if excess > 0 else parts - 1.0
    half = _student(level, max(free, 1.0)) * np.sqrt((parts - 1) * squares.mean())
    with np.errstate(divide="ignore"):
        ends: Array = np.tanh(np.arctanh(estimate) + np.array([-half, half]))
    return ends


def _student(level: float, free: float) -> float:
    """Bound within which Student's t, of so many degrees of freedom, lies with the probability ``level``."""
    angle = np.linspace(0, np.pi / 2, 4097)
    density = np.cos(angle) ** (free - 1)
    below = np.append(0, np.cumsum(density[1:] + density[:-1]))
    return float(np.sqrt(free) * np.tan(np.interp(level, below / below[-1], angle)))


def _bca(estimate: float, resampled: Array, jackknifed: Array, level: float) -> Array:
    """Interval of B. Efron: Better bootstrap confidence intervals, J. Am. Stat. Assoc. 82 (1987)."""
    resampled = resampled[~np.isnan(resampled)]
    if not len(resampled) or np.isnan(estimate):
        return np.full(2, np.nan)
    normal = NormalDist()
    below = ((resampled < estimate).mean() + (resampled <= estimate).mean()) / 2
    rare = 0.5 / len(resampled)
    bias = normal.inv_cdf(float(np.clip(below, rare, 1 - rare)))
    gaps = np.nanmean(jackknifed) - jackknifed[~np.isnan(jackknifed)] if not np.isnan(jackknifed).all() else np.zeros(1)
    scale = float((gaps**2).sum()) ** 1.5
    acceleration = float((gaps**3).sum()) / (6 * scale) if scale else 0.0
    tails = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shift = bias + normal.inv_cdf(tail)
        tails.append(normal.cdf(bias + shift / (1 - acceleration * shift)))
    return np.quantile(resampled, tails)
