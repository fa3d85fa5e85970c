"""Dense arrays for search loops: one value in well under a microsecond, arrays of them in nanoseconds each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import polars as pl

from nbframes import expr
from nbframes.errors import FrameError
from nbframes.lookup_table.dense import Dense
from nbframes.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


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
    def _table(self) -> Dense:
        frame = self._frame.filter(pl.col("final")) if self._final else self._frame
        return Dense.of(frame, self._wanted)

    @cached_property
    def _times(self) -> Dense:
        """Seconds of training up to each budget, from cumulative or from per-epoch times."""
        wanted = {"dataset": self._wanted["dataset"], "split": "train"}
        metrics = self._frame.filter(pl.col(name) == value for name, value in wanted.items())
        metrics = metrics.filter(pl.col("metric").is_in(["time", "epoch_time"])).select("metric").unique()
        present = metrics.collect()["metric"].to_list()
        if not present:
            msg = f"the results hold no time or epoch_time of {wanted['dataset']!r} (split train)"
            raise FrameError(msg)
        table = Dense.of(self._frame, wanted | {"metric": present[0]})
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
        >>> bool(accuracy.value(3, 777, 90) == accuracy.array[3, 0, 89])
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
