"""Values by architecture, seed and budget as one array, with an index for scalars and one for arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_LARGEST = 2**31
"""Cells of the largest array that is built; 17 GB of values would be a mistake rather than a wish."""

_TABLE = 2**16
"""Seeds and budgets below this are found by a table, larger ones by bisection."""

_FEW = 8
"""Up to so many values, comparing a column with each of them is cheaper than a table."""


class Dense:
    """Values by architecture, seed and budget, with an index for scalars and one for arrays."""

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

    @classmethod
    def of(cls, frame: pl.LazyFrame, wanted: dict[str, str]) -> Dense:
        """Read the wanted values of a frame."""
        import numpy as np

        chosen = frame.filter(pl.col(name) == value for name, value in wanted.items())
        _check_single(chosen)
        rows = chosen.select("arch", "seed", "budget", "value").collect()
        if rows.is_empty():
            raise _nothing(frame, wanted)
        arch, seed, budget, value = (rows[name].to_numpy() for name in ("arch", "seed", "budget", "value"))
        seeds, budgets = (rows[name].unique().sort().to_list() for name in ("seed", "budget"))
        shape = (int(arch.max()) + 1, len(seeds), len(budgets))
        if np.prod(shape, dtype=float) > _LARGEST:
            msg = f"a dense array of {shape} values is too large; filter the results, or use final=True"
            raise InvalidArgumentError(msg)
        place = np.multiply(arch, len(seeds), dtype=np.int64)
        place += _ordinals(seed, seeds)
        place *= len(budgets)
        place += _ordinals(budget, budgets)
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
        return Dense(np.cumsum(self.array, axis=2), mask, self.seeds, self.budgets)

    def value(self, arch: int, seed: int, budget: int) -> float:
        """Give one value."""
        try:
            place = arch * self._stride + self._seed_offset[seed] + self._budget_offset[budget]
            if arch >= 0 and not self._missing[place]:
                return self._values[place]  # type: ignore[no-any-return]
        except (KeyError, IndexError, TypeError):
            pass
        raise self._not_published(arch, seed, budget)

    def values(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Give many values."""
        place, known = self._places(archs, seeds, budgets)
        if not known.all() or self.mask.reshape(-1).take(place).any():
            wrong = int((~self.present(archs, seeds, budgets)).reshape(-1).argmax())
            raise self._not_published(*_element(wrong, archs, seeds, budgets))
        return self.array.reshape(-1).take(place)

    def present(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.bool_]:
        """Tell which values there are."""
        place, known = self._places(archs, seeds, budgets)
        return known & ~self.mask.reshape(-1).take(place)

    def mean(self, arch: int, budget: int) -> float:
        """Give the mean over the seeds that there are."""
        index = self._budget_offset.get(budget)
        if index is None or not isinstance(arch, int) or not 0 <= arch < self._archs:
            raise self._not_published(arch, None, budget)
        values = self.array[arch, :, index][~self.mask[arch, :, index]].tolist()
        if not values:
            raise self._not_published(arch, None, budget)
        return float(sum(values) / len(values))

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

    def _not_published(self, arch: object, seed: object, budget: object) -> UnknownNameError:
        if not isinstance(arch, int) or not 0 <= arch < self._archs:
            msg = f"there is no architecture {arch!r}; the results hold 0 to {self._archs - 1:,}"
            return UnknownNameError(msg)
        if budget not in self._budget_offset:
            return UnknownNameError.of("budget", budget, self.budgets)
        index = self._budget_offset[budget]
        has = [known for known, gone in zip(self.seeds, self.mask[arch, :, index].tolist(), strict=True) if not gone]
        msg = f"architecture {arch} has no value at budget {budget} with seed {seed!r}; it has seeds {listed(has)}"
        return UnknownNameError(msg)


def _check_single(rows: pl.LazyFrame) -> None:
    """Check that all rows are of one benchmark and one schedule."""
    names = ("benchmark", "schedule")
    mixed = rows.select((pl.col(name) != pl.col(name).first()).any() for name in names).collect()
    for name in names:
        if mixed[name].item():
            several = rows.select(pl.col(name).unique()).collect()[name].sort().to_list()
            msg = f"the results hold several values of {name}: {listed(several)}\n\nHint: choose one with {name}="
            raise FrameError(msg)


def _ordinals(column: NDArray[Any], known: list[int]) -> NDArray[Any]:
    """Positions of a column's values among the known ones, by the cheapest way that there is."""
    import numpy as np

    ordinals: NDArray[Any]
    if known[-1] - known[0] == len(known) - 1:
        ordinals = np.subtract(column, column.dtype.type(known[0]))
    elif len(known) <= _FEW:
        ordinals = np.asarray(np.sum([column > value for value in known[:-1]], axis=0, dtype=np.uint8))
    else:
        ordinals = _positions(known)(column)
    return ordinals


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


def _nothing(frame: pl.LazyFrame, wanted: dict[str, str]) -> UnknownNameError | FrameError:
    """The error for a choice that selects no rows: which name is to blame."""
    if frame.select(pl.len()).collect().item() == 0:
        return FrameError("there are no rows to look up; is the benchmark, the schedule or the filter right?")
    for name, value in wanted.items():
        there = frame.select(pl.col(name).cast(pl.String).unique()).collect()[name].sort().to_list()
        if value not in there:
            return UnknownNameError.of(name, value, there)
    places = frame.filter(pl.col("metric") == wanted["metric"]).select("dataset", "split").unique().collect()
    pairs = sorted((str(dataset), str(split)) for dataset, split in places.iter_rows())
    return FrameError(f"the results hold no values with {wanted}\n\nThey have, as (dataset, split): {listed(pairs)}")


def _positions(known: list[int]) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """Function from values to their positions among the known ones, which are sorted; -1 for values that are absent."""
    import numpy as np

    def search(values: NDArray[Any]) -> NDArray[np.int64]:
        place = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return np.where(np.take(known, place) == values, place, -1)

    if known[-1] >= _TABLE:
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
