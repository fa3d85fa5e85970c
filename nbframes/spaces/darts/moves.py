"""Sampling of the space and the edits that lead from one architecture to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

import numpy as np
import polars as pl

from nbframes.spaces._random import count, generator
from nbframes.spaces.darts.cells import (
    NODES,
    OPERATIONS,
    Architecture,
    Cells,
    Column,
    Genotype,
    checked,
    to_frame,
    to_genotypes,
    to_text,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EDIT: Final = np.dtype([("pair", np.intp), ("rewires", np.bool_), ("choice", np.uint8)])


def _edits() -> NDArray[np.void]:
    """Every edit of an architecture: the pair that changes, what changes, the how-manieth other value it takes."""
    edits = []
    for pair in range(16):
        others = NODES[pair % 8 // 2] - 2
        edits += [(pair, False, choice) for choice in range(len(OPERATIONS) - 1)]
        edits += [(pair, True, choice) for choice in range(others)]
    return np.array(edits, dtype=_EDIT)


_EDITS: Final = _edits()
NEIGHBOURS: Final = len(_EDITS)
"""Number of one-edit neighbours, the same for every architecture: 96 other operations and 24 other inputs."""


def sample(n: int, /, *, seed: int | None = None) -> pl.DataFrame:
    """Draw architectures uniformly, independently of each other.

    Parameters
    ----------
    n
        How many.
    seed
        Of the generator; the same seed gives the same architectures.

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
    n, rng = count(n, "architectures"), generator(seed)
    ops = rng.integers(0, len(OPERATIONS), size=(n, 16), dtype=np.uint8)
    inputs = np.empty((n, 8, 2), dtype=np.uint8)
    for k in range(8):
        node = NODES[k % 4]
        inputs[:, k, 0] = rng.integers(0, node, size=n)
        other = rng.integers(0, node - 1, size=n, dtype=np.uint8)
        inputs[:, k, 1] = other + (other >= inputs[:, k, 0])
    cells = Cells(ops, inputs.reshape(n, 16)).ordered()
    return to_frame(cells).insert_column(0, to_text(cells))


@overload
def mutate(x: str, /, *, seed: int | None = None) -> str: ...
@overload
def mutate(x: Genotype, /, *, seed: int | None = None) -> Genotype: ...
@overload
def mutate(x: pl.Series, /, *, seed: int | None = None) -> pl.Series: ...
@overload
def mutate(x: pl.DataFrame, /, *, seed: int | None = None) -> pl.DataFrame: ...
def mutate(x: Architecture | Column, /, *, seed: int | None = None) -> Architecture | Column:
    """Move to a one-edit neighbour, drawn uniformly from all of them (see `neighbours`).

    Parameters
    ----------
    x
        A structure or text; or a column of texts or a frame with the encoding columns.
    seed
        Of the generator; the same seed gives the same mutations.

    Returns
    -------
    str, Genotype, polars.Series or polars.DataFrame
        What was given, one mutation a row; of a frame the encoding columns alone.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Examples
    --------
    >>> import nbframes as nbf
    >>> parent = nbf.spaces.darts.sample(1, seed=0)["arch_str"][0]
    >>> nbf.spaces.darts.mutate(parent, seed=1) in nbf.spaces.darts.neighbours(parent)
    True
    """
    cells = checked(x)
    chosen = generator(seed).integers(0, NEIGHBOURS, size=len(cells.ops))
    mutants = _edited(cells, _EDITS[chosen])
    if isinstance(x, pl.DataFrame):
        return to_frame(mutants)
    if isinstance(x, pl.Series):
        return to_text(mutants).alias(x.name)
    return str(to_text(mutants)[0]) if isinstance(x, str) else to_genotypes(mutants)[0]


@overload
def neighbours(x: str, /) -> list[str]: ...
@overload
def neighbours(x: Genotype, /) -> list[Genotype]: ...
@overload
def neighbours(x: Column, /) -> pl.DataFrame: ...
def neighbours(x: Architecture | Column, /) -> list[str] | list[Genotype] | pl.DataFrame:
    """List all one-edit neighbours: one operation changed, or one edge led to another node before its own.

    Each of the 120 neighbours of an architecture stands there once: pair by pair, the normal cell first; for
    each pair the six other operations in the order of `OPERATIONS`, then the other possible inputs ascending. An edge
    keeps its operation when it takes another input. Neighbours may be isomorphic to each other (see `hash`).

    Parameters
    ----------
    x
        A structure or text; or a column of texts or a frame with the encoding columns.

    Returns
    -------
    list or polars.DataFrame
        Of one architecture a list of the same kind; of a column the columns ``row`` (UInt32, position in ``x``)
        and ``neighbour`` (String), 120 rows for each architecture.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Examples
    --------
    >>> import nbframes as nbf
    >>> column = nbf.spaces.darts.sample(2, seed=0)["arch_str"]
    >>> nbf.spaces.darts.neighbours(column).shape
    (240, 2)
    """
    cells = checked(x)
    n = len(cells.ops)
    repeated = Cells(np.repeat(cells.ops, NEIGHBOURS, axis=0), np.repeat(cells.inputs, NEIGHBOURS, axis=0))
    edited = _edited(repeated, np.tile(_EDITS, n))
    if isinstance(x, str):
        return to_text(edited).to_list()
    if isinstance(x, Genotype):
        return to_genotypes(edited)
    rows = np.repeat(np.arange(n, dtype=np.uint32), NEIGHBOURS)
    return pl.DataFrame({"row": rows, "neighbour": to_text(edited)})


def _edited(cells: Cells, edits: NDArray[np.void]) -> Cells:
    """Apply one edit to each architecture."""
    ops, inputs = cells.ops.copy(), cells.inputs.copy()
    rows = np.flatnonzero(~edits["rewires"])
    pairs, choice = edits["pair"][rows], edits["choice"][rows]
    ops[rows, pairs] = choice + (choice >= ops[rows, pairs])
    rows = np.flatnonzero(edits["rewires"])
    pairs, choice = edits["pair"][rows], edits["choice"][rows]
    for taken in (inputs[rows, pairs // 2 * 2], inputs[rows, pairs // 2 * 2 + 1]):
        choice = choice + (choice >= taken)
    inputs[rows, pairs] = choice
    return Cells(ops, inputs).ordered()
