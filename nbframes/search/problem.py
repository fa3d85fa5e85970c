"""A search problem: what a search sees, what it costs, and what is reported of what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from nbframes.display.text import html_facts
from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.search.sources import MeasuredSource, PredictedSource
from nbframes.store import open_store
from nbframes.surrogate.base import Surrogate

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from nbframes.search.answer import Answer
    from nbframes.search.space import SearchSpace
    from nbframes.spaces.base import Space
    from nbframes.store import Store

Clock = Literal["seconds", "evaluations"]
CLOCKS: Final = ("seconds", "evaluations")


class Problem:
    """A benchmark as a search sees it.

    Parameters
    ----------
    store
        A store, its path or None for the default one; or a surrogate (see `nbframes.surrogate`), whose answers are
        predictions.
    benchmark
        A benchmark whose search space can be enumerated: one of the official ones, or one that is registered or whose
        architectures have encoding columns. For a surrogate ``"nb301"``.
    dataset
        ``cifar10`` follows `nbframes.on`: its validation accuracy is that of the runs of ``cifar10-valid``.
    observe
        What a query shows: any of ``split`` ("val"), ``schedule`` ("full", a number of epochs, or several, of which each is a
        fidelity), ``budget`` (epochs, by default the schedule), ``metric`` ("accuracy"; several are objectives) and ``seed``:
        "random" draws one of the published runs for each query, as the official APIs do; a number is that run's seed, and
        "mean" the mean over runs. An architecture that lacks the seed, or any other value that is needed, is not proposed.
    report
        What is reported of the incumbent: the same keys. By default the mean accuracy over seeds of the full schedule, split
        ``test``, or ``valtest`` where the store has no test.
    clock
        ``"seconds"``: a query takes the training time up to its budget and one evaluation, as ``simulate_train_eval`` of
        nats_bench counts it; training alone where evaluation times are not published. Nothing is resumed: an
        architecture that is queried again, or with more epochs, is paid in full. ``"evaluations"``: a query takes its share of
        the largest budget's epochs, so that one at the largest budget is 1.
    directions
        ``"max"`` or ``"min"`` for each observed metric; by default what is known of it.
    space
        Search space of a benchmark of your own, if it is not registered.

    Raises
    ------
    InvalidArgumentError
        If an option is unknown, or the benchmark cannot be searched.
    FrameError
        If the store lacks what is observed or reported, or the times that "seconds" needs.

    Attributes
    ----------
    name
        Benchmark and dataset.
    space
        The architectures that can be queried, as rows of integers: `SearchSpace`.
    budgets
        Epochs of the fidelities, ascending.
    metrics, directions
        The objectives.
    reported_metric
        What is reported of the incumbents; regret has its unit, percentage points of an accuracy.
    synthetic
        Whether the values are made up, to try things out.
    best
        The best that could be reported; None of a surrogate.
    unit
        Unit of what is reported; empty if nobody says it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
    >>> problem
    nats-tss cifar100: 15,625 architectures
      observe  cifar100 val accuracy, 200 epochs, a random run
      report   cifar100 valtest accuracy, 200 epochs, mean over seeds
      clock    seconds of training
    >>> problem.budgets, len(problem.space.sizes), round(problem.best, 2)
    ((200,), 6, 73.5)
    """

    def __init__(
        self,
        store: Store | str | os.PathLike[str] | Surrogate | None,
        benchmark: str,
        *,
        dataset: str,
        observe: Mapping[str, Any] | None = None,
        report: Mapping[str, Any] | None = None,
        clock: Clock = "seconds",
        directions: Sequence[str] | None = None,
        space: Space | str | None = None,
    ) -> None:
        if clock not in CLOCKS:
            raise UnknownNameError.of("clock", clock, CLOCKS)
        self.benchmark, self.dataset, self.clock = benchmark, dataset, clock
        self._source: MeasuredSource | PredictedSource = (
            PredictedSource(store, dataset, observe, report, clock)
            if isinstance(store, Surrogate)
            else MeasuredSource(
                open_store(store), benchmark, dataset, observe, report, clock=clock, directions=directions, space=space
            )
        )
        self.space: SearchSpace = self._source.space
        self.budgets: tuple[int, ...] = self._source.budgets
        self.metrics: tuple[str, ...] = self._source.metrics
        self.directions: tuple[str, ...] = self._source.directions
        self.reported_metric: str = self._source.reported_metric
        self.synthetic: bool = self._source.synthetic
        self.best: float | None = self._source.best
        self.unit: str = self._source.unit
        self._signs = np.array([1.0 if direction == "max" else -1.0 for direction in self.directions])

    @property
    def name(self) -> str:
        """Benchmark and dataset."""
        return f"{self.benchmark} {self.dataset}"

    @property
    def arch_type(self) -> pl.DataType:
        """Type of architecture numbers in the store."""
        return self._source.arch_type

    def query(self, codes: NDArray[np.uint8], rng: np.random.Generator, *, budget: int | None = None) -> Answer:
        """Query architectures, one run of each.

        Parameters
        ----------
        codes
            Architectures as rows of integers.
        rng
            Draws the runs, where the problem observes random ones.
        budget
            Epochs; by default the largest.

        Returns
        -------
        Answer
            What each query gives.

        Raises
        ------
        InvalidArgumentError
            If a row cannot be queried, or the budget is not one of the problem's.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> rng = np.random.default_rng(0)
        >>> problem.query(problem.space.sample(3, rng), rng).cost.shape
        (3,)
        """
        if budget is None:
            budget = self.budgets[-1]
        elif budget not in self.budgets:
            raise UnknownNameError.of("budget", budget, self.budgets)
        arch = self.space.arch(codes)
        if (arch < 0).any():
            row = int((arch < 0).argmax())
            msg = (
                f"row {row}, {codes[row].tolist()}, is not an architecture that {self.name} can answer\n\n"
                "Hint: rows from problem.space always are; problem.space.known(rows) says which others are"
            )
            raise InvalidArgumentError(msg)
        return self._source.query(codes, arch, self.budgets.index(budget), rng)

    def scores(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn observed values so that larger is better.

        Parameters
        ----------
        values
            As `query` gives them, shape (n, objectives).

        Returns
        -------
        numpy.ndarray
            The same, with the sign changed of objectives that are to be small.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.scores(np.array([[70.0]])).tolist()
        [[70.0]]
        """
        return np.asarray(values * self._signs)

    def regret(self, reported: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much better the best architecture is than those reported.

        Parameters
        ----------
        reported
            Reported values.

        Returns
        -------
        numpy.ndarray
            Not negative; NaN if the best is not known, as of surrogates.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> problem.regret(np.array([problem.best, problem.best - 1])).tolist()
        [0.0, 1.0]
        """
        return self._source.regret(reported)

    def worth(self, splits: tuple[str, ...] | None = None) -> dict[str, NDArray[np.float64]]:
        """Mean accuracy over seeds of every architecture in the reported schedule, by split; NaN where there is none.

        Parameters
        ----------
        splits
            Which; by default ``val`` and one of ``test`` and ``valtest``, as far as the store has them.

        Returns
        -------
        dict
            For each split an array by number of the architecture.

        Raises
        ------
        FrameError
            If the store lacks a split.
        InvalidArgumentError
            If the problem is a surrogate's.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> {split: round(float(values.max()), 2) for split, values in problem.worth().items()}
        {'val': 73.49, 'valtest': 73.5}
        """
        return self._source.worth(splits)

    def __repr__(self) -> str:
        return "\n".join([self._title(), *(f"  {key:<8} {text}" for key, text in self._source.words().items())])

    def _repr_html_(self) -> str:
        return html_facts(self._title(), self._source.words().items())

    def _title(self) -> str:
        count = self.space.count
        size = "a search space too large to enumerate" if count is None else f"{count:,} architectures"
        return f"{'SYNTHETIC ' if self.synthetic else ''}{self.name}: {size}"
