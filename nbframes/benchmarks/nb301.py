"""NAS-Bench-301."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, CROSS_ENTROPY, LEARNING_RATE, LOSS, TIME
from nbframes.benchmarks.values import Benchmark, Metric

BEST_ACCURACY: Final = Metric(
    "best_accuracy",
    "percent [0, 100]",
    "max",
    "best accuracy (%)",
    "one accuracy of a run as others published it, without saying of which epoch: the best one or the last one",
    ACCURACY.tie,
)

NB301: Final = Benchmark(
    "nb301",
    title="NAS-Bench-301",
    space="nbframes.spaces:darts",
    reader="nbframes.export.nb301.reader:READERS",
    datasets=("cifar10", "cifar100", "ImageNet16-120"),
    splits=("train", "val", "test"),
    metrics=(ACCURACY, LOSS, CROSS_ENTROPY, LEARNING_RATE, TIME, BEST_ACCURACY),
    full_schedule=100,
    licence="Apache-2.0",
    citation="""\
@article{siems2020nasbench301,
  title   = {{NAS-Bench-301} and the Case for Surrogate Benchmarks for Neural Architecture Search},
  author  = {Siems, Julien and Zimmer, Lucas and Zela, Arber and Lukasik, Jovita and Keuper, Margret and Hutter, Frank},
  journal = {arXiv preprint arXiv:2008.09777},
  note    = {Data: doi:10.6084/m9.figshare.13286105},
  year    = {2020}
}""",
    synonyms=("NAS-Bench-301", "nasbench301"),
)
