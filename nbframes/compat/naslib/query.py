"""NASLib's questions, answered from a store."""

from __future__ import annotations

from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from nbframes.compat.naslib.forms import convert_tuple_to_spec
from nbframes.compat.sources import find_store
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError, listed
from nbframes.lookup_table import Lookup, lookup
from nbframes.spaces import darts, nb101, tss

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from nbframes.store import Store


class Metric(Enum):
    """NASLib's names of what can be asked."""

    RAW = auto()
    ALL = auto()
    TRAIN_ACCURACY = auto()
    VAL_ACCURACY = auto()
    TEST_ACCURACY = auto()
    TRAIN_LOSS = auto()
    VAL_LOSS = auto()
    TEST_LOSS = auto()
    TRAIN_TIME = auto()
    VAL_TIME = auto()
    TEST_TIME = auto()
    FLOPS = auto()
    LATENCY = auto()
    PARAMETERS = auto()
    EPOCH = auto()
    HP = auto()


class _Space(NamedTuple):
    benchmarks: tuple[str, ...]
    text: Callable[[Any], str]
    """Canonical text or hash of an architecture."""
    key: str
    """Column of `archs` with such texts."""
    losses: dict[str, str]
    """Metric that is the loss, by split."""


def _hash_of_101(arch: Any) -> str:
    if isinstance(arch, tuple | list) and len(arch) > 2:
        arch = convert_tuple_to_spec(arch)
    if isinstance(arch, dict):
        arch = (arch["matrix"], arch["ops"])
    text: str = nb101.hash(arch)
    return text


_SPACES: Final = {
    "nasbench101": _Space(("nb101",), _hash_of_101, "hash", {}),
    "nasbench201": _Space(("nb201", "nats-tss"), tss.format, "arch_str", dict.fromkeys(("train", "val", "test"), "loss")),
    "nasbench301": _Space(("nb301",), darts.format, "arch_str", {"train": "loss", "val": "cross_entropy"}),
}  # fmt: skip
_COSTS: Final = {Metric.FLOPS: "mflops", Metric.LATENCY: "latency", Metric.PARAMETERS: "params"}
_LAST: Final = -1


class DatasetAPI:
    """A benchmark of a store, ready to be asked by `query`; made by `get_dataset_api`."""

    def __init__(self, search_space: str, store: Store | str | os.PathLike[str] | None) -> None:
        if search_space not in _SPACES:
            raise UnknownNameError.of("search space", search_space, _SPACES)
        self.search_space = search_space
        self._space = _SPACES[search_space]
        self.store, self.benchmark = find_store(store, *self._space.benchmarks)
        self._lookups: dict[tuple[str, ...], Lookup] = {}

    def index(self, arch: Any) -> int:
        """Index of an architecture in the store.

        Raises
        ------
        InvalidArchitectureError
            If it is not an architecture of the space.
        UnknownNameError
            If the store does not have it.
        """
        text = self._space.text(arch)
        if text not in self._indexes:
            hint = ": a surrogate may predict it, see nbframes.surrogate" if self.benchmark == "nb301" else ""
            msg = f"the architecture {arch!r} was not trained, or is not in the store{hint}"
            raise UnknownNameError(msg)
        return self._indexes[text]

    @cached_property
    def _indexes(self) -> dict[str, int]:
        archs = self.store.scan_archs(self.benchmark).select("arch", self._space.key).sort("arch", descending=True)
        return {text: arch for arch, text in archs.collect().iter_rows()}

    @cached_property
    def schedules(self) -> list[int]:
        """Training schedules of the benchmark in epochs, ascending."""
        runs = self.store.scan_runs(self.benchmark).select(pl.col("schedule").unique().sort()).collect()
        return runs["schedule"].to_list()

    def table(self, metric: str, dataset: str, split: str, schedule: int) -> Lookup:
        """All values of a metric; read when the first is asked for."""
        key = (metric, dataset, split, str(schedule))
        if key not in self._lookups:
            where = {"dataset": dataset, "split": split, "metric": metric, "schedule": schedule}
            self._lookups[key] = lookup(self.store, benchmark=self.benchmark, **where)  # type: ignore[arg-type]
        return self._lookups[key]

    def costs(self, arch: int, dataset: str, schedule: int, seed: int | None) -> dict[str, float | None]:
        """Millions of operations and parameters, and latency in seconds: means over the runs."""
        chosen = self._runs.filter(pl.col("arch") == arch, pl.col("dataset") == dataset, pl.col("schedule") == schedule)
        if seed is not None:
            chosen = chosen.filter(pl.col("seed") == seed)
        means = chosen.select(pl.col("mflops").mean(), pl.col("params").mean() / 1e6, pl.col("latency").mean())
        flops, params, latency = means.row(0)
        return {"flops": flops, "params": params, "latency": latency}

    @cached_property
    def _runs(self) -> pl.DataFrame:
        columns = ("arch", "dataset", "schedule", "seed", "mflops", "params", "latency")
        return self.store.scan_runs(self.benchmark).select(columns).cast({"dataset": pl.String}).collect()

    def losses(self, split: str) -> str | None:
        """Metric that is the loss on a split."""
        return self._space.losses.get(split)


def get_dataset_api(
    search_space: str, dataset: str | None = None, *, store: Store | str | os.PathLike[str] | None = None
) -> DatasetAPI:
    """Open a benchmark for `query`.

    Parameters
    ----------
    search_space
        ``"nasbench101"``, ``"nasbench201"`` or ``"nasbench301"``.
    dataset
        Without effect: a store has all datasets.
    store
        The store; by default as `nbframes.open_store` finds it. NAS-Bench-201 is answered from ``nb201`` or ``nats-tss``.

    Raises
    ------
    UnknownNameError
        If there is no such space, or the store does not have it.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat import naslib
    >>> naslib.get_dataset_api("nasbench301", store=nbf.synthetic.store()).benchmark
    'nb301'
    """
    del dataset
    return DatasetAPI(search_space, store)


def query(
    arch: Any,
    metric: Metric | str,
    dataset: str | None = "cifar10",
    *,
    dataset_api: DatasetAPI | None = None,
    search_space: str | None = None,
    store: Store | str | os.PathLike[str] | None = None,
    epoch: int | None = _LAST,
    full_lc: bool = False,
    seed: int | None = None,
) -> Any:
    """Ask what NASLib's ``graph.query`` asks; see the package for where the answers differ.

    Parameters
    ----------
    arch
        NASLib's form or any other that the space reads: six numbers or a text; compact form or genotype; tuple, spec
        (``{"matrix", "ops"}``) or a pair of matrix and operations.
    metric
        A member of `Metric`, or its name.
    dataset
        ``cifar10``, ``cifar10-valid``, ``cifar100`` or ``ImageNet16-120``.
    dataset_api
        What `get_dataset_api` gives: to be passed wherever many questions are asked.
    search_space, store
        Instead of it, as `get_dataset_api` takes them.
    epoch
        NAS-Bench-201 and -301: counted from 0, or backwards from -1, the last; with ``full_lc``, how many epochs of the
        curve. NAS-Bench-101: 4, 12, 36 or 108, -1 for 108.
    full_lc
        Whether to give the learning curve.
    seed
        One training run; by default the mean over all.

    Returns
    -------
    float, list of float, or dict
        Accuracy in percent, loss, seconds, or millions of operations or parameters; with ``full_lc`` a value an epoch. Of
        ``HP`` a dictionary of ``flops``, ``params``, ``latency``.

    Raises
    ------
    UnknownNameError
        If there is no such metric or dataset, if the architecture is not in the store or has no such value.
    InvalidArgumentError
        If the benchmark cannot answer the question.

    Examples
    --------
    >>> import nbframes as nbf
    >>> from nbframes.compat import naslib
    >>> api = naslib.get_dataset_api("nasbench201", store=nbf.synthetic.store())
    >>> arch = api.store.scan_archs(api.benchmark).collect()["arch_str"][3]
    >>> numbers = naslib.convert_str_to_op_indices(arch)
    >>> 0 < naslib.query(numbers, "TEST_ACCURACY", "cifar100", dataset_api=api) < 100
    True
    >>> len(naslib.query(numbers, naslib.Metric.VAL_ACCURACY, dataset_api=api, epoch=12, full_lc=True))
    12
    """
    api = dataset_api or DatasetAPI(search_space or "(none)", store)
    question = _Question(api, _metric(metric), dataset or "cifar10", seed, _schedule(api, epoch))
    index = api.index(arch)
    if question.metric is Metric.EPOCH:
        return question.schedule
    if question.metric is Metric.HP:
        return question.costs(index)
    if question.metric in _COSTS:
        name = question.metric.name.lower().replace("parameters", "params")
        return question.costs(index)[name]
    if api.search_space == "nasbench101":
        if full_lc:
            msg = (
                "NAS-Bench-101 has no learning curves: 4, 12, 36 and 108 epochs are trainings of their own\n\n"
                "Hint: ask for each of them with epoch="
            )
            raise InvalidArgumentError(msg)
        return question.value(index, question.schedule)
    if full_lc:
        curve = question.curve(index)
        return curve if epoch in (None, _LAST) else curve[:epoch]
    return question.at(index, _LAST if epoch is None else epoch)


class _Question(NamedTuple):
    api: DatasetAPI
    metric: Metric
    dataset: str
    seed: int | None
    schedule: int

    def costs(self, arch: int) -> dict[str, float | None]:
        return self.api.costs(arch, self._trained_on("train"), self.schedule, self.seed)

    def value(self, arch: int, budget: int) -> float:
        table = self._table()
        if self.metric is Metric.TRAIN_TIME:
            return self._time(table, arch, budget)
        return table.mean(arch, budget) if self.seed is None else table.value(arch, self.seed, budget)

    def at(self, arch: int, epoch: int) -> float:
        """Value after an epoch, counted from 0, or from the last backwards."""
        budgets = self._budgets(arch)
        budget = epoch + 1 if epoch >= 0 else budgets[-1] + epoch + 1
        if budget not in budgets:
            known = listed(each - 1 for each in budgets)
            msg = f"{self.metric.name} on {self.dataset} has no epoch {epoch}\n\nIt has, counted from 0: {known}"
            raise UnknownNameError(msg)
        return self.value(arch, budget)

    def curve(self, arch: int) -> list[float]:
        """Values after every epoch."""
        budgets = self._budgets(arch)
        if budgets != list(range(1, len(budgets) + 1)):
            known = listed(budget - 1 for budget in budgets)
            msg = (
                f"{self.metric.name} on {self.dataset} has no whole learning curve\n\n"
                f"It has the epochs, counted from 0: {known}"
            )
            raise InvalidArgumentError(msg)
        return [self.value(arch, budget) for budget in budgets]

    def _budgets(self, arch: int) -> list[int]:
        """Budgets at which the architecture has a value."""
        table = self._table()
        seeds = self._seeds(table)
        budgets = [budget for budget in table.budgets if table.present(arch, seeds, budget).any()]
        if not budgets:
            table.value(arch, seeds[0], table.budgets[-1])  # raises in words
        return budgets

    def _seeds(self, table: Lookup) -> list[int]:
        return table.seeds if self.seed is None else [self.seed]

    def _time(self, table: Lookup, arch: int, budget: int) -> float:
        seeds = [seed for seed in self._seeds(table) if table.present(arch, seed, budget)]
        times = [table.time(arch, seed, budget) for seed in seeds]
        if not times:
            return table.value(arch, self._seeds(table)[0], budget)  # raises in words
        return sum(times) / len(times)

    def _table(self) -> Lookup:
        split, _, kind = self.metric.name.lower().partition("_")
        if kind == "time":
            metric = "epoch_time" if self._has("epoch_time", "train") else "time"
            if metric == "time" and split != "train":
                msg = f"{self.api.benchmark} has no times of evaluations"
                raise InvalidArgumentError(msg)
        else:
            metric = "accuracy" if kind == "accuracy" else self.api.losses(split) or ""
            if not metric:
                msg = f"{self.api.benchmark} has no loss of split {split!r}"
                raise InvalidArgumentError(msg)
        return self.api.table(metric, self._trained_on(split), split, self.schedule)

    def _has(self, metric: str, split: str) -> bool:
        try:
            self.api.table(metric, self._trained_on(split), split, self.schedule).seeds  # noqa: B018  reads the table
        except (UnknownNameError, FrameError):
            return False
        return True

    def _trained_on(self, split: str) -> str:
        """Dataset of the runs that the papers mean."""
        held_out = self.api.search_space == "nasbench201" and self.dataset == "cifar10" and split != "test"
        return "cifar10-valid" if held_out else self.dataset


def _metric(metric: Metric | str) -> Metric:
    name = metric.name if isinstance(metric, Enum) else str(metric).upper()
    if name not in Metric.__members__:
        raise UnknownNameError.of("metric", name, Metric.__members__)
    if name in ("RAW", "ALL"):
        msg = f"{name} is a dictionary of NASLib's files; ask for one metric, or scan the store with nbframes.scan()"
        raise InvalidArgumentError(msg)
    return Metric[name]


def _schedule(api: DatasetAPI, epoch: int | None) -> int:
    if api.search_space == "nasbench101" and epoch not in (None, _LAST):
        if epoch not in api.schedules:
            raise UnknownNameError.of("schedule of NAS-Bench-101", epoch, api.schedules)
        return epoch
    return max(api.schedules)
