"""Dense arrays for search loops: one value in well under a microsecond, arrays of them in nanoseconds each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nbframes import expr
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed
from nbframes.store import Store

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


def lookup(
    results: pl.LazyFrame | pl.DataFrame | Store,
    /,
    *,
    dataset: str,
    split: str,
    metric: str = "accuracy",
    benchmark: str | None = None,
    schedule: int | Literal["full"] | None = None,
    final: bool = False,
) -> Lookup:
    """Look up single values of one metric by architecture, seed and budget.

    Nothing is read until the first value is asked for.

    Parameters
    ----------
    results
        Results in long format, or a store.
    dataset, split, metric
        Which values.
    benchmark
        Which benchmark, where ``results`` holds several.
    schedule
        Which training schedule in epochs, where there are several; ``"full"`` for the published benchmark's own.
    final
        Whether to hold only the last published value of each run: much less to read.

    Returns
    -------
    Lookup
        A view of shape (architectures, seeds, budgets).

    Raises
    ------
    UnknownNameError
        If a name is not in the results, when the first value is asked for.
    FrameError
        If benchmark or schedule are left open and there are several.

    Examples
    --------
    >>> import nbframes as nbf
    >>> accuracy = nbf.lookup(nbf.published.store(), benchmark="nats-tss", dataset="cifar100", split="val", schedule=200)
    >>> round(accuracy.value(9930, 777, 200), 2), round(accuracy.mean(9930, 200), 4)
    (73.52, 73.4933)
    >>> accuracy.values([0, 1, 2], 777, 200).shape
    (3,)
    >>> round(accuracy.time(9930, 777, 200))
    5869
    """
    if not isinstance(results, (Store, pl.DataFrame, pl.LazyFrame)):
        msg = f"lookup takes results or a store, not {type(results).__name__}; open a path with nbf.open_store(path)"
        raise FrameError(msg)
    frame = results.scan(*([benchmark] if benchmark else [])) if isinstance(results, Store) else results.lazy()
    if benchmark is not None:
        frame = frame.filter(pl.col("benchmark") == benchmark)
    if schedule == "full":
        frame = frame.filter(expr.schedule("full"))
    elif schedule is not None:
        frame = frame.filter(expr.schedule(schedule))
    return Lookup(frame, dataset=dataset, split=split, metric=metric, final=final)


class Lookup:
    """Values of one metric as a dense array; made by `lookup`, and read when the first value is asked for.

    Parameters
    ----------
    frame
        Results of one benchmark and schedule in long format.
    dataset, split, metric
        Which values.
    final
        Whether to hold only the last published value of each run.

    Examples
    --------
    >>> import nbframes as nbf
    >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
    >>> accuracy.array.shape, accuracy.seeds, len(accuracy.budgets)
    ((96, 1, 90), [777], 90)
    """

    def __init__(self, frame: pl.LazyFrame, *, dataset: str, split: str, metric: str, final: bool) -> None:
        self._frame = frame
        self._wanted = {"dataset": dataset, "split": split, "metric": metric}
        self._final = final

    @cached_property
    def _table(self) -> _Dense:
        frame = self._frame.filter(pl.col("final")) if self._final else self._frame
        return _Dense.of(frame, self._wanted)

    @cached_property
    def _times(self) -> _Dense:
        """Seconds of training up to each budget, from cumulative or from per-epoch times."""
        wanted = {"dataset": self._wanted["dataset"], "split": "train"}
        metrics = self._frame.filter(pl.col(name) == value for name, value in wanted.items())
        metrics = metrics.filter(pl.col("metric").is_in(["time", "epoch_time"])).select("metric").unique()
        present = metrics.collect()["metric"].to_list()
        if not present:
            msg = f"the results hold no time or epoch_time of {wanted['dataset']!r} (split train)"
            raise FrameError(msg)
        table = _Dense.of(self._frame, wanted | {"metric": present[0]})
        return table if present == ["time"] else table.accumulated()

    @property
    def array(self) -> NDArray[np.float64]:
        """The values, read-only, of shape (architectures, seeds, budgets); undefined where `mask` is true."""
        return self._table.array

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Where no value was published, of the shape of `array`. A published NaN is not masked."""
        return self._table.mask

    @property
    def seeds(self) -> list[int]:
        """Seeds along the second axis, ascending."""
        return list(self._table.seeds)

    @property
    def budgets(self) -> list[int]:
        """Budgets in epochs along the third axis, ascending."""
        return list(self._table.budgets)

    def value(self, arch: int, seed: int, budget: int) -> float:
        """Give one value.

        Parameters
        ----------
        arch
            Index of an architecture.
        seed
            Published seed of a run.
        budget
            Completed epochs.

        Returns
        -------
        float
            In the unit of the metric.

        Raises
        ------
        UnknownNameError
            If no such value was published.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
        >>> accuracy.value(3, 777, 90) == accuracy.array[3, 0, 89]
        True
        """
        return self._table.value(arch, seed, budget)

    def values(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Give many values.

        Parameters
        ----------
        archs, seeds, budgets
            Whole numbers or arrays of them, broadcast against each other.

        Returns
        -------
        ndarray
            In the unit of the metric, of the common shape.

        Raises
        ------
        UnknownNameError
            If one of them was not published; `present` tells which are.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
        >>> accuracy.values([0, 1, 2], 777, [[12], [90]]).shape
        (2, 3)
        """
        return self._table.values(archs, seeds, budgets)

    def present(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.bool_]:
        """Tell which values were published.

        Parameters
        ----------
        archs, seeds, budgets
            Whole numbers or arrays of them, broadcast against each other.

        Returns
        -------
        ndarray
            Booleans of the common shape.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
        >>> accuracy.present([0, 10**6], 777, 90).tolist()
        [True, False]
        """
        return self._table.present(archs, seeds, budgets)

    def mean(self, arch: int, budget: int) -> float:
        """Give the mean over the published seeds, summed in ascending order.

        Parameters
        ----------
        arch
            Index of an architecture.
        budget
            Completed epochs.

        Returns
        -------
        float
            In the unit of the metric.

        Raises
        ------
        UnknownNameError
            If there is no value at all.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
        >>> accuracy.mean(3, 90) == accuracy.value(3, 777, 90)
        True
        """
        return self._table.mean(arch, budget)

    def time(self, arch: int, seed: int, budget: int) -> float:
        """Give the seconds of training that the run took up to the budget.

        Parameters
        ----------
        arch
            Index of an architecture.
        seed
            Published seed of a run.
        budget
            Completed epochs.

        Returns
        -------
        float
            Seconds: the published cumulative time, else the sum of the epochs in ascending order.

        Raises
        ------
        UnknownNameError
            If the time is not published up to there.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
        >>> accuracy.time(3, 777, 12) < accuracy.time(3, 777, 90)
        True
        """
        return self._times.value(arch, seed, budget)

    def times(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Give many times.

        Parameters
        ----------
        archs, seeds, budgets
            Whole numbers or arrays of them, broadcast against each other.

        Returns
        -------
        ndarray
            Seconds, as `time` gives them, of the common shape.

        Raises
        ------
        UnknownNameError
            If one of them is not published.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
        >>> accuracy.times(range(3), 777, 90).shape
        (3,)
        """
        return self._times.values(archs, seeds, budgets)


class _Dense:
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
    def of(cls, frame: pl.LazyFrame, wanted: dict[str, str]) -> _Dense:
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

    def accumulated(self) -> _Dense:
        """Sums over the budgets from the first epoch on; masked where an epoch before is missing."""
        import numpy as np

        known = next((i for i, budget in enumerate(self.budgets) if budget != i + 1), len(self.budgets))
        mask = np.logical_or.accumulate(self.mask, axis=2)
        mask[:, :, known:] = True
        return _Dense(np.cumsum(self.array, axis=2), mask, self.seeds, self.budgets)

    def value(self, arch: int, seed: int, budget: int) -> float:
        try:
            place = arch * self._stride + self._seed_offset[seed] + self._budget_offset[budget]
            if arch >= 0 and not self._missing[place]:
                return self._values[place]  # type: ignore[no-any-return]
        except (KeyError, IndexError, TypeError):
            pass
        raise self._not_published(arch, seed, budget)

    def values(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        place, known = self._places(archs, seeds, budgets)
        if not known.all() or self.mask.reshape(-1).take(place).any():
            wrong = int((~self.present(archs, seeds, budgets)).reshape(-1).argmax())
            raise self._not_published(*_element(wrong, archs, seeds, budgets))
        return self.array.reshape(-1).take(place)

    def present(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.bool_]:
        place, known = self._places(archs, seeds, budgets)
        return known & ~self.mask.reshape(-1).take(place)

    def mean(self, arch: int, budget: int) -> float:
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
