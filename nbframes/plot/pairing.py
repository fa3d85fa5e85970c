"""Architecture by architecture: one ranking against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.analysis._described import described
from nbframes.plot._labels import how_many, note, thousands
from nbframes.plot._layout import canvas
from nbframes.plot._points import cloud
from nbframes.plot._style import Artists, collected, colour, only, series, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes


@described
def paired_ranks(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    ax: Axes | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
) -> Axes:
    """Draw one ranking against another: on the diagonal where they agree, the best at the lower left.

    Parameters
    ----------
    frame
        What `nbframes.analysis.paired_ranks` returns, of one pair.
    visuals
        Matplotlib options of ``"points"``, ``"density"`` (of `matplotlib.axes.Axes.hexbin`), ``"colorbar"`` and ``"diagonal"``;
        False leaves one out.

    Raises
    ------
    InvalidArgumentError
        If the frame holds several pairs.

    Examples
    --------
    >>> import nbframes as nbf
    >>> import polars as pl
    >>> from nbframes.analysis import paired_ranks
    >>> frame = pl.DataFrame({"arch": [0, 1] * 2, "split": ["val"] * 2 + ["test"] * 2, "value": [90.0, 91.0, 93.0, 92.0]})
    >>> ax = nbf.plot.paired_ranks(paired_ranks(frame, "split"))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('rank by test', 'rank by val')
    """
    artists = Artists(visuals, ("points", "density", "colorbar", "diagonal"))
    ranks = collected(frame, ["rank_a", "rank_b"], "nbframes.analysis.paired_ranks")
    own = ("arch", "value_a", "value_b", "rank_a", "rank_b")
    only(ranks, series(ranks, own), 1, "pairs")
    last = ranks.select(pl.max_horizontal(pl.col("rank_a", "rank_b").max())).item() or 1
    with canvas(ax, width=3.3, height=3.3) as axes:
        if artists.has("diagonal"):
            axes.plot([1, last], [1, last], **artists.options("diagonal", color="#222222", linewidth=0.8, zorder=4))
        cloud(axes, ranks["rank_a"], ranks["rank_b"], artists, shade=colour(0), what="architectures")
        margin = 0.015 * last
        axes.set(xlim=(1 - margin, last + margin), ylim=(1 - margin, last + margin))
        for axis in (axes.xaxis, axes.yaxis):
            thousands(axis)
        axes.set_xlabel(f"rank by {_end(ranks, 'a')}")
        axes.set_ylabel(f"rank by {_end(ranks, 'b')}")
        note(axes, artists, how_many(len(ranks), len(ranks)))
    return axes


def _end(ranks: pl.DataFrame, end: str) -> str:
    """What one of the two rankings is of: the values of its columns, without those that both share."""
    columns = [name[:-2] for name in ranks.columns if name.endswith("_a") and name not in ("value_a", "rank_a")]
    row = ranks.row(0, named=True)
    differing = [name for name in columns if row[f"{name}_a"] != row[f"{name}_b"]]
    return texts(differing, [[row[f"{name}_{end}"] for name in differing]])[0]
