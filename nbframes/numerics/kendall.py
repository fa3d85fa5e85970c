"""Kendall's rank correlations of many pairs of rankings at once, by counting inversions with vectorised arithmetic.

A row of ``x`` and the same row of ``y`` are two rankings of the same objects, given as codes: integers below the number of
objects that grow with the value and are equal for ties; `MISSING` in both rows where either ranking lacks the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MISSING: Final = 2**32 - 1
"""Code of an object that a ranking lacks."""

_LONG: Final = 2**17
"""Objects from which on inversions are counted digit by digit: fewer comparisons, but more passes over the values."""

_CACHED: Final = 2**17
"""Values that are compared at a time: they and what is made of them stay in the fast caches."""


def tau_b(x: Array, y: Array, tied: tuple[Array, Array] | None = None) -> Array:
    """Kendall's tau-b of every row; NaN where a ranking is constant.

    ``tied`` are the `tied_pairs` of ``x`` and ``y``, for callers that know them already.
    """
    orders = _Orders.of(x, y)
    tied_x, tied_y = tied or (_tied_pairs(orders.x, orders.size), _tied_pairs(orders.y, orders.size))
    pairs = orders.size * (orders.size - 1) // 2
    if x.shape[1] < _LONG:
        discordant = _Inversions.of(orders).total()
    else:
        discordant = np.array([inversions(position) for position in orders.position], np.int64)
    balance = pairs - tied_x - tied_y + _tied_pairs(orders.both, orders.size) - 2 * discordant
    return _ratio(balance, pairs - tied_x, pairs - tied_y)


def tied_pairs(codes: Array) -> Array:
    """Count the pairs of equal codes in each row, where none is missing."""
    counts = [np.bincount(row) for row in codes]
    return np.array([(count * (count - 1) // 2).sum() for count in counts], np.int64)


def inversions(permutation: Array) -> int:
    """Count the pairs of a long permutation of the first whole numbers of which the greater stands first.

    Numbers are told apart by their highest digit, those that share it by the next, and the rest by the last; each digit has about the
    cube root of the values. Pairs within a short stretch are compared one by one, the others follow from how many numbers with each
    digit a stretch has.

    Examples
    --------
    >>> inversions(np.array([2, 0, 1]))
    2
    """
    n = len(permutation)
    low = max(1, n.bit_length() // 3)
    block, digit = 1 << 2 * low, (1 << low) - 1
    whole = -(-n // block) * block
    values: Array = np.arange(
        whole, dtype=np.int32 if whole < 2**31 else np.int64
    )  # what is added stands last, the greatest last
    values[:n] = permutation
    places = np.empty_like(values)
    places[values] = np.arange(whole, dtype=values.dtype)
    high = (values >> 2 * low)[None]
    middle = (values[np.sort(places.reshape(-1, block), axis=1)] >> low) & digit
    last = values[np.sort(places.reshape(-1, 1 << low), axis=1)] & digit
    return _inverted(high, low) + _inverted(middle, low) + _inverted_within(last)


def weighted_tau(x: Array, y: Array) -> Array:
    """Weighted tau of every row as `scipy.stats.weightedtau` defines it by default; NaN where a ranking is constant.

    A pair weighs the sum of its objects' ``1 / (rank + 1)``, rank 0 being the largest value; the result is the mean of the
    two taus whose ranks are those by (x, y) and by (y, x).
    """
    orders = _Orders.of(x, y)
    by_x = orders.position.astype(np.int64)
    by_y = np.broadcast_to(np.arange(x.shape[1]), x.shape)
    discordant = 2 * _Inversions.of(orders).each() - by_x + by_y
    y_of_x = by_x.argsort(axis=1)
    size = orders.size[:, None]
    taus = []
    for place in (by_x, by_y):
        weight = np.divide(1.0, size - place, where=place < size, out=np.zeros(x.shape))
        weight_by_x = np.take_along_axis(weight, y_of_x, axis=1)
        pairs = (orders.size - 1) * weight.sum(axis=1)
        tied_x = _tied_weight(orders.x, orders.size, weight_by_x)
        tied_y = _tied_weight(orders.y, orders.size, weight)
        tied = _tied_weight(orders.both, orders.size, weight_by_x)
        balance = pairs - tied_x - tied_y + tied - 2 * np.einsum("ij,ij->i", weight, discordant)
        taus.append(_ratio(balance, pairs - tied_x, pairs - tied_y))
    constant = _constant(orders.x, orders.size) | _constant(orders.y, orders.size)
    return np.where(constant, np.nan, (taus[0] + taus[1]) / 2)


class _Orders(NamedTuple):
    """The objects of every row in two orders, by (x, y) and by (y, x).

    Two objects are discordant, strictly in both rankings, exactly if the two orders disagree on them: discordant pairs are
    the inversions of ``position``.
    """

    size: Array
    """Number of objects that both rankings have; the others stand last in both orders."""
    both: Array
    """Codes of x and y packed into one integer, by (x, y)."""
    x: Array
    """Codes of x by (x, y)."""
    y: Array
    """Codes of y by (y, x)."""
    y_by_x: Array
    """Codes of y by (x, y)."""
    position: Array
    """Place by (x, y) of the objects by (y, x)."""

    @classmethod
    def of(cls, x: Array, y: Array) -> _Orders:
        n = x.shape[1]
        lacks = x == MISSING
        greatest = max(int(side.max(where=~lacks, initial=0)) for side in (x, y)) + 1  # of the codes: what is missing
        bits, place = greatest.bit_length(), int(n).bit_length()
        word: Any = np.uint32 if bits + max(bits, place) <= 32 else np.uint64
        width = word(bits)
        both = np.minimum(x, greatest).astype(word, copy=False) << width
        both |= np.minimum(y, greatest).astype(word, copy=False)
        both.sort(axis=1)
        y_by_x = both & word(2**bits - 1)
        by_y = y_by_x << word(place)
        by_y |= np.arange(n, dtype=word)
        by_y.sort(axis=1)
        size = n - np.count_nonzero(lacks, axis=1)
        code = np.uint16 if bits <= 16 else np.uint32
        return cls(size, both, both >> width, by_y >> word(place), y_by_x.astype(code), by_y & word(2**place - 1))


class _Inversions(NamedTuple):
    """For the objects of every row, how many greater ones by (y, x) stand before them by (x, y).

    The objects are cut into chunks of about the square root of their number, by their place in either order. Pairs that
    share a chunk are compared one by one: n sqrt(n) comparisons, but of 16 and 8 bits in long contiguous rows. All others
    follow from the number of objects that a chunk of the one order shares with a chunk of the other.
    """

    near_by_x: Array
    """Those within a chunk by (x, y): chunks of all rows x places in the chunk, from the last place of a row to its first."""
    near_by_y: Array
    """Those within a chunk by (y, x), but not by (x, y): chunks of all rows x places in the chunk."""
    far: Array
    """All others, for the objects of each pair of chunks: rows x chunks by (y, x) x chunks by (x, y)."""
    shared: Array
    """Number of objects of each pair of chunks."""
    cell: Array
    """Flat index in ``far`` of the objects by (y, x)."""
    position: Array

    @classmethod
    def of(cls, orders: _Orders) -> _Inversions:
        rows, n = orders.position.shape
        shift = int(n).bit_length() // 2
        chunks = -(-n >> shift)
        chunk = (orders.position >> orders.position.dtype.type(shift)).astype(np.intp)

        values = np.zeros((rows, chunks << shift), orders.y_by_x.dtype)
        np.invert(orders.y_by_x, out=values[:, ::-1][:, :n])
        near_by_x = _smaller_after(values.reshape(-1, 1 << shift))
        places = np.full(values.shape, chunks - 1, np.uint8 if chunks <= 2**8 else np.uint16)
        places[:, :n] = chunk
        near_by_y = _smaller_after(places.reshape(-1, 1 << shift))

        cell = chunk
        cell += (np.arange(n) >> shift) * chunks
        cell += np.arange(rows)[:, None] * chunks**2
        shared = np.bincount(cell.ravel(), minlength=rows * chunks**2).astype(np.int32).reshape(rows, chunks, chunks)
        far = np.zeros_like(shared)
        greater = shared[:, :0:-1].cumsum(axis=1, dtype=np.int32)[:, ::-1]
        greater[:, :, :-1].cumsum(axis=2, dtype=np.int32, out=far[:, :-1, 1:])
        return cls(near_by_x, near_by_y, far, shared, cell, orders.position)

    def total(self) -> Array:
        """Sum over the objects of each row."""
        rows = len(self.position)
        near = self.near_by_x.sum(axis=1, dtype=np.int64) + self.near_by_y.sum(axis=1, dtype=np.int64)
        total: Array = near.reshape(rows, -1).sum(axis=1)
        total += np.einsum("rij,rij->r", self.far, self.shared, dtype=np.int64)
        return total

    def each(self) -> Array:
        """Numbers of the objects by (y, x)."""
        rows, n = self.position.shape
        near_by_x = self.near_by_x.reshape(rows, -1)[:, ::-1]
        count = self.far.take(self.cell).astype(np.int64)
        count += self.near_by_y.reshape(rows, -1)[:, :n]
        count += np.take_along_axis(near_by_x, self.position.astype(np.intp), axis=1)
        return count


def _inverted(digits: Array, low: int) -> int:
    """Pairs within a row of which the greater digit stands first."""
    stretches, levels = digits.reshape(-1, 1 << low), int(digits.max()) + 1
    cell = stretches + np.arange(len(stretches))[:, None] * levels
    shared = np.bincount(cell.ravel(), minlength=len(stretches) * levels).astype(np.int32)
    shared = shared.reshape(len(digits), -1, levels)
    before = shared.cumsum(axis=1, dtype=np.int32)
    before -= shared
    greater = before[..., ::-1].cumsum(axis=2, dtype=np.int32)[..., ::-1]
    greater -= before
    return _inverted_within(stretches) + int(np.einsum("ijk,ijk->", greater, shared, dtype=np.int64))


def _inverted_within(stretches: Array) -> int:
    """Pairs within each short row of which the greater digit stands first."""
    length, total = stretches.shape[1], 0
    word = np.uint8 if int(stretches.max()) < 2**8 else np.uint16 if int(stretches.max()) < 2**16 else stretches.dtype
    width = max(1, _CACHED // length)
    for first in range(0, len(stretches), width):
        columns = np.ascontiguousarray(stretches[first : first + width].T, dtype=word)
        for gap in range(1, length):
            total += int(np.count_nonzero(columns[:-gap] > columns[gap:]))
    return total


def _smaller_after(chunks: Array) -> Array:
    """For each value, how many smaller ones follow it in its row."""
    length = chunks.shape[1]
    counts = np.empty((length, len(chunks)), np.uint8 if length <= 2**8 else np.uint16)
    width = max(1, _CACHED // length)
    for first in range(0, len(chunks), width):
        columns = np.ascontiguousarray(chunks[first : first + width].T)
        count = np.zeros(columns.shape, counts.dtype)
        greater = np.empty(columns.shape, np.bool_)
        for gap in range(1, length):
            np.greater(columns[:-gap], columns[gap:], out=greater[gap:])
            count[:-gap] += greater[gap:].view(np.uint8)
        counts[:, first : first + width] = count
    return counts.T


def _ties(ordered: Array, size: Array) -> tuple[Array, Array]:
    """First flat place and length of every run of two or more equal codes within the first ``size`` of each row."""
    rows, n = ordered.shape
    equal = np.zeros((rows, n), np.bool_)
    np.equal(ordered[:, 1:], ordered[:, :-1], out=equal[:, :-1])
    if size.min() < n:
        equal &= np.arange(n) < size[:, None] - 1
    places = np.flatnonzero(equal)
    opens = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    return places[opens], np.diff(opens, append=len(places)) + 1


def _tied_pairs(ordered: Array, size: Array) -> Array:
    """Count the pairs of equal codes in each row."""
    first, length = _ties(ordered, size)
    return np.bincount(first // ordered.shape[1], length * (length - 1) // 2, len(ordered)).astype(np.int64)


def _tied_weight(ordered: Array, size: Array, weight: Array) -> Array:
    """Total weight of the pairs of equal codes in each row, where a pair weighs the sum of its two objects."""
    first, length = _ties(ordered, size)
    ends = np.ravel((first, first + length), order="F")
    total = np.add.reduceat(np.append(weight, 0.0), ends)[::2] if len(first) else np.empty(0)
    return np.bincount(first // ordered.shape[1], (length - 1) * total, len(ordered))


def _constant(ordered: Array, size: Array) -> Array:
    last = np.take_along_axis(ordered, np.maximum(size - 1, 0)[:, None], axis=1)
    constant: Array = ordered[:, 0] == last[:, 0]
    return constant


def _ratio(balance: Array, untied_x: Array, untied_y: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(balance / np.sqrt(untied_x) / np.sqrt(untied_y), -1, 1)
