"""Search spaces that are a full grid: every column holds any one of the same few choices."""

from __future__ import annotations

from functools import cached_property
from hashlib import md5
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces._random import count, generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Indices = NDArray[np.intp]

T = TypeVar("T")
_EXAMPLES = 3


class Grid:
    """All architectures of a grid as one table in official order, so that columns are answered by gathering from it.

    An architecture's *code* is its position in lexicographic order (first column most significant), its *index* its
    position in upstream's order.
    """

    def __init__(
        self,
        noun: str,
        *,
        encoding: dict[str, Any],
        choices: Sequence[Any],
        template: str,
        explain: Callable[[str], str],
        order: Sequence[int] | None = None,
    ) -> None:
        self.noun, self.choices, self.encoding, self.explain = noun, tuple(choices), encoding, explain
        self.width, self.base = len(encoding), len(choices)
        self.size = self.base**self.width
        self.places = self.base ** np.arange(self.width - 1, -1, -1)
        self.codes: Indices = np.arange(self.size) if order is None else np.asarray(order, np.intp)
        self.template = template

    @cached_property
    def table(self) -> pl.DataFrame:
        """The encoding columns of every architecture, in official order."""
        digits = self.codes[:, None] // self.places % self.base
        dtypes = zip(self.encoding.items(), digits.T, strict=True)
        return pl.DataFrame([pl.Series(name, self.choices, dtype).gather(digit) for (name, dtype), digit in dtypes])

    @cached_property
    def strings(self) -> pl.Series:
        """Upstream's string of every architecture, in official order."""
        columns = [pl.col(name).cast(pl.String) for name in self.encoding]
        return self.table.select(pl.format(self.template, *columns).alias("arch_str")).to_series()

    @cached_property
    def index_of_code(self) -> Indices:
        """Inverse of ``codes``."""
        return np.argsort(self.codes)

    @cached_property
    def _enum(self) -> pl.Enum:
        return pl.Enum(self.strings)

    def find(self, x: pl.Series | pl.DataFrame) -> pl.Series:
        """Official index of every row as Int32, null where the row is not an architecture."""
        return self._find_codes(x) if isinstance(x, pl.DataFrame) else self._find_strings(x)

    def indices(self, x: pl.Series | pl.DataFrame) -> Indices:
        """Official index of every row; raises if a row is not an architecture."""
        found = self.find(x)
        if found.null_count():
            raise self._invalid(x, found.is_null())
        return found.to_numpy().astype(np.intp)

    def check_indices(self, x: pl.Series) -> Indices:
        """Return a column of official indices if all of them are in range."""
        if not x.dtype.is_integer():
            msg = f"indices must be integers, got a column of {x.dtype}"
            raise InvalidArgumentError(msg)
        outside = x.filter(~x.is_between(0, self.size - 1).fill_null(value=False))
        if len(outside):
            msg = f"{len(outside)} of {len(x)} indices are not in 0..{self.size - 1}, the first is {outside[0]!r}"
            raise InvalidArgumentError(msg)
        return x.to_numpy().astype(np.intp)

    def enumerate(self) -> pl.DataFrame:
        """Index, string and encoding columns of the whole grid, by index."""
        return self.table.select(pl.int_range(pl.len(), dtype=pl.Int32).alias("arch"), self.strings, pl.all())

    def draw(self, n: int, seed: int | np.random.Generator | None, *, replace: bool) -> Indices:
        """Indices of ``n`` architectures, uniform over the grid."""
        n = count(n, "architectures", None if replace else self.size)
        return generator(seed).choice(self.size, n, replace=replace).astype(np.intp)

    def sample(self, n: int, seed: int | np.random.Generator | None, *, replace: bool) -> pl.DataFrame:
        """Strings and encoding columns of ``n`` architectures, uniform over the grid."""
        return self.table.select(self.strings, pl.all())[self.draw(n, seed, replace=replace)]

    def neighbours(self, indices: Indices) -> Indices:
        """Indices of all one-edit neighbours, shape (rows, width * (base - 1)): column by column, choices in order."""
        codes = self.codes[indices][:, None, None]
        places = self.places[:, None]
        old = codes // places % self.base
        new = np.arange(self.base - 1)
        new = new + (new >= old)
        found: Indices = self.index_of_code[
            (codes + (new - old) * places).reshape(len(indices), self.width * (self.base - 1))
        ]
        return found

    def _find_strings(self, x: pl.Series) -> pl.Series:
        if x.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
            msg = f"a column of architectures must hold strings, got {x.dtype}"
            raise InvalidArgumentError(msg)
        return x.cast(pl.String).cast(self._enum, strict=False).to_physical().cast(pl.Int32)

    def _find_codes(self, x: pl.DataFrame) -> pl.Series:
        missing = [name for name in self.encoding if name not in x.columns]
        if missing:
            raise FrameError.missing_columns(missing, x.columns, "parse() turns strings into these columns")
        codes = x.select(
            pl.sum_horizontal(
                (self._digit(name) * int(place) for name, place in zip(self.encoding, self.places, strict=True)),
                ignore_nulls=False,
            )
        ).to_series()
        return pl.Series("arch", self.index_of_code, pl.Int32).gather(codes)

    def _digit(self, name: str) -> pl.Expr:
        texts = [str(choice) for choice in self.choices]
        return (
            pl.col(name).cast(pl.String).replace_strict(texts, range(self.base), default=None, return_dtype=pl.UInt32)
        )

    def _invalid(self, x: pl.Series | pl.DataFrame, bad: pl.Series) -> InvalidArchitectureError:
        rows = bad.arg_true()
        examples = [f"row {row}: {self._explain_row(x, row)}" for row in rows.head(_EXAMPLES)]
        more = len(rows) - len(examples)
        lines = "\n".join(examples) + (f"\nand {more} more" if more else "")
        return InvalidArchitectureError(f"{len(rows)} of {len(x)} rows are not a {self.noun}\n\n{lines}")

    def _explain_row(self, x: pl.Series | pl.DataFrame, row: int) -> str:
        if isinstance(x, pl.Series):
            return "null" if x[row] is None else f"{x[row]!r} {self.explain(x[row])}"
        valid = [str(choice) for choice in self.choices]
        wrong = [f"{name}={x[name][row]!r}" for name in self.encoding if str(x[name][row]) not in valid]
        return f"{', '.join(wrong)}; valid: {', '.join(valid)}"


def one_edits(values: tuple[T, ...], choices: Sequence[T]) -> list[tuple[T, ...]]:
    """All tuples that differ from ``values`` in one place, place by place and in the order of ``choices``."""
    return [
        (*values[:place], choice, *values[place + 1 :])
        for place, value in enumerate(values)
        for choice in choices
        if choice != value
    ]


def neighbour_frame(strings: pl.Series, neighbours: Indices, keep: NDArray[np.bool_] | None = None) -> pl.DataFrame:
    """Table of ``row`` and ``neighbour``, one row a neighbour."""
    keep = np.ones(neighbours.shape, np.bool_) if keep is None else keep
    rows = np.nonzero(keep)[0].astype(np.uint32)
    return pl.DataFrame({"row": rows, "neighbour": strings.gather(neighbours[keep])})


def pick(neighbours: Indices, seed: int | np.random.Generator | None, keep: NDArray[np.bool_] | None = None) -> Indices:
    """One neighbour of every row, uniform over those to ``keep``."""
    scores = generator(seed).random(neighbours.shape)
    if keep is not None:
        scores[~keep] = -1.0
    picked: Indices = neighbours[np.arange(len(neighbours)), scores.argmax(axis=1)]
    return picked


def digest(text: str) -> str:
    """MD5 in hexadecimal."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def digests(texts: pl.Series) -> pl.Series:
    """MD5 of every text, each different one computed once."""
    different = texts.unique()
    return texts.replace_strict(different, [digest(text) for text in different])
