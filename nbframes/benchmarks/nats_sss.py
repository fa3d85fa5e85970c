"""NATS-Bench, size search space."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, ACCURACY_TOP5, EPOCH_TIME, LOSS, NATS_SPLITS
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
    citation="""\
@article{dong2021natsbench,
  title   = {{NATS-Bench}: Benchmarking {NAS} Algorithms for Architecture Topology and Size},
  author  = {Dong, Xuanyi and Liu, Lu and Musial, Katarzyna and Gabrys, Bogdan},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  doi     = {10.1109/TPAMI.2021.3054824},
  year    = {2021}
}""",
    synonyms=("NATS-sss", "natsbench-sss"),
)
