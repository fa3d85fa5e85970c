"""NASLib's forms of architectures, converted both ways."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.errors import InvalidArchitectureError
from nbframes.spaces import darts, tss
from nbframes.spaces.nats.topology import NASLIB_EDGES, NASLIB_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OPERATIONS_OF_101: Final = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
_CONCATENATED: Final = [2, 3, 4, 5]

Pairs = tuple[tuple[int, int], ...]
Compact = tuple[Pairs, Pairs]
"""Of each cell eight pairs of an input and the number of an operation."""


class Genotype(NamedTuple):
    """An architecture of NAS-Bench-301 as the DARTS code writes it."""

    normal: list[tuple[str, int]]
    normal_concat: list[int]
    reduce: list[tuple[str, int]]
    reduce_concat: list[int]


def convert_op_indices_to_str(op_indices: Sequence[int]) -> str:
    """Write NASLib's six numbers of a NAS-Bench-201 cell in upstream's text form.

    Raises
    ------
    InvalidArchitectureError
        If they are not six numbers from 0 to 4.

    Examples
    --------
    >>> from nbframes.compat import naslib
    >>> naslib.convert_op_indices_to_str([2, 0, 3, 1, 4, 0])
    '|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|skip_connect~2|'
    """
    return tss.format(tuple(int(index) for index in op_indices))  # type: ignore[call-overload,no-any-return]


def convert_str_to_op_indices(str_encoding: str) -> tuple[int, ...]:
    """Read the text form of a NAS-Bench-201 cell as NASLib's six numbers.

    Raises
    ------
    InvalidArchitectureError
        If it is not a cell of the space.

    Examples
    --------
    >>> from nbframes.compat import naslib
    >>> naslib.convert_str_to_op_indices("|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|")
    (1, 1, 3, 1, 1, 1)
    """
    cell = tss.parse(str_encoding)
    return tuple(NASLIB_OPERATIONS.index(getattr(cell, edge)) for edge in NASLIB_EDGES)


def convert_genotype_to_compact(genotype: Any) -> Compact:
    """Write a genotype as NASLib's compact form, its pairs in the same order.

    Parameters
    ----------
    genotype
        Any object with ``normal`` and ``reduce``.

    Raises
    ------
    InvalidArchitectureError
        If it is not an architecture of the space.

    Examples
    --------
    >>> from nbframes.compat import naslib
    >>> from nbframes.spaces import darts
    >>> compact = naslib.convert_genotype_to_compact(darts.parse(darts.sample(1, seed=0)["arch_str"].item()))
    >>> [len(cell) for cell in compact]
    [8, 8]
    """
    darts.validate(genotype)
    normal, reduce = (
        tuple((int(source), darts.OPERATIONS.index(operation)) for operation, source in cell)
        for cell in (genotype.normal, genotype.reduce)
    )
    return normal, reduce


def convert_compact_to_genotype(compact: Any) -> Genotype:
    """Write NASLib's compact form as a genotype, its pairs in the same order.

    Raises
    ------
    InvalidArchitectureError
        If it is not an architecture of the space.

    Examples
    --------
    >>> from nbframes.compat import naslib
    >>> cell = ((0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5))
    >>> naslib.convert_compact_to_genotype((cell, cell)).normal[-2:]
    [('skip_connect', 0), ('dil_conv_3x3', 2)]
    """
    darts.validate(compact)
    normal, reduce = (
        [(darts.OPERATIONS[int(number)], int(source)) for source, number in cell] for cell in compact
    )  # fmt: skip
    return Genotype(normal, list(_CONCATENATED), reduce, list(_CONCATENATED))


def convert_genotype_to_config(genotype: Any) -> dict[str, str]:
    """Write a genotype as NAS-Bench-301's configuration; see `nbframes.spaces.darts.to_config`.

    Raises
    ------
    InvalidArchitectureError
        If it is not an architecture of the space.
    """
    config: dict[str, str] = darts.to_config(genotype)
    return config


def convert_config_to_genotype(config: Mapping[str, Any]) -> Genotype:
    """Read NAS-Bench-301's configuration as a genotype; the inputs of a node ascend.

    Raises
    ------
    InvalidArchitectureError
        If it is not an architecture of the space.
    """
    normal, reduce = darts.from_config(config)
    return Genotype(list(normal), list(_CONCATENATED), list(reduce), list(_CONCATENATED))


def convert_config_to_compact(config: Mapping[str, Any]) -> Compact:
    """Read NAS-Bench-301's configuration as NASLib's compact form.

    Raises
    ------
    InvalidArchitectureError
        If it is not an architecture of the space.
    """
    return convert_genotype_to_compact(convert_config_to_genotype(config))


def convert_compact_to_config(compact: Any) -> dict[str, str]:
    """Write NASLib's compact form as NAS-Bench-301's configuration.

    Raises
    ------
    InvalidArchitectureError
        If it is not an architecture of the space.
    """
    return convert_genotype_to_config(convert_compact_to_genotype(compact))


def convert_spec_to_tuple(spec: Mapping[str, Any]) -> tuple[int, ...]:
    """Write a NAS-Bench-101 cell as NASLib's tuple: its matrix row by row, then the numbers of its operations.

    Parameters
    ----------
    spec
        ``matrix`` and ``ops``.

    Raises
    ------
    InvalidArchitectureError
        If matrix and operations do not fit each other, or an operation is unknown.

    Examples
    --------
    >>> from nbframes.compat import naslib
    >>> naslib.convert_spec_to_tuple({"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]})
    (0, 1, 0, 0, 0, 1)
    """
    rows: list[list[int]] = [list(map(int, row)) for row in spec["matrix"]]
    operations: list[str] = list(spec["ops"])
    if {len(rows), *map(len, rows)} != {len(operations)}:
        msg = f"a matrix of {len(rows)} rows does not fit {len(operations)} operations"
        raise InvalidArchitectureError(msg)
    unknown = [operation for operation in operations if operation not in _OPERATIONS_OF_101]
    if unknown:
        msg = f"the cell has an unknown operation {unknown[0]!r}; valid: {', '.join(_OPERATIONS_OF_101)}"
        raise InvalidArchitectureError(msg)
    return (*(entry for row in rows for entry in row), *map(_OPERATIONS_OF_101.index, operations))


def convert_tuple_to_spec(tup: Sequence[int]) -> dict[str, Any]:
    """Read NASLib's tuple as a NAS-Bench-101 cell: ``matrix``, an array, and ``ops``.

    Raises
    ------
    InvalidArchitectureError
        If its length is not that of a square matrix and its operations, or there is no such operation.

    Examples
    --------
    >>> from nbframes.compat import naslib
    >>> naslib.convert_tuple_to_spec((0, 1, 0, 0, 0, 1))["ops"]
    ['input', 'output']
    """
    import numpy as np

    size = (isqrt(4 * len(tup) + 1) - 1) // 2
    if size < 2 or size * size + size != len(tup):
        msg = f"{len(tup)} numbers are not a square matrix and one operation for each of its rows"
        raise InvalidArchitectureError(msg)
    numbers = [int(number) for number in tup[-size:]]
    if not set(numbers) <= set(range(len(_OPERATIONS_OF_101))):
        msg = f"the cell has operations {numbers}; valid: 0 to {len(_OPERATIONS_OF_101) - 1}"
        raise InvalidArchitectureError(msg)
    matrix = np.array(tup[:-size]).reshape(size, size)
    return {"matrix": matrix, "ops": [_OPERATIONS_OF_101[number] for number in numbers]}
