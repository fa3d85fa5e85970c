"""What both APIs of ``nats_bench`` are made of, under the names of its ``api_utils``."""

from nbframes.compat.nats_bench.api import NASBenchMetaAPI
from nbframes.compat.nats_bench.best import remap_dataset_set_names
from nbframes.compat.nats_bench.files import (
    PICKLE_EXT,
    get_file_system,
    get_torch_home,
    nats_is_dir,
    nats_is_file,
    pickle_load,
    pickle_save,
    reset_file_system,
    time_string,
)
from nbframes.compat.nats_bench.results import ArchResults
from nbframes.compat.nats_bench.runs import ResultsCount, mean

__all__ = [
    "PICKLE_EXT",
    "ArchResults",
    "NASBenchMetaAPI",
    "ResultsCount",
    "get_file_system",
    "get_torch_home",
    "mean",
    "nats_is_dir",
    "nats_is_file",
    "pickle_load",
    "pickle_save",
    "remap_dataset_set_names",
    "reset_file_system",
    "time_string",
]
