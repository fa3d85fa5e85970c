"""The API of the topology space, as ``nats_bench.api_topology``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nbframes.compat.nats_bench.api import NASBenchMetaAPI
from nbframes.compat.nats_bench.files import (
    PICKLE_EXT,
    get_torch_home,
    nats_is_dir,
    nats_is_file,
    pickle_load,
    time_string,
)
from nbframes.compat.nats_bench.genotype_utils import str2lists, topology_str2structure
from nbframes.compat.nats_bench.results import ArchResults
from nbframes.compat.nats_bench.show import describe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ALL_BASE_NAMES",
    "PICKLE_EXT",
    "ArchResults",
    "NASBenchMetaAPI",
    "NATStopology",
    "get_torch_home",
    "nats_is_dir",
    "nats_is_file",
    "pickle_load",
    "print_information",
    "time_string",
    "topology_str2structure",
]

ALL_BASE_NAMES = ["NATS-tss-v1_0-3ffb9"]


def print_information(information: ArchResults, extra_info: str | None = None, show: bool = False) -> list[str]:
    """Lines about an architecture, printed if ``show``."""
    lines = describe(information, extra_info, tests=False)
    if show:
        print("\n".join(lines))
    return lines


class NATStopology(NASBenchMetaAPI):
    """NATS-Bench's topology space, as ``nats_bench.NATStopology``."""

    _benchmarks: ClassVar[tuple[str, ...]] = ("nats-tss",)
    _space, _base_names, _full_train_epochs = "topology", ALL_BASE_NAMES, 200

    def get_unique_str(self, arch: Any) -> str:
        """Text that isomorphic architectures share, given an index or a text form."""
        from nbframes.spaces import tss

        return tss.unique_str(self.meta_archs[self.query_index_by_arch(arch)])

    @staticmethod
    def str2lists(arch_str: str) -> list[tuple[tuple[str, int], ...]]:
        """Operation and input of every edge, node by node."""
        return str2lists(arch_str)

    @staticmethod
    def str2matrix(
        arch_str: str,
        search_space: tuple[str, ...] = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"),
    ) -> NDArray[np.float64]:
        """Matrix of the numbers of operations: row for the node, column for its input.

        Raises
        ------
        ValueError
            If an operation is not in ``search_space``.
        """
        import numpy as np

        nodes = str2lists(arch_str)
        matrix = np.zeros((len(nodes) + 1, len(nodes) + 1))
        for row, node in enumerate(nodes, start=1):
            for operation, source in node:
                if operation not in search_space:
                    msg = f"this op ({operation}) is not in {search_space}"
                    raise ValueError(msg)
                matrix[row, source] = search_space.index(operation)
        return matrix
