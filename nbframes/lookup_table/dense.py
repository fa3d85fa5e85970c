"""Values by architecture, seed and budget in one array, with an index for scalars and one for arrays."""

from __future__ import annotations

from functools import cached_property, partial
from operator import index as as_integer
from typing import TYPE_CHECKING, Any, Final

from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

_LARGEST: Final = 2**31
"""Cells of the largest array that is built; 17 GB of values would be a mistake rather than a wish."""
_TABLE: Final = 2**20
"""Seeds and budgets below this are found by a table, others by a binary search."""
_FIRST: Final = 10_000
"""Rows that are looked at for what seeds and budgets there are."""


class Dense:
    """Values of shape (architectures, seeds, budgets), and which of them were published; the others are NaN."""

    def __init__(
        self, array: NDArray[np.float64], mask: NDArray[np.bool_], seeds: list[int], budgets: list[int]
    ) -> None:
        array.flags.writeable = mask.flags.writeable = False
        self.array, self.mask, self.seeds, self.budgets = array, mask, seeds, budgets
        self._archs = len(array)
        self._stride = len(seeds) * len(budgets)
        self._values: Any = memoryview(array.reshape(-1).data)
        self._missing: Any = memoryview(mask.reshape(-1).data)
        self._seed_offset = {seed: index * len(budgets) for index, seed in enumerate(seeds)}
        self._budget_offset = {budget: index for index, budget in enumerate(budgets)}
        # without a reference to this object, which would be a cycle that keeps the array alive
        self._not_published = partial(_not_published, mask, seeds, budgets)
        self.value = self._reader()

    def _reader(self) -> Callable[[int, int, int], float]:
        """Make the function that gives one value; it holds all that it needs, since a search asks it millions of times."""
        values, missing, stride = self._values, self._missing, self._stride
        seed_offset, budget_offset, refuse = self._seed_offset, self._budget_offset, self._not_published

        def value(arch: int, seed: int, budget: int) -> float:
            try:
                place = arch * stride + seed_offset[seed] + budget_offset[budget]
                found: float = values[place]
                if arch >= 0 and (found == found or not missing[place]):  # noqa: PLR0124  NaN stands where nothing was published
                    return found
            except (KeyError, IndexError, TypeError):
                pass
            raise refuse(arch, seed, budget)

        return value

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Dense:
        """Arrange rows of ``arch``, ``seed``, ``budget`` and ``value``, of which there is at least one.

        Raises
        ------
        InvalidArgumentError
            If the array would be too large.
        FrameError
            If there are several values for the same key.
        """
        import numpy as np

        arch, seed, budget, value = (rows[name].to_numpy() for name in ("arch", "seed", "budget", "value"))
        budgets, budget_place = _axis(budget, 1)
        seeds, seed_place = _axis(seed, len(budgets))
        shape = (int(arch.max()) + 1, len(seeds), len(budgets))
        if np.prod(shape, dtype=float) > _LARGEST:
            msg = f"a dense array of {shape} values is too large; filter the results, or use final=True"
            raise InvalidArgumentError(msg)
        place = np.multiply(arch, len(seeds) * len(budgets), dtype=np.int64)
        place += seed_place
        place += budget_place
        array, mask = _scattered(place, value, shape)
        if mask.size - np.count_nonzero(mask) != rows.height:
            msg = "the results hold more than one value for the same arch, seed and budget; filter them further"
            raise FrameError(msg)
        return cls(array, mask, seeds, budgets)

    def accumulated(self) -> Dense:
        """Sums over the budgets from the first epoch on; masked where an epoch before is missing."""
        import numpy as np

        known = next((i for i, budget in enumerate(self.budgets) if budget != i + 1), len(self.budgets))
        mask = np.logical_or.accumulate(self.mask, axis=2)
        mask[:, :, known:] = True
        sums = np.cumsum(self.array, axis=2)
        sums[mask] = np.nan
        return Dense(sums, mask, self.seeds, self.budgets)

    def values(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Give many values; see `nbframes.lookup_table.Lookup.values`."""
        place, known = self._places(archs, seeds, budgets)
        if not known.all() or self.mask.reshape(-1).take(place).any():
            wrong = int((~self.present(archs, seeds, budgets)).reshape(-1).argmax())
            raise self._not_published(*_element(wrong, archs, seeds, budgets))
        return self.array.reshape(-1).take(place)

    def present(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.bool_]:
        """Tell which values were published."""
        place, known = self._places(archs, seeds, budgets)
        return known & ~self.mask.reshape(-1).take(place)

    def mean(self, arch: int, budget: int) -> float:
        """Mean over the published seeds, added in ascending order."""
        try:
            place, total, count = as_integer(arch) * self._stride + self._budget_offset[budget], 0.0, 0
        except (KeyError, TypeError):
            raise self._not_published(arch, None, budget) from None
        if 0 <= arch < self._archs:
            for each in range(place, place + self._stride, len(self.budgets)):
                if not self._missing[each]:
                    total += self._values[each]
                    count += 1
        if not count:
            raise self._not_published(arch, None, budget)
        return total / count

    def means(self, archs: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Means over the published seeds, added in ascending order, of many architectures and budgets."""
        import numpy as np

        place, known = self._places(archs, self.seeds[0], budgets)
        total, count = np.zeros(place.shape), np.zeros(place.shape, np.int64)
        for offset in self._seed_offset.values():
            there = ~self.mask.reshape(-1).take(place + offset)
            total += np.where(there, self.array.reshape(-1).take(place + offset), 0.0)
            count += there
        absent = ~known | (count == 0)
        if absent.any():
            arch, budget = _element(int(absent.reshape(-1).argmax()), archs, budgets)
            raise self._not_published(arch, None, budget)
        return total / count

    def _places(
        self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Flat places of values, 0 for those that cannot exist, and which can."""
        import numpy as np

        arch, seed, budget = (np.asarray(values) for values in (archs, seeds, budgets))
        if any(values.dtype.kind not in "iu" for values in (arch, seed, budget)):
            msg = "architectures, seeds and budgets are arrays of integers"
            raise InvalidArgumentError(msg)
        seed_place, budget_place = self._seed_positions(seed), self._budget_positions(budget)
        known = (arch >= 0) & (arch < self._archs) & (seed_place >= 0) & (budget_place >= 0)
        place = (arch.astype(np.int64) * len(self.seeds) + seed_place) * len(self.budgets) + budget_place
        return np.where(known, place, 0), known

    @cached_property
    def _seed_positions(self) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
        return _positions(self.seeds)

    @cached_property
    def _budget_positions(self) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
        return _positions(self.budgets)


def _not_published(  # noqa: PLR0917 - the first three are bound once
    mask: NDArray[np.bool_], seeds: list[int], budgets: list[int], arch: object, seed: object, budget: object
) -> UnknownNameError:
    """Say why there is no value: which of the three is to blame."""
    arch, seed, budget = _plain(arch), _plain(seed), _plain(budget)
    if not isinstance(arch, int) or not 0 <= arch < len(mask):
        msg = f"there is no architecture {arch!r}; the results hold 0 to {len(mask) - 1:,}"
        return UnknownNameError(msg)
    if budget not in budgets:
        return UnknownNameError.of("budget", budget, budgets)
    gone = mask[arch, :, budgets.index(budget)].tolist()
    has = [known for known, absent in zip(seeds, gone, strict=True) if not absent]
    which = "" if seed is None else f" with seed {seed!r}"
    msg = f"architecture {arch} has no value at budget {budget}{which}; it has seeds {listed(has)}"
    return UnknownNameError(msg)


def _plain(number: object) -> object:
    """Python's integer for any; what is none, as it is."""
    try:
        return as_integer(number)  # type: ignore[arg-type]
    except TypeError:
        return number


def _axis(column: NDArray[Any], width: int) -> tuple[list[int], NDArray[np.int64] | int]:
    """Distinct values of a column, ascending, and for each row the position of its value among them, times ``width``.

    The first rows tell most often what there is, so that the whole column is gone through once.
    """
    import numpy as np

    smallest, largest = int(column.min()), int(column.max())
    if smallest == largest:
        return [smallest], 0
    if smallest < 0 or largest >= _TABLE:
        known, place = np.unique(column, return_inverse=True)
        return known.tolist(), place * width
    known = np.unique(column[:_FIRST])
    if known[0] == smallest and known[-1] == largest and len(known) == largest - smallest + 1:
        offsets = np.subtract(column, smallest, dtype=np.int64)
        offsets *= width
        return known.tolist(), offsets
    offsets = _table_of(known, width, largest).take(column)
    if offsets.min() < 0:
        there = np.zeros(largest + 1, np.bool_)
        there[column] = True
        known = np.flatnonzero(there)
        offsets = _table_of(known, width, largest).take(column)
    return known.tolist(), offsets


def _table_of(known: NDArray[Any], width: int, largest: int) -> NDArray[np.int64]:
    """Offsets by value, -1 for values that are not known."""
    import numpy as np

    table = np.full(largest + 1, -1, np.int64)
    table[known] = np.arange(len(known)) * width
    return table


def _scattered(
    place: NDArray[np.int64], value: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values at their flat places, and a mask of the places that got none; a NaN among the values is a value."""
    import numpy as np

    array = np.full(shape, np.nan)
    array.reshape(-1)[place] = value
    mask = np.isnan(array)
    if np.isnan(value).any():
        mask.reshape(-1)[place] = False
    return array, mask


def _positions(known: list[int]) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """Function from values to their positions among the known ones, which are sorted; -1 for values that are absent."""
    import numpy as np

    def search(values: NDArray[Any]) -> NDArray[np.int64]:
        place = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return np.where(np.take(known, place) == values, place, -1)

    if known[-1] >= _TABLE or known[0] < 0:
        return search
    table = np.full(known[-1] + 1, -1, np.int64)
    table[known] = range(len(known))

    def look_up(values: NDArray[Any]) -> NDArray[np.int64]:
        inside = (values >= 0) & (values < len(table))
        found: NDArray[np.int64] = np.where(inside, table[np.where(inside, values, 0)], -1)
        return found

    return look_up


def _element(index: int, *arrays: ArrayLike) -> tuple[int, ...]:
    import numpy as np

    return tuple(int(array.reshape(-1)[index]) for array in np.broadcast_arrays(*arrays))
