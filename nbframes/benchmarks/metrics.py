"""What is known of a metric by its name: as its benchmark defines it, as a store states it, or as others define it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from nbframes.benchmarks import registry
from nbframes.benchmarks.attached import ATTACHED
from nbframes.benchmarks.shared import COSTS
from nbframes.benchmarks.values import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbframes.benchmarks.values import Benchmark

    Facts = Mapping[str, Mapping[str, Any]]

_stated: Final[dict[str | None, Sequence[Facts]]] = {}


def remember(benchmark: str, facts: Iterable[Facts]) -> None:
    """Keep what the store that is scanned states of the metrics of a benchmark: frames carry their names alone.

    Parameters
    ----------
    benchmark
        Name of the benchmark. What another store stated of it is forgotten.
    facts
        ``metrics`` of its manifest and of those of its attachments, see `nbframes.Manifest`.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.remember("example", [{"accuracy": {"unit": "percent [0, 100]", "better": "max", "tie": 0.0}}])
    >>> benchmarks.find_metric("accuracy", "example").tie, benchmarks.find_metric("accuracy").tie
    (0.0, 1e-05)
    >>> benchmarks.remember("example", [])
    """
    _stated[benchmark] = [stated for stated in facts if stated]


def find_metric(name: str, benchmark: str | None = None, stated: Iterable[Facts] | None = None) -> Metric | None:
    """Return a metric or a cost by its name, or None; benchmarks of packages are looked for if it is unknown.

    Parameters
    ----------
    name
        A name such as ``"accuracy"`` or ``"params"``.
    benchmark
        The benchmark whose metric is meant. Its own definition comes first, then what the store states, then the first
        benchmark that has such a metric, official ones first. Unit and direction are the same in all that are registered.
    stated
        ``metrics`` of the manifests of the benchmark; by default of the store that was scanned last.

    Returns
    -------
    Metric or None
        Unit, direction, label and tie; None of metrics that nobody defines.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.find_metric("loss").better, benchmarks.find_metric("accuracy").tie
    ('min', 1e-05)
    >>> benchmarks.find_metric("accuracy", "nb301-surrogate").tie
    0.0
    """
    own = registry.find(benchmark) if benchmark is not None else None
    found = _named(name, own.metrics if own is not None else ())
    if found is None:
        facts = _stated.get(benchmark, ()) if stated is None else stated
        found = next((Metric(name, **{"unit": "", **told[name]}) for told in facts if name in told), None)
    if found is None:
        found = _named(name, _defined())
    if found is None:
        registry.load_plugins()
        found = _named(name, _defined())
    return found


def apart(stated: Mapping[str, Iterable[Facts]] | None = None) -> list[tuple[str, Metric]]:
    """Metrics of which one benchmark says something else than the first that has one of the name.

    Parameters
    ----------
    stated
        By benchmark, ``metrics`` of the manifests of a store; by default of the stores that were scanned.

    Returns
    -------
    list of tuple
        Name of the benchmark, and what `find_metric` finds for it.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> [(name, metric.name) for name, metric in benchmarks.apart({}) if metric.tie == 0]
    [('nb301-surrogate', 'accuracy')]
    """
    facts = {name: list(told) for name, told in (_stated if stated is None else stated).items() if name is not None}
    named = {(known.name, metric.name) for known in _known() for metric in known.metrics}
    named |= {(benchmark, name) for benchmark, told in facts.items() for name in chain.from_iterable(told)}
    found = [(benchmark, find_metric(name, benchmark, facts.get(benchmark, ()))) for benchmark, name in sorted(named)]
    return [(b, metric) for b, metric in found if metric is not None and metric != _named(metric.name, _defined())]


def _named(name: str, metrics: Iterable[Metric]) -> Metric | None:
    return next((metric for metric in metrics if metric.name == name), None)


def _known() -> Iterable[Benchmark]:
    return filter(None, map(registry.find, registry.names()))


def _defined() -> Iterable[Metric]:
    """Metrics and costs of all that is registered."""
    return chain(chain.from_iterable(known.metrics for known in _known()), COSTS, ATTACHED)
