"""The query vocabulary: plain `polars.Expr` for filters, aggregations and windows over results.

Names are checked when the expression is made, so that a typo raises instead of selecting nothing. Predicates compare
columns with literals, which lets Polars skip the folders and row groups that cannot match.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, index, or_
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import polars as pl

from nbframes.errors import InvalidArgumentError, UnknownNameError, listed
from nbframes.schema import DATASETS, FULL_SCHEDULE, METRICS, RESULT_FILE, SPLITS, TIE

if TYPE_CHECKING:
    from polars._typing import RankMethod

Ids = int | Iterable[int]
Objectives = str | pl.Expr | Sequence[str | pl.Expr]

_RUN = ("benchmark", "metric", "dataset", "split", "arch", "schedule", "seed")
_LARGEST = {pl.UInt16(): 2**16 - 1, pl.UInt32(): 2**32 - 1}


@runtime_checkable
class KnowsNames(Protocol):
    """Something that knows the names in use, as a `nbframes.Store` does."""

    def names(self, kind: str) -> Sequence[str]:
        """Names of some kind: ``"dataset"`` or ``"metric"``."""
        ...


Known = KnowsNames | Iterable[str] | None


# Predicates


def dataset(*names: str, known: Known = None) -> pl.Expr:
    """Select rows of the named datasets.

    Parameters
    ----------
    *names
        Published datasets: ``cifar10``, ``cifar10-valid``, ``cifar100``, ``ImageNet16-120``.
    known
        A store, or names, that are valid besides the published ones.

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
    return _one_of("dataset", names, DATASETS, known)


def metric(*names: str, known: Known = None) -> pl.Expr:
    """Select rows of the named metrics.

    Parameters
    ----------
    *names
        Published metrics: ``accuracy`` and ``accuracy_top5`` (percent), ``loss``, ``cross_entropy`` (nats),
        ``learning_rate``, ``time`` and ``epoch_time`` (seconds).
    known
        A store, or names, that are valid besides the published ones.

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
    return _one_of("metric", names, METRICS, known)


def split(*names: str) -> pl.Expr:
    """Select rows of the named splits: ``train``, ``val``, ``test`` or ``valtest``.

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
    return _one_of("split", names, SPLITS, None)


def on(dataset: str, split: str) -> pl.Expr:
    """Select what the papers mean by a dataset and a split.

    ``on("cifar10", "val")`` is split ``val`` of ``cifar10`` or ``cifar10-valid``: where half of the training set was held
    out, the validation accuracy "on CIFAR-10" was measured by the runs of ``cifar10-valid``. Everything else is as named.

    Raises
    ------
    UnknownNameError
        If a name is not published.
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
    _check_names("dataset", [dataset], DATASETS)
    _check_names("split", [split], SPLITS)
    if dataset == "cifar10-valid":
        msg = (
            "on('cifar10-valid', ...) is ambiguous: it names the runs trained on half of CIFAR-10's training set\n\n"
            f"Hint: use nbf.on('cifar10', {split!r}) for the papers' protocol, "
            f"or nbf.dataset('cifar10-valid') & nbf.split({split!r}) for exactly these runs"
        )
        raise InvalidArgumentError(msg)
    names = ("cifar10", "cifar10-valid") if (dataset, split) == ("cifar10", "val") else (dataset,)
    return _one_of("dataset", names, DATASETS, None) & _one_of("split", [split], SPLITS, None)


def arch(*ids: Ids) -> pl.Expr:
    """Select rows of the architectures with these indices.

    Parameters
    ----------
    *ids
        Indices, or iterables of them.

    Raises
    ------
    InvalidArgumentError
        If an index is not a whole number of that column's range.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"arch": [0, 11, 284]}, schema={"arch": pl.UInt32})
    >>> frame.filter(nbf.arch(11, 284)).to_series().to_list()
    [11, 284]
    """
    return _integers("arch", ids)


def seed(*seeds: Ids) -> pl.Expr:
    """Select rows of the runs with these published seeds.

    Raises
    ------
    InvalidArgumentError
        If a seed is not a whole number of that column's range.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"seed": [777, 888, 999]}, schema={"seed": pl.UInt16})
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
        nb301 100, nats-tss 200, nats-sss 90. Benchmarks of the user's own have no published full schedule: ``"full"``
        selects nothing of them.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or a text is not ``"full"``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"schedule": [12, 200]}, schema={"schedule": pl.UInt16})
    >>> frame.filter(nbf.schedule(200)).to_series().to_list()
    [200]
    """
    texts = [item for item in epochs if isinstance(item, str)]
    _check_names("schedule", texts, ["full"], hint="give numbers of epochs, or 'full'")
    numbers = [item for item in epochs if not isinstance(item, str)]
    chosen = [_integers("schedule", numbers)] if numbers or not texts else []
    if texts:
        by_benchmark = [(pl.col("benchmark") == name) & _integers("schedule", [n]) for name, n in FULL_SCHEDULE.items()]
        chosen.append(reduce(or_, by_benchmark))
    return reduce(or_, chosen)


def budget(*epochs: Ids) -> pl.Expr:
    """Select rows measured after so many completed epochs.

    Raises
    ------
    InvalidArgumentError
        If a number is not a whole number of that column's range.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"budget": [1, 2, 3]}, schema={"budget": pl.UInt16})
    >>> frame.filter(nbf.budget(range(2, 4))).to_series().to_list()
    [2, 3]
    """
    return _integers("budget", epochs)


def final() -> pl.Expr:
    """Select the last published value of each run in its split and metric.

    Examples
    --------
    >>> import nbframes as nbf
    >>> print(nbf.final())
    col("final")
    """
    return pl.col("final")


# Aggregates


def seed_mean(column: str = "value") -> pl.Expr:
    """Plain mean over the rows of a group; the column keeps its name.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> runs = pl.DataFrame({"arch": [6, 6], "seed": [777, 888], "value": [91.5, 91.75]})
    >>> runs.group_by("arch").agg(nbf.seed_mean(), nbf.seed_count()).rows()
    [(6, 91.625, 2)]
    """
    return pl.col(column).mean()


def seed_std(column: str = "value") -> pl.Expr:
    """Sample standard deviation (n - 1) over the rows of a group, as ``value_std``; null for a single row.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> runs = pl.DataFrame({"arch": [6, 6, 6], "value": [91.0, 92.0, 93.0]})
    >>> runs.group_by("arch").agg(nbf.seed_std()).rows()
    [(6, 1.0)]
    """
    return pl.col(column).std().alias(f"{column}_std")


def seed_count(column: str = "value") -> pl.Expr:
    """Count of the values in a group, as ``seed_count``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> runs = pl.DataFrame({"arch": [6, 6, 7], "value": [91.0, 92.0, 93.0]})
    >>> runs.group_by("arch").agg(nbf.seed_count()).sort("arch").rows()
    [(6, 2), (7, 1)]
    """
    return pl.col(column).count().alias("seed_count")


# Windows


def cumulative_time() -> pl.Expr:
    """Seconds that a run took up to each row's budget, as ``cumulative_time``.

    Rows of metric ``epoch_time`` get the sum of their run's epochs ``1..budget`` in ascending order, within their split;
    rows of metric ``time`` get their value, which is cumulative as published; all others get null. So does a row whose
    earlier epochs are not all in the frame: apply it before filtering by budget.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> run = {"benchmark": "nats-tss", "metric": "epoch_time", "dataset": "cifar10", "split": "train", "arch": 0}
    >>> frame = pl.DataFrame([run | {"schedule": 12, "seed": 111, "budget": b, "value": 24.5} for b in (1, 2, 4)])
    >>> frame.select("budget", nbf.cumulative_time()).rows()
    [(1, 24.5), (2, 49.0), (4, None)]
    """
    elapsed = pl.col("value").cum_sum().over(_RUN, order_by="budget")
    epochs = pl.col("budget").cum_count().over(_RUN, order_by="budget")
    whole = epochs == pl.col("budget")
    return (
        pl.when((pl.col("metric") == "epoch_time") & whole)
        .then(elapsed)
        .when(pl.col("metric") == "time")
        .then(pl.col("value"))
        .alias("cumulative_time")
    )


def tied(value: str | pl.Expr = "value") -> pl.Expr:
    """Values in which all of a tie are the same number.

    In sorted order, a value that differs from its neighbour by less than 1e-9 belongs to the neighbour's tie; each tie is
    represented by its smallest value. NaN becomes null.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.expr import tied
    >>> pl.DataFrame({"value": [2.0, 1.0, 2.0 + 1e-12]}).select(tied() == 2.0).to_series().to_list()
    [True, False, True]
    """
    column = _column(value).cast(pl.Float64).fill_nan(None)
    ordered = column.sort(nulls_last=True)
    opens = (ordered - ordered.shift() >= TIE).fill_null(value=True)
    return pl.when(opens).then(ordered).forward_fill().gather(column.rank("ordinal") - 1)


def rank(value: str | pl.Expr = "value", *, maximise: bool = True, method: RankMethod = "min") -> pl.Expr:
    """Rank of each row, 1 for the best, as ``rank``; use ``.over(...)`` to rank within groups.

    Values that differ by less than 1e-9 share a rank; null and NaN have none.

    Parameters
    ----------
    value
        Column or expression to rank by.
    maximise
        Whether the largest value is the best.
    method
        What a tie gets, as in `polars.Expr.rank`: by default the best rank of the tie.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> means = pl.DataFrame({"arch": [0, 1, 2], "value": [90.0, 94.0, 94.0]})
    >>> means.select(nbf.rank()).to_series().to_list()
    [3, 1, 1]
    """
    return tied(value).rank(method, descending=maximise).alias("rank")


def regret(value: str | pl.Expr = "value", *, maximise: bool = True) -> pl.Expr:
    """How much each row falls short of the best, as ``regret``; use ``.over(...)`` for the best of each group.

    Values that differ from the best by less than 1e-9 have regret 0; null and NaN have none.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> pl.DataFrame({"value": [90.0, 94.5]}).select(nbf.regret()).to_series().to_list()
    [4.5, 0.0]
    """
    values = tied(value)
    return (values.max() - values if maximise else values - values.min()).alias("regret")


def pareto_optimal(*, maximise: Objectives = (), minimise: Objectives = ()) -> pl.Expr:
    """Whether no other row is at least as good in every objective and better in one, as ``pareto_optimal``.

    Values that differ by less than 1e-9 are equal; rows that are equal in every objective are on the front together or
    not at all; a row with null or NaN in an objective is never on it. Use ``.over(...)`` for a front in each group.

    Parameters
    ----------
    maximise, minimise
        Columns or expressions to maximise and to minimise; at least one altogether.

    Raises
    ------
    InvalidArgumentError
        If there is no objective.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> frame = pl.DataFrame({"accuracy": [94.0, 93.0, 90.0], "params": [1.0, 2.0, 0.5]})
    >>> frame.select(nbf.pareto_optimal(maximise="accuracy", minimise="params")).to_series().to_list()
    [True, False, True]
    """
    up, down = _objectives(maximise), _objectives(minimise)
    if not up and not down:
        msg = "pareto_optimal needs objectives: name columns to maximise and/or to minimise"
        raise InvalidArgumentError(msg)
    gains = [tied(value) for value in up] + [-tied(value) for value in down]
    complete = reduce(and_, [gain.is_not_null() for gain in gains])
    gains = [pl.when(complete).then(gain) for gain in gains]
    if len(gains) == 1:
        front = gains[0] == gains[0].max()
    elif len(gains) == 2:
        front = _front_of_two(*gains)
    else:
        front = pl.map_batches(gains, _front_of_many, return_dtype=pl.Boolean, is_elementwise=False)
    return (front & complete).fill_null(value=False).alias("pareto_optimal")


def _front_of_two(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Sweep from the best first gain down: a point is on the front if it set the record of the second gain."""
    order = pl.arg_sort_by(first, second, descending=True, nulls_last=True)
    a, b = first.gather(order), second.gather(order)
    record = b.cum_max()
    set_by = pl.when((record > record.shift()).fill_null(value=True)).then(a).forward_fill()
    return ((b == record) & (a == set_by)).gather(order.arg_sort())


def _front_of_many(gains: Sequence[pl.Series]) -> pl.Series:
    import numpy as np

    from nbframes.fronts import nondominated_mask

    points = np.column_stack([gain.to_numpy() for gain in gains])
    return pl.Series(nondominated_mask(points, maximise=[True] * len(gains)))


# Checks


def _one_of(kind: str, names: Sequence[str], published: Sequence[str], known: Known) -> pl.Expr:
    if not names:
        msg = f"{kind}() needs at least one name; published: {listed(published)}"
        raise InvalidArgumentError(msg)
    if known is not None:
        more = known.names(kind) if isinstance(known, KnowsNames) else known
        published = list(dict.fromkeys([*published, *more]))
    own = "for a name of your own pass known=store" if kind != "split" else ""
    _check_names(kind, names, published, hint=own)
    column = pl.col(kind)
    return column == names[0] if len(names) == 1 else column.is_in(list(names))


def _check_names(kind: str, names: Iterable[str], valid: Sequence[str], hint: str = "") -> None:
    for name in names:
        if name not in valid:
            raise UnknownNameError.of(kind, name, valid, hint)


def _integers(column: str, ids: Iterable[Ids]) -> pl.Expr:
    dtype = RESULT_FILE[column]
    values: list[int] = []
    for item in ids:
        values.extend(item if isinstance(item, Iterable) and not isinstance(item, str) else [item])
    if not values:
        msg = f"{column}() needs at least one number"
        raise InvalidArgumentError(msg)
    values = [_checked(column, value, _LARGEST[dtype]) for value in values]
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


def _objectives(given: Objectives) -> list[str | pl.Expr]:
    return [given] if isinstance(given, (str, pl.Expr)) else list(given)


def _column(value: str | pl.Expr) -> pl.Expr:
    return pl.col(value) if isinstance(value, str) else value
