"""Cells of the topology space as ``nats_bench.genotype_utils`` describes them."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Node = tuple[tuple[str, int], ...]


def topology_str2structure(xstr: str | TopologyStructure) -> TopologyStructure:
    """Make the structure of a cell's text form.

    Examples
    --------
    >>> from nbframes.compat.nats_bench.genotype_utils import topology_str2structure
    >>> topology_str2structure("|none~0|+|skip_connect~0|none~1|")
    TopologyStructure(3 nodes with |none~0|+|skip_connect~0|none~1|)
    """
    return TopologyStructure.str2structure(xstr)


class TopologyStructure:
    """A cell: of every node but the first, its operations and their inputs.

    Parameters
    ----------
    genotype
        One sequence a node, of (operation, input) pairs.

    Raises
    ------
    AssertionError
        If a node has no input, or one that comes after it.
    """

    def __init__(self, genotype: Sequence[Sequence[tuple[str, int]]]) -> None:
        _check(isinstance(genotype, list | tuple), f"invalid class of genotype : {type(genotype)}")
        for position, node in enumerate(genotype):
            _check(isinstance(node, list | tuple), f"invalid class of node_info : {type(node)}")
            _check(len(node) >= 1, f"invalid length : {len(node)}")
            for edge in node:
                _check(isinstance(edge, list | tuple), f"invalid class of in-node : {type(edge)}")
                _check(len(edge) == 2 and edge[1] <= position, f"invalid in-node : {edge}")
        self.node_num = len(genotype) + 1
        self.nodes: list[Node] = [tuple(deepcopy(node)) for node in genotype]
        self.node_N = [len(node) for node in genotype]

    def tolist(self, remove_str: str | None) -> tuple[list[Node] | None, bool]:
        """Nodes sorted by input, without one operation, and whether all keep an input."""
        nodes = [tuple(edge for edge in _by_input(node) if edge[0] != remove_str) for node in self.nodes]
        return (nodes, True) if all(nodes) else (None, False)

    def node(self, index: int) -> Node:
        """Edges into a node, counted from 1.

        Raises
        ------
        AssertionError
            If there is no such node.
        """
        _check(0 < index <= len(self), f"invalid index={index} < {len(self)}")
        return self.nodes[index]

    def tostr(self) -> str:
        """Text form."""
        return "+".join(
            f"|{'|'.join(f'{operation}~{source}' for operation, source in node)}|" for node in self.nodes
        )  # fmt: skip

    def check_valid(self) -> bool:
        """Whether the input reaches the output other than through ``none``."""
        reached = [True]
        for node in self.nodes:
            reached.append(any(operation != "none" and reached[source] for operation, source in node))
        return reached[-1]

    def to_unique_str(self, consider_zero: bool | None = False) -> str:
        """Text that cells with the same function share.

        Parameters
        ----------
        consider_zero
            True treats ``none`` as zero and ``skip_connect`` as the identity, False only the latter, None neither.
        """
        texts = ["0"]
        for node in self.nodes:
            texts.append("+".join(sorted(_edge_text(edge, texts, consider_zero) for edge in node)))
        return texts[-1]

    def check_valid_op(self, op_names: Sequence[str]) -> bool:
        """Whether all operations are among the given ones."""
        return all(edge[0] in op_names for node in self.nodes for edge in node)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.node_num} nodes with {self.tostr()})"

    def __len__(self) -> int:
        return len(self.nodes) + 1

    def __getitem__(self, index: Any) -> Any:
        return self.nodes[index]

    @staticmethod
    def str2structure(xstr: str | TopologyStructure) -> TopologyStructure:
        """Make the structure of a text form; a structure is returned as it is.

        Raises
        ------
        AssertionError
            If it is not a text form.
        """
        if isinstance(xstr, TopologyStructure):
            return xstr
        return TopologyStructure(str2lists(xstr))

    @staticmethod
    def str2fullstructure(xstr: str, default_name: str = "none") -> TopologyStructure:
        """Make the structure of a text form, adding the edges that it leaves out.

        Raises
        ------
        AssertionError
            If it is not a text form.
        """
        nodes = []
        for position, node in enumerate(str2lists(xstr)):
            there = {source for _, source in node}
            added = [(default_name, source) for source in range(position) if source not in there]
            nodes.append(tuple(_by_input([*node, *added])))
        return TopologyStructure(nodes)

    @staticmethod
    def gen_all(search_space: Sequence[str], num: int, return_ori: bool) -> list[Any]:
        """All cells of ``num`` nodes with these operations, as lists of nodes if ``return_ori``.

        Raises
        ------
        AssertionError
            If there are fewer than two nodes.
        """
        _check(isinstance(search_space, list | tuple), f"invalid class of search-space : {type(search_space)}")
        _check(num >= 2, f"There should be at least two nodes in a neural cell instead of {num}")
        choices = [_combinations(search_space, inputs) for inputs in range(1, num)]
        cells = [list(nodes) for nodes in product(*choices)]
        return cells if return_ori else [TopologyStructure(cell) for cell in cells]


def _combinations(space: Sequence[str], inputs: int) -> list[Node]:
    """All ways of choosing an operation for each input."""
    return [
        tuple((operation, source) for source, operation in enumerate(chosen))
        for chosen in product(space, repeat=inputs)
    ]


def str2lists(arch_str: str) -> list[Node]:
    """Operation and input of every edge, node by node.

    Raises
    ------
    AssertionError
        If it is not a text form.
    """
    _check(isinstance(arch_str, str), f"must take string (not {type(arch_str)}) as input")
    return [_node(filter(None, node.split("|"))) for node in arch_str.split("+")]


def _node(edges: Iterable[str]) -> Node:
    parts = [edge.split("~") for edge in edges]
    for edge in parts:
        _check(len(edge) == 2, f"invalid input length : {'~'.join(edge)}")
    return tuple((operation, int(source)) for operation, source in parts)


def _edge_text(edge: tuple[str, int], texts: list[str], consider_zero: bool | None) -> str:
    operation, source = edge
    if consider_zero and (operation == "none" or texts[source] == "#"):
        return "#"
    if consider_zero is not None and operation == "skip_connect":
        return texts[source]
    return f"({texts[source]})@{operation}"


def _by_input(node: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(node, key=lambda edge: (edge[1], edge[0]))


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
