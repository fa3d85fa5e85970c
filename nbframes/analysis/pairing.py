"""Two values of the same architecture side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.analysis._frames import like, names, within
from nbframes.analysis._values import arch_values
from nbframes.errors import InvalidArgumentError
from nbframes.expr import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.analysis._frames import Frame, Names


def paired_ranks(frame: Frame, /, between: Names, *, by: Names | None = None, maximise: bool = True) -> Frame:
    """Values and ranks of every architecture under two datasets, splits, schedules, budgets, metrics or benchmarks.

    Parameters
    ----------
    frame
        Results in long format; the value of an architecture is the mean over its seeds. Rows whose value is null or NaN are
        left out.
    between
        Columns whose values are paired: ``"dataset"``, or ``("dataset", "split")`` where both differ.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule and budget (and config) that the frame has and ``between`` does not name.
    maximise
        Whether the largest value is the best.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each pair of values of ``between`` and each architecture that has both, sorted: the columns of ``by``;
        those of ``between``, ending in ``_a`` and ``_b``; ``arch``; ``value_a``, ``value_b``; ``rank_a``, ``rank_b``, 1 for the
        best, among the architectures of the pair.

    Raises
    ------
    FrameError
        If a column is missing, an architecture has several values that are no seeds, or unlike rows would be averaged
        because ``by`` does not name the column that tells them apart. From a LazyFrame the last two are raised when it
        is collected.
    InvalidArgumentError
        If ``between`` names no column, or arch or seed.

    See Also
    --------
    rank_correlation : How far the two rankings agree, as one number.

    Notes
    -----
    Means that differ by less than 1e-5 are ties and share the best rank of the tie.

    Examples
    --------
    >>> import polars as pl
    >>> from nbframes.analysis import paired_ranks
    >>> frame = pl.DataFrame(
    ...     {"arch": [0, 1, 2, 0, 1], "split": ["test"] * 3 + ["val"] * 2, "value": [91.0, 94.0, 95.0, 90.5, 90.0]}
    ... )
    >>> paired_ranks(frame, "split").rows()
    [('test', 'val', 0, 91.0, 90.5, 2, 1), ('test', 'val', 1, 94.0, 90.0, 1, 2)]
    """
    between = names("between", between)
    if not between or {"arch", "seed"} & set(between):
        msg = f"between={list(between)} should name columns whose values are paired, and neither 'arch' nor 'seed'"
        raise InvalidArgumentError(msg)
    return like(frame, _paired(frame, between, by, maximise=maximise))


def _paired(
    frame: pl.DataFrame | pl.LazyFrame, between: Sequence[str], by: Names | None, *, maximise: bool
) -> pl.LazyFrame:
    groups, values = arch_values(frame, by, along=between)
    keys = groups.keys
    level = within(keys, pl.struct(between).rank("dense"))
    levels = values.select(*keys, "arch", *between, "value", level=level)
    first, second = (levels.rename({name: f"{name}_{end}" for name in (*between, "value", "level")}) for end in "ab")
    ends = [f"{name}_{end}" for end in "ab" for name in between]
    ranks = [
        rank(f"value_{end}", maximise=maximise).over(*keys, "level_a", "level_b").alias(f"rank_{end}") for end in "ab"
    ]
    return (
        first.join(second, on=[*keys, "arch"], nulls_equal=True)
        .filter(pl.col("level_a") < pl.col("level_b"))
        .with_columns(ranks)
        .select(*groups.by, *ends, "arch", "value_a", "value_b", "rank_a", "rank_b")
        .sort(*groups.by, *ends, "arch")
    )
