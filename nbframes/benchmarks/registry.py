"""Which benchmarks there are: the official ones, those registered in this process, and those that packages bring."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from itertools import chain
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.benchmarks.attached import ATTACHED
from nbframes.benchmarks.nats_sss import NATS_SSS
from nbframes.benchmarks.nats_tss import NATS_TSS
from nbframes.benchmarks.nb101 import NB101
from nbframes.benchmarks.nb201 import NB201
from nbframes.benchmarks.nb301 import NB301
from nbframes.benchmarks.shared import COSTS, EPOCHS
from nbframes.benchmarks.surrogate import PREDICTIONS
from nbframes.benchmarks.values import Benchmark
from nbframes.errors import InvalidArgumentError, PluginWarning, UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "nbframes.benchmarks"
"""Entry-point group by which packages bring benchmarks."""

OFFICIAL: Final = (NB101, NB201, NB301, NATS_TSS, NATS_SSS)
"""The benchmarks that nbframes exports from their authors' files."""


class Plugin(NamedTuple):
    """An entry point by which a package brings benchmarks.

    Attributes
    ----------
    name
        Name of the entry point.
    package, version
        The distribution that it belongs to.
    reference
        What it names, as ``"module:object"``.
    benchmarks
        Names of the benchmarks that it brought.
    error
        Why it was skipped; empty if it was not.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.Plugin("mine", "my-package", "1.0", "my_package:MINE", ("mine",), "").benchmarks
    ('mine',)
    """

    name: str
    package: str
    version: str
    reference: str
    benchmarks: tuple[str, ...]
    error: str


_registered: Final = {benchmark.name: benchmark for benchmark in (*OFFICIAL, PREDICTIONS)}
_lock: Final = RLock()
_plugins: list[Plugin] | None = None


def register(benchmark: Benchmark, *, overwrite: bool = False) -> Benchmark:
    """Make a benchmark known in this process: its name, metrics, units, datasets, splits and full schedule.

    A package does it for every process that has it installed by an entry point of the group ``nbframes.benchmarks`` that
    names a `Benchmark`, or a sequence of them.

    Parameters
    ----------
    benchmark
        What is known of it.
    overwrite
        Whether to replace another benchmark that was registered under the name.

    Returns
    -------
    Benchmark
        The same value.

    Raises
    ------
    InvalidArgumentError
        If it is not a `Benchmark`, another one has the name, or another benchmark has a metric of the same name with
        another unit or direction: one name means one quantity.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes import benchmarks
    >>> nb101 = benchmarks.get("NAS-Bench-101")
    >>> nbf.register(nb101) is nb101
    True
    """
    if not isinstance(benchmark, Benchmark):
        msg = f"register takes an nbframes.Benchmark, not {benchmark!r}"
        raise InvalidArgumentError(msg)
    with _lock:
        known = _registered.get(benchmark.name)
        if known is not None and known != benchmark and (known in OFFICIAL or not overwrite):
            hint = "choose another name" if known in OFFICIAL else "pass overwrite=True to replace it"
            msg = f"there is another benchmark {benchmark.name!r} ({known.title})\n\nHint: {hint}"
            raise InvalidArgumentError(msg)
        _check_same_quantities(benchmark)
        _registered[benchmark.name] = benchmark
    return benchmark


def get(name: str) -> Benchmark:
    """Return a benchmark by its name or a synonym.

    Parameters
    ----------
    name
        A name such as ``"nb101"``, or another one that people use, such as ``"NAS-Bench-101"``, in upper or lower case.

    Returns
    -------
    Benchmark
        What is known of it.

    Raises
    ------
    UnknownNameError
        If no benchmark has the name.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.get("nasbench201").full_schedule
    200
    """
    found = find(name) or _by_synonym(name)
    if found is None:
        raise UnknownNameError.of("benchmark", name, names())
    return found


def find(name: str) -> Benchmark | None:
    """Return a benchmark by its exact name, or None; benchmarks of packages are looked for if the name is unknown.

    Parameters
    ----------
    name
        A name such as ``"nb101"``.

    Returns
    -------
    Benchmark or None
        What is known of it; None of results of one's own.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.find("nats-tss").title
    'NATS-Bench, topology search space'
    """
    if name not in _registered:
        load_plugins()
    return _registered.get(name)


def names() -> tuple[str, ...]:
    """Names of the benchmarks that are known, official ones first.

    Returns
    -------
    tuple of str
        Without the benchmarks of packages that were not looked for yet, see `load_plugins`.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.names()[:5]
    ('nb101', 'nb201', 'nb301', 'nats-tss', 'nats-sss')
    """
    return tuple(_registered)


def metric_names() -> tuple[str, ...]:
    """Names of the metrics of results that some known benchmark or published table to attach has.

    Returns
    -------
    tuple of str
        Each once, in the order of the benchmarks.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.metric_names()[:3]
    ('accuracy', 'time', 'accuracy_top5')
    """
    own = chain.from_iterable(benchmark.metrics for benchmark in _all())
    return tuple(dict.fromkeys(metric.name for metric in chain(own, ATTACHED)))


def dataset_names() -> tuple[str, ...]:
    """Names of the datasets that some known benchmark has.

    Returns
    -------
    tuple of str
        Each once, in the order of the benchmarks.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.dataset_names()[:4]
    ('cifar10', 'cifar10-valid', 'cifar100', 'ImageNet16-120')
    """
    return tuple(dict.fromkeys(dataset for dataset, _ in pairs()))


def pairs() -> tuple[tuple[str, str], ...]:
    """Every dataset with every split that some known benchmark has of it.

    Returns
    -------
    tuple of tuple of str
        Each once, in the order of the benchmarks.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> ("cifar10", "valtest") in benchmarks.pairs()
    False
    """
    return tuple(dict.fromkeys(chain.from_iterable(benchmark.pairs for benchmark in _all())))


def full_schedules() -> dict[str, int]:
    """Epochs of the full training of every known benchmark that has one.

    Returns
    -------
    dict
        Epochs by the name of the benchmark.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.full_schedules()["nb101"]
    108
    """
    return {b.name: b.full_schedule for b in _all() if b.full_schedule is not None}


def units(benchmark: str | None = None) -> dict[str, str]:
    """Units of the metrics and costs of a benchmark, and of the columns that count epochs.

    Parameters
    ----------
    benchmark
        Name of a benchmark; by default, and for results of one's own, those of all known benchmarks.

    Returns
    -------
    dict
        Unit by name.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.units("nb101")["time"]
    'seconds up to the budget'
    """
    own = find(benchmark) if benchmark is not None else None
    metrics = own.metrics if own is not None else [metric for known in _all() for metric in known.metrics]
    return {metric.name: metric.unit for metric in (*metrics, *COSTS)} | EPOCHS


def load_plugins() -> None:
    """Register the benchmarks that installed packages bring; once in a process, and only when a name or source is unknown.

    What fails is reported as a `nbframes.errors.PluginWarning` and skipped.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> benchmarks.load_plugins()
    """
    global _plugins  # noqa: PLW0603  # the state of the process: what has been looked for is not looked for again
    with _lock:
        if _plugins is not None:
            return
        _plugins = []  # set first: a package that asks for an unknown name while it is imported must not come here again
        from importlib.metadata import entry_points

        for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
            _plugins.append(_load(entry))


def plugins() -> list[Plugin]:
    """Packages that bring benchmarks, those that failed included.

    Returns
    -------
    list of Plugin
        Name, package, version, reference, names of the benchmarks, and what went wrong.

    Examples
    --------
    >>> from nbframes import benchmarks
    >>> all(plugin.reference for plugin in benchmarks.plugins())
    True
    """
    load_plugins()
    return list(_plugins or [])


def _load(entry: EntryPoint) -> Plugin:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
    before = set(_registered)
    try:
        brought = tuple(register(benchmark).name for benchmark in _benchmarks_of(entry.load()))
    except Exception as error:  # noqa: BLE001  # whatever somebody's package does, nbframes goes on without it
        for name in set(_registered) - before:
            del _registered[name]
        reason = f"{type(error).__name__}: {error}"
        text = f"the benchmark plug-in {entry.name!r} ({entry.value}) of the package {package!r} was skipped: {reason}"
        warnings.warn(text, PluginWarning, stacklevel=2)
        return Plugin(entry.name, package, version, entry.value, (), reason)
    return Plugin(entry.name, package, version, entry.value, brought, "")


def _benchmarks_of(value: Any) -> list[Benchmark]:
    found = [value] if isinstance(value, Benchmark) else list(value) if isinstance(value, Iterable) else [value]
    for benchmark in found:
        if not isinstance(benchmark, Benchmark):
            msg = f"it names {benchmark!r}, which is neither an nbframes.Benchmark nor a sequence of them"
            raise InvalidArgumentError(msg)
    return found


def _check_same_quantities(benchmark: Benchmark) -> None:
    for other in _all():
        if other.name == benchmark.name:
            continue
        theirs = {metric.name: metric for metric in (*other.metrics, *COSTS)}
        for metric in benchmark.metrics:
            known = theirs.get(metric.name)
            if known is not None and (known.unit, known.better) != (metric.unit, metric.better):
                msg = (
                    f"the metric {metric.name!r} of {benchmark.name!r} has unit {metric.unit!r} and better={metric.better!r}, but that of "
                    f"{other.name!r} has {known.unit!r} and {known.better!r}\n\nHint: convert the values, or give the metric another name"
                )
                raise InvalidArgumentError(msg)


def _by_synonym(name: object) -> Benchmark | None:
    wanted = str(name).casefold()
    return next((b for b in _all() if wanted in map(str.casefold, (b.name, b.title, *b.synonyms))), None)


def _all() -> list[Benchmark]:
    return list(_registered.values())
