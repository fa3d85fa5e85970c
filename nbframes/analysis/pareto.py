"""Trade-offs: Pareto fronts, the fronts behind them, and the hypervolume they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer, as_lazy, constant
from nbframes.analysis._objectives import Objectives
from nbframes.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbframes.analysis._frames import Frame
    from nbframes.analysis._objectives import Floats, Gaps
    from nbframes.analysis._options import Names


@described
def pareto_front(
    frame: Frame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    objectives: Names = (),
    by: Names | None = None,
    keep_weakly: bool = True,
    tie: Gaps = None,
) -> Frame:
    """Rows that no other row dominates: none is at least as good in every objective and better in one.

    Parameters
    ----------
    frame
        One row per candidate, its objectives in columns; any other columns are kept.
    maximise, minimise
        Columns to maximise and to minimise: any number of each, at least one altogether.
    by
        Columns whose values make groups; each group has a front of its own. By default those of benchmark, metric, dataset
        and split that the frame has; ``()`` compares all rows with each other.
    keep_weakly
        Whether rows tied in every objective are all kept, or only the first of them in the order of the frame.
    tie
        Least gap in sorted order between two values of an objective that do not tie, for all or by name; by default that of its
        metric: 1e-5 for accuracies in percent, and for ``value`` where the frame does not say what was measured, else 0.

    Returns
    -------
    DataFrame or LazyFrame
        The rows on the fronts with all their columns, sorted by ``by``, then by the objectives, best first.

    Raises
    ------
    FrameError
        If a column is missing, or an objective is not numeric.
    InvalidArgumentError
        If there is no objective, one is named twice, or nobody registered which end of one of ``objectives`` is the better.

    See Also
    --------
    nondominated_rank : The fronts behind the first.
    hypervolume : How much a front covers, as one number.
    nbframes.pareto_optimal : The same as an expression.

    Notes
    -----
    Of values that tie within a group none is better than another. Rows with a null or NaN in an objective are on no front and dominate nothing.

    The rows are taken as they are: average seeds first where the mean is meant.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame(
    ...     {"arch": [0, 1, 2, 3], "accuracy": [91.5, 93.0, 93.0, 90.0], "params": [1.1, 0.8, 1.3, 0.2]}
    ... )
    >>> nbf.pareto_front(archs, maximise="accuracy", minimise="params")
    shape: (2, 3)
    ┌──────┬──────────┬────────┐
    │ arch ┆ accuracy ┆ params │
    │ ---  ┆ ---      ┆ ---    │
    │ i64  ┆ f64      ┆ f64    │
    ╞══════╪══════════╪════════╡
    │ 1    ┆ 93.0     ┆ 0.8    │
    │ 3    ┆ 90.0     ┆ 0.2    │
    └──────┴──────────┴────────┘
    """
    aims = Objectives.of(frame, maximise, minimise, objectives, tie)
    groups = aims.groups(frame, by)

    def on_front(points: Floats, ties: Sequence[float]) -> pl.Series:
        from nbframes.numerics import pareto

        mask = pareto.nondominated_mask(points, maximise=aims.maximised, keep_weakly=keep_weakly, tie=ties)
        return pl.Series(mask, dtype=pl.Boolean)

    def fronts(rows: pl.DataFrame) -> pl.DataFrame:
        return aims.sorted(rows.filter(aims.within_groups(rows, groups, on_front)), groups)

    return answer(frame, as_lazy(frame), fronts, as_lazy(frame).collect_schema())


@described
def nondominated_rank(
    frame: Frame,
    /,
    *,
    maximise: Names = (),
    minimise: Names = (),
    objectives: Names = (),
    by: Names | None = None,
    name: str = "front",
    tie: Gaps = None,
) -> Frame:
    """Number of the front on which each row is: 1 for the Pareto front, 2 for the front of the rest, and so on.

    Parameters
    ----------
    frame
        One row per candidate, its objectives in columns; any other columns are kept.
    maximise, minimise
        Columns to maximise and to minimise: any number of each, at least one altogether.
    by
        Columns whose values make groups, as for `pareto_front`.
    name
        Name of the new column.
    tie
        Least gap in sorted order between two values of an objective that do not tie, for all or by name; by default that of its
        metric: 1e-5 for accuracies in percent, and for ``value`` where the frame does not say what was measured, else 0.

    Returns
    -------
    DataFrame or LazyFrame
        All rows and the UInt32 column ``name``, null for rows with a null or NaN in an objective. Sorted by ``by``, front
        (nulls last), then by the objectives, best first.

    Raises
    ------
    FrameError
        If a column is missing, an objective is not numeric, or the frame already has a column ``name``.
    InvalidArgumentError
        If there is no objective, one is named twice, or nobody registered which end of one of ``objectives`` is the better.

    Notes
    -----
    Ties as in `pareto_front`; rows tied in every objective share a front. Known as non-dominated sorting [1]_.

    References
    ----------
    .. [1] K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II.
       IEEE Transactions on Evolutionary Computation 6 (2002).

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import nondominated_rank
    >>> archs = pl.DataFrame({"accuracy": [91.5, 93.0, 93.0, 90.0], "params": [1.1, 0.8, 1.3, 0.2]})
    >>> nondominated_rank(archs, maximise="accuracy", minimise="params")
    shape: (4, 3)
    ┌──────────┬────────┬───────┐
    │ accuracy ┆ params ┆ front │
    │ ---      ┆ ---    ┆ ---   │
    │ f64      ┆ f64    ┆ u32   │
    ╞══════════╪════════╪═══════╡
    │ 93.0     ┆ 0.8    ┆ 1     │
    │ 90.0     ┆ 0.2    ┆ 1     │
    │ 93.0     ┆ 1.3    ┆ 2     │
    │ 91.5     ┆ 1.1    ┆ 2     │
    └──────────┴────────┴───────┘
    """
    aims = Objectives.of(frame, maximise, minimise, objectives, tie)
    if name in as_lazy(frame).collect_schema():
        msg = f"the frame already has a column {name!r}: choose another name for the front with name="
        raise FrameError(msg)
    groups = aims.groups(frame, by)

    def front(points: Floats, ties: Sequence[float]) -> pl.Series:
        from nbframes.numerics import pareto

        ranks = pareto.nondominated_rank(points, maximise=aims.maximised, tie=ties)
        found, lacking = pl.Series(ranks), ranks == 0
        return found.set(pl.Series(lacking), None) if lacking.any() else found

    def ranked(rows: pl.DataFrame) -> pl.DataFrame:
        return aims.sorted(rows.hstack([aims.within_groups(rows, groups, front).alias(name)]), groups, name)

    return answer(frame, as_lazy(frame), ranked, {**as_lazy(frame).collect_schema(), name: pl.UInt32()})


@described
def hypervolume(
    frame: Frame,
    /,
    *,
    ref: Mapping[str, float],
    maximise: Names = (),
    minimise: Names = (),
    objectives: Names = (),
    by: Names | None = None,
) -> Frame:
    """Volume of the space between a reference point and the front: of all points that some row is at least as good as.

    Parameters
    ----------
    frame
        One row per candidate, its objectives in columns.
    ref
        The reference point, one finite value for every objective. Rows that are not better than it everywhere add nothing.
    maximise, minimise
        Columns to maximise and to minimise: any number of each, at least one altogether.
    by
        Columns whose values make groups, as for `pareto_front`.

    Returns
    -------
    DataFrame or LazyFrame
        One row per group, sorted: ``by``, ``hypervolume`` (Float64, in the product of the objectives' units), ``n`` (rows
        without null or NaN in the objectives), ``n_better`` (those of them that are better than ``ref`` everywhere).

    Raises
    ------
    FrameError
        If a column is missing, or an objective is not numeric.
    InvalidArgumentError
        If there is no objective, one is named twice, or ``ref`` does not have one finite value for each.

    See Also
    --------
    pareto_front : The rows that make the hypervolume.

    Notes
    -----
    Exact up to rounding, whatever the number of objectives, by moocore [1]_. It is a volume of raw values: rescale the objectives first to
    make their units comparable, take the logarithm of costs that span decades.

    References
    ----------
    .. [1] A. P. Guerreiro, C. M. Fonseca, L. Paquete: The Hypervolume Indicator: Computational Problems and Algorithms.
       ACM Computing Surveys 54 (2021).

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> archs = pl.DataFrame({"accuracy": [91.5, 93.0, 90.0], "params": [1.1, 0.8, 0.2]})
    >>> nbf.hypervolume(archs, maximise="accuracy", minimise="params", ref={"accuracy": 80.0, "params": 1.2})
    shape: (1, 3)
    ┌─────────────┬─────┬──────────┐
    │ hypervolume ┆ n   ┆ n_better │
    │ ---         ┆ --- ┆ ---      │
    │ f64         ┆ u32 ┆ u32      │
    ╞═════════════╪═════╪══════════╡
    │ 11.2        ┆ 3   ┆ 3        │
    └─────────────┴─────┴──────────┘
    """
    aims = Objectives.of(frame, maximise, minimise, objectives, 0.0)
    groups: tuple[str, ...] = aims.groups(frame, by)
    aims.check_reference(ref)
    schema: dict[str, Any] = {name: as_lazy(frame).collect_schema()[name] for name in groups}
    schema |= {"hypervolume": pl.Float64(), "n": pl.UInt32(), "n_better": pl.UInt32()}

    def volumes(rows: pl.DataFrame) -> pl.DataFrame:
        from nbframes.numerics.hypervolume import volume

        apart = [name for name in groups if not constant(rows.get_column(name))]
        parts: list[pl.DataFrame] = rows.partition_by(apart) if apart else [rows] if rows.height or not groups else []
        gains = [aims.gains(part, ref) for part in parts]
        measures = {
            "hypervolume": [volume(of_part) for of_part in gains],
            "n": [int((~np.isnan(of_part)).all(axis=1).sum()) for of_part in gains],
            "n_better": [int((of_part > 0).all(axis=1).sum()) for of_part in gains],
        }
        found: pl.DataFrame = pl.DataFrame(measures, schema={name: schema[name] for name in measures})
        if not groups:
            return found
        labels = pl.concat([rows[list(groups)].clear(), *(part[list(groups)].head(1) for part in parts)])
        return pl.concat([labels, found], how="horizontal").sort(groups, nulls_last=True)

    needed = as_lazy(frame).select(*groups, *(name for name in aims.names if name not in groups))
    return answer(frame, needed, volumes, schema)
