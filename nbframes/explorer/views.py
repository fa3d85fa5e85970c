"""The linked views as one Altair chart: two scatter plots and a histogram, over the densities where points are a sample.

Fields, titles and types are left open as ``§x``, ``§x title`` and so on: the page fills in the columns that its reader chooses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nbframes.errors import MissingDependencyError

if TYPE_CHECKING:
    import polars as pl

DATA: Final = "archs"
"""Name of the data set that the page fills in."""
TILES: Final = 60
_FAINT: Final = 0.06
_TYPED: Final = "(low === null || datum['§y'] >= low) && (high === null || datum['§y'] <= high)"
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


def chart(densities: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Build the Vega-Lite specification; ``densities`` are those of the views ``x`` and ``x2``, none if all points are shown."""
    alt = _altair()

    selected = alt.PredicateComposition({"and": [{"param": "brush"}, {"param": "span"}, _TYPED]})

    def axis(channel: Any, name: str, **options: Any) -> Any:
        return channel(field=f"§{name}", type="quantitative", title=f"§{name} title", **options)

    def scatter(x: str) -> Any:
        close = alt.Scale(zero=False, nice=False, padding=6)
        points = alt.Chart(alt.NamedData(DATA)).mark_circle(size=14, tooltip=alt.TooltipContent("data"))
        points = points.encode(
            x=axis(alt.X, x, scale=close, axis=alt.Axis(tickCount=6)),
            y=axis(alt.Y, "y", scale=close),
            color=alt.Color(
                field="§colour",
                type="quantitative",
                title="§colour title",
                legend=alt.Legend(orient="top", titleLimit=330, symbolOpacity=1, gradientOpacity=1),
                scale=alt.Scale(scheme="viridis"),
            ),
            opacity=alt.condition(selected, alt.value(0.7), alt.value(_FAINT)),
        )
        return alt.layer(_tiles(alt, densities[x], x), points) if x in densities else points

    bars = alt.Chart(alt.NamedData(DATA)).encode(
        x=axis(alt.X, "y", bin=alt.Bin(maxbins=TILES)),
        y=alt.Y("count():Q", title="architectures", axis=alt.Axis(tickMinStep=1)),
    )
    grey = bars.mark_bar(color="#888888", opacity=0.45, tooltip=False)
    histogram = alt.layer(grey, bars.mark_bar(color="#0072b2", tooltip=False).transform_filter(selected))
    specification: dict[str, Any] = alt.vconcat(alt.hconcat(scatter("x"), scatter("x2")), histogram).to_dict()
    pair, bottom = specification["vconcat"]
    for part, name in ((pair["hconcat"][0], "x"), (pair["hconcat"][1], "x2"), (bottom, "bars")):
        unit = part["layer"][0 if name == "bars" else 1] if "layer" in part else part
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
    known = frame.select(x, y).drop_nulls().drop_nans()
    counts, edges_x, edges_y = np.histogram2d(known[x].to_numpy(), known[y].to_numpy(), bins=TILES)
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


def _tiles(alt: Any, values: list[dict[str, float]], x: str) -> Any:
    shade = alt.Opacity("n:Q", scale=alt.Scale(type="log", range=[0.12, 0.9]), legend=None)
    tiles = alt.Chart(alt.Data(values=values)).mark_rect(color="#888888", tooltip=False)
    return tiles.encode(
        x=alt.X("x:Q", title=f"§{x} title"),
        x2="x2:Q",
        y=alt.Y("y:Q", title="§y title"),
        y2="y2:Q",
        opacity=shade,
    )
