"""What surrogates predict of the cells of NAS-Bench-301."""

from dataclasses import replace
from typing import Final

from nbframes.benchmarks.nb301 import NB301
from nbframes.benchmarks.shared import ACCURACY, TIME
from nbframes.benchmarks.values import Benchmark

PREDICTIONS: Final = Benchmark(
    "nb301-surrogate",
    title="Predictions for the space of NAS-Bench-301",
    space=NB301.space,
    datasets=("cifar10",),
    splits=("train", "val"),
    # Predictions are dense: a tolerance would chain them into one tie, and they carry no noise that needs one.
    metrics=(replace(ACCURACY, tie=0.0), TIME),
    full_schedule=None,
    licence="",
    citation=NB301.citation,
)
