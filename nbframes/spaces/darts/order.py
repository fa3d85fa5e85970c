"""The space by number: random architectures, architectures in order, and the order shuffled by a seed."""

from __future__ import annotations

from operator import index as as_integer
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.spaces.base import Column
from nbframes.spaces.codes import checked_numbers
from nbframes.spaces.darts.arrays import codes, to_cells
from nbframes.spaces.darts.cells import Cells, to_frame, to_text
from nbframes.spaces.darts.definition import NODES, OPERATIONS, SIZE
from nbframes.spaces.darts.permutation import permuted, unpermuted
from nbframes.spaces.random import count, generator

if TYPE_CHECKING:
    from nbframes.spaces.darts.structures import Architecture
    from nbframes.spaces.kinds import Seed


def enumerate(start: int, stop: int, /, *, seed: int | None = None) -> pl.DataFrame:
    """List the architectures with the numbers ``start`` to ``stop - 1``, of the 1,076,746,950,455,072,400 there are.

    Every architecture that can be written has one number, so that a range is a shard of the space that needs no file.

    Parameters
    ----------
    start, stop
        Range of numbers, ``stop`` not included.
    seed
        Shuffle the space before it is numbered, the same seed always in the same way. Without one, neighbouring numbers
        share the normal cell and differ in the last choices of the reduction cell only.

    Returns
    -------
    polars.DataFrame
        ``number`` (Int64), ``arch_str`` and the columns of `ENCODING`, by number.

    Raises
    ------
    InvalidArgumentError
        If the range does not lie within the space, or the seed is not a whole number from 0.

    Notes
    -----
    A number has mixed base: the normal cell counts most, then within a cell the operations of its eight pairs and the
    inputs of its four nodes. A seed permutes the numbers by a Feistel network of eight rounds on the pair (number of the
    normal cell, number of the reduction cell) [1]_. Isomorphic architectures have numbers of their own (see `hash`).

    References
    ----------
    .. [1] Black and Rogaway, Ciphers with Arbitrary Finite Domains, CT-RSA 2002.

    See Also
    --------
    index : The number of an architecture.

    Examples
    --------
    >>> import nbframes as nbf
    >>> shard = nbf.spaces.darts.enumerate(1_000_000, 1_000_003, seed=7)
    >>> shard["number"].to_list(), shard["arch_str"].n_unique()
    ([1000000, 1000001, 1000002], 3)
    >>> nbf.spaces.darts.index(shard, seed=7).equals(shard["number"])
    True
    """
    first, last = _number(start, "start"), _number(stop, "stop")
    if not 0 <= first <= last <= SIZE:
        msg = f"start and stop should ascend within 0 and {SIZE:,} but got {start!r} and {stop!r}"
        raise InvalidArgumentError(msg)
    numbers = np.arange(first, last, dtype=np.int64)
    return _frame(_numbered(numbers, seed)).insert_column(0, pl.Series("number", numbers))


@overload
def index(x: Architecture, /, *, seed: int | None = ...) -> int: ...
@overload
def index(x: Column, /, *, seed: int | None = ...) -> pl.Series: ...
def index(x: Architecture | Column, /, *, seed: int | None = None) -> int | pl.Series:
    """Give the number of architectures in the order of `enumerate`.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.
    seed
        That of `enumerate`.

    Returns
    -------
    int or polars.Series
        The number; of a column an Int64 Series called ``number``.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.
    InvalidArgumentError
        If the seed is not a whole number from 0.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = " ".join(["max_pool_3x3~0 max_pool_3x3~1"] * 4)
    >>> nbf.spaces.darts.index(f"{cell}|{cell}")
    0
    """
    numbers = codes.index(codes.encode(x))
    numbers = numbers if seed is None else unpermuted(numbers, seed)
    return pl.Series("number", numbers) if isinstance(x, Column) else int(numbers[0])


@overload
def from_index(x: int, /, *, seed: int | None = ...) -> str: ...
@overload
def from_index(x: pl.Series, /, *, seed: int | None = ...) -> pl.Series: ...
def from_index(x: int | pl.Series, /, *, seed: int | None = None) -> str | pl.Series:
    """Write the architectures of numbers: the inverse of `index`.

    Parameters
    ----------
    x
        One number, or a column of them.
    seed
        That of `enumerate`.

    Returns
    -------
    str or polars.Series
        Canonical text; of a column a Series called ``arch_str``.

    Raises
    ------
    InvalidArgumentError
        If a number is not one of the space, or the seed is not a whole number from 0.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.spaces.darts.from_index(nbf.spaces.darts.SIZE - 1)[-29:]
    'dil_conv_5x5~3 dil_conv_5x5~4'
    """
    texts = to_text(_numbered(x if isinstance(x, pl.Series) else [x], seed))
    return texts if isinstance(x, pl.Series) else str(texts[0])


def sample(n: int, /, *, seed: Seed = None, replace: bool = True) -> pl.DataFrame:
    """Draw architectures uniformly.

    Parameters
    ----------
    n
        How many.
    seed
        Of a generator of this call's own, or a generator to draw from.
    replace
        Whether an architecture may come twice.

    Returns
    -------
    polars.DataFrame
        ``arch_str`` (canonical text) and the encoding columns, ``n`` rows.

    Raises
    ------
    InvalidArgumentError
        If ``n`` is negative.

    Notes
    -----
    Uniform over the `SIZE` written architectures; isomorphic ones count separately, as in the 10^18 of the paper [1]_.

    References
    ----------
    .. [1] Zela et al., "Surrogate NAS Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks",
       ICLR 2022.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.spaces.darts.sample(2, seed=0)["arch_str"].n_unique()
    2
    """
    n, rng = count(n, "architectures", None if replace else SIZE), generator(seed)
    return _frame(_drawn(n, rng) if replace else _numbered(np.arange(n), int(rng.integers(1 << 62))))


def _drawn(n: int, rng: np.random.Generator) -> Cells:
    ops = rng.integers(0, len(OPERATIONS), size=(n, 16), dtype=np.uint8)
    inputs = np.empty((n, 8, 2), dtype=np.uint8)
    for k in range(8):
        node = NODES[k % 4]
        inputs[:, k, 0] = rng.integers(0, node, size=n)
        other = rng.integers(0, node - 1, size=n, dtype=np.uint8)
        inputs[:, k, 1] = other + (other >= inputs[:, k, 0])
    return Cells(ops, inputs.reshape(n, 16)).ordered()


def _numbered(numbers: Any, seed: int | None) -> Cells:
    found = checked_numbers(numbers, SIZE)
    return to_cells(codes.from_index(found if seed is None else permuted(found, seed)))


def _number(x: Any, what: str) -> int:
    try:
        return as_integer(x)
    except TypeError:
        msg = f"{what} should be a whole number, not {x!r}"
        raise InvalidArgumentError(msg) from None


def _frame(cells: Cells) -> pl.DataFrame:
    return to_frame(cells).insert_column(0, to_text(cells))
