"""NAS-Bench-101."""

from typing import Final

from nbframes.benchmarks.shared import ACCURACY, TIME
from nbframes.benchmarks.values import Benchmark

NB101: Final = Benchmark(
    "nb101",
    title="NAS-Bench-101",
    space="nbframes.spaces:nb101",
    reader="nbframes.export.nb101.reader:READERS",
    datasets=("cifar10",),
    splits=("train", "val", "test"),
    metrics=(ACCURACY, TIME),
    full_schedule=108,
    licence="Apache-2.0",
    citation="""\
@inproceedings{ying2019nasbench101,
  title     = {{NAS-Bench-101}: Towards Reproducible Neural Architecture Search},
  author    = {Ying, Chris and Klein, Aaron and Christiansen, Eric and Real, Esteban and Murphy, Kevin and Hutter, Frank},
  booktitle = {Proceedings of the 36th International Conference on Machine Learning},
  series    = {Proceedings of Machine Learning Research},
  volume    = {97},
  pages     = {7105--7114},
  year      = {2019}
}""",
    synonyms=("NAS-Bench-101", "nasbench101", "nasbench"),
)
