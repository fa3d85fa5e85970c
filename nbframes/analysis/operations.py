"""What operations do: the means of the architectures that have one, and the change when another takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, constant, require
from nbframes.analysis._keys import numbered
from nbframes.analysis._means import Rows
from nbframes.analysis._metrics import Comparing
from nbframes.analysis._values import arch_values
from nbframes.analysis.relations import operations, replacement_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names
    from nbframes.analysis.relations import Space


@described
def marginal_means(
    frame: Frame,
    /,
    archs: pl.DataFrame | pl.LazyFrame,
    *,
    value: str = "value",
    by: Names | None = None,
    positions: bool = True,
    space: Space | None = None,
) -> Frame:
    """Mean over the architectures that have an operation, at each position or for each number of them.

    Parameters
    ----------
    frame
        Results in long format; the value of an architecture is the mean over its seeds. Rows whose value is null are left out,
        and so are architectures with a NaN, as of a run that diverged.
    archs
        The ``archs`` table, with ``arch`` and ``arch_str``.
    value
        Column that is used, for example ``"train_time"``; the result calls it ``value``.
    positions
        Whether to tell the positions apart (edges of the topology space, layers of the size space, ...). If not, the
        architectures are told apart by how many of their positions have the operation: none, one, ...

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by its first columns: those of ``by``, then ``position`` and ``operation``, or ``operation`` and ``count``.
        Then ``n`` (architectures), ``mean``, ``std`` (of a sample, n - 1) and ``effect``, the mean minus that of all
        architectures of the group.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, unlike rows would be averaged because
        ``by`` does not name the column that tells them apart, or frame and ``archs`` speak of different benchmarks. From
        a LazyFrame these are raised when it is collected.
    InvalidArgumentError
        If the search space is not known.

    See Also
    --------
    operation_effects : The change between architectures that differ in one operation only.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import marginal_means
    >>> archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1], "value": [90.0, 92.0]})
    >>> marginal_means(results, archs, space="sss").select("position", "operation", "n", "mean", "effect").tail(2).rows()
    [('channels_5', '8', 1, 90.0, -1.0), ('channels_5', '64', 1, 92.0, 1.0)]
    >>> marginal_means(results, archs, space="sss", positions=False).select("operation", "count", "mean").rows()
    [('8', 4, 92.0), ('8', 5, 90.0), ('64', 0, 90.0), ('64', 1, 92.0)]
    """
    placed = operations(archs, space=space)
    rows: Rows = Rows.of(frame, value=value, by=by, unit=["arch"])
    groups: Groups = rows.groups
    keys, mean = groups.keys, pl.col("value").mean()
    classes = ("position", "operation") if positions else ("operation", "count")
    relation = placed if positions else _counted(placed)

    schema = {name: rows.schema[name] for name in groups.by} | {name: relation.schema[name] for name in classes}
    schema |= {"n": pl.UInt32(), "mean": pl.Float64(), "std": pl.Float64(), "effect": pl.Float64()}

    def means(table: pl.DataFrame) -> pl.DataFrame:
        values, group, labels = _numbered_groups(arch_values(rows, groups, table, placed), keys)
        found = (
            _joined(values.with_columns(overall=mean.over(group) if group else mean), relation)
            .group_by(*group, *classes)
            .agg(
                pl.len().alias("n"),
                mean.alias("mean"),
                pl.col("value").std().alias("std"),
                (mean - pl.col("overall").first()).alias("effect"),
            )
            .collect()
        )
        return _labelled(found, group, labels)[list(schema)].sort(*groups.by, *classes)

    return answer(frame, rows.frame, means, schema)


@described
def operation_effects(
    frame: Frame,
    /,
    archs: pl.DataFrame | pl.LazyFrame,
    *,
    value: str = "value",
    by: Names | None = None,
    positions: bool = False,
    tie: float | None = None,
    space: Space | None = None,
) -> Frame:
    """Mean change of a metric when one operation takes the place of another and all else stays.

    Parameters
    ----------
    frame
        Results in long format; the value of an architecture is the mean over its seeds. Rows whose value is null are left out,
        and so are architectures with a NaN, as of a run that diverged.
    archs
        The ``archs`` table, or the pairs that `replacement_pairs` makes of it.
    value
        Column that is used, for example ``"train_time"``; the result calls it ``value``.
    positions
        Whether to tell the positions apart.
    tie
        Least change that counts as growth; by default that of the metric: 1e-5 for accuracies in percent, and where the frame does
        not say what was measured, else 0.

    Returns
    -------
    DataFrame or LazyFrame
        Sorted by its first columns: those of ``by``, ``position`` (if asked for), ``operation`` and ``replacement``. Then ``n``
        (pairs of architectures that both have a value), ``mean`` and ``std`` (of a sample, n - 1) of the change, value with
        the replacement minus value with the operation, and ``increased``, the share of the pairs in which the value
        grows by ``tie`` or more. Each pair also stands for the opposite replacement.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, unlike rows would be averaged because
        ``by`` does not name the column that tells them apart, or frame and ``archs`` speak of different benchmarks. From
        a LazyFrame these are raised when it is collected.
    InvalidArgumentError
        If the search space is not known.

    See Also
    --------
    marginal_means : Means over all architectures that have an operation.

    Notes
    -----
    The paper of NAS-Bench-101 shows the matrix of these means [1]_.

    References
    ----------
    .. [1] C. Ying et al.: NAS-Bench-101: Towards Reproducible Neural Architecture Search. ICML 2019.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import operation_effects
    >>> archs = pl.DataFrame({"arch": [0, 1], "arch_str": ["8:8:8:8:8", "8:8:8:8:64"]})
    >>> results = pl.DataFrame({"arch": [0, 1], "value": [90.0, 92.0]})
    >>> operation_effects(results, archs, space="sss").select("operation", "replacement", "n", "mean", "increased").rows()
    [('8', '64', 1, 2.0, 1.0), ('64', '8', 1, -2.0, 0.0)]
    """
    relation = archs.lazy()
    given = "replacement" in relation.collect_schema()
    pairs = relation.collect() if given else replacement_pairs(relation, space=space)
    classes = ("position", "operation", "replacement") if positions else ("operation", "replacement")
    require(pairs.lazy(), ("arch", "neighbour", "position", "operation", "replacement"))
    comparing = Comparing.of(value, True, tie)
    rows: Rows = Rows.of(frame, value=value, by=by, unit=["arch"])
    groups: Groups = rows.groups
    keys, change = groups.keys, pl.col("change")

    schema = {name: rows.schema[name] for name in groups.by} | {name: pairs.schema[name] for name in classes}
    schema |= {"n": pl.UInt32()} | dict.fromkeys(("mean", "std", "increased"), pl.Float64())

    def effects(table: pl.DataFrame) -> pl.DataFrame:
        values, group, labels = _numbered_groups(arch_values(rows, groups, table, pairs), keys)
        gaps = comparing.costs(values)[1]
        gap = pl.lit(gaps) if isinstance(gaps, float) else pl.col("gap")
        values = values if isinstance(gaps, float) else values.with_columns(gap=pl.Series(gaps))
        found = (
            _changes(values, group, pairs)
            .group_by(*group, *classes)
            .agg(
                pl.len().alias("n"),
                change.mean().alias("mean"),
                change.std().alias("std"),
                ((change > 0) & (change >= gap)).mean().alias("increased"),
            )
            .collect()
        )
        return _labelled(found, group, labels)[list(schema)].sort(*groups.by, *classes)

    return answer(frame, rows.frame, effects, schema)


def _numbered_groups(values: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, list[str], pl.DataFrame]:
    """One column that numbers the groups, as joins by many columns are slow: values, its name if there are several groups, and their keys."""
    number = numbered(values, keys)
    if number is None:
        return values, [], values.select(keys).head(1)
    group = pl.Series("_group", number)
    return values.with_columns(group), [group.name], values.select(keys).with_columns(group).unique(group.name)


def _labelled(found: pl.DataFrame, group: list[str], labels: pl.DataFrame) -> pl.DataFrame:
    """Give the results of each group its keys."""
    if group:
        return found.join(labels, on=group)
    return found.join(labels, how="cross") if labels.width else found


def _changes(values: pl.DataFrame, keys: Sequence[str], pairs: pl.DataFrame) -> pl.LazyFrame:
    """Give each pair with two values the ``change`` from the first to the second."""
    reached = values.lazy().select(*keys, neighbour="arch", changed="value")
    both = _joined(values, pairs).join(reached, on=[*keys, "neighbour"], nulls_equal=True)
    return both.with_columns(change=pl.col("changed") - pl.col("value"))


def _counted(placed: pl.DataFrame) -> pl.DataFrame:
    """Count the positions with each operation of its benchmark in every architecture, none included."""
    of_benchmark = [name for name in ("benchmark",) if name in placed.columns]
    archs = placed.select(*of_benchmark, "arch").unique()
    vocabulary = placed.select(*of_benchmark, "operation").unique()
    pairs = archs.join(vocabulary, on=of_benchmark) if of_benchmark else archs.join(vocabulary, how="cross")
    counts = placed.group_by(pairs.columns).agg(count=pl.len())
    return pairs.join(counts, on=pairs.columns, how="left").with_columns(pl.col("count").fill_null(0))


def _joined(values: pl.DataFrame, relation: pl.DataFrame) -> pl.LazyFrame:
    """Join by architecture, and by benchmark where both sides tell it; lazily, since what follows reads few of the columns."""
    relation = relation.with_columns(
        pl.col(name).cast(values.schema["arch"]) for name in ("arch", "neighbour") if name in relation.columns
    )
    if "benchmark" not in relation.columns:
        return values.lazy().join(relation.lazy(), on="arch")
    if "benchmark" not in values.columns:
        return values.lazy().join(relation.lazy().drop("benchmark"), on="arch")
    same = relation.with_columns(pl.col("benchmark").cast(values.schema["benchmark"]))
    if all(
        constant(table.get_column("benchmark")) for table in (values, same)
    ):  # `arch_values` made sure that it is one
        return values.lazy().join(same.lazy().drop("benchmark"), on="arch")
    return values.lazy().join(same.lazy(), on=["benchmark", "arch"])
