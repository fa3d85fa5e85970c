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

_MOST: Final = 65_536
"""Architectures of a batch at most."""
_ROWS: Final = 1 << 20
"""Values of one metric in a batch, about, whatever the number of budgets and members: some tens of megabytes."""


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

    @property
    def members(self) -> int:
        """Number of models whose mean is the answer."""
        return 1

    @abstractmethod
    def _values(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        """Outputs for n architectures, shape (outputs, n, budgets)."""

    def _values_of_members(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        """Outputs of each member, shape (outputs, n, budgets, members)."""
        return self._values(codes, budgets)[..., None]

    def predict(
        self,
        cells: Architecture | Column,
        /,
        budgets: int | Sequence[int] | None = None,
        *,
        members: bool = False,
    ) -> pl.DataFrame:
        """Predict a whole column of architectures on all cores.

        Parameters
        ----------
        cells
            A column of strings, a frame with the encoding columns, or one architecture. The ``arch`` numbers of a frame that
            has them, such as ``archs`` of a store, are kept; otherwise ``arch`` is the position in the column.
        budgets
            Epochs to answer for; by default the last that the surrogate can answer.
        members
            Whether to give the answer of each member of an ensemble, with its number as ``seed``, instead of their mean:
            `nbframes.seed_std` and `nbframes.learning_curves` then tell how sure the ensemble is.

        Returns
        -------
        polars.DataFrame
            Long format, the columns of `nbframes.scan`: accuracy in percent (split val) and time in seconds up to the budget
            (split train). ``seed`` is 0, or the number of the member; ``final`` is true at the last budget that the surrogate can
            answer. Rows by metric, architecture, budget and seed.

        Raises
        ------
        InvalidArchitectureError
            If an architecture is not a member of the space.
        InvalidArgumentError
            If the surrogate cannot answer one of the budgets, or ``members`` are asked of a single model.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> manifest = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> surrogate = nbf.surrogate.fit(folder.name + "/store", members=2, rounds=10)
        >>> cells = nbf.spaces.darts.sample(3, seed=0)["arch_str"]
        >>> frame = surrogate.predict(cells)
        >>> frame.filter(metric="accuracy").select("arch", "split", "budget", "final").rows()
        [(0, 'val', 100, True), (1, 'val', 100, True), (2, 'val', 100, True)]
        >>> surrogate.predict(cells, members=True).group_by("metric", "arch").agg(nbf.seed_std(), nbf.seed_count()).height
        6
        >>> folder.cleanup()
        """
        column = cells if isinstance(cells, pl.Series | pl.DataFrame) else pl.Series([darts.format(cells)])
        return self._predicted(column, self.chosen(budgets), 0, members=self._has(members))

    def predict_batches(
        self,
        cells: Column | Iterable[Column],
        /,
        budgets: int | Sequence[int] | None = None,
        *,
        batch_size: int | None = None,
        members: bool = False,
    ) -> Iterator[pl.DataFrame]:
        """Predict millions of architectures frame by frame, for `nbframes.write_results`.

        Parameters
        ----------
        cells
            As for `predict`, or an iterator of columns, whose architectures are numbered through.
        budgets
            As for `predict`.
        batch_size
            Architectures of one frame; by default so many that its memory does not depend on the number of budgets, at most 65,536.
        members
            As for `predict`.

        Yields
        ------
        polars.DataFrame
            As `predict` gives it.

        Raises
        ------
        InvalidArchitectureError
            If an architecture is not a member of the space.
        InvalidArgumentError
            If the surrogate cannot answer one of the budgets, ``members`` are asked of a single model, or the batch size is not
            positive.

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
        if batch_size is not None and batch_size < 1:
            msg = f"batch_size should be at least 1 but got {batch_size!r}"
            raise InvalidArgumentError(msg)
        chosen, members = self.chosen(budgets), self._has(members)
        values = len(chosen) * (self.members if members else 1)
        size = batch_size or min(_MOST, max(1, _ROWS // values))
        columns = [cells] if isinstance(cells, pl.Series | pl.DataFrame) else cells
        return self._batches(columns, chosen, size, members=members)

    def _has(self, members: bool) -> bool:
        if members and self.members == 1:
            msg = "members=True asks for the members of an ensemble, but this surrogate is a single model: its answers have no spread"
            raise InvalidArgumentError(msg)
        return members

    def _batches(
        self, columns: Iterable[Column], budgets: list[int], size: int, *, members: bool
    ) -> Iterator[pl.DataFrame]:
        first = 0
        for column in columns:
            for start in range(0, len(column), size):
                yield self._predicted(column[start : start + size], budgets, first + start, members=members)
            first += len(column)

    def _predicted(self, cells: Column, budgets: list[int], first: int, *, members: bool) -> pl.DataFrame:
        codes = config_codes(checked(cells))
        archs = _numbers(cells, first).astype(np.int32)
        values = (self._values_of_members if members else self._values)(codes, budgets)
        n, m, seeds = len(archs), len(budgets), self.members if members else 1
        key = pl.DataFrame(
            {
                "arch": np.repeat(archs, m * seeds),
                "budget": np.tile(np.repeat(np.asarray(budgets, np.int32), seeds), n),
                "seed": np.tile(np.arange(seeds, dtype=np.int32), n * m),
            }
        ).with_columns(
            pl.lit(self.benchmark).alias("benchmark").cast(RESULTS["benchmark"]),
            pl.lit(self.dataset).alias("dataset").cast(RESULTS["dataset"]),
            pl.lit(self.schedule, pl.Int32).alias("schedule"),
            (pl.col("budget") == self.budgets[-1]).alias("final"),
        )
        frames = [
            key.with_columns(
                pl.Series("value", values[k].ravel()).cast(pl.Float64),
                pl.lit(metric).alias("metric").cast(RESULTS["metric"]),
                pl.lit(split).alias("split").cast(RESULTS["split"]),
            )
            for k, (metric, split) in enumerate(self._outputs)
        ]
        return pl.concat(frames).select(*RESULTS)

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
        A column of strings or a frame with the encoding columns.

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
