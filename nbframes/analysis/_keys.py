"""Columns of keys as whole numbers that order rows as the columns do, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
import polars as pl

from nbframes.analysis._frames import constant
from nbframes.numerics.segments import Keys, Runs, begin

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_FEW: Final = 1 << 13
"""Rows whose order tells whether the others are worth a try."""


class Column(NamedTuple):
    """One column of keys."""

    name: str
    dtype: Any
    codes: NDArray[Any]
    """Whole numbers in the order of the values; nulls come first."""
    values: pl.Series | None
    """What each code stands for; None if that is the number itself."""

    @classmethod
    def of(cls, column: pl.Series) -> Self:
        """Number the values of a column."""
        name, dtype = column.name, column.dtype
        if dtype.is_integer() and dtype != pl.UInt64 and not column.null_count():
            return cls(name, dtype, column.to_numpy(), None)
        if isinstance(dtype, (pl.Categorical, pl.Enum)) and not column.null_count():
            physical = column.to_physical().to_numpy()
            values = column.unique().sort()
            place = np.zeros(int(physical.max()) + 1, np.int64)
            place[values.to_physical().to_numpy()] = np.arange(len(values))
            return cls(name, dtype, place[physical], values)
        values = column.unique().sort()
        codes = column.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - (0 if column.null_count() else 1)
        return cls(name, dtype, codes, values)

    def decode(self, codes: Ints) -> pl.Series:
        """Give the values of some codes."""
        if self.values is None:
            return pl.Series(self.name, codes.astype(self.codes.dtype))
        return self.values.gather(codes).alias(self.name)


class KeyColumns(NamedTuple):
    """The key columns of a frame."""

    constants: dict[str, pl.Series]
    """First values of the columns that have one value."""
    columns: tuple[Column, ...]
    """The others, in the order of the names."""

    @classmethod
    def of(cls, frame: pl.DataFrame, names: Sequence[str]) -> Self:
        """Key columns of a frame, the first one foremost."""
        constants, columns = {}, []
        for name in names:
            column = frame.get_column(name)
            if constant(column):
                constants[name] = column.head(1)
            else:
                columns.append(Column.of(column))
        return cls(constants, tuple(columns))

    def packed(self, height: int) -> FrameKeys:
        """Pack the columns into one."""
        columns = self.columns
        try:
            keys = Keys.of([column.codes for column in columns], height)
        except OverflowError:  # ranges too wide, such as of hashes: number the distinct values
            columns = tuple(
                Column(c.name, c.dtype, np.unique(c.codes, return_inverse=True)[1], _values(c)) for c in columns
            )
            keys = Keys.of([column.codes for column in columns], height)
        return FrameKeys(self.constants, columns, keys)

    def of_rows(self, rows: Ints) -> FrameKeys:
        """Pack the keys of some rows."""
        columns = tuple(column._replace(codes=column.codes[rows]) for column in self.columns)
        return self._replace(columns=columns).packed(len(rows))

    def neighbours(self, over: str | None, values: Floats, *, spread: bool) -> tuple[SortedKeys, Runs] | None:
        """Reduce rows that differ in the column ``over`` alone, and give the keys of what they are reduced to, in their order.

        Runs in the order of a store are much fewer than rows: to sort them, where the rows of another file follow, takes a part of
        the time. None if the rows of a key do not stand together, in the order of ``over``, or there is one of each.
        """
        keys = self._replace(columns=tuple(column for column in self.columns if column.name != over))
        within = next((column.codes for column in self.columns if column.name == over), None)
        codes = [column.codes for column in keys.columns]
        first = np.flatnonzero(begin(codes, slice(0, min(_FEW, len(values)))))
        if len(first) == min(_FEW, len(values)) or keys.of_rows(first).keys.order() is not None:
            return None
        runs = Runs.of(codes, values, within=within, spread=spread)
        units = keys.of_rows(runs.starts).sorted()
        if not runs.apart or units.repeated:
            return None
        return units, runs if units.order is None else runs.take(units.order)


class FrameKeys(NamedTuple):
    """The key columns of a frame, packed into one integer per row."""

    constants: dict[str, pl.Series]
    columns: tuple[Column, ...]
    keys: Keys

    @classmethod
    def of(cls, frame: pl.DataFrame, names: Sequence[str]) -> FrameKeys:
        """Pack columns of a frame, the first one foremost."""
        return KeyColumns.of(frame, names).packed(frame.height)

    def sorted(self) -> SortedKeys:
        """Bring the rows into the order of their keys."""
        order = self.keys.order()
        return SortedKeys(self, order, self.keys.packed if order is None else self.keys.packed[order])

    def bits_of(self, names: Collection[str]) -> int:
        """Bits of columns that were packed last; a column with one value has none."""
        return sum(bits for column, bits in zip(self.columns, self.keys.bits, strict=True) if column.name in names)

    def unpacked(self, packed: Ints, names: Sequence[str]) -> list[pl.Series]:
        """Give columns of some packed keys."""
        places = {column.name: place for place, column in enumerate(self.columns)}
        return [
            self.columns[places[name]].decode(self.keys.unpack(packed, places[name]))
            if name in places
            else self.constants[name].new_from_index(0, len(packed))
            if len(packed)
            else self.constants[name]
            for name in names
        ]


class SortedKeys(NamedTuple):
    """The rows of a frame in the order of its keys."""

    of_rows: FrameKeys
    order: Ints | None
    """Rows in that order; None if they stand in it."""
    packed: Ints

    @property
    def repeated(self) -> bool:
        """Whether rows share all their keys."""
        return bool((self.packed[1:] == self.packed[:-1]).any())

    def in_order(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of the rows, in that order."""
        return values if self.order is None else values[self.order]

    def reduced(self, over: Collection[str], values: Floats, *, spread: bool = True) -> Runs:
        """Runs of rows that differ in the columns ``over`` alone, which were packed last."""
        shift = self.of_rows.bits_of(over)
        keys = self.packed >> shift if shift else self.packed
        if (keys[1:] != keys[:-1]).all():
            return Runs.alone(values)
        return Runs.of([keys], values, spread=spread)

    def unpacked(self, places: Ints, names: Sequence[str]) -> list[pl.Series]:
        """Give columns of the keys at some places of the order."""
        return self.of_rows.unpacked(self.packed[places], names)


def _values(column: Column) -> pl.Series:
    distinct = np.unique(column.codes)
    return column.decode(distinct)


def numbered(frame: pl.DataFrame, names: Sequence[str]) -> Ints | None:
    """Number the groups of some columns, in their order; None if all rows are one group."""
    packed = FrameKeys.of(frame, names)
    return packed.keys.packed if packed.columns else None
