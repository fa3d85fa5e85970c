"""The API of ``nas_201_api`` 2.1, of the time of the ``.pth`` files, answered from a store, without PyTorch.

Change ``from nas_201_api import NASBench201API`` into ``from nbframes.compat.nas_201_api import NASBench201API`` (or call
`nbframes.compat.install`) and pass a store (or its path) where the ``.pth`` file was: the same calls give the same keys, types,
values, exceptions and draws from the global `random`. It answers from the benchmark ``nb201``, and where a store lacks that,
from ``nats-tss``, which holds the same networks (and more runs of 12 epochs).

It is not ``nats_bench``: means are numpy's, costs that runs disagree about are averaged, `find_best` has caps called
``FLOP_max`` and ``Param_max``, `simulate_train_eval` always trains to the end and tells the latency of the 12-epoch schedule,
wrong epochs and datasets are ``AssertionError``.

Where upstream crashes or is plainly wrong, this answers rightly, as `nbframes.compat.nats_bench` does; besides,
``ArchResults.show`` and errors about an architecture that is missing work (upstream: ``NameError``).
"""

from nbframes.compat.nas_201_api.api_201 import NASBench201API
from nbframes.compat.nas_201_api.api_utils import ArchResults, ResultsCount

__all__ = ["NAS_BENCH_201_API_VERSION", "ArchResults", "NASBench201API", "ResultsCount"]

NAS_BENCH_201_API_VERSION = "v2.0"
"""Of release 2.1, as upstream has it."""
