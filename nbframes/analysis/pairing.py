"""Two values of the same architecture side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nbframes.analysis._described import described
from nbframes.analysis._frames import answer
from nbframes.analysis._means import Rows
from nbframes.analysis._metrics import Comparing
from nbframes.analysis._options import names
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    from nbframes.analysis._frames import Frame, Groups
    from nbframes.analysis._options import Names


@described
def paired_ranks(
    frame: Frame,
    /,
    between: Names,
    *,
    value: str = "value",
    by: Names | None = None,
    maximise: bool | None = None,
    tie: float | None = None,
) -> Frame:
    """Values and ranks of every architecture under two datasets, splits, schedules, budgets, metrics or benchmarks.

    Parameters
    ----------
    frame
        Results in long format; the value of an architecture is the mean over its seeds. Rows whose value is null are left out; a NaN, as of a run that diverged, makes its architecture
        NaN, which is the last in every ranking.
    between
        Columns whose values are paired: ``"dataset"``, or ``("dataset", "split")`` where both differ.
    value
        Column that is used, for example ``"train_time"``; the result calls it ``value``.
    by
        Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
        schedule and budget (and config) that the frame has and ``between`` does not name.

    Returns
    -------
    DataFrame or LazyFrame
        One row for each pair of values of ``between`` and each architecture that has both, sorted: the columns of ``by``;
        those of ``between``, ending in ``_a`` and ``_b``; ``arch``; ``value_a``, ``value_b``; ``rank_a``, ``rank_b``, 1 for the
        best, among the architectures of the pair.

    Raises
    ------
    FrameError
        If a column is missing, rows share a key, or unlike rows would be averaged
        because ``by`` does not name the column that tells them apart. From a LazyFrame the last two are raised when it
        is collected.
    InvalidArgumentError
        If ``between`` names no column, or arch or seed.

    See Also
    --------
    rank_correlation : How far the two rankings agree, as one number.

    Notes
    -----
    Means that tie share the best rank of the tie.

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
    levels: list[str] = list(names("between", between))
    if not levels or {"arch", "seed"} & set(levels):
        msg = f"between={levels} should name columns whose values are paired, and neither 'arch' nor 'seed'"
        raise InvalidArgumentError(msg)
    comparing = Comparing.of(value, maximise, tie)
    rows: Rows = Rows.of(frame, value=value, by=by, unit=["arch", *levels])
    groups: Groups = rows.groups
    keys: list[str] = list(groups.keys)

    ends = [f"{name}_{end}" for end in "ab" for name in levels]
    types = rows.schema
    schema = {name: types[name] for name in groups.by} | {
        f"{name}_{end}": types[name] for end in "ab" for name in levels
    }
    schema |= {"arch": types["arch"], "value_a": pl.Float64(), "value_b": pl.Float64()}
    schema |= {"rank_a": pl.UInt32(), "rank_b": pl.UInt32()}

    def paired(table: pl.DataFrame) -> pl.DataFrame:
        means = rows.means(table)
        groups.check(means)
        level = pl.struct(levels).rank("dense")
        placed = means.with_columns(level=level.over(keys) if keys else level)
        first, second = (placed.rename({name: f"{name}_{end}" for name in (*levels, "value", "level")}) for end in "ab")
        both = first.join(second, on=[*keys, "arch"], nulls_equal=True)
        both = both.filter(pl.col("level_a") < pl.col("level_b"))
        for end in "ab":
            values = both.rename({f"{name}_{end}": name for name in (*levels, "value")})
            ties = comparing.ties(values, [*keys, "level_a", "level_b"])
            both = both.with_columns(pl.Series(f"rank_{end}", ties.of_rows(ties.ranks()), dtype=pl.UInt32))
        return both.select(list(schema)).sort(*groups.by, *ends, "arch")

    return answer(frame, rows.frame, paired, schema)
