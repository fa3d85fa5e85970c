"""Filters on results. Names are checked at once, and columns are compared with literals, which prunes files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import index, or_
from typing import Literal, Protocol, runtime_checkable

import polars as pl

from nbframes import benchmarks
from nbframes.errors import InvalidArgumentError, UnknownNameError, listed
from nbframes.schema import RESULT_FILE, SPLITS

Ids = int | Iterable[int]

_LARGEST = 2**31 - 1


@runtime_checkable
class KnowsNames(Protocol):
    """Something that knows the names in use, as a `nbframes.Store` does."""

    def names(self, kind: str) -> Sequence[str]:
        """Names of some kind: ``"dataset"`` or ``"metric"``."""
        ...


Known = KnowsNames | Iterable[str] | None
Names = Callable[[], Sequence[str]]
"""Names that are valid at the moment: packages may bring more."""


def dataset(*names: str, known: Known = None) -> pl.Expr:
    """Select rows of the named datasets.

    Parameters
    ----------
    *names
        Published datasets: ``cifar10``, ``cifar10-valid``, ``cifar100``, ``ImageNet16-120``.
    known
        A store, or names, that are valid besides the published ones.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    UnknownNameError
        If a name is neither published nor known.

    See Also
    --------
    on : the dataset and split that a paper's protocol means.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.dataset("cifar100"))
    [(col("dataset")) == ("cifar100")]
    """
    return _one_of("dataset", names, benchmarks.dataset_names, known)


def metric(*names: str, known: Known = None) -> pl.Expr:
    """Select rows of the named metrics.

    Parameters
    ----------
    *names
        Published metrics: ``accuracy`` and ``accuracy_top5`` (percent), ``loss``, ``cross_entropy`` (nats),
        ``learning_rate``, ``time`` and ``epoch_time`` (seconds).
    known
        A store, or names, that are valid besides the published ones.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    UnknownNameError
        If a name is neither published nor known.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.metric("accuracy"))
    [(col("metric")) == ("accuracy")]
    """
    return _one_of("metric", names, benchmarks.metric_names, known)


def split(*names: str) -> pl.Expr:
    """Select rows of the named splits: ``train``, ``val``, ``test`` or ``valtest``.

    Parameters
    ----------
    *names
        One or more of these.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    UnknownNameError
        If a name is not a split.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.split("val"))
    [(col("split")) == ("val")]
    """
    return _one_of("split", names, lambda: SPLITS, None)


def on(dataset: str, split: str) -> pl.Expr:
    """Select what the papers mean by a dataset and a split.

    ``on("cifar10", "val")`` is split ``val`` of ``cifar10`` or ``cifar10-valid``: where half of the training set was held
    out, the validation accuracy "on CIFAR-10" was measured by the runs of ``cifar10-valid``. Everything else is as named.

    Parameters
    ----------
    dataset
        ``cifar10``, ``cifar100``, ``ImageNet16-120``, or a dataset of a registered benchmark.
    split
        ``train``, ``val``, ``test``, ``valtest`` or ``none``, where some benchmark has it.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    UnknownNameError
        If a name is not published, or no benchmark has that split of the dataset.
    InvalidArgumentError
        If the dataset is ``cifar10-valid``, which is not a dataset of its own but a way to train on CIFAR-10.

    References
    ----------
    Dong et al., "NATS-Bench", TPAMI 2021, section 3.2.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.on("cifar100", "test"))
    [([(col("dataset")) == ("cifar100")]) & ([(col("split")) == ("test")])]
    """
    own = "for a dataset of your own use nbf.dataset(name, known=store) & nbf.split(split)"
    _check_names("dataset", [dataset], benchmarks.dataset_names, hint=own)
    _check_names("split", [split], lambda: SPLITS)
    if (whole := benchmarks.HELD_OUT.get(dataset)) is not None:
        msg = (
            f"on({dataset!r}, ...) is ambiguous: it names the runs trained on a part of the training set of {whole!r}\n\n"
            f"Hint: use nbf.on({whole!r}, {split!r}) for the papers' protocol, "
            f"or nbf.dataset({dataset!r}) & nbf.split({split!r}) for exactly these runs"
        )
        raise InvalidArgumentError(msg)
    _check_names(f"split of {dataset!r}", [split], lambda: [of for name, of in benchmarks.pairs() if name == dataset])
    return _is("dataset", benchmarks.stored_as(dataset, split)) & _is("split", [split])


def arch(*ids: Ids) -> pl.Expr:
    """Select rows of the architectures with these indices.

    Parameters
    ----------
    *ids
        Indices, or iterables of them.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    InvalidArgumentError
        If an index is not a whole number of that column's range.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 11, 284]}, schema={"arch": pl.Int32})
    >>> frame.filter(nbf.arch(11, 284)).to_series().to_list()
    [11, 284]
    """
    return _integers("arch", ids)


def seed(*seeds: Ids) -> pl.Expr:
    """Select rows of the runs with these published seeds.

    Parameters
    ----------
    *seeds
        Seeds, or iterables of them.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    InvalidArgumentError
        If a seed is not a whole number of that column's range.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"seed": [777, 888, 999]}, schema={"seed": pl.Int32})
    >>> frame.filter(nbf.seed(777)).to_series().to_list()
    [777]
    """
    return _integers("seed", seeds)


def schedule(*epochs: Ids | Literal["full"]) -> pl.Expr:
    """Select rows of the runs that were set to train for so many epochs.

    Parameters
    ----------
    *epochs
        Numbers of epochs, or ``"full"`` for each published benchmark's own full training: nb101 108, nb201 200,
        nb301 100, nats-tss 200, nats-sss 90, and that of every registered benchmark. Results of the user's own have none:
        ``"full"`` selects nothing of them.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or a text is not ``"full"``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"schedule": [12, 200]}, schema={"schedule": pl.Int32})
    >>> frame.filter(nbf.schedule(200)).to_series().to_list()
    [200]
    """
    texts = [item for item in epochs if isinstance(item, str)]
    _check_names("schedule", texts, lambda: ["full"], hint="give numbers of epochs, or 'full'")
    numbers = [item for item in epochs if not isinstance(item, str)]
    chosen = [_integers("schedule", numbers)] if numbers or not texts else []
    if texts:
        full = benchmarks.full_schedules()
        by_benchmark = [(pl.col("benchmark") == name) & _integers("schedule", [n]) for name, n in full.items()]
        chosen.append(reduce(or_, by_benchmark))
    return reduce(or_, chosen)


def budget(*epochs: Ids) -> pl.Expr:
    """Select rows measured after so many completed epochs.

    Parameters
    ----------
    *epochs
        Numbers of epochs, or iterables of them.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Raises
    ------
    InvalidArgumentError
        If a number is not a whole number of that column's range.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"budget": [1, 2, 3]}, schema={"budget": pl.Int32})
    >>> frame.filter(nbf.budget(range(2, 4))).to_series().to_list()
    [2, 3]
    """
    return _integers("budget", epochs)


def final() -> pl.Expr:
    """Select the last published value of each run in its split and metric.

    Returns
    -------
    Expr
        A predicate for ``filter``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.final())
    col("final")
    """
    return pl.col("final")


def _one_of(kind: str, names: Sequence[str], published: Names, known: Known) -> pl.Expr:
    if not names:
        msg = f"{kind}() needs at least one name; published: {listed(published())}"
        raise InvalidArgumentError(msg)
    more: list[str] = []
    if known is not None:
        more = list(
            known.names(kind) if isinstance(known, KnowsNames) else [known] if isinstance(known, str) else known
        )
    own = "for a name of your own pass known=store" if kind != "split" and known is None else ""
    _check_names(kind, names, lambda: list(dict.fromkeys([*published(), *more])), hint=own)
    return _is(kind, names)


def _is(column: str, names: Sequence[str]) -> pl.Expr:
    return pl.col(column) == names[0] if len(names) == 1 else pl.col(column).is_in(list(names))


def _check_names(kind: str, names: Iterable[str], valid: Names, hint: str = "") -> None:
    """Raise if a name is not among the valid ones, not even when the benchmarks of installed packages are known."""
    for name in names:
        if name not in valid():
            benchmarks.load_plugins()
            if name not in valid():
                raise UnknownNameError.of(kind, name, valid(), hint)


def _integers(column: str, ids: Iterable[Ids]) -> pl.Expr:
    dtype = RESULT_FILE[column]
    values: list[int] = []
    for item in ids:
        values.extend(item if isinstance(item, Iterable) and not isinstance(item, str) else [item])
    if not values:
        msg = f"{column}() needs at least one number"
        raise InvalidArgumentError(msg)
    values = [_checked(column, value, _LARGEST) for value in values]
    if len(values) == 1:
        return pl.col(column) == pl.lit(values[0], dtype)
    return pl.col(column).is_in(pl.Series(values, dtype=dtype).implode())


def _checked(column: str, value: object, largest: int) -> int:
    try:
        number = None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or not 0 <= number <= largest:
        msg = f"{column} {value!r} is not a whole number from 0 to {largest:,}"
        raise InvalidArgumentError(msg)
    return number
