"""Sampling of the space and the edits that lead from one architecture to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

import numpy as np
import polars as pl

from nbframes.spaces.base import Column
from nbframes.spaces.darts.cells import Cells, checked, to_frame, to_genotypes, to_text
from nbframes.spaces.darts.definition import NODES, OPERATIONS
from nbframes.spaces.random import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.spaces.darts.structures import Architecture, Genotype, Structure
    from nbframes.spaces.kinds import Seed

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


@overload
def mutate(x: str, /, *, seed: Seed = None) -> str: ...
@overload
def mutate(x: Structure, /, *, seed: Seed = None) -> Genotype: ...
@overload
def mutate(x: pl.Series, /, *, seed: Seed = None) -> pl.Series: ...
@overload
def mutate(x: pl.DataFrame, /, *, seed: Seed = None) -> pl.DataFrame: ...
def mutate(x: Architecture | Column, /, *, seed: Seed = None) -> Architecture | Column:
    """Move to a one-edit neighbour, drawn uniformly from all of them (see `neighbours`).

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.
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
    cells = mutants(checked(x), generator(seed))
    if isinstance(x, pl.DataFrame):
        return to_frame(cells)
    if isinstance(x, pl.Series):
        return to_text(cells).alias(x.name)
    return str(to_text(cells)[0]) if isinstance(x, str) else to_genotypes(cells)[0]


@overload
def neighbours(x: str, /) -> list[str]: ...
@overload
def neighbours(x: Structure, /) -> list[Genotype]: ...
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
        A structure or text; or a column of strings or a frame with the encoding columns.

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
    rows, edited = neighbours_of(checked(x))
    if isinstance(x, Column):
        return pl.DataFrame({"row": rows.astype(np.uint32), "neighbour": to_text(edited)})
    return to_text(edited).to_list() if isinstance(x, str) else to_genotypes(edited)


def mutants(cells: Cells, rng: np.random.Generator) -> Cells:
    """Edit each architecture, all edits equally likely."""
    return _edited(cells, _EDITS[rng.integers(0, NEIGHBOURS, size=len(cells.ops))])


def neighbours_of(cells: Cells) -> tuple[NDArray[np.int64], Cells]:
    """Make all edits of each architecture, and say which one each result belongs to."""
    rows = np.repeat(np.arange(len(cells.ops)), NEIGHBOURS)
    return rows, _edited(Cells(cells.ops[rows], cells.inputs[rows]), np.tile(_EDITS, len(cells.ops)))


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
