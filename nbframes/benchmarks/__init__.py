"""What is known of benchmarks before a file of theirs is read: the official five, and those that others register.

Every list of benchmarks, metrics, units, directions, datasets, splits and schedules in nbframes is derived from these values.
"""

from nbframes.benchmarks.labels import label_of
from nbframes.benchmarks.metrics import apart, find_metric, remember
from nbframes.benchmarks.registry import (
    GROUP,
    OFFICIAL,
    Plugin,
    dataset_names,
    find,
    full_schedules,
    get,
    load_plugins,
    metric_names,
    names,
    pairs,
    plugins,
    register,
    units,
)
from nbframes.benchmarks.shared import COSTS, HELD_OUT, stored_as
from nbframes.benchmarks.values import Benchmark, Metric, resolve

__all__ = [
    "COSTS",
    "GROUP",
    "HELD_OUT",
    "OFFICIAL",
    "Benchmark",
    "Metric",
    "Plugin",
    "apart",
    "dataset_names",
    "find",
    "find_metric",
    "full_schedules",
    "get",
    "label_of",
    "load_plugins",
    "metric_names",
    "names",
    "pairs",
    "plugins",
    "register",
    "remember",
    "resolve",
    "stored_as",
    "units",
]
