"""Architectures as text, structure and encoding columns, and whether they belong to the space."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import polars as pl

from nbframes.spaces.base import Column
from nbframes.spaces.darts.cells import RULES, broken_rules, checked, read, refuse, to_frame, to_genotypes, to_text

if TYPE_CHECKING:
    from nbframes.spaces.darts.structures import Architecture, Genotype


@overload
def parse(x: Architecture, /) -> Genotype: ...
@overload
def parse(x: Column, /) -> pl.DataFrame: ...
def parse(x: Architecture | Column, /) -> Genotype | pl.DataFrame:
    """Read the text of an architecture, or of a whole column of them.

    Parameters
    ----------
    x
        Canonical text (see `format`), the text of a DARTS ``Genotype`` or of NASLib's compact form, or one of these as
        a structure: any object with ``normal`` and ``reduce``, or two cells of eight ``(input, operation number)``
        pairs [1]_. The two inputs of a node may stand in either order.

    Returns
    -------
    Genotype or polars.DataFrame
        The structure of one architecture; of a column the encoding columns `ENCODING`, a row for each text.

    Raises
    ------
    InvalidArchitectureError
        If something is not a member of the space.

    References
    ----------
    .. [1] ``naslib/search_spaces/nasbench301/conversions.py`` of automl/NASLib.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = (
    ...     "sep_conv_3x3~0 sep_conv_3x3~1 sep_conv_3x3~0 sep_conv_3x3~1 "
    ...     "sep_conv_3x3~1 skip_connect~0 skip_connect~0 dil_conv_3x3~2"
    ... )
    >>> genotype = nbf.spaces.darts.parse(f"{cell}|{cell}")
    >>> genotype.normal[4:6]
    (('skip_connect', 0), ('sep_conv_3x3', 1))
    """
    cells = checked(x)
    return to_frame(cells) if isinstance(x, Column) else to_genotypes(cells)[0]


@overload
def format(x: Architecture, /) -> str: ...
@overload
def format(x: Column, /) -> pl.Series: ...
def format(x: Architecture | Column, /) -> str | pl.Series:
    """Write architectures in their canonical text.

    The text is the normal cell, ``|``, the reduction cell. A cell is eight ``operation~input`` pairs separated by
    spaces, two for each of the intermediate nodes 2, 3, 4 and 5; the inputs of a node ascend. Input 0 is the output of
    the cell before the previous one, input 1 that of the previous cell. Each cell is written as NASLib's NAS-Bench-301
    records have it.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.

    Returns
    -------
    str or polars.Series
        The canonical text; for a column a Series called ``arch_str``.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Examples
    --------
    >>> import nbframes as nbf
    >>> frame = nbf.spaces.darts.sample(3, seed=0)
    >>> nbf.spaces.darts.format(frame).equals(frame["arch_str"])
    True
    """
    texts = to_text(checked(x))
    return texts if isinstance(x, pl.Series | pl.DataFrame) else str(texts[0])


@overload
def is_valid(x: Architecture, /) -> bool: ...
@overload
def is_valid(x: Column, /) -> pl.Series: ...
def is_valid(x: Architecture | Column, /) -> bool | pl.Series:
    """Tell whether architectures are members of the space; a null is not.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.

    Returns
    -------
    bool or polars.Series
        For a column a Boolean Series called ``valid``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.spaces.darts.is_valid("sep_conv_3x3~0 sep_conv_3x3~1")
    False
    """
    valid = broken_rules(read(x)) < 0
    return pl.Series("valid", valid) if isinstance(x, pl.Series | pl.DataFrame) else bool(valid[0])


def validate(x: Architecture | Column, /) -> None:
    """Refuse architectures that are not members of the space.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member: the message says which rule it breaks and, for a column, names the first
        offending rows and how many there are.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = " ".join(["sep_conv_3x3~0 sep_conv_3x3~1"] * 4)
    >>> nbf.spaces.darts.validate(f"{cell}|{cell}")
    """
    refuse(broken_rules(read(x)), x, RULES)
