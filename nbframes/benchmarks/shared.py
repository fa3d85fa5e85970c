"""What several benchmarks share: metrics, costs of a training run, datasets with their splits."""

from __future__ import annotations

from typing import Final

from nbframes.benchmarks.values import Metric
from nbframes.schema import TIE

ACCURACY: Final = Metric(
    "accuracy", "percent [0, 100]", "max", "accuracy (%)", "share of images that were classified right", TIE
)
ACCURACY_TOP5: Final = Metric(
    "accuracy_top5",
    "percent [0, 100]",
    "max",
    "top-5 accuracy (%)",
    "share of images whose class was among the five most likely ones",
    TIE,
)
LOSS: Final = Metric(
    "loss", "the training objective as published", "min", "loss", "mean of the training objective over the images"
)
CROSS_ENTROPY: Final = Metric(
    "cross_entropy", "nats", "min", "cross-entropy (nats)", "mean cross-entropy without auxiliary terms"
)
LEARNING_RATE: Final = Metric("learning_rate", "1", None, "learning rate", "learning rate of the epoch")
TIME: Final = Metric(
    "time", "seconds up to the budget", "min", "time (s)", "training time from the start to the budget"
)
EPOCH_TIME: Final = Metric(
    "epoch_time", "seconds of that one epoch", "min", "time per epoch (s)", "time of one epoch alone"
)

COSTS: Final = (
    Metric("params", "count", "min", "parameters", "trainable parameters of the network"),
    Metric("mflops", "millions of operations", "min", "operations (millions)", "multiply-adds of one forward pass"),
    Metric("latency", "seconds", "min", "latency (s)", "time of one forward pass of a batch, as published"),
    Metric("train_time", "seconds", "min", "training time (s)", "time of the whole training run"),
)
"""Columns of ``runs`` that say what a network costs."""

EPOCHS: Final = {"schedule": "epochs", "budget": "epochs"}
"""Units of the columns that count epochs."""

NATS_SETS: Final = {
    "cifar10": {"ori-test": "test"},
    "cifar10-valid": {"x-valid": "val", "ori-test": "test"},
    "cifar100": {"x-valid": "val", "x-test": "test", "ori-test": "valtest"},
    "ImageNet16-120": {"x-valid": "val", "x-test": "test", "ori-test": "valtest"},
}
"""Splits by the names of upstream's evaluation sets, of every dataset of NAS-Bench-201 and NATS-Bench.

``cifar10-valid`` is CIFAR-10 with half of the training set held out.
"""

NATS_SPLITS: Final = {dataset: ("train", *sets.values()) for dataset, sets in NATS_SETS.items()}
"""Datasets of NAS-Bench-201 and NATS-Bench with their splits."""

NATS_CITATION: Final = """\
@article{dong2021natsbench,
  title   = {{NATS-Bench}: Benchmarking {NAS} Algorithms for Architecture Topology and Size},
  author  = {Dong, Xuanyi and Liu, Lu and Musial, Katarzyna and Gabrys, Bogdan},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  doi     = {10.1109/TPAMI.2021.3054824},
  year    = {2021}
}"""

HELD_OUT: Final = {"cifar10-valid": "cifar10"}
"""Datasets that are another with a part of its training set held out: what needs no training is the same on both."""


def stored_as(dataset: str, split: str) -> tuple[str, ...]:
    """Names under which the values that papers mean by a dataset and a split are stored.

    Parameters
    ----------
    dataset, split
        Names as papers have them.

    Returns
    -------
    tuple of str
        The dataset itself, and for its validation those that hold a part of its training set out.

    Examples
    --------
    >>> stored_as("cifar10", "val"), stored_as("cifar10", "test")
    (('cifar10', 'cifar10-valid'), ('cifar10',))
    """
    return (dataset, *(part for part, whole in HELD_OUT.items() if whole == dataset and split == "val"))
