"""What a page is told: the columns, the views, the drawn cells, the curves and the neighbours, packed into few bytes."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from nbframes.display.text import printable
from nbframes.report.explorer.nearby import neighbours_among
from nbframes.report.explorer.pictures import pictures
from nbframes.report.explorer.views import TILES, chart, density

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbframes.report.explorer.table import Table

MOST: Final = 50_000
"""Architectures that a page shows one by one; above, it shows the density of all and a sample."""
MOST_ON_ZOOM: Final = 20_000
"""Architectures of a window that a kernel sends one by one; above, it sends their density and a sample."""
_MOST_PAIRS: Final = 250_000
"""Pairs of neighbours that a page holds, about 1 MB; of spaces with more a kernel tells them one by one."""


class Axes(NamedTuple):
    """Columns that the views show first."""

    x: str
    x2: str
    y: str
    colour: str


class Sample(NamedTuple):
    """Which architectures are points where all of them are too many."""

    size: int
    seed: int


def payload(table: Table, axes: Axes, sample: Sample, *, alone: bool, progress: bool) -> bytes:
    """Pack everything that the views show first; if they are ``alone``, without a kernel to ask, also cells and neighbours."""
    whole = table.frame.with_row_index("row")
    sampled = whole.height > MOST
    shown = whole.sample(sample.size, seed=sample.seed).sort("row") if sampled else whole
    near, why = _neighbours(table, shown["row"], sampled=sampled, alone=alone)
    document = {
        "benchmark": printable(table.asked.benchmark),
        "facts": [printable(fact) for fact in (table.asked.title(), *table.origins)],
        "synthetic": table.asked.synthetic,
        "better": table.asked.better,
        "total": whole.height,
        "sampled": sampled,
        "sample": sample._asdict() if sampled else None,
        "most": MOST_ON_ZOOM,
        "tiles": TILES,
        "densities": counts_of(whole, axes) if sampled else {},
        "axes": axes._asdict(),
        "columns": [column.__dict__ | {"finite": _is_finite(whole[column.name])} for column in table.columns],
        "opening": table.opening,
        "rows": packed_rows(table, shown),
        "neighbours": near,
        "no_neighbours": why,
        "curves": _curves(table, shown["row"]),
        "drawable": table.drawable,
        "pictures": _pictures(table, shown, progress=progress) if alone else None,
        "spec": chart(),
    }
    return compressed(document, level=6)


def compressed(document: Mapping[str, Any], *, level: int) -> bytes:
    """Write JSON, compressed; values that are not finite become null."""
    import orjson

    return gzip.compress(orjson.dumps(document), level, mtime=0)


def packed_rows(table: Table, shown: pl.DataFrame) -> dict[str, Any]:
    """Pack some architectures: their numbers, strings and columns."""
    return {
        "arch": shown["arch"].to_list(),
        "names": shown["arch_str"].to_list() if "arch_str" in shown.columns else None,
        "data": {column.name: _values(shown[column.name]) for column in table.columns},
    }


def counts_of(frame: pl.DataFrame, axes: Axes) -> dict[str, list[dict[str, float]]]:
    """Count the architectures in the tiles of both scatter plots."""
    return {"x": density(frame, axes.x, axes.y), "x2": density(frame, axes.x2, axes.y)}


def _values(column: pl.Series) -> Any:
    if column.dtype.is_numeric():
        return column.to_list()
    words = column.cast(pl.String)
    categories = words.unique().drop_nulls().sort()
    places = {word: place for place, word in enumerate(categories)}
    return {"categories": categories.to_list(), "codes": [places.get(word) for word in words]}


def _is_finite(column: pl.Series) -> bool:
    return not column.dtype.is_float() or bool(column.drop_nulls().is_finite().all())


def _curves(table: Table, rows: pl.Series) -> dict[str, Any] | None:
    if table.curves is None:
        return None
    return {
        "budgets": [int(name) for name in table.curves.columns],
        "values": table.curves[rows].to_dict(as_series=False),
    }


def _pictures(table: Table, shown: pl.DataFrame, *, progress: bool) -> dict[str, Any] | None:
    if table.space is None or not table.drawable:
        return None
    return pictures(table.space, shown["arch_str"], total=shown.height, progress=progress)


def _neighbours(table: Table, rows: pl.Series, *, sampled: bool, alone: bool) -> tuple[dict[str, Any] | None, str]:
    """What views need to show neighbours, and why they cannot if they cannot; a kernel is asked for those that are not told."""
    from nbframes.spaces import GridSpace

    space = table.space
    if space is None or not table.drawable:
        return None, ""
    if isinstance(space, GridSpace) and len(table.encoding) == len(space.ENCODING) and not sampled:
        possible = sum(len(choices) - 1 for choices in space.CHOICES.values())
        return {"columns": list(table.encoding), "possible": possible}, ""
    if not alone:
        return {"rows": []}, ""
    near = neighbours_among(space, table.frame, rows, better=table.asked.better)
    pairs = near["rows"].list.len().sum()
    if pairs > _MOST_PAIRS:
        return None, f"Neighbours are not on this page: {pairs:,} pairs would make it too heavy. A notebook shows them."
    return near.to_dict(as_series=False), ""
