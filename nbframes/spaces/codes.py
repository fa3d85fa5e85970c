"""Architectures as arrays of small integers: the form for loops that advance many of them at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces.random import count, generator

if TYPE_CHECKING:
    from nbframes.spaces.kinds import Array, Bools, Indices, Seed


class Codes(ABC):
    """A search space as arrays: one row an architecture, position j of a row takes the values 0 to ``sizes[j] - 1``.

    Every space has one as ``.codes``: grids the choice at each position; ``nb101`` the 21 edges of seven vertices row by
    row, then the five operations; ``darts`` the 16 operations, then which two inputs each of the eight nodes takes.

    Parameters
    ----------
    sizes
        Number of choices at each position.
    size
        Number of architectures that `index` tells apart.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> population = tss.codes.sample(3, seed=0)
    >>> population.shape, population.dtype.name, tss.codes.sizes
    ((3, 6), 'uint8', (5, 5, 5, 5, 5, 5))
    """

    def __init__(self, sizes: tuple[int, ...], size: int) -> None:
        self.sizes, self._size = sizes, size
        self._limits = np.array(sizes)

    def encode(self, x: Any, /) -> Array:
        """Codes of architectures.

        Parameters
        ----------
        x
            One architecture (then there is a single row), or a column of them.

        Returns
        -------
        numpy.ndarray
            Shape (rows, positions), uint8.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of the space.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.codes.encode("8:16:24:32:64")
        array([[0, 1, 2, 3, 7]], dtype=uint8)
        """
        return self._encode(x)

    def decode(self, codes: Array, /) -> pl.Series:
        """Strings of codes: the inverse of `encode`, up to isomorphism.

        Parameters
        ----------
        codes
            Shape (rows, positions), whole numbers.

        Returns
        -------
        polars.Series
            Called ``arch_str``; in ``nb101`` of seven vertices and not pruned.

        Raises
        ------
        InvalidArgumentError
            If the codes have another shape or are not whole numbers.
        InvalidArchitectureError
            If a value is not a choice of its position.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.codes.decode([[0, 1, 2, 3, 7]]).item()
        '8:16:24:32:64'
        """
        return self._decode(self._checked(codes))

    def is_valid(self, codes: Array, /) -> Bools:
        """Tell which codes are architectures of the space.

        Parameters
        ----------
        codes
            Shape (rows, positions), whole numbers that are choices of their positions.

        Returns
        -------
        numpy.ndarray
            Shape (rows,). True everywhere but in ``nb101``, whose cells need a path and at most nine edges.

        Raises
        ------
        InvalidArgumentError
            If the codes have another shape or are not whole numbers.
        InvalidArchitectureError
            If a value is not a choice of its position.

        Examples
        --------
        >>> import numpy as np
        >>> from nbframes.spaces import nb101
        >>> nb101.codes.is_valid(np.zeros((1, 26), np.uint8)).tolist()
        [False]
        """
        return self._are_valid(self._checked(codes))

    def sample(self, n: int, /, *, seed: Seed = None) -> Array:
        """Draw codes uniformly from the valid ones, independently of each other.

        Parameters
        ----------
        n
            How many.
        seed
            Of a generator of this call's own, or a generator to draw from.

        Returns
        -------
        numpy.ndarray
            Shape (n, positions), uint8. In ``nb101`` these are matrices, as its own random search draws them: cells that
            can be written in many ways come more often.

        Raises
        ------
        InvalidArgumentError
            If ``n`` is not a whole number from 0.

        Examples
        --------
        >>> from nbframes.spaces import darts
        >>> darts.codes.is_valid(darts.codes.sample(100, seed=0)).all()
        np.True_
        """
        return self._sample(count(n, "architectures"), generator(seed))

    def mutate(self, codes: Array, /, *, seed: Seed = None) -> Array:
        """Replace each code by one of its `neighbours`, all equally likely.

        Parameters
        ----------
        codes
            Shape (rows, positions), whole numbers.
        seed
            Of a generator of this call's own, or a generator to draw from.

        Returns
        -------
        numpy.ndarray
            Shape (rows, positions), uint8.

        Raises
        ------
        InvalidArgumentError
            If the codes have another shape or are not whole numbers.
        InvalidArchitectureError
            If a code is not an architecture of the space.

        Examples
        --------
        >>> from nbframes.spaces import tss
        >>> parents = tss.codes.sample(4, seed=0)
        >>> (tss.codes.mutate(parents, seed=1) != parents).sum(axis=1).tolist()
        [1, 1, 1, 1]
        """
        return self._mutate(self._checked(codes), generator(seed))

    def neighbours(self, codes: Array, /) -> tuple[Indices, Array]:
        """List what one edit of each code leads to, in the order of the space's own ``neighbours``.

        Parameters
        ----------
        codes
            Shape (rows, positions), whole numbers.

        Returns
        -------
        rows : numpy.ndarray
            For each neighbour the row of ``codes`` that it belongs to, ascending.
        neighbours : numpy.ndarray
            Their codes.

        Raises
        ------
        InvalidArgumentError
            If the codes have another shape or are not whole numbers.
        InvalidArchitectureError
            If a value is not a choice of its position.

        Examples
        --------
        >>> from nbframes.spaces import tss
        >>> rows, around = tss.codes.neighbours(tss.codes.sample(2, seed=0))
        >>> rows.shape, around.shape
        ((48,), (48, 6))
        """
        return self._neighbours(self._checked(codes))

    def index(self, codes: Array, /) -> Indices:
        """Give the number of codes in the order of the space's ``enumerate``.

        Parameters
        ----------
        codes
            Shape (rows, positions), whole numbers.

        Returns
        -------
        numpy.ndarray
            Shape (rows,), int64: ``arch`` in ``tss`` and ``sss``; in ``nb101`` the same for isomorphic cells.

        Raises
        ------
        InvalidArgumentError
            If the codes have another shape or are not whole numbers.
        InvalidArchitectureError
            If a code is not an architecture of the space.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.codes.index(sss.codes.encode("8:8:40:32:40")).tolist()
        [284]
        """
        return self._index(self._checked(codes))

    def from_index(self, index: Indices, /) -> Array:
        """Give the codes of numbers: the inverse of `index`.

        Parameters
        ----------
        index
            Whole numbers.

        Returns
        -------
        numpy.ndarray
            Shape (numbers, positions), uint8.

        Raises
        ------
        InvalidArgumentError
            If something is not a number of the space.

        Examples
        --------
        >>> from nbframes.spaces import sss
        >>> sss.codes.from_index([284]).tolist()
        [[0, 0, 4, 3, 4]]
        """
        return self._from_index(checked_numbers(index, self._size))

    @abstractmethod
    def _encode(self, x: Any) -> Array: ...

    @abstractmethod
    def _decode(self, codes: Array) -> pl.Series: ...

    def _are_valid(self, codes: Array) -> Bools:
        return np.ones(len(codes), np.bool_)

    def _sample(self, n: int, rng: np.random.Generator) -> Array:
        return rng.integers(0, self.sizes, size=(n, len(self.sizes)), dtype=np.uint8)

    @abstractmethod
    def _mutate(self, codes: Array, rng: np.random.Generator) -> Array: ...

    @abstractmethod
    def _neighbours(self, codes: Array) -> tuple[Indices, Array]: ...

    @abstractmethod
    def _index(self, codes: Array) -> Indices: ...

    @abstractmethod
    def _from_index(self, numbers: Indices) -> Array: ...

    def _checked(self, codes: Any) -> Array:
        array = np.asarray(codes)
        if array.ndim != 2 or array.shape[1] != len(self.sizes) or array.dtype.kind not in "iub":
            msg = f"codes should be whole numbers of shape (n, {len(self.sizes)}), got {array.dtype} of {array.shape}"
            raise InvalidArgumentError(msg)
        wrong = array >= self._limits
        if array.dtype.kind == "i":
            wrong |= array < 0
        if wrong.any():
            row, place = np.argwhere(wrong)[0]
            msg = f"row {row} has {array[row, place]} at position {place}; valid: 0 to {self.sizes[place] - 1}"
            raise InvalidArchitectureError(msg)
        return array.astype(np.uint8, copy=False)


def checked_numbers(numbers: Any, size: int) -> Indices:
    """Return numbers of architectures as int64 if all of them are in the space.

    Raises
    ------
    InvalidArgumentError
        If something is not a list of whole numbers, or one is not in range.
    """
    if isinstance(numbers, pl.Series) and numbers.null_count():
        msg = f"{numbers.null_count()} of {len(numbers)} numbers of architectures are null"
        raise InvalidArgumentError(msg)
    array = np.asarray(numbers)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        msg = f"numbers of architectures should be whole numbers in one dimension, got {array.dtype} of {array.shape}"
        raise InvalidArgumentError(msg)
    wrong = (array < 0) | (array >= size)
    if wrong.any():
        msg = f"{np.count_nonzero(wrong)} of {len(array)} numbers are not in 0..{size - 1}, the first is {array[wrong][0]}"
        raise InvalidArgumentError(msg)
    return array.astype(np.int64)
