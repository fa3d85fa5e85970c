"""Conformance of search algorithms."""

from __future__ import annotations

import random
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import polars as pl

from nbframes.search import Observations, Problem, SearchSpace, run
from nbframes.spaces import GridSpace
from nbframes.store.write import write_results

_SHAPES: Final = ((2, 3, 4), (3, 3))
"""Choices at the positions of the toy spaces."""
_BUDGETS: Final = (1, 3, 9, 27)
_STEPS: Final = 60
_QUERIES: Final = 20
_RUNS: Final = 3


def check_search(algorithm: Any, /, *, problem: Problem | None = None) -> None:
    """Check that an algorithm of one's own can be run by `nbframes.search.run`.

    It is run on small problems of several shapes with a learning curve, and on ``problem`` if one is given. Checked are: the
    shape, type and range of what it asks for; that a budget it names exists; that it leaves observations alone; that the same
    seed gives the same search and another seed another, with no draw from the global generators; that searches do not share
    state; and that it goes on when the space is used up.

    Parameters
    ----------
    algorithm
        A class that takes a problem and a generator and has ``ask`` and ``tell``; or an object or class with ``start``.
    problem
        A problem of your own to run it on as well.

    Raises
    ------
    AssertionError
        Naming what is wrong.

    Examples
    --------
    >>> from nbframes.testing import check_search
    >>> class Uniform:
    ...     def __init__(self, problem, rng):
    ...         self.space, self.rng = problem.space, rng
    ...
    ...     def ask(self, n):
    ...         return self.space.sample(n, self.rng)
    ...
    ...     def tell(self, observations):
    ...         pass
    >>> check_search(Uniform)
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        problems = [_toy(folder, sizes) for sizes in _SHAPES] + ([] if problem is None else [problem])
        for each in problems:
            _check_steps(algorithm, each)
            _check_seeds(algorithm, each)


def _toy(folder: str, sizes: tuple[int, ...]) -> Problem:
    """A problem on every combination of choices, whose values are made up."""
    positions = {f"choice_{place}": tuple(map(str, range(size))) for place, size in enumerate(sizes)}
    space: Any = GridSpace("toy", positions=positions, template=" ".join("{}" for _ in sizes))
    archs = space.enumerate()
    archs = archs.with_columns(position=pl.col("arch"), hash=pl.col("arch_str"))
    rng = np.random.default_rng(len(sizes))
    runs = archs.select("arch").join(pl.DataFrame({"budget": _BUDGETS}), how="cross")
    runs = runs.join(pl.DataFrame({"split": ["val", "test"]}), how="cross")
    frame = runs.with_columns(
        dataset=pl.lit("toy"),
        metric=pl.lit("accuracy"),
        schedule=_BUDGETS[-1],
        seed=0,
        value=rng.uniform(10, 90, runs.height),
    )
    name = "toy-" + "-".join(map(str, sizes))
    write_results(frame, folder, benchmark=name, archs=archs)
    return Problem(folder, name, dataset="toy", clock="evaluations", space=space)


def _started(algorithm: Any, problem: Problem, rng: np.random.Generator) -> tuple[Any, int]:
    if hasattr(algorithm, "start"):
        return algorithm.start(problem, _RUNS, rng), _RUNS
    return algorithm(problem, rng), 1


def _check_steps(algorithm: Any, problem: Problem) -> None:
    """Ask and tell for a while, looking at everything that goes in and out."""
    search, n = _started(algorithm, problem, np.random.default_rng(0))
    for member in ("ask", "tell"):
        assert callable(getattr(search, member, None)), f"{search!r} has no {member}()"
    draws, time = np.random.default_rng(1), np.zeros(n)
    for step in range(_STEPS):
        codes, budget = _checked(search.ask(n), problem.space, n, step, problem)
        answer = problem.query(codes, draws, budget=budget)
        time = time + answer.cost
        told = Observations(codes.copy(), answer.arch, problem.scores(answer.values), budget, time)
        kept: list[Any] = [np.copy(part) for part in (told.codes, told.arch, told.scores, told.time)]
        search.tell(told)
        parts: tuple[Any, ...] = (told.codes, told.arch, told.scores, told.time)
        for before, after in zip(kept, parts, strict=True):
            assert np.array_equal(before, after), f"tell() changed the observations it was given (step {step})"


def _checked(asked: Any, space: SearchSpace, n: int, step: int, problem: Problem) -> tuple[np.ndarray[Any, Any], int]:
    codes, budget = asked if isinstance(asked, tuple) else (asked, problem.budgets[-1])
    codes = np.asarray(codes)
    shape = (n, len(space.sizes))
    where = f"ask({n}) at step {step} gave"
    assert codes.shape == shape, f"{where} an array of shape {codes.shape}, not {shape}"
    assert codes.dtype.kind in "iu", f"{where} {codes.dtype}, not whole numbers"
    fine = (codes >= 0).all() and (codes < np.array(space.sizes)).all()
    assert fine, f"{where} {codes.tolist()}, beyond the choices {space.sizes}"
    known = space.known(codes.astype(np.uint8)).all()
    assert known, f"{where} {codes.tolist()}, which cannot be queried (space.known tells)"
    assert budget in problem.budgets, f"{where} budget {budget!r}, which is not one of {problem.budgets}"
    return codes.astype(np.uint8), budget


def _check_seeds(algorithm: Any, problem: Problem) -> None:
    """Same seed, same search; whatever the global generators hold."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - what is not to be touched
    frames, rng = [], np.random.default_rng(0)
    budget = float(problem.query(problem.space.sample(_QUERIES, rng), rng).cost.sum())
    for seed, noise in ((0, 1), (0, 2), (1, 1)):
        random.seed(noise)
        np.random.seed(noise)  # noqa: NPY002 - same
        frames.append(run(algorithm, problem, runs=_RUNS, budget=budget, seed=seed, jobs=1))
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002 - same
    assert frames[0].equals(frames[1]), "the same seed gives another search: draw from the generator that you are given"
    assert not frames[0].equals(frames[2]), (
        "another seed gives the same search: draw from the generator that you are given"
    )
    alone = frames[0].filter(pl.col("run") == 1)["arch"].to_list()
    assert frames[0].filter(pl.col("run") == 0)["arch"].to_list() != alone, "all runs are the same search"
