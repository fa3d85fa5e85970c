"""NATS-Bench, topology search space."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, ACCURACY_TOP5, EPOCH_TIME, LOSS, NATS_SPLITS, TIME
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
    citation="""\
@article{dong2021natsbench,
  title   = {{NATS-Bench}: Benchmarking {NAS} Algorithms for Architecture Topology and Size},
  author  = {Dong, Xuanyi and Liu, Lu and Musial, Katarzyna and Gabrys, Bogdan},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  doi     = {10.1109/TPAMI.2021.3054824},
  year    = {2021}
}""",
    synonyms=("NATS-tss", "natsbench-tss"),
)
