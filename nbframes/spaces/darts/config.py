"""Configurations as NAS-Bench-301's ConfigSpace writes them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np
import polars as pl

from nbframes.errors import FrameError
from nbframes.spaces.darts.cells import Cells, broken_rules, checked, refuse, to_frame, to_genotypes
from nbframes.spaces.darts.definition import CELLS, NODES, OPERATION, OPERATIONS, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nbframes.spaces.base import Column
    from nbframes.spaces.darts.structures import Architecture, Genotype

PREFIX: Final = "NetworkSelectorDatasetInfo:darts:"
_EDGES: Final = [f"{PREFIX}edge_{cell}_{edge}" for cell in CELLS for edge in range(14)]
_FIRST_EDGE: Final = {2: 0, 3: 2, 4: 5, 5: 9}
_CHOOSING: Final = NODES[1:]
"""Node 2 has no choice: it takes both inputs of the cell."""
_PAIRS: Final = {node: list(combinations(range(node), 2)) for node in NODES}

CONFIG: Final[dict[str, Any]] = dict.fromkeys(_EDGES, OPERATION) | {
    f"{PREFIX}inputs_node_{cell}_{node}": pl.Enum([f"{i}_{j}" for i, j in _PAIRS[node]])
    for cell in CELLS
    for node in _CHOOSING
}
"""The 34 settings that make an architecture, with their types; edges that are absent are null."""

_NODES_OF_CELLS: Final = [(c, k, node) for c in range(len(CELLS)) for k, node in enumerate(NODES)]
_UNKNOWN: Final = UNREADABLE - 1
"""A setting that is present with a value of another space."""
_INPUTS: Final = [name for name in CONFIG if name not in _EDGES]
_RULE: Final = (
    "it is not one of this space: every node needs the operations of exactly two incoming edges, edge_<cell>_<0 to 13> "
    f"(one of {', '.join(OPERATIONS)}), and nodes 3, 4 and 5 say which in inputs_node_<cell>_<node>, for example '0_2'"
)


class ConfigCodes(NamedTuple):
    """The settings of n configurations as small integers, 255 where a setting is absent."""

    edges: NDArray[np.uint8]
    """(n, 28), positions in the operations."""
    inputs: NDArray[np.uint8]
    """(n, 6), positions among the pairs of nodes that a node can choose from."""


def config_codes(cells: Cells) -> ConfigCodes:
    """Settings of valid architectures whose inputs ascend."""
    rows = np.arange(len(cells.ops))
    edges = np.full((len(rows), 28), UNREADABLE, dtype=np.uint8)
    inputs = []
    for c, k, node in _NODES_OF_CELLS:
        first, second = 8 * c + 2 * k, 8 * c + 2 * k + 1
        for pair in (first, second):
            edges[rows, 14 * c + _FIRST_EDGE[node] + cells.inputs[:, pair]] = cells.ops[:, pair]
        if node in _CHOOSING:
            position = np.zeros((node, node), dtype=np.uint8)
            position[tuple(zip(*_PAIRS[node], strict=True))] = range(len(_PAIRS[node]))
            inputs.append(position[cells.inputs[:, first], cells.inputs[:, second]])
    return ConfigCodes(edges, np.stack(inputs, axis=1))


def config_cells(codes: ConfigCodes) -> Cells:
    """Architectures of configurations; unreadable where a configuration is not one of the space."""
    rows = np.arange(len(codes.edges))
    cells = Cells(*(np.full((len(rows), 16), UNREADABLE, dtype=np.uint8) for _ in range(2)))
    for c, k, node in _NODES_OF_CELLS:
        edges = codes.edges[:, 14 * c + _FIRST_EDGE[node] :][:, :node]
        chosen = codes.inputs[:, 3 * c + k - 1] if node in _CHOOSING else np.zeros(len(rows), dtype=np.uint8)
        known = (chosen < len(_PAIRS[node])) & ((edges != UNREADABLE).sum(axis=1) == 2)
        pairs = np.array(_PAIRS[node], dtype=np.uint8)[np.where(known, chosen, 0)]
        for side in range(2):
            cells.ops[:, 8 * c + 2 * k + side] = edges[rows, pairs[:, side]]
            cells.inputs[:, 8 * c + 2 * k + side] = np.where(known, pairs[:, side], UNREADABLE)
    return cells


def read_config(frame: pl.DataFrame, /) -> Cells:
    """Architectures of the columns `CONFIG`, strings or Enums; unreadable where they are not of the space."""
    codes = frame.select(
        pl.coalesce(
            pl.col(name).cast(pl.String).cast(dtype, strict=False).to_physical().cast(pl.UInt8),
            pl.when(pl.col(name).is_not_null()).then(pl.lit(_UNKNOWN, dtype=pl.UInt8)),
            pl.lit(UNREADABLE, dtype=pl.UInt8),
        )
        for name, dtype in CONFIG.items()
    )
    return config_cells(ConfigCodes(codes.select(_EDGES).to_numpy(), codes.select(_INPUTS).to_numpy()))


@overload
def from_config(config: Mapping[str, object], /) -> Genotype: ...
@overload
def from_config(config: pl.DataFrame, /) -> pl.DataFrame: ...
def from_config(config: Mapping[str, object] | pl.DataFrame, /) -> Genotype | pl.DataFrame:
    """Read architectures from NAS-Bench-301 configurations.

    Parameters
    ----------
    config
        Settings of one run, ``optimized_hyperparamater_config`` of its JSON; settings that do not describe the cells
        are passed over. Or a frame with the columns `CONFIG`, null where an edge is absent.

    Returns
    -------
    Genotype or polars.DataFrame
        The structure of one architecture; of a frame the encoding columns.

    Raises
    ------
    InvalidArchitectureError
        If a configuration does not describe a member of the space.
    FrameError
        If the frame lacks one of the columns.

    Examples
    --------
    >>> import nbframes as nbf
    >>> genotype = nbf.spaces.darts.parse(nbf.spaces.darts.sample(1, seed=0)["arch_str"][0])
    >>> nbf.spaces.darts.from_config(nbf.spaces.darts.to_config(genotype)) == genotype
    True
    """
    if isinstance(config, pl.DataFrame):
        if missing := [name for name in CONFIG if name not in config.columns]:
            raise FrameError.missing_columns(missing, config.columns)
        cells = read_config(config)
        refuse(np.where(broken_rules(cells) < 0, -1, 0), config, (_RULE,))
        return to_frame(cells)
    settings = {name: config.get(name) for name in CONFIG}
    frame = pl.DataFrame(
        {name: [value if value is None else str(value)] for name, value in settings.items()},
        schema=dict.fromkeys(CONFIG, pl.String),
    )
    cells = read_config(frame)
    refuse(np.where(broken_rules(cells) < 0, -1, 0), {k: v for k, v in settings.items() if v is not None}, (_RULE,))
    return to_genotypes(cells)[0]


@overload
def to_config(x: Architecture, /) -> dict[str, str]: ...
@overload
def to_config(x: Column, /) -> pl.DataFrame: ...
def to_config(x: Architecture | Column, /) -> dict[str, str] | pl.DataFrame:
    """Write architectures as NAS-Bench-301 configurations.

    Parameters
    ----------
    x
        A structure or text; or a column of strings or a frame with the encoding columns.

    Returns
    -------
    dict or polars.DataFrame
        The settings of one architecture, absent edges left out; of a column a frame with the columns `CONFIG`, null
        where an edge is absent.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Notes
    -----
    Nodes 2, 3, 4 and 5 of a cell own the edges 0-1, 2-4, 5-8 and 9-13, one for each node before them;
    ``inputs_node_<cell>_<node>`` says which two of a node's edges are present.

    Examples
    --------
    >>> import nbframes as nbf
    >>> cell = " ".join(["sep_conv_3x3~0 sep_conv_3x3~1"] * 4)
    >>> config = nbf.spaces.darts.to_config(f"{cell}|{cell}")
    >>> len(config), config["NetworkSelectorDatasetInfo:darts:inputs_node_normal_5"]
    (22, '0_1')
    """
    codes = config_codes(checked(x))
    frame = pl.DataFrame(
        [
            pl.Series(name, column).replace(UNREADABLE, None).cat.to(dtype)
            for column, (name, dtype) in zip([*codes.edges.T, *codes.inputs.T], CONFIG.items(), strict=True)
        ]
    )
    if isinstance(x, pl.Series | pl.DataFrame):
        return frame
    return {name: value for name, value in frame.row(0, named=True).items() if value is not None}
