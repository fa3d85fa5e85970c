"""What a metric and a benchmark are: plain frozen values that say what the tables cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.schema import check_name, check_split

Better = Literal["max", "min"]


@dataclass(frozen=True)
class Metric:
    """A quantity that a benchmark measures.

    Parameters
    ----------
    name
        Name of the partition ``metric=<name>``, or of a column of costs.
    unit
        Its unit, as manifests and tables name it; ``"1"`` if it has none.
    better
        ``"max"`` or ``"min"``: which end is the better one; None where neither is.
    label
        Axis label, with the unit; by default made of name and unit.
    description
        One sentence.
    tie
        In sorted order, values that are nearer to each other than this count as equal; 0 compares exactly.

    Raises
    ------
    InvalidArgumentError
        If the name cannot be stored, ``better`` is none of the three, or ``tie`` is not a number of at least 0.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.Metric("latency_edge", "ms", better="min").label
    'latency edge (ms)'
    """

    name: str
    unit: str
    better: Better | None = None
    label: str = ""
    description: str = ""
    tie: float = 0.0

    def __post_init__(self) -> None:
        check_name("metric", self.name)
        if self.better not in ("max", "min", None):
            msg = f"metric {self.name!r}: better is 'max', 'min' or None, not {self.better!r}"
            raise InvalidArgumentError(msg)
        if isinstance(self.tie, bool) or not isinstance(self.tie, (int, float)) or not 0 <= self.tie < math.inf:
            msg = f"metric {self.name!r}: tie is a number of at least 0, not {self.tie!r}"
            raise InvalidArgumentError(msg)
        if not self.label:
            words = self.name.replace("_", " ")
            object.__setattr__(self, "label", words if self.unit in ("", "1") else f"{words} ({self.unit})")


@dataclass(frozen=True)
class Benchmark:
    """What is known of a benchmark before any of its files is read.

    Parameters
    ----------
    name
        Name of the partition ``benchmark=<name>``.
    title
        Name as papers write it.
    space
        Its search space as ``"module:object"``; None if nbframes knows no such space.
    datasets
        Names of its datasets.
    splits
        Splits of every dataset; a mapping by dataset where these differ.
    metrics
        What it measures.
    full_schedule
        Epochs of its own full training, which `nbframes.schedule` calls ``"full"``; None if it has none.
    licence, citation
        SPDX identifier of the licence of its data, and BibTeX.
    reader
        Reader of its upstream files as ``"module:object"``; None if they cannot be exported.
    synonyms
        Other names that people give it.

    Attributes
    ----------
    pairs
        Every dataset with every split that it has.

    Raises
    ------
    InvalidArgumentError
        If a name cannot be stored, a split does not exist, a metric is named twice, or a reference is not ``"module:object"``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> macro = nbf.Benchmark(
    ...     "nb-macro",
    ...     title="NAS-Bench-Macro",
    ...     space=None,
    ...     datasets=["cifar10"],
    ...     splits=["test"],
    ...     metrics=[nbf.Metric("accuracy", "percent [0, 100]", better="max")],
    ...     full_schedule=50,
    ...     licence="Apache-2.0",
    ...     citation="",
    ... )
    >>> macro.pairs
    (('cifar10', 'test'),)
    """

    name: str
    title: str = field(kw_only=True)
    space: str | None = field(kw_only=True)
    datasets: Sequence[str] = field(kw_only=True)
    splits: Sequence[str] | Mapping[str, Sequence[str]] = field(kw_only=True)
    metrics: Sequence[Metric] = field(kw_only=True)
    full_schedule: int | None = field(kw_only=True)
    licence: str = field(kw_only=True)
    citation: str = field(kw_only=True)
    reader: str | None = field(kw_only=True, default=None)
    synonyms: Sequence[str] = field(kw_only=True, default=())
    pairs: tuple[tuple[str, str], ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        check_name("benchmark", self.name)
        datasets = tuple(check_name("dataset", dataset) for dataset in _listed(self, "datasets"))
        by_dataset = (
            self.splits if isinstance(self.splits, Mapping) else dict.fromkeys(datasets, _listed(self, "splits"))
        )
        if set(by_dataset) != set(datasets):
            msg = f"benchmark {self.name!r}: splits are given for {sorted(by_dataset)}, but its datasets are {sorted(datasets)}"
            raise InvalidArgumentError(msg)
        pairs = tuple((dataset, check_split(split)) for dataset in datasets for split in by_dataset[dataset])
        self._check_metrics()
        self._check_full_schedule()
        for reference in (self.space, self.reader):
            if reference is not None:
                _parts(reference)
        kept: dict[str, object] = {
            "datasets": datasets,
            "splits": tuple(dict.fromkeys(split for _, split in pairs)),
            "pairs": pairs,
        }
        kept |= {"metrics": tuple(self.metrics), "synonyms": _listed(self, "synonyms")}
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    def metric(self, name: str) -> Metric:
        """Return its metric of this name.

        Parameters
        ----------
        name
            Name of a metric.

        Returns
        -------
        Metric
            As this benchmark defines it.

        Raises
        ------
        UnknownNameError
            If it has no such metric.

        Examples
        --------
        >>> from nbframes import benchmarks
        >>> benchmarks.get("nb301").metric("cross_entropy").unit
        'nats'
        """
        found = {metric.name: metric for metric in self.metrics}
        if name not in found:
            kind = f"metric of {self.name}"
            raise UnknownNameError.of(kind, name, found)
        return found[name]

    def _check_metrics(self) -> None:
        if odd := [metric for metric in self.metrics if not isinstance(metric, Metric)]:
            msg = f"benchmark {self.name!r}: metrics are values of nbframes.Metric, not {odd[0]!r}"
            raise InvalidArgumentError(msg)
        names = [metric.name for metric in self.metrics]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"benchmark {self.name!r}: more than one metric is called {twice[0]!r}"
            raise InvalidArgumentError(msg)

    def _check_full_schedule(self) -> None:
        epochs = self.full_schedule
        if epochs is not None and (isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0):
            msg = f"benchmark {self.name!r}: full_schedule is a number of epochs or None, not {epochs!r}"
            raise InvalidArgumentError(msg)


def resolve(reference: str) -> Any:
    """Import what a ``"module:object"`` names.

    Parameters
    ----------
    reference
        As `Benchmark.space` and `Benchmark.reader` have it.

    Returns
    -------
    object
        The space, the reader, or whatever it names.

    Raises
    ------
    InvalidArgumentError
        If it is not of that form, or names nothing.

    Examples
    --------
    >>> from nbframes.benchmarks import resolve
    >>> resolve("nbframes.spaces:tss").SIZE
    15625
    """
    module, path = _parts(reference)
    try:
        value = import_module(module)
        for name in path.split("."):
            value = getattr(value, name)
    except (ImportError, AttributeError) as error:
        msg = f"{reference!r} cannot be imported: {error}"
        raise InvalidArgumentError(msg) from error
    return value


def _parts(reference: object) -> tuple[str, str]:
    module, colon, path = reference.partition(":") if isinstance(reference, str) else ("", "", "")
    if not (module and colon and path):
        msg = f"a space or reader is named as 'module:object', not {reference!r}"
        raise InvalidArgumentError(msg)
    return module, path


def _listed(benchmark: Benchmark, attribute: str) -> tuple[str, ...]:
    names = getattr(benchmark, attribute)
    if isinstance(names, str):
        msg = f"benchmark {benchmark.name!r}: {attribute} is a sequence of names, not the text {names!r}"
        raise InvalidArgumentError(msg)
    return tuple(names)
