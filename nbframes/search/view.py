"""What is observed and what is reported: the options of a problem, checked against the store."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

import polars as pl

from nbframes.benchmarks import find, stored_as
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed
from nbframes.schema import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbframes.store import Store

    Which: TypeAlias = Literal["random", "mean"] | int

_KEYS: Final = ("split", "schedule", "budget", "metric", "seed")
_PART: Final = ("metric", "dataset", "split", "schedule")


class Level(NamedTuple):
    """A fidelity: epochs that runs were set to, and epochs after which they are looked at."""

    schedule: int
    budget: int


class View(NamedTuple):
    """One choice of results."""

    dataset: str
    split: str
    levels: tuple[Level, ...]
    metrics: tuple[str, ...]
    seed: Which

    def options(self) -> dict[str, Any]:
        """The options that lead to this view."""
        top = self.levels[-1]
        chosen = {"schedule": top.schedule, "budget": top.budget, "metric": self.metrics[0]}
        return chosen | {"split": self.split, "seed": self.seed}

    def __str__(self) -> str:
        top = self.levels[-1]
        epochs = f"{top.budget} epochs" if top.budget == top.schedule else f"{top.budget} of {top.schedule} epochs"
        runs = {"random": "a random run", "mean": "mean over seeds"}.get(str(self.seed), f"seed {self.seed}")
        return f"{self.dataset} {self.split} {' and '.join(self.metrics)}, {epochs}, {runs}"


class Views:
    """The results that a store has of a benchmark, from which views are chosen.

    Parameters
    ----------
    store
        The store.
    benchmark
        A benchmark of it.
    dataset
        As `nbframes.on` takes it, or a dataset of the user's own.
    """

    def __init__(self, store: Store, benchmark: str, dataset: str) -> None:
        self._benchmark, self._dataset = benchmark, dataset
        self._results = store.scan(benchmark)
        contents = store.describe(benchmark)
        if contents["schedule"].null_count():  # written without a table of contents
            contents = self._results.select(_PART).unique().collect()
        self._parts = contents.select(_PART)
        names = sorted(self._parts["dataset"].cast(pl.String).unique())
        if not any(name in names for name in stored_as(dataset, "val")):
            kind = f"dataset of {benchmark}"
            raise UnknownNameError.of(kind, dataset, names)

    @property
    def held(self) -> frozenset[tuple[str, str, str, int]]:
        """Metric, dataset, split and schedule of all that there is."""
        return frozenset(self._parts.cast({pl.Categorical: pl.String, pl.Enum: pl.String}).rows())

    def observed(self, options: Mapping[str, Any] | None) -> View:
        """What a search sees: by default the validation accuracy of one run, drawn anew for each query."""
        given = _checked("observe", options)
        return self._view({"split": "val", "seed": "random"} | given, curve=True)

    def reported(self, options: Mapping[str, Any] | None) -> View:
        """What is reported of the incumbents: by default the mean test accuracy of the full schedule."""
        given = _checked("report", options)
        if not isinstance(given.get("metric", ""), str):
            msg = f"report takes one metric, not {given['metric']!r}; name the others in observe"
            raise InvalidArgumentError(msg)
        if "split" not in given:
            given["split"] = self._test_split(given.get("metric", "accuracy"))
        if given.get("seed") == "random":
            msg = "report={'seed': 'random'} would judge an architecture by chance; report the mean or one seed"
            raise InvalidArgumentError(msg)
        return self._view({"seed": "mean"} | given, curve=False)

    def judged(self, view: View) -> list[str]:
        """Splits on which architectures are judged in the setting of a view: validation and test, as far as there are."""
        level = view.levels[-1]
        have = [split for split in ("val", "test", "valtest") if self._measured(view.metrics[0], split, level.schedule)]
        return [split for split in have if split != "valtest" or "test" not in have]

    def _measured(self, metric: str, split: str, schedule: int) -> bool:
        names = stored_as(self._dataset, split)
        rows = self._parts.filter(pl.col("metric") == metric, pl.col("split") == split, pl.col("schedule") == schedule)
        return bool(rows["dataset"].cast(pl.String).is_in(names).any())

    def _test_split(self, metric: str) -> str:
        for split in ("test", "valtest"):
            if self._schedules(metric, split):
                return split
        has = [split for split in SPLITS if split != "train" and self._schedules(metric, split)]
        msg = (
            f"{self._benchmark} has no test {metric} of {self._dataset} in the full schedule to report\n\n"
            f"Hint: name what to report, for example report={{'split': {has[0] if has else 'val'!r}}}"
        )
        raise FrameError(msg)

    def _schedules(self, metric: str, split: str) -> list[int]:
        rows = self._parts.filter(
            pl.col("metric") == metric,
            pl.col("split") == split,
            pl.col("dataset").cast(pl.String).is_in(stored_as(self._dataset, split)),
        )
        schedules = sorted(rows["schedule"].unique().to_list())
        full = self._full(schedules)
        return schedules if full in schedules else []

    def _full(self, schedules: list[int]) -> int | None:
        known = find(self._benchmark)
        full = known.full_schedule if known is not None else None
        return full or (schedules[-1] if schedules else None)

    def _view(self, options: dict[str, Any], *, curve: bool) -> View:
        if options["split"] not in SPLITS:
            raise UnknownNameError.of("split", options["split"], SPLITS)
        metric = options.get("metric", "accuracy")
        metrics = (metric,) if isinstance(metric, str) else tuple(metric)
        rows = self._parts.filter(pl.col("metric") == metrics[0], pl.col("split") == options["split"])
        names = rows["dataset"].cast(pl.String).unique().to_list()
        dataset = next((name for name in stored_as(self._dataset, options["split"]) if name in names), None)
        if dataset is None:
            pairs = sorted(self._parts.select(pl.col("metric", "dataset", "split").cast(pl.String)).unique().rows())
            msg = (
                f"{self._benchmark} has no {metrics[0]} of {self._dataset} {options['split']}\n\n"
                f"It has, as (metric, dataset, split): {listed(pairs)}"
            )
            raise FrameError(msg)
        schedules = sorted(rows.filter(pl.col("dataset") == dataset)["schedule"].unique().to_list())
        levels = self._levels(options, metrics[0], dataset, schedules, curve=curve)
        return View(dataset, options["split"], levels, metrics, _seed(options["seed"]))

    def _levels(
        self, options: dict[str, Any], metric: str, dataset: str, schedules: list[int], *, curve: bool
    ) -> tuple[Level, ...]:
        schedule, kind = options.get("schedule", "full"), f"schedule of {dataset} {options['split']}"
        if isinstance(schedule, Iterable) and not isinstance(schedule, str):
            if "budget" in options:
                msg = "of several schedules each is a fidelity at its end; leave budget out, or name one schedule"
                raise InvalidArgumentError(msg)
            several = sorted(_known(kind, one, schedules) for one in schedule)
            return tuple(Level(one, one) for one in several)
        full = self._full(schedules)
        chosen = _known(kind, full if schedule == "full" else schedule, schedules)
        budget = options.get("budget")
        where = self._results.filter(
            pl.col("metric") == metric, pl.col("dataset") == dataset, pl.col("split") == options["split"]
        )
        budgets = where.filter(pl.col("schedule") == chosen).select(pl.col("budget").unique().sort()).collect()
        published = budgets["budget"].to_list()
        last = _known("budget", min(chosen, published[-1]) if budget is None else budget, published)
        return tuple(Level(chosen, b) for b in published if b <= last) if curve else (Level(chosen, last),)


def _checked(option: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    options = dict(given or {})
    for key in options:
        if key not in _KEYS:
            kind = f"key of {option}"
            raise UnknownNameError.of(kind, key, _KEYS)
    return options


def _known(kind: str, value: object, published: list[int]) -> int:
    if value not in published:
        raise UnknownNameError.of(kind, value, published)
    return index(value)


def _seed(given: Any) -> Which:
    if given == "random" or given == "mean":  # noqa: PLR1714 - the type checker follows this
        return given  # type: ignore[no-any-return]
    try:
        return index(given)
    except TypeError:
        raise UnknownNameError.of("seed", given, ["random", "mean"], "or the number of a seed") from None
