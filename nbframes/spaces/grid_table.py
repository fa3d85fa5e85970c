"""A grid space as one table in official order, so that columns are answered by gathering from it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArchitectureError, InvalidArgumentError
from nbframes.schema import ARCHS
from nbframes.spaces.base import texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.base import Column
    from nbframes.spaces.kinds import Array, Bools

    Positions = NDArray[np.intp]

LARGEST = 10_000_000
"""Architectures that a table can hold: the strings of so many take about a gigabyte."""
_EXAMPLES = 3


class GridTable:
    """All architectures of a grid.

    An architecture's *digits* say which choice it makes at each position, its *code* is its place in lexicographic
    order (first position most significant), its *index* its place in upstream's order.
    """

    def __init__(
        self, noun: str, positions: Mapping[str, Sequence[Any]], template: str, order: Sequence[int] | None
    ) -> None:
        self.noun, self.template, self._order = noun, template, order
        self.choices = {name: tuple(choices) for name, choices in positions.items()}
        self.texts = {name: tuple(map(str, choices)) for name, choices in self.choices.items()}
        self._refuse_impossible()
        self.encoding = {name: _dtype(name, choices) for name, choices in self.choices.items()}
        self.sizes = np.array([len(choices) for choices in self.choices.values()])
        self.places = np.append(np.cumprod(self.sizes[:0:-1])[::-1], 1)
        self.size = int(np.prod(self.sizes))
        edits = [(place, other) for place, size in enumerate(self.sizes) for other in range(size - 1)]
        self.edited, self.other = np.array(edits, np.intp).reshape(-1, 2).T
        """Position of every edit, and which of the other choices it takes."""

    @cached_property
    def codes(self) -> Positions:
        """Code of every index."""
        if self._order is None:
            return np.arange(self.size)
        codes = np.asarray(self._order, np.intp)
        if not np.array_equal(np.sort(codes), np.arange(self.size)):
            msg = (
                f"order should name each of the {self.size:,} architectures once, by its number in lexicographic order"
            )
            raise InvalidArgumentError(msg)
        return codes

    @cached_property
    def index_of_code(self) -> Positions:
        """Inverse of ``codes``."""
        return np.argsort(self.codes)

    @cached_property
    def digits(self) -> Array:
        """Digits of every architecture, in official order."""
        digits: Array = (self.codes[:, None] // self.places % self.sizes).astype(np.uint8)
        return digits

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The encoding columns of every architecture, in official order."""
        columns = zip(self.encoding.items(), self.choices.values(), self.digits.T, strict=True)
        return pl.DataFrame(
            [pl.Series(name, choices, dtype).gather(digit) for (name, dtype), choices, digit in columns]
        )

    @cached_property
    def strings(self) -> pl.Series:
        """Upstream's string of every architecture, in official order."""
        columns = [pl.col(name).cast(pl.String) for name in self.encoding]
        return self.frame.select(pl.format(self.template, *columns).alias("arch_str")).to_series()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the string of an architecture matches, with a group for each position."""
        pieces = [re.escape(piece) for piece in self.template.split("{}")]
        groups = [f"({'|'.join(map(re.escape, texts))})" for texts in self.texts.values()]
        return re.compile("".join(piece + group for piece, group in zip(pieces, [*groups, ""], strict=True)))

    def find(self, x: Column) -> pl.Series:
        """Index of every row, null where the row is not an architecture."""
        return self._find_rows(x) if isinstance(x, pl.DataFrame) else self._find_strings(x)

    def indices(self, x: Column, explain: Callable[[str], str]) -> Positions:
        """Index of every row; raises if a row is not an architecture."""
        found = self.find(x)
        if found.null_count():
            raise self._invalid(x, found.is_null(), explain)
        return found.to_numpy().astype(np.intp)

    def check_indices(self, x: pl.Series) -> Positions:
        """Return a column of indices if all of them are in range."""
        if not x.dtype.is_integer():
            msg = f"indices must be integers, got a column of {x.dtype}"
            raise InvalidArgumentError(msg)
        outside = x.filter(~x.is_between(0, self.size - 1).fill_null(value=False))
        if len(outside):
            msg = f"{len(outside)} of {len(x)} indices are not in 0..{self.size - 1}, the first is {outside[0]!r}"
            raise InvalidArgumentError(msg)
        return x.to_numpy().astype(np.intp)

    def neighbours(self, indices: Positions) -> tuple[Positions, Bools]:
        """Indices of all neighbours, shape (rows, edits), and which of them are one step up or down."""
        old = self.digits[indices][:, self.edited].astype(np.intp)
        new = self.other + (self.other >= old)
        step = new - old
        found = self.index_of_code[self.codes[indices][:, None] + step * self.places[self.edited]]
        return found, np.abs(step) == 1

    @cached_property
    def _enum(self) -> pl.Enum:
        if self.strings.n_unique() < self.size:
            twice = self.strings.filter(self.strings.is_duplicated())[0]
            msg = f"the template {self.template!r} writes several architectures as {twice!r}: choose another separator"
            raise InvalidArgumentError(msg)
        return pl.Enum(self.strings)

    def _find_strings(self, x: pl.Series) -> pl.Series:
        texts = texts_of(x)
        if texts is None:
            msg = f"a column of architectures must hold strings, got {x.dtype}"
            raise InvalidArgumentError(msg)
        return texts.cast(self._enum, strict=False).to_physical().cast(ARCHS["arch"])

    def _find_rows(self, x: pl.DataFrame) -> pl.Series:
        missing = [name for name in self.encoding if name not in x.columns]
        if missing:
            raise FrameError.missing_columns(missing, x.columns, "parse() turns strings into these columns")
        digits = (self._digit(name) * int(place) for name, place in zip(self.encoding, self.places, strict=True))
        codes = x.select(pl.sum_horizontal(digits, ignore_nulls=False)).to_series()
        return pl.Series("arch", self.index_of_code, ARCHS["arch"]).gather(codes)

    def _digit(self, name: str) -> pl.Expr:
        texts = self.texts[name]
        text = pl.col(name).cast(pl.String)
        return text.replace_strict(texts, range(len(texts)), default=None, return_dtype=pl.UInt32)

    def _invalid(self, x: Column, bad: pl.Series, explain: Callable[[str], str]) -> InvalidArchitectureError:
        rows = bad.arg_true()
        examples = [f"row {row}: {self._explain_row(x, row, explain)}" for row in rows.head(_EXAMPLES)]
        more = len(rows) - len(examples)
        lines = "\n".join(examples) + (f"\nand {more} more" if more else "")
        return InvalidArchitectureError(f"{len(rows)} of {len(x)} rows are not a {self.noun}\n\n{lines}")

    def _explain_row(self, x: Column, row: int, explain: Callable[[str], str]) -> str:
        if isinstance(x, pl.Series):
            return "null" if x[row] is None else f"{x[row]!r} {explain(x[row])}"
        wrong = [name for name, texts in self.texts.items() if str(x[name][row]) not in texts]
        return "; ".join(f"{name}={x[name][row]!r}, valid: {', '.join(self.texts[name])}" for name in wrong)

    def _refuse_impossible(self) -> None:
        if (
            self.template.count("{}") != len(self.choices)
            or not self.choices
            or {*"{}"} & {*self.template.replace("{}", "")}
        ):
            msg = f"the template {self.template!r} should have one {{}} for each of the positions {[*self.choices]}, no other braces"
            raise InvalidArgumentError(msg)
        size = 1
        for name, texts in self.texts.items():
            if not 0 < len(set(texts)) == len(texts) <= 256:
                msg = (
                    f"position {name!r} should have 1 to 256 choices that are written differently, got {list(texts)!r}"
                )
                raise InvalidArgumentError(msg)
            size *= len(texts)
        if size > LARGEST:
            msg = f"a grid of {size:,} architectures is too large to be kept as a table; the most is {LARGEST:,}"
            raise InvalidArgumentError(msg)
        if "{}{}" in self.template and any(len({*map(len, texts)}) > 1 for texts in self.texts.values()):
            msg = f"choices of different lengths need something between them in the template, got {self.template!r}"
            raise InvalidArgumentError(msg)


def _dtype(name: str, choices: Sequence[Any]) -> Any:
    if all(isinstance(choice, str) for choice in choices):
        return pl.Enum(choices)
    if all(isinstance(choice, int) and not isinstance(choice, bool) for choice in choices):
        return pl.UInt8() if min(choices) >= 0 and max(choices) < 256 else pl.Int64()
    msg = f"the choices at position {name!r} should all be strings or all be whole numbers, got {list(choices)!r}"
    raise InvalidArgumentError(msg)
