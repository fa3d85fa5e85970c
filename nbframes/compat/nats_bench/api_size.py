"""The API of the size space, as ``nats_bench.api_size``."""

from __future__ import annotations

from typing import ClassVar

from nbframes.compat.nats_bench.api import NASBenchMetaAPI
from nbframes.compat.nats_bench.files import (
    PICKLE_EXT,
    get_torch_home,
    nats_is_dir,
    nats_is_file,
    pickle_load,
    time_string,
)
from nbframes.compat.nats_bench.results import ArchResults
from nbframes.compat.nats_bench.show import describe

__all__ = [
    "ALL_BASE_NAMES",
    "PICKLE_EXT",
    "ArchResults",
    "NASBenchMetaAPI",
    "NATSsize",
    "get_torch_home",
    "nats_is_dir",
    "nats_is_file",
    "pickle_load",
    "print_information",
    "time_string",
]

ALL_BASE_NAMES = ["NATS-sss-v1_0-50262"]


def print_information(information: ArchResults, extra_info: str | None = None, show: bool = False) -> list[str]:
    """Lines about an architecture, printed if ``show``."""
    lines = describe(information, extra_info, tests=True)
    if show:
        print("\n".join(lines))
    return lines


class NATSsize(NASBenchMetaAPI):
    """NATS-Bench's size space, as ``nats_bench.NATSsize``."""

    _benchmarks: ClassVar[tuple[str, ...]] = ("nats-sss",)
    _space, _base_names, _full_train_epochs = "size", ALL_BASE_NAMES, 90
