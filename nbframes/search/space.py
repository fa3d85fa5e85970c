"""What a search may propose: the architectures of a space that have every value that a problem needs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nbframes.errors import InvalidArgumentError
from nbframes.spaces import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from nbframes.spaces import Codes
    from nbframes.spaces.base import Space

    Array = NDArray[np.uint8]
    Ids = NDArray[np.int64]

_PATIENCE = 30
"""Draws after which a rejection sampler takes a uniform architecture: of a store of part of a space, most draws fail."""


class SearchSpace:
    """Architectures as rows of small integers, limited to those that can be queried.

    Position j of a row takes the values 0 to ``sizes[j] - 1``. Every row that `sample`, `mutate` and `neighbours` give can
    be queried; of rows that an algorithm makes itself, `known` tells.

    Parameters
    ----------
    space
        The space, or its name as `nbframes.spaces.resolve` takes it.
    arch_of
        Number of the architecture in the store for each index of the space, -1 where there is none; None if all can be
        queried and are called by their index.

    Examples
    --------
    >>> import nbframes as nbf, numpy as np
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
    >>> problem.space.sizes, problem.space.count
    ((5, 5, 5, 5, 5, 5), 15625)
    """

    def __init__(self, space: Space | str, arch_of: Ids | None = None) -> None:
        self._named = space
        self._arch_of = arch_of
        self._present = None if arch_of is None or bool((arch_of >= 0).all()) else np.flatnonzero(arch_of >= 0)

    @cached_property
    def _codes(self) -> Codes:
        return resolve(self._named).codes

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_codes"}

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices at each position."""
        return self._codes.sizes

    @property
    def count(self) -> int | None:
        """Number of architectures that can be queried; None where there are too many to list."""
        return None if self._arch_of is None else int((self._arch_of >= 0).sum())

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw rows uniformly and independently.

        Parameters
        ----------
        n
            How many.
        rng
            Draws them.

        Returns
        -------
        numpy.ndarray
            Shape (n, positions).

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.space.sample(2, np.random.default_rng(0)).shape
        (2, 6)
        """
        if self._present is None:
            return self._codes.sample(n, seed=rng)
        return self._codes.from_index(self._present[rng.integers(len(self._present), size=n)])

    def mutate(self, codes: Array, rng: np.random.Generator) -> Array:
        """Replace each row by one of its neighbours that can be queried, all equally likely.

        A row without such a neighbour, which only a store of part of a space has, is replaced by a uniform one.

        Parameters
        ----------
        codes
            Architectures.
        rng
            Draws the neighbours.

        Returns
        -------
        numpy.ndarray
            As many rows.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> rng = np.random.default_rng(0)
        >>> parents = problem.space.sample(2, rng)
        >>> (problem.space.mutate(parents, rng) != parents).sum(axis=1).tolist()
        [1, 1]
        """
        mutants = self._codes.mutate(codes, seed=rng)
        if self._present is None:
            return mutants
        left = np.flatnonzero(~self.known(mutants))
        rows, neighbours = self.neighbours(codes[left])
        counts = np.bincount(rows, minlength=len(left))
        starts = np.cumsum(counts) - counts
        drawn = (rng.random(len(left)) * counts).astype(np.int64)
        some = counts > 0
        mutants[left[some]] = neighbours[(starts + drawn)[some]]
        mutants[left[~some]] = self.sample(int((~some).sum()), rng)
        return mutants

    def neighbours(self, codes: Array) -> tuple[Ids, Array]:
        """List all neighbours that can be queried.

        Parameters
        ----------
        codes
            Architectures.

        Returns
        -------
        tuple
            For each neighbour the row of ``codes`` that it belongs to, ascending; and the neighbours as rows.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> rows, neighbours = problem.space.neighbours(problem.space.sample(1, np.random.default_rng(0)))
        >>> neighbours.shape
        (24, 6)
        """
        rows, found = self._codes.neighbours(codes)
        if self._present is None:
            return rows, found
        known = self.known(found)
        return rows[known], found[known]

    def arch(self, codes: Array) -> Ids:
        """Give the number of each architecture in the store; of a surrogate's space, its index.

        Parameters
        ----------
        codes
            Architectures.

        Returns
        -------
        numpy.ndarray
            Numbers, -1 of those that cannot be queried.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.space.arch(problem.space.encode(nbf.spaces.tss.from_index(7))).tolist()
        [7]
        """
        valid = self._codes.is_valid(codes)
        if valid.all():
            index = self._codes.index(codes)
            return index if self._arch_of is None else self._arch_of[index]
        archs = np.full(len(codes), -1, np.int64)
        if valid.any():
            archs[valid] = self.arch(codes[valid])
        return archs

    def known(self, codes: Array) -> NDArray[np.bool_]:
        """Tell which rows can be queried.

        Parameters
        ----------
        codes
            Rows of any integers.

        Returns
        -------
        numpy.ndarray
            One truth value a row.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.space.known(np.array([[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 9]], np.uint8)).tolist()
        [True, False]
        """
        known = np.asarray((codes < np.array(self.sizes)).all(axis=1))
        if known.all():
            return self._codes.is_valid(codes) if self._present is None else self.arch(codes) >= 0
        known[known] = self.known(codes[known])
        return known

    def until_known(self, draw: Callable[[Ids], Array], n: int, rng: np.random.Generator) -> Array:
        """Draw rows again and again until each can be queried, at last uniformly.

        Parameters
        ----------
        draw
            Takes numbers of rows, 0 to n - 1, and gives a new draw of each.
        n
            Number of rows.
        rng
            Draws uniform rows in the end.

        Returns
        -------
        numpy.ndarray
            Shape (n, positions).

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> rng = np.random.default_rng(0)
        >>> problem.space.until_known(lambda rows: np.zeros((len(rows), 6), np.uint8), 2, rng).tolist()
        [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
        """
        codes = draw(np.arange(n))
        for _ in range(_PATIENCE):
            left = np.flatnonzero(~self.known(codes))
            if not len(left):
                return codes
            codes[left] = draw(left)
        left = np.flatnonzero(~self.known(codes))
        codes[left] = self.sample(len(left), rng)
        return codes

    def encode(self, x: str | pl.Series) -> Array:
        """Turn texts into rows.

        Parameters
        ----------
        x
            The text of one architecture, or a column of strings.

        Returns
        -------
        numpy.ndarray
            Shape (n, positions), of one architecture a single row.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.space.encode(nbf.spaces.tss.from_index(0)).shape
        (1, 6)
        """
        return self._codes.encode(x)

    def decode(self, codes: Array) -> pl.Series:
        """Turn rows into texts, as the space writes them.

        Parameters
        ----------
        codes
            Architectures.

        Returns
        -------
        polars.Series
            One text a row.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.space.decode(np.zeros((1, 6), np.uint8)).to_list()
        ['|none~0|+|none~0|none~1|+|none~0|none~1|none~2|']
        """
        return self._codes.decode(codes)

    def codes_of(self, archs: Ids) -> Array:
        """Turn numbers in the store into rows.

        Parameters
        ----------
        archs
            Numbers.

        Returns
        -------
        numpy.ndarray
            One row each.

        Raises
        ------
        InvalidArgumentError
            If one cannot be queried.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.space.arch(problem.space.codes_of(np.array([5, 3]))).tolist()
        [5, 3]
        """
        if self._arch_of is None:
            return self._codes.from_index(archs)
        inside = (archs >= 0) & (archs < len(self._index_of))
        index = np.where(inside, self._index_of[np.where(inside, archs, 0)], -1)
        if (index < 0).any():
            wrong = int(archs[index < 0][0])
            msg = f"there is no architecture {wrong} that can be queried; {self.count:,} can, up to {len(self._index_of) - 1:,}"
            raise InvalidArgumentError(msg)
        return self._codes.from_index(index)

    @cached_property
    def _index_of(self) -> Ids:
        assert self._arch_of is not None  # noqa: S101 - for the type checker
        known = np.flatnonzero(self._arch_of >= 0)
        index_of = np.full(int(self._arch_of.max()) + 1, -1, np.int64)
        index_of[self._arch_of[known]] = known
        return index_of
