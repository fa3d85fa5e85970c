"""What the networks of both NATS-Bench spaces cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, overload

import polars as pl

from nbframes.spaces.base import Column
from nbframes.spaces.grid import GridSpace
from nbframes.spaces.grid_forms import A

if TYPE_CHECKING:
    from nbframes.spaces.nats.costs import Cost, Dataset


class NATSSpace(GridSpace[A], ABC):
    """A grid of architectures that NATS-Bench builds networks of."""

    @overload
    def params(self, x: str | A, /, *, dataset: Dataset = ...) -> int: ...
    @overload
    def params(self, x: Column, /, *, dataset: Dataset = ...) -> pl.Series: ...
    def params(self, x: str | A | Column, /, *, dataset: Dataset = "cifar10") -> int | pl.Series:
        """Trainable parameters of an architecture's network, counted from its layers.

        Parameters
        ----------
        x
            One architecture, or a column of them.
        dataset
            Data that the network classifies: its last layer has an output for each class.

        Returns
        -------
        int or polars.Series
            The count; of a column, an Int64 Series called ``params``.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.
        UnknownNameError
            If the dataset is not one of NATS-Bench.

        Notes
        -----
        Equal to the published counts, except where those of the topology space are known to be wrong (upstream's issue
        36).

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> sss.params("8:8:8:16:32"), sss.params("8:8:8:16:32", dataset="cifar100")
        (49202, 52172)
        >>> tss.params(tss.from_index(0))
        129306
        """
        total = self._cost(x, dataset).params
        return pl.Series("params", total, pl.Int64) if isinstance(x, Column) else int(total)

    @overload
    def mflops(self, x: str | A, /, *, dataset: Dataset = ...) -> float: ...
    @overload
    def mflops(self, x: Column, /, *, dataset: Dataset = ...) -> pl.Series: ...
    def mflops(self, x: str | A | Column, /, *, dataset: Dataset = "cifar10") -> float | pl.Series:
        """Millions of multiply-adds of one forward pass, as upstream publishes them under ``flop``.

        Parameters
        ----------
        x
            One architecture, or a column of them.
        dataset
            Data that the network classifies: the size of its images and the number of classes count.

        Returns
        -------
        float or polars.Series
            Millions; of a column, a Float64 Series called ``mflops``.

        Raises
        ------
        InvalidArchitectureError
            If something is not an architecture of this space.
        UnknownNameError
            If the dataset is not one of NATS-Bench.

        Examples
        --------
        >>> from nbframes.spaces import sss, tss
        >>> sss.mflops("8:8:8:16:32"), sss.mflops("8:8:8:16:32", dataset="ImageNet16-120")
        (6.84065, 1.71404)
        >>> tss.mflops(tss.from_index(0))
        15.64737
        """
        total = self._cost(x, dataset).macs / 1e6
        return pl.Series("mflops", total, pl.Float64) if isinstance(x, Column) else float(total)

    @abstractmethod
    def _cost(self, x: str | A | Column, dataset: Dataset) -> Cost:
        """Counts of the network of one architecture, or of a column of them."""
