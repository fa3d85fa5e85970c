"""The linked views as one Altair chart: two scatter plots over the densities of what they are a sample of, and a histogram.

Columns are called ``x``, ``x2``, ``y`` and ``colour``: the page says which they are, and changes them as its reader chooses.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from nbframes.errors import MissingDependencyError

TILES: Final = 60
_FAINT: Final = 0.06
_TYPED: Final = "(low === null || datum.typed >= low) && (high === null || datum.typed <= high)"
"""Bounds that are typed, for those who do not use a pointer."""

_PARAMETERS: Final = [
    {
        "name": "brush",
        "views": ["x", "x2"],
        "select": {"type": "interval", "encodings": ["x", "y"], "resolve": "intersect"},
    },
    {"name": "span", "views": ["bars"], "select": {"type": "interval", "encodings": ["x"]}},
    {"name": "low", "value": None},
    {"name": "high", "value": None},
]


def chart() -> dict[str, Any]:
    """Build the Vega-Lite specification; the page fills in titles, colours, sizes and the data ``archs``, ``tiles_x`` and ``tiles_x2``."""
    alt = _altair()
    selected = alt.PredicateComposition({"and": [{"param": "brush"}, {"param": "span"}, _TYPED]})
    close = alt.Scale(zero=False, nice=False, padding=6)

    def scatter(x: str) -> Any:
        points = alt.Chart(alt.NamedData("archs")).mark_circle(size=14, tooltip=alt.TooltipContent("data"))
        points = points.encode(
            x=alt.X(field=x, type="quantitative", scale=close, axis=alt.Axis(tickCount=6)),
            y=alt.Y(field="y", type="quantitative", scale=close),
            color=alt.Color(
                field="colour",
                type="quantitative",
                legend=alt.Legend(orient="top", symbolOpacity=1, gradientOpacity=1),
            ),
            opacity=alt.condition(selected, alt.value(0.7), alt.value(_FAINT)),
        )
        return alt.layer(_tiles(alt, f"tiles_{x}"), points)

    bars = alt.Chart(alt.NamedData("archs")).encode(
        x=alt.X(field="y", type="quantitative", bin=alt.Bin(maxbins=TILES)),
        y=alt.Y("count():Q", axis=alt.Axis(tickMinStep=1)),
    )
    grey = bars.mark_bar(color="#888888", opacity=0.45, tooltip=False)
    histogram = alt.layer(grey, bars.mark_bar(color="#0072b2", tooltip=False).transform_filter(selected))
    specification: dict[str, Any] = alt.vconcat(alt.hconcat(scatter("x"), scatter("x2")), histogram).to_dict()
    pair, bottom = specification["vconcat"]
    for unit, name in (
        (pair["hconcat"][0]["layer"][1], "x"),
        (pair["hconcat"][1]["layer"][1], "x2"),
        (bottom["layer"][0], "bars"),
    ):
        unit["name"] = name  # Altair numbers the names of layers
    return specification | {"params": _PARAMETERS}


def _altair() -> Any:
    try:
        import altair
    except ImportError as error:
        raise MissingDependencyError.of("altair", "an explorer", "explorer") from error
    return altair


def density(frame: pl.DataFrame, x: str, y: str) -> list[dict[str, float]]:
    """Count the architectures in each of 60 x 60 tiles between the least and the greatest values; empty tiles are left out."""
    known = frame.select(x=x, y=y).filter(pl.all_horizontal(pl.all().is_finite()))
    if known.is_empty():
        return []
    counts, edges_x, edges_y = np.histogram2d(known["x"].to_numpy(), known["y"].to_numpy(), bins=TILES)
    return [
        {
            "x": float(edges_x[i]),
            "x2": float(edges_x[i + 1]),
            "y": float(edges_y[j]),
            "y2": float(edges_y[j + 1]),
            "n": int(counts[i, j]),
        }
        for i, j in np.argwhere(counts)
    ]


def _tiles(alt: Any, name: str) -> Any:
    shade = alt.Opacity("n:Q", scale=alt.Scale(type="log", range=[0.12, 0.9]), legend=None)
    tiles = alt.Chart(alt.NamedData(name)).mark_rect(color="#888888", tooltip=False)
    return tiles.encode(x=alt.X("x:Q"), x2="x2:Q", y=alt.Y("y:Q"), y2="y2:Q", opacity=shade)
