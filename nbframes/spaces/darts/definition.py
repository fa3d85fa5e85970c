"""Operations, nodes and encoding columns of the DARTS space."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import polars as pl

OPERATIONS: Final = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""Operations of the space, in the order of upstream's configuration space."""

CELLS: Final = ("normal", "reduce")
NODES: Final = (2, 3, 4, 5)
"""Intermediate nodes; 0 and 1 are the outputs of the two cells before."""

OPERATION: Final = pl.Enum(OPERATIONS)
ENCODING: Final[dict[str, Any]] = {
    f"{cell}_{k}_{part}": dtype
    for cell in CELLS
    for k in range(8)
    for part, dtype in (("op", OPERATION), ("input", pl.UInt8()))
}
"""Encoding columns: pair ``k`` of a cell belongs to node ``2 + k // 2``; the inputs of a node ascend."""

SIZE_OF_CELL: Final = 1 * 3 * 6 * 10 * 7**8
"""Number of cells: every node takes two of the nodes before it, every edge one of seven operations."""
SIZE: Final = SIZE_OF_CELL**2
"""Number of architectures, about 1.08e18."""

UNREADABLE: Final = 255
"""Code of an operation or input that is none."""
CHOICES: Final[dict[str, tuple[str, ...]]] = {name: OPERATIONS for name in ENCODING if name.endswith("_op")}
"""The columns in which an operation is chosen. Inputs are chosen too, but not each for itself: two of a node differ."""
PAIRS: Final = {node: tuple(combinations(range(node), 2)) for node in NODES}
"""Which two inputs each node can choose."""
