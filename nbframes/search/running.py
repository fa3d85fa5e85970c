"""Simulate searches."""

from __future__ import annotations

import pickle
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

import polars as pl

from nbframes.errors import InvalidArgumentError, UnknownNameError, whole_number
from nbframes.export.workers import Task, cores, results
from nbframes.search.algorithms import ALGORITHMS
from nbframes.search.algorithms.base import Method
from nbframes.search.block import Block
from nbframes.search.simulate import block_frames, frames

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from nbframes.search.observations import Algorithm, Searcher
    from nbframes.search.problem import Problem

    Chosen: TypeAlias = str | Algorithm | Callable[..., Searcher]

_TOGETHER: Final = 250
"""Searches of a block: the same whatever the number of processes, so that results are too."""
_PAYS: Final = 4.0
"""Seconds of work in this process from which on others are started."""


@overload
def run(
    algorithm: Chosen | Sequence[Chosen],
    problem: Problem,
    *,
    runs: int,
    budget: float,
    seed: int = ...,
    jobs: int | None = ...,
    to: None = ...,
) -> pl.DataFrame: ...
@overload
def run(
    algorithm: Chosen | Sequence[Chosen],
    problem: Problem,
    *,
    runs: int,
    budget: float,
    seed: int = ...,
    jobs: int | None = ...,
    to: str | os.PathLike[str],
) -> pl.LazyFrame: ...
def run(
    algorithm: Chosen | Sequence[Chosen],
    problem: Problem,
    *,
    runs: int,
    budget: float,
    seed: int = 0,
    jobs: int | None = None,
    to: str | os.PathLike[str] | None = None,
) -> pl.DataFrame | pl.LazyFrame:
    """Simulate many independent runs of search algorithms.

    Parameters
    ----------
    algorithm
        ``"random"``, ``"evolution"``, ``"local"``, ``"reinforce"``, ``"halving"``, ``"hyperband"``, ``"bohb"`` or ``"nsga2"``
        with the published parameters; an object such as ``nbf.search.Evolution(population=50)``; a class of your own (see
        Notes); or several of these.
    problem
        What is searched.
    runs
        Runs of each algorithm.
    budget
        Seconds or evaluations, as the problem's clock counts. A query that would pass the budget is not made.
    seed
        Of all random numbers. A run depends on the seed, the algorithm and its parameters, its own number and ``runs``,
        but not on ``jobs`` or on which other algorithms are run.
    jobs
        Processes; by default as many as pay.
    to
        A Parquet file to write to as it goes, for results larger than memory.

    Returns
    -------
    DataFrame
        One row a query, by algorithm, run and step: ``algorithm``, ``run``, ``step`` (from 0), ``arch`` (number in the store),
        ``budget`` (epochs), ``time`` (the clock after the query), ``observed`` (first objective), ``incumbent`` (the best
        architecture so far), ``reported`` and ``regret`` (what is reported of the incumbent, and how much better the best
        is), further objectives under their names, ``problem``, ``clock``. With ``to``, a LazyFrame of the file, whose
        rows may be in another order.

    Raises
    ------
    UnknownNameError
        If no algorithm has the name.
    InvalidArgumentError
        If an option has no meaning, or an algorithm does not suit the problem.

    Notes
    -----
    The incumbent is the architecture with the best observed value; values at a larger budget outrank those at smaller
    ones. An algorithm of your own is a class that takes the problem and a generator of random numbers, proposes by
    ``ask(n)`` and learns by ``tell(observations)``; an object is one search, and ``n`` is 1. A class whose ``start(problem,
    runs, rng)`` gives such an object for many searches at once is asked for an architecture of each. See
    `nbframes.testing.check_search`.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> frame = nbf.search.run(["random", "evolution"], problem, runs=3, budget=20)
    >>> frame.height, frame.columns[:9]
    (120, ['algorithm', 'run', 'step', 'arch', 'budget', 'time', 'observed', 'incumbent', 'reported'])

    An algorithm of your own: a random walk.

    >>> class Walk:
    ...     def __init__(self, problem, rng):
    ...         self.space, self.rng, self.here = problem.space, rng, None
    ...
    ...     def ask(self, n):
    ...         return self.space.sample(n, self.rng) if self.here is None else self.space.mutate(self.here, self.rng)
    ...
    ...     def tell(self, observations):
    ...         self.here = observations.codes
    >>> nbf.search.run(Walk, problem, runs=2, budget=10).height
    20
    """
    runs, seed = whole_number("runs", runs, 1), whole_number("seed", seed, 0)
    if not isinstance(budget, int | float) or not 0 < budget < float("inf"):
        msg = f"budget should be a positive number of {problem.clock}, not {budget!r}"
        raise InvalidArgumentError(msg)
    blocks = [
        Block(chosen, name, problem, float(budget), first, min(_TOGETHER, runs - first), seed)
        for name, chosen in _named(algorithm).items()
        for first in range(0, runs, _TOGETHER)
    ]
    parts = _simulated(blocks, None if jobs is None else whole_number("jobs", jobs, 1))
    return pl.concat(parts, rechunk=True) if to is None else _streamed(parts, Path(to))


def _simulated(blocks: Sequence[Block], jobs: int | None) -> Iterator[pl.DataFrame]:
    """Queries of blocks in their order, block by block; the first is simulated here to see whether processes pay."""
    if jobs == 1 or len(blocks) == 1:
        yield from chain.from_iterable(map(frames, blocks))
        return
    if jobs is None:
        begun = time.process_time()
        yield from frames(blocks[0])
        blocks = blocks[1:]
        expected = (time.process_time() - begun) * len(blocks)
        jobs = min(len(blocks), cores()) if expected > _PAYS and not _stays(blocks) else 1
    if jobs == 1:
        yield from chain.from_iterable(map(frames, blocks))
        return
    if why := _stays(blocks):
        msg = f"this search cannot be sent to other processes ({why}); define its class in a module, or use jobs=1"
        raise InvalidArgumentError(msg)
    for parts in results((Task(block_frames, (block,)) for block in blocks), jobs):
        yield from parts  # type: ignore[misc]


def _stays(blocks: Sequence[Block]) -> str:
    """Why a search cannot be sent to another process; nothing if it can."""
    for block in {block.name: block for block in blocks}.values():
        try:
            pickle.dumps(block)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            return f"{block.name}: {error}"
    return ""


def _streamed(parts: Iterator[pl.DataFrame], path: Path) -> pl.LazyFrame:
    """Write parts to a file as they come; it has its name when it is complete."""
    from pyarrow.parquet import ParquetWriter

    unfinished = path.with_name(path.name + ".part")
    writer: Any = None
    try:
        for part in parts:
            table = part.with_columns(pl.col(pl.Categorical).cast(pl.String)).to_arrow(
                compat_level=pl.CompatLevel.oldest()
            )
            writer = writer or ParquetWriter(unfinished, table.schema, compression="zstd")
            writer.write_table(table)
        writer.close()
        unfinished.replace(path)
    finally:
        if writer is not None:
            writer.close()
        unfinished.unlink(missing_ok=True)
    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


def _named(algorithm: Chosen | Sequence[Chosen]) -> dict[str, Any]:
    """Algorithms by the names that the frame has for them."""
    several = list(algorithm) if isinstance(algorithm, list | tuple) else [algorithm]
    found: dict[str, Any] = {}
    for one in several:
        if isinstance(one, str):
            if one not in ALGORITHMS:
                raise UnknownNameError.of("algorithm", one, ALGORITHMS, "or pass an object or a class of your own")
            one = ALGORITHMS[one]()  # noqa: PLW2901
        elif isinstance(one, type) and issubclass(one, Method):
            one = one()  # noqa: PLW2901
        elif not hasattr(one, "start") and not callable(one):
            msg = f"an algorithm is a name, an object or class with start(problem, runs, rng), or a class with ask and tell, not {one!r}"
            raise InvalidArgumentError(msg)
        name = str(getattr(one, "name", None) or getattr(one, "__name__", type(one).__name__))
        if name in found:
            msg = f"two algorithms are called {name!r}; give one of them another name"
            raise InvalidArgumentError(msg)
        found[name] = one
    if not found:
        msg = "algorithm names none; give at least one"
        raise InvalidArgumentError(msg)
    return found
