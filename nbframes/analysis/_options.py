"""Options that several helpers share, checked."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nbframes.errors import InvalidArgumentError, UnknownNameError, listed

Names = str | pl.Expr | Sequence[str | pl.Expr]


def names(option: str, given: Names) -> tuple[str, ...]:
    """Column names of an option that takes one or several, each once, as text or as ``pl.col(...)``."""
    every = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
    found = tuple(_column_name(option, name) if isinstance(name, pl.Expr) else name for name in every)
    if not all(isinstance(name, str) for name in found) or len(set(found)) < len(found):
        msg = f"{option}={given!r} should be names of columns, each once"
        raise InvalidArgumentError(msg)
    return found


def _column_name(option: str, given: pl.Expr) -> str:
    if not given.meta.is_column():
        msg = f"{option}={given} is computed: give it a name with frame.with_columns(name=...) first, and name that column"
        raise InvalidArgumentError(msg)
    return given.meta.output_name()


def one_of(option: str, given: str, valid: Sequence[str]) -> None:
    """Raise if an option is not one of its valid texts."""
    if given not in valid:
        raise UnknownNameError.of(option, given, valid)


def several(given: object) -> bool:
    """Whether an option was given as several values rather than one."""
    return isinstance(given, Sequence) and not isinstance(given, str)


def check_quantiles(quantiles: float | Sequence[float]) -> tuple[float, ...]:
    """Return the quantiles, one or several, if all lie in [0, 1]."""
    found = tuple(quantiles) if isinstance(quantiles, Sequence) else (quantiles,)
    if wrong := [q for q in found if isinstance(q, (bool, str)) or not 0 <= q <= 1]:
        msg = f"quantiles should lie in [0, 1], got {listed(wrong)}"
        raise InvalidArgumentError(msg)
    return found


def quantile_name(quantile: float) -> str:
    """Column of a quantile: ``q25`` for 0.25, ``q2.5`` for 0.025."""
    return f"q{100 * quantile:g}"
