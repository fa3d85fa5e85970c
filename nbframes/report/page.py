"""How the report looks: one HTML file for screens of any width, by day and night, and for paper."""

from __future__ import annotations

import base64
import datetime as dt
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

from nbframes.display.text import html_table, printable, redacted
from nbframes.errors import NBFramesError
from nbframes.report.sections import Figure, Section, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOTS_PER_INCH = 130

_POINTS = 1_000
"""Figures of more coordinates are kept as pixels, others as vectors, sharp at any size."""

_BROAD = 9.0
"""Figures of more inches are scrolled on a narrow screen instead of shrunk until nobody can read them."""

_STYLE = (Path(__file__).parent / "page.css").read_text("utf-8")
_SCRIPT = (Path(__file__).parent / "page.js").read_text("utf-8")


_SYNTHETIC = (
    "SYNTHETIC: numbers of this store are made up; nothing was trained. Never cite them as results of the benchmarks."
)


def page(root: str, sections: list[Section]) -> str:
    """Put the sections on a page."""
    from nbframes import __version__

    links = "".join(f"<a href='#{_anchor(s.title)}'>{html.escape(s.title)}</a>" for s in sections)
    written = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
    body = "\n".join(map(_section, sections))
    root = printable(redacted(root))
    banner = f"<p class='banner'>{_SYNTHETIC}</p>\n" if any(section.synthetic for section in sections) else ""
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        f"<title>nbframes report: {html.escape(root)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>NAS benchmarks in {html.escape(root)}</h1>\n<p>Written by nbframes {__version__}, {written}. "
        "Nothing is imputed; n counts the architectures behind a number.</p>\n"
        f"{banner}<nav>{links}</nav>\n{body}\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in section.notes)
    tables = "\n".join(_table(item) for item in section.content if isinstance(item, Table))
    figures = "\n".join(_figure(item, section.synthetic) for item in section.content if isinstance(item, Figure))
    title = f"<h2 id='{_anchor(section.title)}'>{html.escape(section.title)}</h2>"
    return f"<section>\n{title}\n{notes}\n{tables}\n<div class='figures'>\n{figures}\n</div>\n</section>"


def _table(table: Table) -> str:
    title = html.escape(table.caption, quote=True)
    return f"<div class='wide' role='region' tabindex='0' aria-label='{title}'>{html_table(table.frame, table.caption)}</div>"


def _figure(figure: Figure, synthetic: bool) -> str:
    from nbframes.plot._save import save

    content = io.BytesIO()
    try:
        ax = figure.draw()
    except NBFramesError as error:
        return f"<p>{html.escape(figure.caption)}: not drawn; {html.escape(str(error).splitlines()[0])}.</p>"
    broad = " class='broad'" if ax.get_figure(root=True).get_figwidth() > _BROAD else ""  # type: ignore[union-attr]
    if _is_dense(ax):
        save(ax, content, format="png", dpi=_DOTS_PER_INCH, synthetic=synthetic)
        source = _data("image/png", content)
    else:
        save(ax, content, format="svg", synthetic=synthetic, metadata={"Date": None})
        source = _data("image/svg+xml", content)
    caption, seen = html.escape(figure.caption), html.escape(figure.seen, quote=True)
    return f"<figure{broad}><img alt='{seen}' src='{source}'><figcaption>{caption}</figcaption></figure>"


def _is_dense(ax: Axes) -> bool:
    """Whether a figure has so many points that pixels are smaller."""
    import numpy as np

    every = [part for axes in ax.get_figure(root=True).axes for part in (*axes.lines, *axes.collections)]  # type: ignore[union-attr]
    return (
        sum(np.size(part.get_xdata() if hasattr(part, "get_xdata") else part.get_offsets()) for part in every) > _POINTS
    )


def _data(kind: str, content: io.BytesIO) -> str:
    return f"data:{kind};base64,{base64.b64encode(content.getvalue()).decode()}"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
