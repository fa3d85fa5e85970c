"""NASBenchAPI's calls, answered from a store: change the import, and scripts start in a blink.

::

    from nbframes.compat.nasbenchapi import NASBench101, NASBench201, NASBench301, load_benchmark

The classes take a store (or its path) where upstream's take a pickle; everything else is as in nasbenchapi 1.0.5: the same
shapes, values and samples. They differ from it in what follows.

Kept differently
    - ``api`` is the object itself; ``data``, the unpickled dictionary, does not exist.
    - ``info["metrics_b64"]`` of a summary of NAS-Bench-101 is not kept, nor can a run of NAS-Bench-301 be looked up by its
      whole JSON; both say so.
    - Means of NAS-Bench-101 are taken over fractions of 1, as upstream's are.

Answered where upstream is wrong
    - ``NASBench201.query`` gives the validation accuracy of cifar10-valid, cifar100 and ImageNet16-120 (upstream: None).
    - An architecture string that is written differently is recognised, one that is not in the benchmark is "not found"
      (upstream: the values of another architecture, by an index of its own).
    - An epoch that was not measured gives None and a reason in ``info["error"]`` (upstream: the value of the last epoch), with
      NASBench301 likewise for epochs that were not logged; a summary of NASBench101 with ``budget`` is about that budget.
    - A test accuracy that is missing is None (upstream: the validation accuracy, if there is one).
    - ``NASBench301`` counts epochs by what the run logged (upstream: by position, wrong where points are missing).
    - ``NASBench201.available_budgets`` tells the datasets apart (upstream: cifar100 as cifar10).
    - ``mutate`` changes something and gives a valid architecture (upstream: TypeError for NASBench101, no change for
      NASBench201); ``NASBench301.mutate`` is refused, its entries are runs.
    - ``index_to_arch_str``, ``arch_str_to_index`` and ``random_sample_str`` of NASBench201 work (upstream: AttributeError).
    - ``NASBench301.exists`` knows paths, as ``query`` does.
    - Unknown datasets, splits and kinds of mutation are errors with the valid names (upstream: None).

References
----------
https://github.com/ThunderStruct/NASBenchAPI, release 1.0.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbframes.compat.nasbenchapi.base import DatasetInfo, NASBenchBase, get_dataset_info
from nbframes.compat.nasbenchapi.download import checked, download_benchmark
from nbframes.compat.nasbenchapi.nb101 import Arch101, NASBench101
from nbframes.compat.nasbenchapi.nb201 import NASBench201
from nbframes.compat.nasbenchapi.nb301 import NASBench301

if TYPE_CHECKING:
    import os

    from nbframes.store import Store

__all__ = [
    "BENCHMARKS",
    "Arch101",
    "DatasetInfo",
    "NASBench101",
    "NASBench201",
    "NASBench301",
    "NASBenchBase",
    "download_benchmark",
    "get_dataset_info",
    "load_benchmark",
]

BENCHMARKS: dict[str, type[NASBenchBase]] = {"101": NASBench101, "201": NASBench201, "301": NASBench301}


def load_benchmark(
    benchmark: str | int,
    data_path: Store | str | os.PathLike[str] | None = None,
    download: bool = False,
    verbose: bool = True,
) -> NASBenchBase:
    """Open a benchmark of a store.

    Parameters
    ----------
    benchmark
        ``"101"``, ``"201"`` or ``"301"``.
    data_path
        The store; by default as `nbframes.open_store` finds it.
    download
        Whether to download NASBenchAPI's pickle and export it first, if the store does not have the benchmark.
    verbose
        Whether to print what was opened, and to show progress.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark, or the store does not have it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat.nasbenchapi import load_benchmark
    >>> load_benchmark("301", nbf.synthetic.store(benchmarks=["nb301"]), verbose=False).bench_name()
    'nb301'
    """
    kind = BENCHMARKS[checked(benchmark, BENCHMARKS)]
    if download:
        _provide(f"nb{benchmark}", data_path, verbose)
    return kind(data_path, verbose)


def _provide(name: str, data_path: Store | str | os.PathLike[str] | None, progress: bool) -> None:
    from nbframes.downloads import download
    from nbframes.export import export
    from nbframes.store import Store, default_store

    store = (
        data_path if isinstance(data_path, Store) else Store(str(default_store() if data_path is None else data_path))
    )
    if name not in store.benchmarks():
        export(download(name, variant="pickle", progress=progress), store.root, progress=progress)
