"""Ties of measured values: which values are one, although their bits differ.

In sorted order a new tie begins where the gap to the value before is at least ``tie``; with 0 only equal values tie, as in
scipy. So values nearer than ``tie`` are always tied, and being tied is transitive, without which there would be no ranking and
no front. NaN is its own tie, beyond the greatest value.

Published accuracies carry the noise of single precision: the same number of correct images stands in a file as floats that differ
by up to 6e-6 percent, while different means differ by more than 6e-4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self, TypeVar

import numpy as np

from nbframes.numerics.segments import in_blocks

Kind = TypeVar("Kind", bound=np.generic)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_BITS: Final = 63
_BATCH: Final = 1 << 17
"""Values that a thread takes at a time."""

RankMethod = Literal["min", "average"]


def opens(ordered: Floats, tie: ArrayLike) -> Mask:
    """Tell which values of the last axis, sorted in ascending order with NaN last, begin a new tie.

    Parameters
    ----------
    ordered
        Sorted values.
    tie
        Least gap between two ties: a number, or an array that broadcasts to ``ordered``.

    Returns
    -------
    NDArray[bool]
        Of the shape of ``ordered``; the first value always begins a tie.

    Examples
    --------
    >>> opens(np.array([1.0, 1.0 + 1e-7, 2.0, np.nan, np.nan]), 1e-5).tolist()
    [True, False, True, True, False]
    """
    found: Mask = np.ones(ordered.shape, np.bool_)
    later, least = ordered[..., 1:], np.asarray(tie)
    if least.ndim and least.shape[-1] == ordered.shape[-1]:
        least = least[..., 1:]
    with np.errstate(invalid="ignore"):  # inf - inf
        gaps = later - ordered[..., :-1]
        np.greater_equal(gaps, least, out=found[..., 1:])
        found[..., 1:] &= gaps > 0
    missing = np.isnan(later)
    if missing.any():
        found[..., 1:] |= missing & ~np.isnan(ordered[..., :-1])
    return found


def codes(values: Floats, tie: ArrayLike = 0.0) -> NDArray[np.uint32]:
    """Give integers that order each row of the last axis as its values do and are equal for ties, from 0; NaN has the greatest.

    Examples
    --------
    >>> codes(np.array([2.0, 1.0, np.nan, 1.0 + 1e-7]), 1e-5).tolist()
    [1, 0, 2, 0]
    """
    found = np.empty(values.shape, np.uint32)
    *others, n = values.shape
    height = math.prod(others)
    rows, numbered = values.reshape(height, n), found.reshape(height, n)
    width = np.shape(tie)[-1] if np.ndim(tie) else 1
    gaps = np.broadcast_to(tie, (*others, width)).reshape(height, width)

    def number(block: slice) -> None:
        for place in range(block.start, block.stop):  # indices of whole arrays take longer than sorting
            order = rows[place].argsort()
            first = opens(rows[place].take(order), gaps[place])
            first[:1] = False
            numbered[place, order] = first.cumsum(dtype=np.uint32)

    in_blocks(number, range(0, height, max(1, _BATCH // max(1, n))), height)
    return found


def lexicographic(columns: Sequence[NDArray[Any]]) -> Ints:
    """Rows in the order of the first column, where they are equal that of the second, ...; rows equal in all stay in theirs.

    Parameters
    ----------
    columns
        Numbers without NaN, most important first.

    Returns
    -------
    NDArray[int64]
        What ``numpy.lexsort`` gives of the columns in reverse.

    Notes
    -----
    Two columns and the row mostly fit into one integer, and integers are sorted several times faster than rows are ordered stably. The other
    columns are looked at where these two are equal.

    Examples
    --------
    >>> lexicographic([np.array([1, 0, 1]), np.array([0.5, 0.7, 0.2])]).tolist()
    [1, 2, 0]
    """
    n = len(columns[0])
    numbers = [_numbers(column) for column in columns[:2]]
    widths = [int(number.max(initial=0)).bit_length() for number in numbers]
    row = n.bit_length()
    if sum(widths) + row > _BITS:
        return np.lexsort(columns[::-1])
    packed = numbers[0]
    for number, width in zip(numbers[1:], widths[1:], strict=True):
        packed = (packed << width) | number
    packed = (packed << row) | np.arange(n)
    packed.sort()
    order, same = packed & ((1 << row) - 1), np.diff(packed >> row) == 0
    if len(columns) > 2 and same.any():
        unsettled = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
        rows = order[unsettled]
        order[unsettled] = rows[np.lexsort([*(column[rows] for column in columns[:1:-1]), packed[unsettled] >> row])]
    return order


def _numbers(column: NDArray[Any]) -> Ints:
    """Whole numbers from 0 that order rows as the column does."""
    if column.dtype.kind in "iu":
        return column.astype(np.int64) - int(column.min(initial=0))
    return codes(column).astype(np.int64)


class Ties(NamedTuple):
    """The ties of values, or of the values of each group.

    Made by `Ties.of`; ``order`` sorts the rows by group and value, all else follows that order.
    """

    order: Ints
    ordered: Floats
    """The values in that order."""
    starts: Ints
    """Place in the order at which each tie begins."""
    groups: Ints
    """Place in the order at which the group of each tie begins."""

    @classmethod
    def of(cls, values: Floats, tie: ArrayLike = 0.0, groups: NDArray[np.integer] | None = None) -> Self:
        """Find the ties of ``values`` within each of the ``groups``, which are numbered per row; ``tie`` may be given per row."""
        order = np.argsort(values) if groups is None else np.lexsort((values, groups))
        ordered = values[order]
        first = opens(ordered, np.asarray(tie)[order] if np.ndim(tie) else tie)
        if groups is None:
            starts = np.flatnonzero(first)
            return cls(order, ordered, starts, np.zeros_like(starts))
        of_group = groups[order]
        begins = np.r_[True, of_group[1:] != of_group[:-1]][: len(order)]
        starts = np.flatnonzero(first | begins)
        return cls(order, ordered, starts, np.maximum.accumulate(np.where(begins[starts], starts, 0)))

    @classmethod
    def of_values(cls, values: Floats, tie: ArrayLike = 0.0) -> Self:
        """Find the ties of one group as if its rows stood in ascending order: sorting numbers takes a third of sorting rows."""
        ordered = np.sort(values)
        starts = np.flatnonzero(opens(ordered, tie))
        return cls(np.arange(len(ordered)), ordered, starts, np.zeros_like(starts))

    @property
    def counts(self) -> Ints:
        """Number of values of each tie."""
        return np.diff(self.starts, append=len(self.order))

    @property
    def first(self) -> Mask:
        """Whether each tie is the first of its group."""
        first: Mask = self.starts == self.groups
        return first

    @property
    def last_number(self) -> Mask:
        """Whether each tie is the last of its group that is not NaN."""
        number = ~np.isnan(self.lowest)
        last: Mask = number & np.r_[~number[1:] | self.first[1:], True][: len(number)]
        return last

    @property
    def sizes(self) -> Ints:
        """Number of values of the group of each tie."""
        first = np.flatnonzero(self.first)
        per_group = np.diff(self.groups[first], append=len(self.order))
        return np.repeat(per_group, np.diff(first, append=len(self.groups)))

    @property
    def lowest(self) -> Floats:
        """Smallest value of each tie, which stands for all of it."""
        lowest: Floats = self.ordered[self.starts]
        return lowest

    def ranks(self, method: RankMethod = "min") -> Floats:
        """Rank of each tie in its group, 1 for the smallest values: the best rank of the tie, or the mean of its ranks."""
        best: Floats = (self.starts - self.groups + 1).astype(np.float64)
        return best if method == "min" else best + (self.counts - 1) / 2

    @property
    def rows(self) -> Ints:
        """Rows by group and tie; those of a tie in the order in which they stand."""
        if len(self.starts) == len(self.order):
            return self.order
        return self.rows_of(np.ones(len(self.starts), np.bool_))[0]

    def rows_of(self, chosen: Mask) -> tuple[Ints, Ints]:
        """Rows of some ties, as `rows` has them, and for each the place of its tie among all."""
        number, bits = np.repeat(np.flatnonzero(chosen), self.counts[chosen]), len(self.order).bit_length()
        rows = self.order[np.repeat(chosen, self.counts)]
        if 2 * bits > _BITS:
            return rows[np.lexsort((rows, number))], number
        packed = (number << bits) | rows
        packed.sort()  # several times faster than a stable argsort
        return packed & ((1 << bits) - 1), number

    def of_rows(self, per_tie: NDArray[Kind]) -> NDArray[Kind]:
        """Give each row what its tie has."""
        found = np.empty(len(self.order), per_tie.dtype)
        found[self.order] = np.repeat(per_tie, self.counts)
        return found
