"""The canonical hash: equal exactly for architectures that are the same network."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING, overload

import numpy as np
import polars as pl

from nbframes.spaces.darts.cells import checked
from nbframes.spaces.darts.definition import NODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.spaces.base import Column
    from nbframes.spaces.darts.cells import Cells
    from nbframes.spaces.darts.structures import Architecture

_IMPOSSIBLE = np.uint64(1 << 60)


@overload
def hash(x: Architecture, /) -> str: ...
@overload
def hash(x: Column, /) -> pl.Series: ...
def hash(x: Architecture | Column, /) -> str | pl.Series:
    """Hash architectures so that isomorphic ones, and only they, share the hash.

    Two cells are isomorphic where their intermediate nodes can be renumbered so that one becomes the other, the two
    cell inputs staying in place: the sum of a node's two inputs does not depend on their order, and the
    concatenation of all four nodes only permutes channels that the next cell mixes anyway. Two architectures are
    isomorphic where both their cells are. Nothing else is simplified: chains of skip connections keep their hash.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.

    Returns
    -------
    str or polars.Series
        24 hexadecimal digits, 12 for each cell, so that equal cells can be found by slicing; for a column a Series
        called ``hash``.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Notes
    -----
    A pair is six bits (input, then operation), a node its two pairs ascending, a cell its four nodes. The hash of a
    cell is the smallest number that any of the at most 24 admissible numberings of its nodes gives: a normal form, so
    there are no collisions.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = "sep_conv_3x3~0 sep_conv_3x3~1 {} sep_conv_3x3~0 sep_conv_3x3~1"
    >>> one = cell.format("skip_connect~0 skip_connect~1 max_pool_3x3~0 max_pool_3x3~1")
    >>> other = cell.format("max_pool_3x3~1 max_pool_3x3~0 skip_connect~0 skip_connect~1")
    >>> nbf.spaces.darts.hash(f"{one}|{one}") == nbf.spaces.darts.hash(f"{other}|{one}")
    True
    """
    words = _node_words(checked(x))
    codes = np.stack([_canonical(words[:, :4]), _canonical(words[:, 4:])], axis=1)
    digits = np.ascontiguousarray(codes.astype(">u8").view(np.uint8).reshape(-1, 2, 8)[:, :, 2:]).reshape(-1, 12)
    hashes = pl.Series("hash", digits).cast(pl.List(pl.UInt8)).cast(pl.Binary).bin.encode("hex")
    return hashes if isinstance(x, pl.Series | pl.DataFrame) else str(hashes[0])


def _node_words(cells: Cells) -> NDArray[np.uint16]:
    """Twelve bits for each of the eight nodes of an architecture, shape (n, 8)."""
    pairs = (cells.inputs.astype(np.uint16) << 3 | cells.ops).reshape(-1, 8, 2)
    return (pairs[:, :, 0] << 6 | pairs[:, :, 1]).astype(np.uint16)


def _canonical(words: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """Smallest 48-bit code over all numberings of the nodes of a cell; ``words`` has shape (n, 4)."""
    smallest = np.full(len(words), np.iinfo(np.uint64).max, dtype=np.uint64)
    for tables in _renumberings():
        code = tables[0][words[:, 0]]
        for node in (1, 2, 3):
            code += tables[node][words[:, node]]
        np.minimum(smallest, code, out=smallest)
    return smallest


@cache
def _renumberings() -> list[NDArray[np.uint64]]:
    """For each numbering and node, what every possible word contributes to the code of the cell, shape (4, 4096).

    A word whose node would come before one of its inputs contributes a number larger than any code.
    """
    words = np.arange(1 << 12)
    tables = []
    for order in permutations(range(len(NODES))):
        number = np.array([0, 1, *(NODES[0] + place for place in order), 0, 0])
        first, second = (number[pair >> 3] << 3 | pair & 7 for pair in (words >> 6, words & 63))
        low, high = np.minimum(first, second), np.maximum(first, second)
        contributions = [
            np.where(high >> 3 < NODES[0] + place, (low << 6 | high) << 12 * (3 - place), _IMPOSSIBLE)
            for place in order
        ]
        tables.append(np.stack(contributions).astype(np.uint64))
    return tables
