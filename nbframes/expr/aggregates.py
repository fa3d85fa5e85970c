"""Aggregates over the runs of an architecture, for ``agg`` and ``over``."""

from __future__ import annotations

import polars as pl


def seed_mean(column: str = "value") -> pl.Expr:
    """Plain mean over the rows of a group; the column keeps its name.

    Parameters
    ----------
    column
        The column to aggregate.

    Returns
    -------
    Expr
        For ``agg`` and ``over``.

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

    Parameters
    ----------
    column
        The column to aggregate.

    Returns
    -------
    Expr
        For ``agg`` and ``over``.

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

    Parameters
    ----------
    column
        The column to aggregate.

    Returns
    -------
    Expr
        For ``agg`` and ``over``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> runs = pl.DataFrame({"arch": [6, 6, 7], "value": [91.0, 92.0, 93.0]})
    >>> runs.group_by("arch").agg(nbf.seed_count()).sort("arch").rows()
    [(6, 2), (7, 1)]
    """
    return pl.col(column).count().alias("seed_count")
