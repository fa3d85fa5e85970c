"""A store as it shows itself, in text and in HTML: one line a benchmark or attachment, whatever state it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbframes.display.text import html_grid, printable
from nbframes.errors import StoreError

if TYPE_CHECKING:
    from nbframes.store.catalogue import Catalogue


def as_text(title: str, catalogue: Catalogue) -> str:
    """Lines for a terminal; what a manifest says cannot steer it."""
    lines = [_line(catalogue, *owner) for owner in catalogue.owners()]
    return "\n".join(map(printable, [title, *(lines or ["  (empty)"])]))


def as_html(title: str, catalogue: Catalogue) -> str:
    """Table for a notebook."""
    header = ("benchmark", "version", "architectures", "values", "MB")
    rows = [_row(catalogue, *owner) for owner in catalogue.owners()]
    return html_grid(header, rows, [False, False, True, True, True], title)


def _line(catalogue: Catalogue, benchmark: str, attachment: str) -> str:
    name = "+".join(filter(None, (benchmark, attachment)))
    try:
        manifest = catalogue.manifest(benchmark, attachment)
    except StoreError as error:
        return f"  {name:<10} DAMAGED: {str(error).splitlines()[0]}"
    line = f"  {name:<10} {manifest.rows():>12,} values"
    line += f" of {manifest.rows('archs'):,} architectures" if manifest.rows("archs") or not attachment else ""
    return f"{line}, SYNTHETIC" if manifest.synthetic else line


def _row(catalogue: Catalogue, benchmark: str, attachment: str) -> tuple[str, str, str, str, str]:
    name = "+".join(filter(None, (benchmark, attachment)))
    try:
        manifest = catalogue.manifest(benchmark, attachment)
    except StoreError as error:
        return name, f"damaged: {str(error).splitlines()[0]}", "", "", ""
    version = f"{manifest.version} (SYNTHETIC)" if manifest.synthetic else manifest.version
    return name, version, f"{manifest.rows('archs'):,}", f"{manifest.rows():,}", f"{manifest.size() / 1e6:,.1f}"
