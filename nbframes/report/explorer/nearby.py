"""Which architectures of a table one edit leads to, asked of a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from nbframes.analysis.relations import written_alike

if TYPE_CHECKING:
    from typing import Self

    from nbframes.benchmarks.values import Better
    from nbframes.spaces.base import Space

_SLICE: Final = 8_192
"""Architectures whose neighbours are listed at a time, which bounds the memory."""


class Nearby:
    """The architectures of a table by what they are, so that neighbours are found among them."""

    def __init__(self, space: Space, known: pl.DataFrame) -> None:
        self._space, self._known = space, known

    @classmethod
    def of(cls, space: Space, archs: pl.Series) -> Self:
        """Take the strings of all architectures of a table, in its order."""
        return cls(space, pl.DataFrame({"key": written_alike(archs, space)}).with_row_index("place"))

    def neighbours(self, archs: pl.Series) -> pl.DataFrame:
        """Find the neighbours of some architectures in the table.

        Parameters
        ----------
        archs
            Their strings.

        Returns
        -------
        DataFrame
            One row an architecture, in order: ``possible``, how many different architectures one edit leads to, and ``places``,
            which rows of the table are among them, ascending.
        """
        return pl.concat([self._of_few(archs[k : k + _SLICE]) for k in range(0, max(len(archs), 1), _SLICE)])

    def _of_few(self, archs: pl.Series) -> pl.DataFrame:
        reached = self._space.neighbours(archs)
        own = pl.DataFrame({"own": written_alike(archs, self._space)}).with_row_index("row")
        keys = reached.select("row", key=written_alike(reached["neighbour"], self._space)).unique()
        others = own.join(keys, on="row", how="left").filter(pl.col("key") != pl.col("own"))
        found = others.join(self._known, on="key", how="left").group_by("row")
        places = found.agg(
            pl.col("key").n_unique().alias("possible"), pl.col("place").drop_nulls().sort().alias("places")
        )
        return own.join(places, on="row", how="left", maintain_order="left").select(
            pl.col("possible").fill_null(0), pl.col("places").fill_null([])
        )


def neighbours_among(space: Space, frame: pl.DataFrame, rows: pl.Series, *, better: Better | None) -> pl.DataFrame:
    """Find the neighbours of some rows of a frame.

    Parameters
    ----------
    space
        The search space.
    frame
        All architectures: ``arch_str`` and ``value``.
    rows
        Which of its rows are asked for.
    better
        Which end of ``value`` is better.

    Returns
    -------
    DataFrame
        One row for each of ``rows``: ``possible``, how many different architectures one edit leads to; how many of them are
        ``there``, in the frame, and ``better``; and ``rows``, the places in ``rows`` of those that are among them.
    """
    found = Nearby.of(space, frame["arch_str"]).neighbours(frame["arch_str"][rows])
    near = found.with_columns(pl.Series("own", frame["value"][rows])).with_row_index("shown")
    places = pl.DataFrame({"place": rows}).with_row_index("row")
    pairs = near.select("shown", "own", place="places").explode("place").drop_nulls("place")
    pairs = pairs.with_columns(other=frame["value"][pairs["place"]]).join(
        places, on="place", how="left", maintain_order="left"
    )
    ahead = pl.col("other") < pl.col("own") if better == "min" else pl.col("other") > pl.col("own")
    counts = pairs.group_by("shown").agg(
        there=pl.len(), better=(ahead & pl.col("other").is_finite()).sum(), rows=pl.col("row").drop_nulls()
    )
    return near.join(counts, on="shown", how="left", maintain_order="left").select(
        "possible", pl.col("there", "better").fill_null(0), pl.col("rows").fill_null([])
    )
