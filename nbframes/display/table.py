"""Tables for papers: any tidy frame as LaTeX and HTML, with units, mean ± std and the best in bold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import polars as pl

from nbframes.display.columns import column, is_told_elsewhere, the_metric
from nbframes.display.printed import Table
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from nbframes.benchmarks.values import Better

__all__ = ["Table", "table"]


def table(
    frame: pl.DataFrame | pl.LazyFrame,
    /,
    *,
    caption: str | None = None,
    bold: Literal["best"] | Mapping[str, Better] | None = "best",
    digits: int = 2,
) -> Table:
    """Lay a frame out as papers print it: ``mean ± std`` in one column, units in the headers, the best value in bold.

    Parameters
    ----------
    frame
        What a helper returns, such as `nbframes.summarize`, `nbframes.best_archs` or `nbframes.search.table`, or a frame of
        your own; its columns and rows stay in their order. ``mean`` and ``std`` (also ``<name>_mean`` and ``<name>_std``)
        become one column. If the frame has one metric, its label stands in the headers instead of a column.
    caption
        Text above the table.
    bold
        ``"best"``: the best value of every column whose better end is known, from its metric or its name. Only rows that agree in
        benchmark, metric, dataset, split, schedule, budget, problem and clock compete, and nothing is bold where only one
        row does; values that are printed alike are bold together. A mapping names columns and their better end, ``"max"`` or
        ``"min"``, instead; None leaves all as it is.
    digits
        Digits behind the point; none for large whole numbers such as parameters, more for columns below 0.1. Values too small
        for them are written with an exponent, missing ones as a dash.

    Returns
    -------
    Table
        With ``to_latex()`` and ``to_html()``; notebooks show it.

    Raises
    ------
    FrameError
        If it is not a frame, or has no rows or columns.
    InvalidArgumentError
        If ``bold`` or ``digits`` cannot be used.
    UnknownNameError
        If ``bold`` names a column that the frame has not.

    Examples
    --------
    >>> import nbframes as nbf, polars as pl
    >>> values = nbf.published.store().scan("nats-tss").filter(nbf.metric("accuracy"), nbf.schedule(200), nbf.final())
    >>> summary = nbf.summarize(values).filter(pl.col("split") == "val").select("dataset", "metric", "n", "mean", "std")
    >>> nbf.table(summary.sort("dataset"))
    dataset              n  accuracy (%), mean ± std
    ImageNet16-120  15,625              33.81 ± 9.24
    cifar10-valid   15,625             83.69 ± 12.80
    cifar100        15,625             61.30 ± 12.14
    """
    frame = _checked(frame, bold, digits)
    metric = the_metric(frame)
    columns = [
        column(frame, name, metric, bold, digits)
        for name in frame.columns
        if not is_told_elsewhere(frame, name, metric)
    ]
    return Table(
        header=tuple(one.header for one in columns),
        rows=tuple(zip(*(one.texts for one in columns), strict=True)),
        numbers=tuple(one.number for one in columns),
        best=frozenset((row, place) for place, one in enumerate(columns) for row in one.best),
        caption=_said_synthetic(frame, caption),
    )


def _checked(frame: object, bold: object, digits: object) -> pl.DataFrame:
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        msg = f"expected a frame, got {type(frame).__name__}"
        raise FrameError(msg)
    found = frame.lazy().collect()
    if found.is_empty():
        msg = f"there is nothing to print: the frame has {found.height} rows and {found.width} columns"
        raise FrameError(msg)
    if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 10:
        msg = f"digits should be a whole number between 0 and 10, not {digits!r}"
        raise InvalidArgumentError(msg)
    if bold is not None and bold != "best" and not isinstance(bold, Mapping):
        msg = f"bold is 'best', None or a mapping of columns to 'max' or 'min', not {bold!r}"
        raise InvalidArgumentError(msg)
    for name, better in bold.items() if isinstance(bold, Mapping) else ():
        known = [column for column in found.columns if found[column].dtype.is_numeric()]
        if name not in known:
            raise UnknownNameError.of("column of numbers", name, known)
        if better not in ("max", "min"):
            msg = f"bold[{name!r}] should be 'max' or 'min', not {better!r}"
            raise InvalidArgumentError(msg)
    return found


def _said_synthetic(frame: pl.DataFrame, caption: str | None) -> str | None:
    """The caption, with a word before it if the frame tells that its numbers are made up."""
    told = [frame[name].cast(pl.String) for name in ("origin", "synthetic") if name in frame.columns]
    if not any(values.str.to_lowercase().is_in(["true", "synthetic"]).any() for values in told):
        return caption
    return f"SYNTHETIC (nothing was trained){f': {caption}' if caption else ''}"
