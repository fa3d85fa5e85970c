"""NATS-Bench, topology search space."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, ACCURACY_TOP5, EPOCH_TIME, LOSS, NATS_CITATION, NATS_SPLITS, TIME
from nbframes.benchmarks.values import Benchmark

NATS_TSS: Final = Benchmark(
    "nats-tss",
    title="NATS-Bench, topology search space",
    space="nbframes.spaces:tss",
    reader="nbframes.export.nats.reader:READERS",
    datasets=tuple(NATS_SPLITS),
    splits=NATS_SPLITS,
    metrics=(ACCURACY, ACCURACY_TOP5, LOSS, TIME, EPOCH_TIME),
    full_schedule=200,
    licence="MIT",
    citation=NATS_CITATION,
    synonyms=("NATS-tss", "natsbench-tss"),
)
