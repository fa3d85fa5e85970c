"""What every surrogate can do: answer for whole columns of architectures in the long format of a store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING, ClassVar, Final, cast

import numpy as np
import polars as pl

from nbframes.errors import InvalidArgumentError
from nbframes.schema import ARCHS, RESULTS
from nbframes.spaces import darts
from nbframes.spaces.darts.cells import checked, to_frame, to_text
from nbframes.spaces.darts.config import config_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.base import Column
    from nbframes.spaces.darts.config import ConfigCodes
    from nbframes.spaces.darts.structures import Architecture

BATCH: Final = 65_536


class Surrogate(ABC):
    """A model that answers for every architecture of the DARTS space.

    Attributes
    ----------
    budgets
        Budgets (epochs) that it can answer, ascending.
    schedule
        Epochs of the training that it stands for.
    dataset
        Data set of that training.
    """

    benchmark: ClassVar[str] = "nb301-surrogate"

    def __init__(self, budgets: Sequence[int], schedule: int, dataset: str, outputs: Sequence[tuple[str, str]]) -> None:
        self.budgets = budgets
        self.schedule = schedule
        self.dataset = dataset
        self._outputs = outputs

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that it predicts."""
        return tuple(metric for metric, _ in self._outputs)

    @abstractmethod
    def _values(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        """Outputs for n architectures, shape (outputs, n, budgets)."""

    def predict(self, cells: Architecture | Column, /, budgets: int | Sequence[int] | None = None) -> pl.DataFrame:
        """Predict a whole column of architectures on all cores.

        Parameters
        ----------
        cells
            A column of texts, a frame with the encoding columns, or one architecture. The ``arch`` numbers of a frame that
            has them, such as ``archs`` of a store, are kept; otherwise ``arch`` is the position in the column.
        budgets
            Epochs to answer for; by default the last that the surrogate can answer.

        Returns
        -------
        polars.DataFrame
            Long format, the columns of `nbframes.scan`: accuracy in percent (split val) and time in seconds up to the budget
            (split train). ``seed`` is 0; ``final`` is true at the last budget that the surrogate can answer. Rows by metric,
            architecture and budget.

        Raises
        ------
        InvalidArchitectureError
            If an architecture is not a member of the space.
        InvalidArgumentError
            If the surrogate cannot answer one of the budgets.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> manifest = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> surrogate = nbf.surrogate.fit(folder.name + "/store", members=2, rounds=10)
        >>> frame = surrogate.predict(nbf.spaces.darts.sample(3, seed=0)["arch_str"])
        >>> frame.filter(metric="accuracy").select("arch", "split", "budget", "final").rows()
        [(0, 'val', 100, True), (1, 'val', 100, True), (2, 'val', 100, True)]
        >>> folder.cleanup()
        """
        column = cells if isinstance(cells, pl.Series | pl.DataFrame) else pl.Series([darts.format(cells)])
        return self._predicted(column, self.chosen(budgets), 0)

    def predict_batches(
        self,
        cells: Column | Iterable[Column],
        /,
        budgets: int | Sequence[int] | None = None,
        *,
        batch_size: int = BATCH,
    ) -> Iterator[pl.DataFrame]:
        """Predict millions of architectures frame by frame, for `nbframes.write_results`.

        Parameters
        ----------
        cells
            As for `predict`, or an iterator of columns, whose architectures are numbered through.
        budgets
            As for `predict`.
        batch_size
            Architectures of one frame.

        Yields
        ------
        polars.DataFrame
            As `predict` gives it.

        Raises
        ------
        InvalidArchitectureError
            If an architecture is not a member of the space.
        InvalidArgumentError
            If the surrogate cannot answer one of the budgets, or the batch size is not positive.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> manifest = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> surrogate = nbf.surrogate.fit(folder.name + "/store", members=2, rounds=10)
        >>> cells = nbf.spaces.darts.sample(1000, seed=0)["arch_str"]
        >>> frames = surrogate.predict_batches(cells, batch_size=100)
        >>> archs = nbf.surrogate.archs(cells)
        >>> nbf.write_results(frames, folder.name + "/store", benchmark="nb301-surrogate", archs=archs).rows()
        2000
        >>> folder.cleanup()
        """
        if batch_size < 1:
            msg = f"batch_size should be at least 1 but got {batch_size!r}"
            raise InvalidArgumentError(msg)
        columns = [cells] if isinstance(cells, pl.Series | pl.DataFrame) else cells
        return self._batches(columns, self.chosen(budgets), batch_size)

    def _batches(self, columns: Iterable[Column], budgets: list[int], size: int) -> Iterator[pl.DataFrame]:
        first = 0
        for column in columns:
            for start in range(0, len(column), size):
                yield self._predicted(column[start : start + size], budgets, first + start)
            first += len(column)

    def _predicted(self, cells: Column, budgets: list[int], first: int) -> pl.DataFrame:
        codes = config_codes(checked(cells))
        archs = _numbers(cells, first)
        n, m = len(archs), len(budgets)
        values = self._values(codes, budgets)
        frames = [
            pl.DataFrame(
                {"arch": np.repeat(archs, m), "budget": np.tile(budgets, n), "value": values[k].ravel()}
            ).with_columns(metric=pl.lit(metric), split=pl.lit(split))
            for k, (metric, split) in enumerate(self._outputs)
        ]
        return (
            pl.concat(frames)
            .select(
                pl.lit(self.schedule).alias("schedule"),
                pl.lit(0).alias("seed"),
                (pl.col("budget") == self.budgets[-1]).alias("final"),
                pl.lit(self.benchmark).alias("benchmark"),
                pl.lit(self.dataset).alias("dataset"),
                pl.col("arch", "budget", "value", "metric", "split"),
            )
            .select(pl.col(name).cast(dtype) for name, dtype in RESULTS.items())
        )

    def chosen(self, budgets: int | Sequence[int] | None) -> list[int]:
        """Budgets that a caller asks for, ascending.

        Parameters
        ----------
        budgets
            As for `predict`.

        Returns
        -------
        list of int
            Budgets that the surrogate can answer.

        Raises
        ------
        InvalidArgumentError
            If it cannot answer one of them.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> _ = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> nbf.surrogate.fit(folder.name + "/store", members=2, rounds=5).chosen(None)
        [100]
        >>> folder.cleanup()
        """
        if budgets is None:
            return [self.budgets[-1]]
        chosen = [int(budgets)] if isinstance(budgets, Integral) else list(cast("Sequence[int]", budgets))
        if not chosen or len(set(chosen)) < len(chosen):
            msg = f"budgets should be one or more different epochs but got {budgets!r}"
            raise InvalidArgumentError(msg)
        for budget in chosen:
            if budget not in self.budgets:
                first, last = self.budgets[0], self.budgets[-1]
                valid = f"{last}" if first == last else f"{first} to {last}"
                msg = f"budget {budget!r} cannot be answered by this surrogate\n\nValid: {valid}"
                raise InvalidArgumentError(msg)
        return sorted(chosen)


def archs(cells: Column, /) -> pl.DataFrame:
    """Describe architectures in the form of the table ``archs``, for `nbframes.write_results`.

    Parameters
    ----------
    cells
        A column of texts or a frame with the encoding columns.

    Returns
    -------
    polars.DataFrame
        ``arch`` (as `Surrogate.predict` numbers them), ``position``, ``arch_str``, ``hash`` and the encoding columns.

    Raises
    ------
    InvalidArchitectureError
        If an architecture is not a member of the space.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.surrogate.archs(nbf.spaces.darts.sample(2, seed=0)).select("arch", "position").rows()
    [(0, 0), (1, 1)]
    """
    codes = checked(cells)
    numbers = {"arch": _numbers(cells, 0), "position": np.arange(len(cells))}
    frame = pl.DataFrame(numbers).with_columns(to_text(codes))
    frame = frame.with_columns(darts.hash(frame["arch_str"])).select(
        pl.col(name).cast(dtype) for name, dtype in ARCHS.items()
    )
    return frame.hstack(to_frame(codes))


def _numbers(cells: Column, first: int) -> NDArray[np.integer]:
    if isinstance(cells, pl.DataFrame) and "arch" in cells.columns:
        return cells["arch"].to_numpy()
    return np.arange(first, first + len(cells))
