"""Whether records of NAS-Bench-101 can be what they say: their hashes and their accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.export.nb101.record import ACCURACIES, VALUES
from nbframes.spaces import nb101

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from nbframes.export.findings import Findings

_IMAGES: Final = 9984
"""Images that every accuracy was measured on: whole batches of CIFAR-10's validation, test and training images."""


def examine_hashes(archs: pl.DataFrame, findings: Findings) -> None:
    """Note cells whose ``hash`` is not the module hash of their ``arch_str``.

    References
    ----------
    Ying et al., NAS-Bench-101 (ICML 2019); ``graph_util.hash_module`` of google-research/nasbench.
    """
    differ = archs.filter(archs["hash"] != nb101.hash(archs["arch_str"]))
    if differ.height:
        examples = (f"{hash} of {text}" for hash, text in differ.select("hash", "arch_str").head(3).iter_rows())
        findings.note("module_hash is not the hash of its cell", *examples, count=differ.height)


def examine_accuracies(values: NDArray[Any], names: list[str], counts: NDArray[np.int64], findings: Findings) -> None:
    """Note accuracies that no count of images gives.

    Parameters
    ----------
    values
        Shape (8, runs): `nbframes.export.nb101.record.VALUES`.
    names
        Cells in turn.
    counts
        Runs of each cell.
    findings
        Takes what is odd.
    """
    for index in ACCURACIES:
        value = values[index].astype(np.float64)
        images = np.rint(value * _IMAGES)
        whole = (images / _IMAGES).astype(np.float32)
        odd = np.flatnonzero((whole != value) & ~np.isnan(value))
        if odd.size:
            cells = np.searchsorted(np.cumsum(counts), odd[:3], side="right")
            pairs = zip(cells.tolist(), value[odd[:3]].tolist(), strict=True)
            examples = (f"{names[cell]}, {VALUES[index]}: {fraction!r}" for cell, fraction in pairs)
            findings.note(f"accuracies that are not a number of images out of {_IMAGES:,}", *examples, count=odd.size)
