"""How the report looks: one HTML file without scripts, for screens of any width and for paper."""

from __future__ import annotations

import base64
import datetime as dt
import html
import io

from nbframes.display import html_table, printable, redacted
from nbframes.errors import NBFramesError
from nbframes.report.sections import Figure, Section, Table

_DOTS_PER_INCH = 130

_STYLE = """
:root { color-scheme: light; --ink: #1d2430; --quiet: #5b6573; --rule: #d9dee5; --accent: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.2rem; color: var(--ink);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 2px solid var(--accent); }
p, figcaption, caption { color: var(--quiet); font-size: .9rem; }
caption, figcaption { text-align: left; margin: .4rem 0; }
nav a { margin-right: 1rem; color: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem 1.1rem .22rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
th, td { white-space: nowrap; }
th { font-weight: 600; }
.long { white-space: normal; overflow-wrap: anywhere; min-width: 14rem; }
.banner { color: #8a1c00; border: 2px solid #d55e00; padding: .4rem .8rem; font-weight: 600; }
.number { text-align: right; }
figure { margin: 1.2rem 0; break-inside: avoid; }
img { max-width: 100%; height: auto; display: block; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1.6rem; }
@media print { body { max-width: none; font-size: 10pt; padding: 0; } nav { display: none; } .wide { overflow: visible; }
               h2 { break-after: avoid; } table { break-inside: avoid; font-size: 7.5pt; } }
"""


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
        f"{banner}<nav>{links}</nav>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in section.notes)
    tables = "\n".join(_table(item) for item in section.content if isinstance(item, Table))
    figures = "\n".join(_figure(item, section.synthetic) for item in section.content if isinstance(item, Figure))
    title = f"<h2 id='{_anchor(section.title)}'>{html.escape(section.title)}</h2>"
    return f"<section>\n{title}\n{notes}\n{tables}\n<div class='figures'>\n{figures}\n</div>\n</section>"


def _table(table: Table) -> str:
    return f"<div class='wide'>{html_table(table.frame, table.caption)}</div>"


def _figure(figure: Figure, synthetic: bool) -> str:
    from nbframes.plot._save import save

    image = io.BytesIO()
    try:
        save(figure.draw(), image, format="png", dpi=_DOTS_PER_INCH, synthetic=synthetic)
    except NBFramesError as error:
        return f"<p>{html.escape(figure.caption)}: not drawn; {html.escape(str(error).splitlines()[0])}.</p>"
    data = base64.b64encode(image.getvalue()).decode()
    caption = html.escape(figure.caption)
    source = f"data:image/png;base64,{data}"
    return f"<figure><img alt='{caption}' src='{source}'><figcaption>{caption}</figcaption></figure>"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
