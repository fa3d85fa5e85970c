"""Datasets and splits as papers name them: what a store has of them, and which expression finds their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes import benchmarks, expr
from nbframes.schema import Partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_SPLITS: Final = ("test", "valtest", "val", "train", "none")
"""By which split architectures are ranked if none is named: the first of these that there is."""


def usual_protocol(pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Dataset and split by which architectures are ranked if none is named.

    Parameters
    ----------
    pairs
        Datasets with their splits, in the sense of `nbframes.on`; at least one.

    Returns
    -------
    tuple of str
        CIFAR-10, else the first dataset by name, and the first that there is of test, valtest, val and train.

    Examples
    --------
    >>> from nbframes.analysis.protocols import usual_protocol
    >>> usual_protocol([("cifar100", "test"), ("cifar10", "val"), ("cifar10", "train")])
    ('cifar10', 'val')
    """
    return min(pairs, key=lambda pair: (pair[0] != "cifar10", pair[0], _SPLITS.index(pair[1])))


def meant_pairs(partitions: Iterable[Partition], metric: str) -> list[tuple[str, str]]:
    """Datasets and splits of a metric, in the sense of `nbframes.on`.

    Parameters
    ----------
    partitions
        What there is, see `partitions_of`.
    metric
        Its name.

    Returns
    -------
    list of tuple of str
        Sorted; the validation of ``cifar10-valid`` is that of CIFAR-10, too.

    Examples
    --------
    >>> meant_pairs([Partition("accuracy", "cifar10-valid", "val")], "accuracy")
    [('cifar10', 'val'), ('cifar10-valid', 'val')]
    """
    return sorted({pair for part in partitions if part.metric == metric for pair in meant(part.dataset, part.split)})


def has_protocol(dataset: str, split: str) -> bool:
    """Whether `nbframes.on` finds the rows.

    Parameters
    ----------
    dataset, split
        Names.

    Returns
    -------
    bool
        False for names of one's own, and for ``cifar10-valid``, which `nbframes.on` takes for CIFAR-10.

    Examples
    --------
    >>> has_protocol("cifar10", "val"), has_protocol("cifar10-valid", "val")
    (True, False)
    """
    return (dataset, split) in benchmarks.pairs() and dataset not in benchmarks.HELD_OUT


def protocol(store: Store, dataset: str, split: str) -> pl.Expr:
    """Rows of a dataset and split, in the sense of `nbframes.on` where it knows them.

    Parameters
    ----------
    store
        The store, which knows further names.
    dataset, split
        Names.

    Returns
    -------
    Expr
        For ``filter``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> protocol(nbf.synthetic.store(), "cifar10", "test").meta.eq(nbf.on("cifar10", "test"))
    True
    """
    if has_protocol(dataset, split):
        return expr.on(dataset, split)
    return store.dataset(dataset) & expr.split(split)


def partitions_of(manifests: Iterable[Manifest]) -> list[Partition]:
    """Metrics, datasets and splits of a benchmark and its attachments, as their files are named.

    Parameters
    ----------
    manifests
        Of the benchmark and its attachments.

    Returns
    -------
    list of Partition
        Sorted.

    Examples
    --------
    >>> import nbframes as nbf
    >>> partitions_of([nbf.synthetic.store().manifest("nb101")])[0]
    Partition(metric='accuracy', dataset='cifar10', split='test')
    """
    paths = {file.path for manifest in manifests for file in manifest.tables.get("results", ())}
    return sorted({Partition.of_path(path) for path in paths})


def meant(dataset: str, split: str) -> list[tuple[str, str]]:
    """Datasets and splits under which stored values are asked for: the validation of cifar10-valid is that of CIFAR-10, too.

    Parameters
    ----------
    dataset, split
        As the values are stored.

    Returns
    -------
    list of tuple of str
        Their own names, then others.

    Examples
    --------
    >>> meant("cifar10-valid", "val")
    [('cifar10-valid', 'val'), ('cifar10', 'val')]
    """
    names = (dataset, *benchmarks.HELD_OUT.values())
    return [(name, split) for name in dict.fromkeys(names) if dataset in benchmarks.stored_as(name, split)]
