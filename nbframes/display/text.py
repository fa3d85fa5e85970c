"""What is shown: frames as text for a terminal and as HTML, and text of others without control characters."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Sequence

    import polars as pl

_NARROWEST: Final = 12
"""A text column is not cut below this."""
_LONG: Final = 24
"""Texts from here on may wrap in HTML."""
_GAP: Final = "  "
NUMBERS_OF_THINGS: Final = frozenset(
    {
        "arch",
        "seed",
        "schedule",
        "budget",
        "rank",
        "position",
        "neighbour",
        "incumbent",
        "run",
        "step",
        "bin",
        "min_arch",
        "max_arch",
    }
)
"""Columns of whole numbers that are names, not counts: their digits stand together."""


def table_lines(table: pl.DataFrame, width: int | None = None) -> list[str]:
    """Lay a frame out in columns, numbers to the right, names of the columns first.

    Parameters
    ----------
    table
        The frame; all of its rows are shown.
    width
        Columns of the terminal: long texts are cut so that the lines fit, as far as that helps. By default nothing is cut.

    Returns
    -------
    list of str
        One line for the names, and one for every row.
    """
    right = [dtype.is_numeric() for dtype in table.dtypes]
    return text_lines([table.columns, *_rows(table, digits=4)], right, width)


def text_lines(rows: Sequence[Sequence[str]], right: Sequence[bool], width: int | None = None) -> list[str]:
    """Lay texts out in columns, those of some to the right; see `table_lines`."""
    cells = [list(map(printable, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        widths = _narrowed(widths, right, width)
    return [
        _GAP.join(
            word.rjust(room) if numeric else _cut(word, room).ljust(room)
            for word, room, numeric in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    ]


def html_table(table: pl.DataFrame, caption: str = "") -> str:
    """Lay a frame out as an HTML table; numbers have the class ``number``, long texts the class ``long``."""
    numbers = [dtype.is_numeric() for dtype in table.dtypes]
    return html_grid(table.columns, _rows(table, digits=2), numbers, caption)


def html_grid(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    caption: str = "",
    best: Collection[tuple[int, int]] = (),
) -> str:
    """Lay texts out as an HTML table, the cells of ``best`` (row and column) in bold; see `html_table`."""
    head = "".join(map(_head, header, numbers))
    body = "\n".join(
        f"<tr>{''.join(_data(text, numbers[j], (i, j) in best) for j, text in enumerate(row))}</tr>"
        for i, row in enumerate(rows)
    )
    return f"<table>{_caption(caption)}<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def html_facts(title: str, facts: Iterable[tuple[str, str]]) -> str:
    """Lay facts out as an HTML table of two columns, what each is of and what it is."""
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{html.escape(printable(name))}</th>"
        f"<td style='text-align:left'>{html.escape(printable(fact))}</td></tr>"
        for name, fact in facts
    )
    return f"<table>{_caption(title)}<tbody>{rows}</tbody></table>"


def shortened(text: str, room: int = 72) -> str:
    """Text of at most so many characters: a longer one loses its middle, so that both of its ends are seen."""
    if len(text) <= room:
        return text
    end = (room - 1) // 3
    return f"{text[: room - 1 - end]}…{text[-end:]}"


def file_to_write(path: str | os.PathLike[str]) -> Path:
    """Path of a file that is going to be written, if there is a folder for it."""
    file = Path(path)
    if not file.parent.is_dir():
        msg = f"cannot write {str(file)!r}: there is no folder {str(file.parent)!r}"
        raise InvalidArgumentError(msg)
    return file


def cell(value: object, *, digits: int, count: bool = True, small: float | None = None) -> str:
    """Write one value: a missing one as a dash, a count with its thousands apart, other numbers with so many digits.

    Numbers below ``small``, by default those that so many digits would tell coarsely, have four significant digits instead.
    """
    if isinstance(value, list):
        return ", ".join(cell(item, digits=digits, count=count, small=small) for item in value)
    if isinstance(value, bool) or value is None:
        return {None: "-", True: "yes", False: "no"}[value]
    if isinstance(value, int):
        return f"{value:,}" if count else str(value)
    return _float(value, digits, small) if isinstance(value, float) else printable(value)


def printable(text: object) -> str:
    """Text with its control characters escaped, so that what a file says cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def redacted(url: str) -> str:
    """Text with the user and password of its URLs left out."""
    return re.sub(r"://[^/@\s]+@", "://***@", url)


def _narrowed(widths: Sequence[int], numeric: Sequence[bool], width: int) -> list[int]:
    """Take from the widest texts what the lines are too long by."""
    narrowed = list(widths)
    surplus = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while surplus > 0:
        texts = [place for place, number in enumerate(numeric) if not number and narrowed[place] > _NARROWEST]
        if not texts:
            break
        widest = max(texts, key=narrowed.__getitem__)
        narrowed[widest] -= 1
        surplus -= 1
    return narrowed


def _cut(word: str, room: int) -> str:
    return word if len(word) <= room else f"{word[: room - 1]}…"


def _float(value: float, digits: int, small: float | None) -> str:
    if value.is_integer() and abs(value) >= 1000:
        return f"{value:,.0f}"
    coarse = 10.0 ** (1 - digits) if small is None else small
    return f"{value:.4g}" if 0 < abs(value) < coarse else f"{value:.{digits}f}"


def _rows(table: pl.DataFrame, *, digits: int) -> list[list[str]]:
    counts = [name not in NUMBERS_OF_THINGS for name in table.columns]
    smalls = [_small(column, digits) for column in table.iter_columns()]
    return [
        [
            cell(value, digits=digits, count=count, small=small)
            for value, count, small in zip(row, counts, smalls, strict=True)
        ]
        for row in table.iter_rows()
    ]


def _small(column: pl.Series, digits: int) -> float | None:
    """Numbers of a column that need more digits: of a column with larger ones beside them only what would read as zero."""
    if not column.dtype.is_float() or (column.abs() >= 10.0 ** (1 - digits)).any() is not True:
        return None
    return 0.5 * 10.0**-digits


def _caption(text: str) -> str:
    return f"<caption>{html.escape(printable(text))}</caption>" if text else ""


def _head(text: str, number: bool) -> str:
    return f"<th scope='col'{_kind(text, number)}>{html.escape(printable(text))}</th>"


def _data(text: str, number: bool, best: bool) -> str:
    shown = html.escape(printable(text))
    return f"<td{_kind(text, number)}>{f'<strong>{shown}</strong>' if best else shown}</td>"


def _kind(text: str, number: bool) -> str:
    if number:
        return " class='number' style='text-align:right'"
    return " class='long'" if len(text) > _LONG else ""
