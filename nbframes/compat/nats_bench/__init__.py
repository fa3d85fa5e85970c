"""The API of ``nats_bench`` 1.8, answered from a store.

Change ``import nats_bench`` into ``from nbframes.compat import nats_bench`` and pass a store (or its path) where the file
was: the same calls give the same keys, types, values, exceptions and draws from the global `random`, start at once and
need no gigabytes.

Where upstream crashes or is plainly wrong, this answers rightly:

- ``show(-1)`` prints every evaluated architecture; upstream looks up index -1 and raises ``KeyError``.
- ``hp`` may be an integer everywhere (``1`` is ``"01"``); upstream takes that in some functions and raises in others.
- An index may be a numpy integer; upstream takes that for an architecture outside the space, -1.
- A verbose ``find_best`` prints what it was asked and what it found; upstream prints lines for every architecture.

- ``TopologyStructure.gen_all`` works; upstream raises ``NameError``.
- ``pickle_load`` reads plain data and refuses programs; upstream runs them.

What a store does not hold: weights. ``get_net_param`` answers None for every run, as upstream does for its simple archives;
``reload`` and ``clear_params`` change no numbers. ``create`` also takes a dictionary of upstream's file (`pickle_load`), which
is then held in memory as upstream holds it. The order of ``avaliable_hps`` is that of a set, as upstream's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.compat.nats_bench import api_utils
from nbframes.compat.nats_bench.api_size import NATSsize
from nbframes.compat.nats_bench.api_topology import NATStopology
from nbframes.compat.nats_bench.api_utils import ArchResults, ResultsCount, pickle_load, pickle_save

if TYPE_CHECKING:
    import os

    from nbframes.store import Store

__all__ = [
    "ArchResults",
    "NATS_BENCH_API_VERSIONs",
    "NATS_BENCH_SSS_NAMEs",
    "NATS_BENCH_TSS_NAMEs",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "api_utils",
    "create",
    "pickle_load",
    "pickle_save",
    "search_space_info",
    "version",
]

NATS_BENCH_API_VERSIONs = [f"v1.{minor}" for minor in range(9)]
NATS_BENCH_SSS_NAMEs = ("sss", "size")
NATS_BENCH_TSS_NAMEs = ("tss", "topology")


def version() -> str:
    """Version of ``nats_bench`` whose API this is."""
    return NATS_BENCH_API_VERSIONs[-1]


def create(
    file_path_or_dict: str | os.PathLike[str] | Store | dict[str, Any] | None,
    search_space: str,
    fast_mode: bool = False,
    verbose: bool = True,
) -> NATStopology | NATSsize:
    """Create the API of a search space.

    Parameters
    ----------
    file_path_or_dict
        A store, its path, or None for the store that `nbframes.open_store` finds; a path that is called like upstream's
        file stands for that store, too. Or a dictionary as upstream's file holds it.
    search_space
        ``"tss"`` or ``"topology"``, ``"sss"`` or ``"size"``.
    fast_mode
        Whether only architectures that were asked for count as evaluated, as in upstream's fast mode. Either way nothing
        is read before it is needed.
    verbose
        Whether to print every call.

    Raises
    ------
    ValueError
        If the search space does not exist, or there is nothing at the path.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat import nats_bench
    >>> api = nats_bench.create(nbf.synthetic.store(), "tss", fast_mode=True, verbose=False)
    >>> info = api.get_more_info(3, "cifar10", hp="200", is_random=False)
    >>> 0 < info["test-accuracy"] < 100
    True
    """
    if search_space in NATS_BENCH_TSS_NAMEs:
        return NATStopology(file_path_or_dict, fast_mode, verbose)
    if search_space in NATS_BENCH_SSS_NAMEs:
        return NATSsize(file_path_or_dict, fast_mode, verbose)
    msg = f"invalid search space : {search_space}"
    raise ValueError(msg)


def search_space_info(main_tag: str, aux_tag: str | None) -> dict[str, Any]:
    """Describe a search space.

    Raises
    ------
    ValueError
        If a tag is unknown.
    """
    from nbframes.spaces import sss, tss

    topology = {"op_names": list(tss.OPERATIONS), "num_nodes": 4}
    if main_tag == "nats-bench":
        if aux_tag in NATS_BENCH_SSS_NAMEs:
            return {"candidates": list(sss.CHANNELS), "num_layers": 5}
        if aux_tag in NATS_BENCH_TSS_NAMEs:
            return topology
        msg = f"Unknown auxiliary tag: {aux_tag}"
        raise ValueError(msg)
    if main_tag == "nas-bench-201":
        if aux_tag is not None:
            msg = "For NAS-Bench-201, the auxiliary tag should be None."
            raise ValueError(msg)
        return topology
    msg = f"Unknown main tag: {main_tag}"
    raise ValueError(msg)
