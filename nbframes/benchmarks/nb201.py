"""NAS-Bench-201."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, ACCURACY_TOP5, EPOCH_TIME, LOSS, NATS_SPLITS
from nbframes.benchmarks.values import Benchmark

NB201: Final = Benchmark(
    "nb201",
    title="NAS-Bench-201",
    space="nbframes.spaces:tss",
    reader="nbframes.export.nb201.reader:READERS",
    datasets=tuple(NATS_SPLITS),
    splits=NATS_SPLITS,
    metrics=(ACCURACY, ACCURACY_TOP5, LOSS, EPOCH_TIME),
    full_schedule=200,
    licence="MIT",
    citation="""\
@inproceedings{dong2020nasbench201,
  title     = {{NAS-Bench-201}: Extending the Scope of Reproducible Neural Architecture Search},
  author    = {Dong, Xuanyi and Yang, Yi},
  booktitle = {International Conference on Learning Representations},
  url       = {https://openreview.net/forum?id=HJxyZkBKDr},
  year      = {2020}
}""",
    synonyms=("NAS-Bench-201", "nasbench201"),
)
