"""Which topology cells are the same: upstream's unique strings."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[int, int]
"""An edge as (from, to)."""


def unique_str(operations: Mapping[Edge, str]) -> str:
    """Upstream's key of the cell with these operations."""
    nodes = ["0"]
    for node in (1, 2, 3):
        nodes.append(_sum(_flow(nodes[source], operations[source, node]) for source in range(node)))
    return nodes[-1]


def unique_strs(operations: Sequence[str]) -> list[str]:
    """Upstream's keys of all cells, in lexicographic order of the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3."""
    keys: list[str] = []
    for into_1, *into_2 in product(operations, repeat=3):
        node_1 = _flow("0", into_1)
        node_2 = _sum(map(_flow, ("0", node_1), into_2))
        flows = [[_flow(node, operation) for operation in operations] for node in ("0", node_1, node_2)]
        keys += map(_sum, product(*flows))
    return keys


def is_connected(passes: Mapping[Edge, Any]) -> Any:
    """Whether a way leads from input to output, given which edges let pass; of many cells if those are arrays."""
    node_1 = passes[0, 1]
    node_2 = passes[0, 2] | passes[1, 2] & node_1
    return passes[0, 3] | passes[1, 3] & node_1 | passes[2, 3] & node_2


def _sum(terms: Iterable[str]) -> str:
    return "+".join(sorted(terms))


def _flow(source: str, operation: str) -> str:
    """What an edge carries, given what its source is the sum of."""
    if operation == "none" or source == "#":
        return "#"
    return source if operation == "skip_connect" else f"({source})@{operation}"
