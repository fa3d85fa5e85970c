"""NASLib's forms of architectures and its questions, without PyTorch and without its data files.

The converters are those of ``naslib.search_spaces.<space>.conversions`` that need no network. `query` asks a store what
``graph.query(metric, dataset, epoch=…, full_lc=…, dataset_api=…)`` asks NASLib's pickles, with its `Metric` names. Values are
published ones, accuracies in percent, means over the training runs unless a seed is given. Where NASLib's answer is another
than its name says, this answers what the name says:

- NAS-Bench-201, ``TEST_ACCURACY``, ``TEST_LOSS``: the test set. NASLib gives the validation curve for both. On ``cifar10``
  test values are those of the runs trained on all training images, validation and training values those of the runs that held
  half of them out, as in the papers; ``cifar10-valid`` gives all of the latter.
- NAS-Bench-201, ``TRAIN_TIME``: seconds of training up to the epoch. NASLib gives those of the whole training whatever the
  epoch, and fails for ``FLOPS``, ``LATENCY``, ``PARAMETERS``.
- NAS-Bench-101: ``epoch`` chooses the training of 4, 12, 36 or 108 epochs. NASLib answers 108 whatever the epoch, with a run
  drawn at random, and takes ``PARAMETERS`` times 100; its full curve of 88 numbers repeats the four values. There is no curve
  here: four trainings are not one.
- NAS-Bench-301, ``TEST_ACCURACY``: the test set, known after the last epoch alone. NASLib gives the validation accuracy. Costs
  are the published ones; NASLib's are placeholders.
- NAS-Bench-301: an architecture that was not trained is an error. NASLib answers with a surrogate, or -1; a surrogate's
  answers come from `nbframes.surrogate` here.

References
----------
https://github.com/automl/NASLib
"""

from nbframes.compat.naslib.forms import (
    convert_compact_to_config,
    convert_compact_to_genotype,
    convert_config_to_compact,
    convert_config_to_genotype,
    convert_genotype_to_compact,
    convert_genotype_to_config,
    convert_op_indices_to_str,
    convert_spec_to_tuple,
    convert_str_to_op_indices,
    convert_tuple_to_spec,
)
from nbframes.compat.naslib.query import DatasetAPI, Metric, get_dataset_api, query

__all__ = [
    "DatasetAPI",
    "Metric",
    "convert_compact_to_config",
    "convert_compact_to_genotype",
    "convert_config_to_compact",
    "convert_config_to_genotype",
    "convert_genotype_to_compact",
    "convert_genotype_to_config",
    "convert_op_indices_to_str",
    "convert_spec_to_tuple",
    "convert_str_to_op_indices",
    "convert_tuple_to_spec",
    "get_dataset_api",
    "query",
]
