"""What a page is told: the columns, the views, the drawn cells and the curves, packed into few bytes."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from nbframes.display import printable
from nbframes.explorer.pictures import pictures
from nbframes.explorer.views import TILES, chart, density

if TYPE_CHECKING:
    from nbframes.explorer.table import Table

MOST: Final = 50_000
"""Architectures that a page shows one by one; above, it shows the density of all and a sample."""


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


def payload(table: Table, axes: Axes, sample: Sample, *, progress: bool) -> bytes:
    """Pack everything that a page shows as gzip-compressed JSON."""
    import orjson

    whole = table.frame.with_row_index("row")
    sampled = whole.height > MOST
    shown = whole.sample(min(sample.size, MOST), seed=sample.seed).sort("row") if sampled else whole
    densities = {side: density(whole, getattr(axes, side), axes.y) for side in ("x", "x2")} if sampled else {}
    document = {
        "benchmark": table.asked.benchmark,
        "facts": _facts(table, sample if sampled else None),
        "synthetic": table.asked.synthetic,
        "better": table.asked.better,
        "sampled": sampled,
        "tiles": TILES,
        "axes": axes._asdict(),
        "columns": [column.__dict__ for column in table.columns],
        "data": {column.name: _values(shown[column.name]) for column in table.columns},
        "arch": shown["arch"].to_list(),
        "names": shown["arch_str"].to_list() if "arch_str" in shown else None,
        "encoding": list(table.encoding),
        "neighbours": not sampled and _neighbours_differ_in_one_choice(table),
        "curves": _curves(table, shown["row"]),
        "pictures": _pictures(table, shown, progress=progress),
        "spec": chart(densities),
    }
    return gzip.compress(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY), 6, mtime=0)


def _facts(table: Table, sample: Sample | None) -> list[str]:
    facts = [printable(table.asked.title()), printable(table.origin)]
    if sample is not None:
        facts.append(
            f"Grey tiles are the density of all {table.frame.height:,} architectures; points and bars are a sample of "
            f"{sample.size:,}, frame.sample({sample.size}, seed={sample.seed})."
        )
    return facts


def _values(column: pl.Series) -> Any:
    if column.dtype.is_numeric():
        return column.to_list()
    words = column.cast(pl.String)
    categories = words.unique(maintain_order=True).drop_nulls().sort()
    places = {word: place for place, word in enumerate(categories)}
    return {"categories": categories.to_list(), "codes": [places.get(word) for word in words]}


def _curves(table: Table, rows: pl.Series) -> dict[str, Any] | None:
    if table.curves is None:
        return None
    return {
        "budgets": [int(name) for name in table.curves.columns],
        "values": table.curves[rows].to_dict(as_series=False),
    }


def _pictures(table: Table, shown: pl.DataFrame, *, progress: bool) -> dict[str, Any] | None:
    if table.space is None or "arch_str" not in shown or shown["arch_str"].null_count():
        return None
    return pictures(table.space, shown["arch_str"], total=shown.height, progress=progress)


def _neighbours_differ_in_one_choice(table: Table) -> bool:
    from nbframes.spaces import GridSpace

    return isinstance(table.space, GridSpace) and len(table.encoding) == len(table.space.ENCODING)
