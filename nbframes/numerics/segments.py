"""Reductions over runs of equal keys: what a hash table does for rows in any order, rows in order get by looking at neighbours.

Keys of several columns are packed into one integer, first column first. Where the packed keys ascend already, as in the files of a
store, nothing is sorted; otherwise one sort brings them into order. Either way equal keys end up as neighbours, so that none is
missed.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_BLOCK: Final = 1 << 17
"""Rows that are worked on at a time: they and what is made of them stay in the fast caches."""
_BITS: Final = 63
_SHORT: Final = 8
"""Longest runs whose values are added one after the other by ``numpy.add.reduceat`` too; longer ones it adds in pairs."""
_NEAR: Final = 64
"""Rows in which most runs begin anew: runs are short."""
_DENSE: Final = 4
"""Range of whole numbers, in multiples of their count, up to which a table of all of them is made."""


class Keys(NamedTuple):
    """Columns of whole numbers packed into one."""

    packed: Ints
    """One integer per row, ordered as the columns are, the first column before the others."""
    lows: tuple[int, ...]
    bits: tuple[int, ...]

    @classmethod
    def of(cls, columns: Sequence[NDArray[Any]], n: int) -> Self:
        """Pack ``columns`` of ``n`` whole numbers each.

        Raises
        ------
        OverflowError
            If the ranges of the columns together exceed 63 bits.
        """
        lows = tuple(int(column.min()) if n else 0 for column in columns)
        spans = [int(column.max()) - low if n else 0 for column, low in zip(columns, lows, strict=True)]
        bits = tuple(span.bit_length() for span in spans)
        if sum(bits) > _BITS:
            msg = f"the columns need {sum(bits)} bits, more than {_BITS}"
            raise OverflowError(msg)
        packed = np.empty(n, np.int64)

        def pack(block: slice) -> None:
            target = packed[block]
            target[:] = 0
            for column, low, width in zip(columns, lows, bits, strict=True):
                if width:
                    target <<= width
                    target += column[block]
                    if low:
                        target -= low

        in_blocks(pack, range(0, n, _BLOCK), n)
        return cls(packed, lows, bits)

    def unpack(self, packed: Ints, column: int) -> Ints:
        """Give one column of packed keys, which may be some of the rows, or be without the last columns."""
        after = sum(self.bits[column + 1 :])
        return ((packed >> after) & ((1 << self.bits[column]) - 1)) + self.lows[column]

    def order(self) -> Ints | None:
        """Rows in ascending order of their keys; None if they stand in it, rows with equal keys included."""
        if (self.packed[1:] >= self.packed[:-1]).all():
            return None
        return np.argsort(self.packed, kind="stable")  # sorted stretches are merged, not sorted again


class Runs(NamedTuple):
    """Runs of equal keys in sorted rows, and the sums of each."""

    starts: Ints
    counts: NDArray[np.int32]
    mean: Floats
    squares: Floats
    """Sum of the squared deviations from the mean."""
    apart: bool
    """Whether the rows of each run ascend in what tells them apart, so that no two are one."""

    @classmethod
    def of(
        cls,
        keys: Sequence[NDArray[Any]],
        values: Floats,
        *,
        within: NDArray[Any] | None = None,
        spread: bool = True,
    ) -> Self:
        """Reduce ``values`` over the runs of rows that agree in all ``keys``.

        ``within`` tells the rows of a run apart; by default nothing does. Without ``spread`` the squares say nothing.
        """
        n = len(values)
        if not n:
            return cls.alone(values)

        def reduced(block: slice) -> tuple[Ints, NDArray[np.int32], Floats, Floats, NDArray[np.bool_]]:
            value, begins = values[block], begin(keys, block)
            starts = np.flatnonzero(begins)
            counts = np.diff(starts, append=len(value)).astype(np.int32)
            if within is not None:
                begins[1:] |= within[block][1:] > within[block][:-1]
            with np.errstate(invalid="ignore"):  # inf - inf
                mean = sums(value, starts, counts)
                mean /= counts
                squares = np.zeros(len(starts))
                if spread:
                    deviation = value - np.repeat(mean, counts)
                    deviation *= deviation
                    squares = sums(deviation, starts, counts)
            return starts + block.start, counts, mean, squares, np.array([begins.all()])

        starts, counts, mean, squares, apart = map(
            np.concatenate, zip(*in_blocks(reduced, _cuts(keys, n), n), strict=True)
        )
        return cls(starts, counts, mean, squares, bool(apart.all()))

    @classmethod
    def alone(cls, values: Floats) -> Self:
        """Runs of one row each."""
        n = len(values)
        squares = np.where(np.isfinite(values), 0.0, np.nan)
        return cls(np.arange(n), np.ones(n, np.int32), values, squares, apart=True)

    def take(self, order: Ints) -> Self:
        """Runs in another order."""
        return type(self)(self.starts[order], self.counts[order], self.mean[order], self.squares[order], self.apart)

    def means(self, values: Floats) -> Floats:
        """Means of other values over the same runs."""
        return sums(values, self.starts, self.counts) / self.counts if len(values) else np.empty(0)

    @property
    def std(self) -> Floats:
        """Standard deviation of a sample, n - 1; NaN of a single value."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(self.squares / (self.counts - 1))

    def quantiles(self, values: Floats, at: Sequence[float]) -> list[Floats]:
        """Quantiles of each run of the ``values`` it was made of, interpolated linearly; NaN of a run with a NaN."""
        if not at:
            return []
        run = np.repeat(np.arange(len(self.starts)), self.counts)
        ordered = values[np.lexsort((values, run))] if len(self.starts) > 1 else np.sort(values)
        return quantiles(ordered, self.starts, self.counts, at)


def quantiles(ordered: Floats, starts: Ints, counts: NDArray[np.integer[Any]], at: Sequence[float]) -> list[Floats]:
    """Quantiles of stretches of sorted values, NaN last, interpolated linearly; NaN of a stretch with a NaN.

    Examples
    --------
    >>> [found.tolist() for found in quantiles(np.array([1.0, 2.0, 5.0, 7.0]), np.array([0, 2]), np.array([2, 2]), [0.5, 1])]
    [[1.5, 6.0], [2.0, 7.0]]
    """
    last = ordered[starts + counts - 1]
    found = []
    for q in at:
        place = (counts - 1) * q
        low = np.floor(place).astype(np.int64)
        below, above = ordered[starts + low], ordered[starts + np.minimum(low + 1, counts - 1)]
        with np.errstate(invalid="ignore"):  # between infinities
            between = np.where(place == low, below, below + (above - below) * (place - low))
        found.append(np.where(np.isnan(last), np.nan, between))
    return found


def begin(keys: Sequence[NDArray[Any]], rows: slice) -> NDArray[np.bool_]:
    """Tell which of some rows differ in a key from the one before; the first of them does.

    Examples
    --------
    >>> begin([np.array([1, 1, 2, 2]), np.array([5, 5, 5, 6])], slice(0, 4)).tolist()
    [True, False, True, True]
    """
    found = np.zeros(rows.stop - rows.start, np.bool_)
    found[:1] = True
    for key in keys:
        of_rows = key[rows]
        found[1:] |= of_rows[1:] != of_rows[:-1]
    return found


def _cuts(keys: Sequence[NDArray[Any]], n: int) -> list[int]:
    """Rows at which runs begin, about `_BLOCK` apart."""
    cuts = [0]
    for place in range(_BLOCK, n, _BLOCK):
        for width in (min(_NEAR, _BLOCK), _BLOCK):
            found = np.flatnonzero(begin(keys, slice(place - width, place + 1))[1:])
            if len(found):
                cuts.append(place - width + 1 + int(found[-1]))
                break
    return cuts


def sums(values: Floats, starts: Ints, counts: NDArray[Any]) -> Floats:
    """Sum of each run of values; bit by bit what ``numpy.add.reduceat`` gives.

    Parameters
    ----------
    values
        Values, run after run.
    starts, counts
        Where each run begins, and how many values it has.

    Returns
    -------
    NDArray[float64]
        One value for each run.

    Notes
    -----
    ``reduceat`` takes some ten nanoseconds to begin a run. Runs of a few values, such as the seeds of an architecture, are summed column by
    column instead, all of one length at a time: as there, the first value is added to the sum of the others.

    Examples
    --------
    >>> sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1]), np.array([1, 2])).tolist()
    [1.0, 6.0]
    """
    least, most = int(counts.min()), int(counts.max())
    if most > _SHORT:
        return np.add.reduceat(values, starts)
    if least == most:
        return _column_sums(values.reshape(-1, most).T)
    found = np.empty(len(starts))
    for length in range(least, most + 1):
        chosen = np.flatnonzero(counts == length)
        first = starts[chosen]
        found[chosen] = _column_sums([values[first + place] for place in range(length)])
    return found


def _column_sums(columns: Sequence[Floats] | Floats) -> Floats:
    first, *others = columns
    if not others:
        return first.copy()
    rest: Floats = others[0].copy() if len(others) == 1 else others[0] + others[1]
    for column in others[2:]:
        rest += column
    rest += first
    return rest


def numbers(values: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """Distinct whole numbers, sorted, and for each value which of them it is.

    Parameters
    ----------
    values
        Whole numbers; the denser they lie, the faster it is.

    Returns
    -------
    tuple[NDArray, NDArray[int64]]
        What ``numpy.unique`` with ``return_inverse`` gives.

    Examples
    --------
    >>> [found.tolist() for found in numbers(np.array([888, 777, 888]))]
    [[777, 888], [1, 0, 1]]
    """
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if high - low >= _DENSE * len(values):
        distinct, places = np.unique(values, return_inverse=True)
        return distinct, places
    offset = values.astype(np.int64) - low
    there = np.zeros(high - low + 1, np.bool_)
    there[offset] = True
    return (np.flatnonzero(there) + low).astype(values.dtype), (np.cumsum(there) - 1)[offset]


def in_blocks(work: Callable[[slice], Any], starts: Sequence[int], n: int) -> list[Any]:
    """Apply ``work`` to the slices of ``n`` rows that begin at ``starts``, in threads, and return what it gives in their order."""
    ends = [*starts[1:], n][: len(starts)]
    blocks = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
    if len(blocks) < 2:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, blocks))
