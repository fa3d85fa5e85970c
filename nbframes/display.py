"""What is shown: frames as aligned text for a terminal, text of others without control characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def table_lines(table: pl.DataFrame) -> list[str]:
    """Lay a frame out in columns, numbers to the right, names of the columns first."""
    cells = [[_cell(value) for value in row] for row in table.iter_rows()]
    widths = [max(map(len, column)) for column in zip(table.columns, *cells, strict=True)]
    right = [dtype.is_numeric() for dtype in table.dtypes]
    return [
        "  ".join(
            word.rjust(width) if numeric else word.ljust(width)
            for word, width, numeric in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [table.columns, *cells]
    ]


def printable(text: object) -> str:
    """Text with its control characters escaped, so that what a file says cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def redacted(url: str) -> str:
    """Text with the user and password of its URLs left out."""
    return re.sub(r"://[^/@\s]+@", "://***@", url)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1000 else f"{value:.4f}"
    return printable(value)
