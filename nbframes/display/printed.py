"""A table as it is printed: for LaTeX, HTML, notebooks and terminals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nbframes.display.text import html_grid, printable, text_lines

MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"
"""What stands for a missing value."""
_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        "[": "{[}",  # at the start of a row, LaTeX would take it for an option of the line break before
        "]": "{]}",
        "*": "{*}",
        "±": r"$\pm$",
        MINUS: "$-$",
        DASH: "--",
        "→": r"$\rightarrow$",
        "τ": r"$\tau$",
        "\N{GREEK SMALL LETTER RHO}": r"$\rho$",
    }
)


@dataclass(frozen=True)
class Table:
    """A table as it is printed; `nbframes.table` makes it.

    Parameters
    ----------
    header
        Names of the columns, with units.
    rows
        Texts of the cells.
    numbers
        Whether a column holds numbers, which stand to the right.
    best
        Row and column of the cells in bold.
    caption
        Text above the table, or None.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl
    >>> nbf.table(pl.DataFrame({"algorithm": ["random"], "regret": [2.5]})).header
    ('algorithm', 'regret')
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    best: frozenset[tuple[int, int]]
    caption: str | None = None

    def to_latex(self) -> str:
        r"""Write the table for LaTeX; its preamble needs ``\usepackage{booktabs}``.

        Returns
        -------
        str
            A ``tabular``, within a ``table`` if there is a caption.

        Examples
        --------
        >>> import nbframes as nbf, polars as pl
        >>> frame = pl.DataFrame({"algorithm": ["random", "local"], "regret": [2.5, 0.75]})
        >>> print(nbf.table(frame).to_latex())
        \begin{tabular}{lr}
        \toprule
        algorithm & regret \\
        \midrule
        random & 2.50 \\
        local & \textbf{0.75} \\
        \bottomrule
        \end{tabular}
        """
        places = "".join("r" if number else "l" for number in self.numbers)
        rows = [
            [f"\\textbf{{{_latex(text)}}}" if (i, j) in self.best else _latex(text) for j, text in enumerate(row)]
            for i, row in enumerate(self.rows)
        ]
        lines = [
            f"\\begin{{tabular}}{{{places}}}",
            "\\toprule",
            " & ".join(map(_latex, self.header)) + " \\\\",
            "\\midrule",
            *(" & ".join(row) + " \\\\" for row in rows),
            "\\bottomrule",
            "\\end{tabular}",
        ]
        if self.caption is not None:
            caption = f"\\caption{{{_latex(self.caption)}}}"
            lines = ["\\begin{table}", "\\centering", caption, *lines, "\\end{table}"]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Write the table as HTML, without styles but for numbers to the right.

        Returns
        -------
        str
            A ``table`` element; every header says by its scope what it is the header of.

        Examples
        --------
        >>> import nbframes as nbf, polars as pl
        >>> frame = pl.DataFrame({"algorithm": ["random", "local"], "regret": [2.5, 0.75]})
        >>> "<strong>0.75</strong>" in nbf.table(frame).to_html()
        True
        """
        return html_grid(self.header, self.rows, self.numbers, self.caption or "", self.best)

    def __repr__(self) -> str:
        title = [printable(self.caption)] if self.caption else []
        return "\n".join([*title, *text_lines([self.header, *self.rows], self.numbers)])

    def _repr_html_(self) -> str:
        return self.to_html()


def _latex(text: str) -> str:
    return printable(text).translate(_LATEX)
