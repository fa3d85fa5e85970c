"""The view that answers: arrays of one metric, read when the first value is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from nbframes import benchmarks
from nbframes.display.text import html_facts
from nbframes.errors import FrameError
from nbframes.lookup_table.dense import Dense
from nbframes.lookup_table.rows import read, where

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class Lookup:
    """Values of one metric as a dense array; made by `lookup`, and read when the first value is asked for.

    Parameters
    ----------
    frame
        Results in long format.
    dataset, split, metric
        Which values.
    final
        Whether to hold only the last published value of each run.
    undecided
        Columns of which the results are still to be checked to have a single value.

    Examples
    --------
    >>> import nbframes as nbf
    >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar100", split="val", schedule=90)
    >>> accuracy.array.shape, accuracy.seeds, len(accuracy.budgets)
    ((96, 1, 90), [777], 90)
    """

    def __init__(
        self,
        frame: pl.LazyFrame,
        *,
        dataset: str,
        split: str,
        metric: str,
        final: bool,
        undecided: tuple[str, ...] = ("benchmark", "schedule"),
    ) -> None:
        self._frame = frame
        self._asked = {"dataset": dataset, "split": split, "metric": metric}
        self._final = final
        self._undecided = undecided

    def __repr__(self) -> str:
        what, facts = self._words()
        if not facts:
            return f"{what}: nothing read yet"
        shape = ", ".join(f"{count} {name}" for name, count in list(facts.items())[1:])
        return f"{what}: {facts['values']} values ({shape})"

    def _repr_html_(self) -> str:
        what, facts = self._words()
        return html_facts(what, facts.items() or [("values", "nothing read yet")])

    def _words(self) -> tuple[str, dict[str, str]]:
        """What this is a table of, and its counts if it was read."""
        dataset, split, metric = self._asked.values()
        what = f"Lookup of {metric} on {dataset} {split}{', final values' if self._final else ''}"
        if "_table" not in self.__dict__:
            return what, {}
        counts = (self.mask.size - int(self.mask.sum()), *self.array.shape)
        names = ("values", "architectures", "seeds", "budgets")
        return what, {name: f"{count:,}" for name, count in zip(names, counts, strict=True)}

    @cached_property
    def _wanted(self) -> dict[str, str]:
        """What was asked for, with the dataset under which its values are stored: its own name if there are any, as `nbframes.on` has it."""
        dataset, split, _ = self._asked.values()
        stored = benchmarks.stored_as(dataset, split)
        if len(stored) == 1:
            return self._asked
        others = {name: value for name, value in self._asked.items() if name != "dataset"}
        rows = where(self._frame, others).filter(pl.col("dataset").cast(pl.String).is_in(stored))
        present = rows.select("dataset").unique().collect()["dataset"].to_list()
        return self._asked | {"dataset": next((name for name in stored if name in present), dataset)}

    @cached_property
    def _table(self) -> Dense:
        frame = self._frame.filter(pl.col("final")) if self._final else self._frame
        table = Dense.of(read(frame, self._wanted, self._undecided))
        self.__dict__["value"] = table.value  # one call less for every value from now on
        return table

    @cached_property
    def _times(self) -> Dense:
        """Seconds of training up to each budget, from cumulative or from per-epoch times."""
        times = self._seconds("train", ["time", "epoch_time"])
        if times is None:
            msg = f"the results hold no time or epoch_time of {self._wanted['dataset']!r} (split train)"
            raise FrameError(msg)
        return times

    @cached_property
    def _evaluation_times(self) -> Dense:
        """Seconds of all evaluations on this split up to each budget."""
        split = self._wanted["split"]
        times = self._seconds(split, ["epoch_time"]) if split != "train" else None
        if times is None:
            msg = f"the results hold no times of evaluations of {self._wanted['dataset']!r} on split {split!r}"
            raise FrameError(msg)
        return times

    def _seconds(self, split: str, metrics: list[str]) -> Dense | None:
        wanted = {"dataset": self._wanted["dataset"], "split": split}
        rows = where(self._frame, wanted).filter(pl.col("metric").cast(pl.String).is_in(metrics))
        present = rows.select("metric").unique().collect()["metric"].to_list()
        if not present:
            return None
        metric = "time" if "time" in present else "epoch_time"
        table = Dense.of(read(self._frame, wanted | {"metric": metric}, self._undecided))
        return table if metric == "time" else table.accumulated()

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
        arch, seed, budget
            Index of the architecture, seed of the run, epochs completed.

        Returns
        -------
        float
            The value as published.

        Raises
        ------
        UnknownNameError
            If no such value was published.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar10", split="val", schedule=90)
        >>> accuracy
        Lookup of accuracy on cifar10 val: nothing read yet
        >>> 0 < accuracy.value(3, 777, 90) < 100
        True
        """
        return self._table.value(arch, seed, budget)

    def values(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Give many values; the arguments are broadcast against each other.

        Parameters
        ----------
        archs, seeds, budgets
            Integers or arrays of them.

        Returns
        -------
        numpy.ndarray
            The values, of the broadcast shape.

        Raises
        ------
        UnknownNameError
            If one of them was not published; `present` tells which are.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar10", split="val", schedule=90)
        >>> accuracy.values([[0], [1]], 777, [12, 90]).shape
        (2, 2)
        """
        return self._table.values(archs, seeds, budgets)

    def present(self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike) -> NDArray[np.bool_]:
        """Tell which values were published; the arguments are broadcast against each other.

        Parameters
        ----------
        archs, seeds, budgets
            Integers or arrays of them.

        Returns
        -------
        numpy.ndarray
            Truth values, of the broadcast shape.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar10", split="val", schedule=90)
        >>> accuracy.present(0, [777, 778], 90).tolist()
        [True, False]
        """
        return self._table.present(archs, seeds, budgets)

    def mean(self, arch: int, budget: int) -> float:
        """Give the mean over the published seeds, added in ascending order.

        Parameters
        ----------
        arch, budget
            Index of the architecture, epochs completed.

        Returns
        -------
        float
            The mean.

        Raises
        ------
        UnknownNameError
            If there is no value at all.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-tss", dataset="cifar10", split="test", schedule=200)
        >>> accuracy.mean(3, 200) == sum(accuracy.value(3, seed, 200) for seed in accuracy.seeds) / len(accuracy.seeds)
        True
        """
        return self._table.mean(arch, budget)

    def means(self, archs: ArrayLike, budgets: ArrayLike) -> NDArray[np.float64]:
        """Give many means over the published seeds; the arguments are broadcast against each other.

        Parameters
        ----------
        archs, budgets
            Integers or arrays of them.

        Returns
        -------
        numpy.ndarray
            The means, of the broadcast shape, bit for bit those of `mean`.

        Raises
        ------
        UnknownNameError
            If there is no value at all of one of them.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-tss", dataset="cifar10", split="test", schedule=200)
        >>> accuracy.means([3, 4], 200).tolist() == [accuracy.mean(3, 200), accuracy.mean(4, 200)]
        True
        """
        return self._table.means(archs, budgets)

    def time(self, arch: int, seed: int, budget: int, *, evaluations: int = 0) -> float:
        """Give the seconds that the run took up to the budget.

        Parameters
        ----------
        arch, seed, budget
            Index of the architecture, seed of the run, epochs completed.
        evaluations
            How many evaluations on this split to add to the training: 0, 1 as ``nats_bench``'s ``simulate_train_eval`` counts
            (with ``split="val"``), or the budget for one after each epoch. One costs the mean of those so far.

        Returns
        -------
        float
            Seconds.

        Raises
        ------
        UnknownNameError
            If the time is not published up to there.
        FrameError
            If the results hold no times of training, or of evaluations where those are asked for.

        Notes
        -----
        The time is that of ``results``, metric ``time`` or else the sum of ``epoch_time``, which is the canonical one. The column
        ``train_time`` of ``runs`` repeats that of the whole training for convenience.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar10", split="val", schedule=90)
        >>> accuracy.time(3, 777, 90) < accuracy.time(3, 777, 90, evaluations=1)
        True
        """
        seconds = self._times.value(arch, seed, budget)
        if evaluations:
            seconds += evaluations * (self._evaluation_times.value(arch, seed, budget) / budget)
        return seconds

    def times(
        self, archs: ArrayLike, seeds: ArrayLike, budgets: ArrayLike, *, evaluations: int = 0
    ) -> NDArray[np.float64]:
        """Give many times in seconds; the arguments are broadcast against each other.

        Parameters
        ----------
        archs, seeds, budgets
            Integers or arrays of them.
        evaluations
            How many evaluations to add to each, see `time`.

        Returns
        -------
        numpy.ndarray
            Seconds, of the broadcast shape.

        Raises
        ------
        UnknownNameError
            If one of them is not published.
        FrameError
            If the results hold no times of training, or of evaluations where those are asked for.

        Examples
        --------
        >>> import nbframes as nbf
        >>> accuracy = nbf.lookup(nbf.synthetic.store(), benchmark="nats-sss", dataset="cifar10", split="val", schedule=90)
        >>> accuracy.times([3, 4], 777, 90).shape
        (2,)
        """
        import numpy as np

        seconds = self._times.values(archs, seeds, budgets)
        if evaluations:
            seconds = seconds + evaluations * (
                self._evaluation_times.values(archs, seeds, budgets) / np.asarray(budgets)
            )
        return seconds
