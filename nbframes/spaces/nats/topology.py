"""The topology search space of NATS-Bench, which is that of NAS-Bench-201."""

from __future__ import annotations

import random
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np
import polars as pl

from nbframes.errors import did_you_mean
from nbframes.spaces.base import Column, texts_of
from nbframes.spaces.diagram import Edge, Node, row
from nbframes.spaces.features import mark_paths, sequences
from nbframes.spaces.nats import costs, isomorphism
from nbframes.spaces.nats.networks import NATSSpace
from nbframes.spaces.svg import PALETTE, SVG, picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from nbframes.spaces.base import FeatureKind
    from nbframes.spaces.features import Features
    from nbframes.spaces.kinds import Array

OPERATIONS: Final = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_LABELS: Final = {
    "skip_connect": ("skip", PALETTE[7]),
    "nor_conv_1x1": ("conv 1x1", PALETTE[4]),
    "nor_conv_3x3": ("conv 3x3", PALETTE[0]),
    "avg_pool_3x3": ("avg pool", PALETTE[1]),
}
"""How pictures show an edge; those that carry nothing are left out."""
_OFFICIAL_SEED: Final = 88
NASLIB_OPERATIONS: Final = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
NASLIB_EDGES: Final = ("op_0_1", "op_0_2", "op_0_3", "op_1_2", "op_1_3", "op_2_3")
"""What NASLib's six numbers mean, and in which order it has them."""


class TopologyCell(NamedTuple):
    """Operations of the six edges of a topology cell: ``op_<from>_<to>``; node 0 is the input, 3 the output."""

    op_0_1: str
    op_0_2: str
    op_1_2: str
    op_0_3: str
    op_1_3: str
    op_2_3: str


EDGES: Final = tuple((int(name[3]), int(name[5])) for name in TopologyCell._fields)
"""(from, to) of the encoding columns."""
_ROUTES: Final = ((3,), (0, 4), (1, 5), (0, 2, 5))
"""Places of the edges along each way from input to output."""
_CARRYING: Final = len(OPERATIONS) - 1
"""Operations other than none, which has the digit 0."""


class TopologySpace(NATSSpace[TopologyCell]):
    """15,625 cells of four nodes and six edges, each of one of five operations: ``nbf.spaces.tss``.

    An architecture is upstream's string, a `Cell`, or one row of the six operation columns. NASLib's six numbers are
    read as well, as a tuple, a list or their text ``"(4, 3, 3, 0, 0, 0)"``, and in columns of such texts or lists:
    operations counted in the order skip_connect, none, nor_conv_3x3, nor_conv_1x1, avg_pool_3x3, on the edges 0-1, 0-2,
    0-3, 1-2, 1-3, 2-3 [1]_.

    References
    ----------
    Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search, ICLR 2020.
    Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size, TPAMI 2021.

    .. [1] ``naslib/search_spaces/nasbench201/conversions.py`` of automl/NASLib.

    Examples
    --------
    >>> from nbframes.spaces import tss
    >>> tss.format((2, 0, 3, 1, 4, 0))
    '|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|skip_connect~2|'
    """

    OPERATIONS: Final = OPERATIONS
    """What an edge may hold, in upstream's order."""
    Cell: Final = TopologyCell

    def __init__(self) -> None:
        official = list(range(len(OPERATIONS) ** len(EDGES)))
        random.Random(_OFFICIAL_SEED).shuffle(official)  # noqa: S311 - upstream's order, not a secret
        super().__init__(
            "NATS-Bench topology cell",
            positions=dict.fromkeys(TopologyCell._fields, OPERATIONS),
            template="|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|",
            order=official,
        )

    @overload
    def unique_str(self, x: str | TopologyCell, /) -> str: ...
    @overload
    def unique_str(self, x: Column, /) -> pl.Series: ...
    def unique_str(self, x: str | TopologyCell | Column, /) -> str | pl.Series:
        """Upstream's key of isomorphic cells; 6,466 different ones exist.

        Parameters
        ----------
        x
            One cell, or a column of them.

        Returns
        -------
        str or polars.Series
            The key; of a column, a Series called ``unique_str``.

        Raises
        ------
        InvalidArchitectureError
            If something is not a cell of this space.

        Notes
        -----
        What ``get_unique_str`` of nats_bench gives: ``none`` cuts an edge, ``skip_connect`` passes its input on, and the
        inputs of a node are a sum without order.

        Examples
        --------
        >>> from nbframes.spaces import tss
        >>> tss.unique_str("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|nor_conv_1x1~1|none~2|")
        '#+((0)@nor_conv_3x3)@nor_conv_1x1+0'
        """
        return self._keys().gather(self._indices(x)) if isinstance(x, Column) else self._key(self.parse(x))

    @overload
    def is_connected(self, x: str | TopologyCell, /) -> bool: ...
    @overload
    def is_connected(self, x: Column, /) -> pl.Series: ...
    def is_connected(self, x: str | TopologyCell | Column, /) -> bool | pl.Series:
        """Tell whether the output depends on the input, as it does in 15,284 of the cells.

        Parameters
        ----------
        x
            One cell, or a column of them.

        Returns
        -------
        bool or polars.Series
            Of a column, a Boolean Series called ``connected``.

        Raises
        ------
        InvalidArchitectureError
            If something is not a cell of this space.

        Examples
        --------
        >>> from nbframes.spaces import tss
        >>> tss.is_connected("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
        False
        """
        if isinstance(x, Column):
            passes = [column != "none" for column in self.parse(x)]
            return pl.Series("connected", isomorphism.is_connected(dict(zip(EDGES, passes, strict=True))))
        cell = zip(EDGES, self.parse(x), strict=True)
        return bool(isomorphism.is_connected({edge: name != "none" for edge, name in cell}))

    def matrix(self, x: str | TopologyCell | Column, /) -> NDArray[np.uint8]:
        """Adjacency matrices whose entry [to, from] is the number of the operation in `OPERATIONS`.

        Parameters
        ----------
        x
            One cell, or a column of them.

        Returns
        -------
        numpy.ndarray
            Shape (4, 4), of a column (rows, 4, 4); as nats_bench's ``str2matrix`` gives it.

        Raises
        ------
        InvalidArchitectureError
            If something is not a cell of this space.

        Examples
        --------
        >>> from nbframes.spaces import tss
        >>> tss.matrix("|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
        array([[0, 0, 0, 0],
               [2, 0, 0, 0],
               [0, 0, 0, 0],
               [0, 0, 1, 0]], dtype=uint8)
        """
        digits = self.codes.encode(x)
        result = np.zeros((len(digits), 4, 4), np.uint8)
        sources, targets = np.transpose(EDGES)
        result[:, targets, sources] = digits
        return result if isinstance(x, Column) else result.reshape(4, 4)

    def _structure(self, x: Any) -> TopologyCell:
        if isinstance(x, tuple | list) and x and all(isinstance(number, Integral) for number in x):
            x = str(tuple(map(int, x)))
        if isinstance(x, str) and x[:1] in ("(", "["):
            x = self._known_form(pl.Series([x]))[0]
        return super()._structure(x)

    def _make(self, choices: Iterable[Any]) -> TopologyCell:
        return TopologyCell(*choices)

    def _known_form(self, x: Column) -> Column:
        if isinstance(x, pl.DataFrame):
            return x
        if isinstance(x.dtype, pl.List | pl.Array):
            lists = x.cast(pl.List(pl.String))
            texts = pl.select(pl.format("({})", lists.list.join(", "))).to_series()
        else:
            written = texts_of(x)
            if written is None or not written.str.contains(r"^[(\[]").any():
                return x
            texts = written
        numbers = texts.str.replace_all(r"[\s()\[\]]", "")
        return numbers.replace_strict(self._naslib, self._table.strings, default=texts, return_dtype=pl.String)

    @cached_property
    def _naslib(self) -> pl.Series:
        """NASLib's six numbers of every cell, in official order."""
        names = self._table.frame.select(pl.col(NASLIB_EDGES).cast(pl.String))
        numbers = names.select(pl.all().replace_strict(NASLIB_OPERATIONS, ["0", "1", "2", "3", "4"]))
        return numbers.select(pl.concat_str(pl.all(), separator=",")).to_series()

    def _key(self, structure: TopologyCell) -> str:
        return isomorphism.unique_str(dict(zip(EDGES, structure, strict=True)))

    def _keys(self) -> pl.Series:
        return self._unique_strs

    @cached_property
    def _unique_strs(self) -> pl.Series:
        return pl.Series("unique_str", isomorphism.unique_strs(OPERATIONS)).gather(self._table.codes)

    def _known_features(self, digits: Array) -> dict[FeatureKind, Features]:
        return super()._known_features(digits) | {"adjacency": digits.copy, "path": lambda: _paths(digits)}

    def _picture(self, title: str, structure: TopologyCell) -> SVG:
        nodes = [Node(text) for text in ("in", "1", "2", "out")]
        edges = [
            Edge(source, target, *_LABELS[operation])
            for (source, target), operation in zip(EDGES, structure, strict=True)
            if operation != "none"
        ]
        cell = row(nodes, edges, node_width=34, gap=84)
        return picture(title, cell.width, cell.height, cell.parts)

    def _cost(self, x: str | TopologyCell | Column, dataset: costs.Dataset) -> costs.Cost:
        conv_1x1, conv_3x3 = (
            np.count_nonzero(self.codes.encode(x) == OPERATIONS.index(name), axis=1)
            for name in ("nor_conv_1x1", "nor_conv_3x3")
        )
        cost = costs.topology(conv_1x1, conv_3x3, dataset)
        return cost if isinstance(x, Column) else costs.Cost(cost.params[0], cost.macs[0])

    def _explain(self, text: str) -> str:
        if text[:1] in ("(", "["):
            return "is neither upstream's string nor NASLib's six numbers from 0 to 4"
        nodes = text.split("+")
        if len(nodes) != 3:
            return f"has {len(nodes)} nodes joined by '+', not 3"
        for number, node in zip((1, 2, 3), nodes, strict=True):
            edges = node.removeprefix("|").removesuffix("|").split("|")
            if len(edges) != number or node != f"|{'|'.join(edges)}|":
                return f"gives node {number} as {node!r}; it must be {number} of 'operation~input', each between bars"
            for source, edge in enumerate(edges):
                if flaw := _flaw_of_edge(edge, source, number):
                    return flaw
        return "is not written as upstream writes cells"


def _paths(digits: Array) -> Array:
    marks = np.zeros((len(digits), sequences(_CARRYING, len(_ROUTES[-1]))), np.uint8)
    for route in _ROUTES:
        steps = [digits[:, place].astype(np.intp) - 1 for place in route]
        mark_paths(marks, steps, np.all([step >= 0 for step in steps], axis=0), _CARRYING)
    return marks


def _flaw_of_edge(edge: str, source: int, node: int) -> str | None:
    operation, _, given = edge.partition("~")
    if operation not in OPERATIONS:
        near = did_you_mean(operation, OPERATIONS) or "."
        return f"has the unknown operation {operation!r}{near} Valid: {', '.join(OPERATIONS)}"
    if given != str(source):
        return f"has {edge!r} where node {node} takes its input from node {source}: write '{operation}~{source}'"
    return None
