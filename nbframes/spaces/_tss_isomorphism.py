"""Which topology cells are the same: upstream's unique strings, of one cell and of all of them at once."""

from __future__ import annotations

import polars as pl

Edges = dict[tuple[int, int], str]
"""Operation by (from, to), edges into a node before those out of it."""


def unique_str(edges: Edges) -> str:
    """Upstream's key of one cell."""
    nodes = ["0", "", "", ""]
    inputs: list[list[str]] = [[], [], [], []]
    for (source, target), operation in edges.items():
        inputs[target].append(_flow(nodes[source], operation))
        nodes[target] = "+".join(sorted(inputs[target]))
    return nodes[-1]


def is_connected(edges: Edges) -> bool:
    """Whether a path without ``none`` leads from the input to the output."""
    reached = {0}
    for (source, target), operation in edges.items():
        if source in reached and operation != "none":
            reached.add(target)
    return 3 in reached


def structures(cells: pl.DataFrame) -> pl.DataFrame:
    """``unique_str`` and ``connected`` of a table of cells."""
    table = cells.with_columns(sum_0=pl.lit("0"), reached_0=pl.lit(value=True))
    for node in (1, 2, 3):
        carried, reached = [], []
        for source in range(node):
            operation, total = pl.col(f"op_{source}_{node}").cast(pl.String), pl.col(f"sum_{source}")
            carried.append(
                pl.when((operation == "none") | (total == "#"))
                .then(pl.lit("#"))
                .when(operation == "skip_connect")
                .then(total)
                .otherwise(pl.format("({})@{}", total, operation))
            )
            reached.append((operation != "none") & pl.col(f"reached_{source}"))
        table = table.with_columns(
            pl.concat_list(carried).list.sort().list.join("+").alias(f"sum_{node}"),
            pl.any_horizontal(reached).alias(f"reached_{node}"),
        )
    return table.select(unique_str="sum_3", connected="reached_3")


def _flow(source: str, operation: str) -> str:
    """What an edge carries, given what its source is the sum of."""
    if operation == "none" or source == "#":
        return "#"
    return source if operation == "skip_connect" else f"({source})@{operation}"
