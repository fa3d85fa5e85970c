"""NATS-Bench, size search space."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, ACCURACY_TOP5, EPOCH_TIME, LOSS, NATS_CITATION, NATS_SPLITS
from nbframes.benchmarks.values import Benchmark

NATS_SSS: Final = Benchmark(
    "nats-sss",
    title="NATS-Bench, size search space",
    space="nbframes.spaces:sss",
    reader="nbframes.export.nats.reader:READERS",
    datasets=tuple(NATS_SPLITS),
    splits=NATS_SPLITS,
    metrics=(ACCURACY, ACCURACY_TOP5, LOSS, EPOCH_TIME),
    full_schedule=90,
    licence="MIT",
    citation=NATS_CITATION,
    synonyms=("NATS-sss", "natsbench-sss"),
)
