"""A problem as a function, for the optimisers of others."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbframes.errors import InvalidArgumentError, UnknownNameError
from nbframes.search.block import Block
from nbframes.search.frames import block_frame
from nbframes.search.ledger import Ledger

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from nbframes.search.problem import Problem


def objective(problem: Problem, *, seed: int = 0, name: str = "objective") -> Objective:
    """Make a problem a function of an architecture that counts its simulated time and keeps its history.

    Parameters
    ----------
    problem
        What is searched.
    seed
        Of the runs that queries draw, where the problem observes random ones.
    name
        What the history calls the search, for tables and figures beside those of `nbframes.search.run`.

    Returns
    -------
    Objective
        ``obj(arch)`` gives the observed value, or a tuple of them; see the class for ``space``, ``directions``, ``time`` and
        ``history``.

    Examples
    --------
    >>> import nbframes as nbf
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    >>> obj = nbf.objective(problem)
    >>> obj.directions, list(obj.space)[:2], list(obj.space.values())[0]
    (('maximize',), ['position_0', 'position_1'], 5)
    >>> 0 < obj(7) < 100, obj.time, obj.history["arch"].to_list()
    (True, 1.0, [7])
    """
    return Objective(problem, seed=seed, name=name)


class Objective:
    """A problem as a function, made by `objective`; one object is one search.

    Parameters
    ----------
    problem, seed, name
        As `objective` takes them.

    Notes
    -----
    With Optuna (``pip install optuna``), values as they are, directions as given::

        obj = nbf.objective(problem)
        study = optuna.create_study(directions=obj.directions, sampler=optuna.samplers.TPESampler(seed=0))
        while obj.time < 20_000:
            trial = study.ask()
            study.tell(trial, obj(obj.suggest(trial)))
        curve = nbf.anytime(obj.history)

    With pymoo 0.6, which minimises, integer variables and several objectives::

        class NAS(ElementwiseProblem):
            def __init__(self):
                sizes = np.array(list(obj.space.values()))
                super().__init__(n_var=len(sizes), n_obj=len(obj.directions), xl=0, xu=sizes - 1, vtype=int)

            def _evaluate(self, x, out, *args, **kwargs):
                out["F"] = obj.minimised(obj(x))

        repair = {"repair": RoundingRepair()}
        algorithm = NSGA2(20, sampling=IntegerRandomSampling(), crossover=SBX(**repair), mutation=PM(**repair))
        minimize(NAS(), algorithm, ("n_eval", 200), seed=0)

    With syne-tune 0.16, whose schedulers are asked and told; its own simulator is not needed::

        space = {name: choice(list(range(n))) for name, n in obj.space.items()}
        scheduler = REA(space, metric="value", do_minimize=obj.directions[0] == "minimize", random_seed=0)
        trials = 0
        while obj.time < 20_000:
            trial = Trial(trial_id=trials, config=scheduler.suggest().config, creation_time=datetime.now())
            scheduler.on_trial_complete(trial, {"value": obj(list(trial.config.values()))})
            trials += 1

    With NePS 0.17, which minimises, and calls by keyword::

        positions = {name: neps.Categorical(choices=tuple(range(n))) for name, n in obj.space.items()}
        space = type("Space", (neps.PipelineSpace,), positions)()

        def evaluate_pipeline(**choices):
            return obj.minimised(obj([choices[name] for name in obj.space]))[0]

        neps.run(evaluate_pipeline, space, root_directory="neps", total_evaluations_to_spend=100)

    Examples
    --------
    >>> import nbframes as nbf, numpy as np
    >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
    >>> obj = nbf.objective(problem)
    >>> 0 < obj([0, 1, 2, 3, 4, 0]) < 100
    True
    """

    def __init__(self, problem: Problem, *, seed: int, name: str) -> None:
        self._problem, self._rng = problem, np.random.default_rng(seed)
        self._block = Block(None, name, problem, float("inf"), 0, 1, seed)
        self._ledger = Ledger(1, float("inf"))
        self._frames: list[pl.DataFrame] = []
        self._time, self._pending = 0.0, False

    @cached_property
    def space(self) -> dict[str, int]:
        """Positions of an architecture by name, and the number of choices of each: whole numbers from 0."""
        return {f"position_{place}": size for place, size in enumerate(self._problem.space.sizes)}

    @property
    def directions(self) -> tuple[str, ...]:
        """``"maximize"`` or ``"minimize"`` for each objective, as Optuna spells them."""
        return tuple(f"{direction}imize" for direction in self._problem.directions)

    @property
    def time(self) -> float:
        """Simulated time so far, in the unit of the problem's clock."""
        return self._time

    @property
    def history(self) -> pl.DataFrame:
        """Every query so far, in the columns of `nbframes.search.run`."""
        import polars as pl

        if self._pending:
            self._frames.append(block_frame(self._block, self._ledger.empty()))
            self._pending = False
        if not self._frames:
            msg = "nothing has been queried yet"
            raise InvalidArgumentError(msg)
        self._frames = [pl.concat(self._frames)]
        return self._frames[0]

    def __call__(self, arch: Any, *, budget: int | None = None) -> float | tuple[float, ...]:
        """Query one architecture.

        Parameters
        ----------
        arch
            Its number in the store, its text, or the choice at each position.
        budget
            Epochs, for optimisers that train some for few; by default the largest.

        Returns
        -------
        float or tuple
            What is observed, of several objectives a tuple.

        Raises
        ------
        InvalidArgumentError
            If it is not an architecture that the problem can answer.
        """
        budget = self._problem.budgets[-1] if budget is None else budget
        codes = self._codes(arch)
        answer = self._problem.query(codes, self._rng, budget=budget)
        self._time += float(answer.cost[0])
        score = self._problem.scores(answer.values)[:, 0]
        self._ledger.add(answer, score, budget, np.array([self._time]))
        self._pending = True
        values = tuple(answer.values[0].tolist())
        return values if len(values) > 1 else values[0]

    def minimised(self, values: float | tuple[float, ...]) -> list[float]:
        """Turn values so that smaller is better, for optimisers that know nothing else.

        Parameters
        ----------
        values
            What `__call__` gave.

        Returns
        -------
        list
            One number for each objective.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> nbf.objective(problem).minimised(70.5)
        [-70.5]
        """
        several = np.atleast_1d(np.asarray(values, np.float64))
        return (-self._problem.scores(several)).tolist()  # type: ignore[no-any-return]

    def suggest(self, trial: Any) -> list[int]:
        """Let a trial of Optuna choose at each position; for `__call__`.

        Parameters
        ----------
        trial
            An ``optuna.Trial``, or anything with ``suggest_categorical(name, choices)``.

        Returns
        -------
        list
            A choice at each position.

        Examples
        --------
        >>> import nbframes as nbf, numpy as np
        >>> problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
        >>> class First:
        ...     def suggest_categorical(self, name, choices):
        ...         return choices[0]
        >>> nbf.objective(problem).suggest(First())
        [0, 0, 0, 0, 0, 0]
        """
        return [trial.suggest_categorical(name, list(range(size))) for name, size in self.space.items()]

    def _codes(self, arch: Any) -> NDArray[np.uint8]:
        space = self._problem.space
        if isinstance(arch, str):
            return space.encode(arch)
        array = np.asarray(arch)
        if array.dtype.kind not in "iu" or array.ndim > 1 or (array.ndim == 1 and len(array) != len(space.sizes)):
            msg = f"an architecture is a number, a string or {len(space.sizes)} whole numbers, not {arch!r}"
            raise InvalidArgumentError(msg)
        if array.ndim:
            wrong = np.flatnonzero((array < 0) | (array >= np.array(space.sizes)))
            if len(wrong):
                place = int(wrong[0])
                kind = f"choice at position {place}"
                raise UnknownNameError.of(kind, int(array[place]), range(space.sizes[place]))
            return array.astype(np.uint8)[None]
        return space.codes_of(array.astype(np.int64)[None])
