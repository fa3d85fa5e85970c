"""What is explored: one row an architecture, and for each column how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes import benchmarks, expr, spaces
from nbframes.analysis import best_archs
from nbframes.analysis.query import QueryTable, meant_pairs, query_table
from nbframes.errors import FrameError, UnknownNameError, did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.spaces.base import Space
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

_ALL: Final = 2**32 - 1
_MOST_BUDGETS: Final = 24
_NAMES: Final = ("arch", "arch_str", "hash")
_RANKED: Final = ("rank", "value", "runs")


@dataclass(frozen=True)
class Column:
    """A column that views can show.

    Attributes
    ----------
    name, title
        In the frame, and on an axis.
    numeric
        Whether its values are numbers; else they are categories.
    expression
        Polars that makes it.
    """

    name: str
    title: str
    numeric: bool
    expression: str


@dataclass(frozen=True)
class Table:
    """Architectures of a benchmark, and what their columns are."""

    asked: QueryTable
    origin: str
    frame: pl.DataFrame
    columns: tuple[Column, ...]
    encoding: tuple[str, ...]
    space: Space | None
    curves: pl.DataFrame | None

    def column(self, name: str) -> Column:
        """Find a column that a view can show."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            names = [column.name for column in self.columns]
            msg = f"the explorer has no column {name!r}{did_you_mean(name, names)}; there are {listed(names)}"
            raise UnknownNameError(msg)
        return found

    def defaults(self) -> tuple[str, str]:
        """Two columns to set against the value: costs first, then values elsewhere, then the rank."""
        own = (*_RANKED, *self.encoding)
        numbers = [c.name for c in self.columns if c.numeric and self.frame[c.name].count()]
        beside = [name for name in numbers if name not in own]
        others = [name for name in ("rank", *self.encoding, "value") if name in numbers]
        first, second = [*beside, *others][:2]
        return first, second


def table(
    store: Store,
    benchmark: str,
    *,
    dataset: str | None,
    split: str | None,
    metric: str | None,
    schedule: int | None,
    budget: int | None,
    metrics: pl.DataFrame | pl.LazyFrame | None,
) -> Table:
    """Put the means, costs, values elsewhere and encodings of all architectures beside each other."""
    asked = query_table(
        store, benchmark, dataset=dataset, split=split, metric=metric, schedule=schedule, budget=budget, top=1
    )
    source = _Source(store, asked, budget)
    frame, texts = source.ranked(metrics)
    elsewhere, others = source.elsewhere()
    archs, encoding, space = _archs(store, benchmark)
    for other in (elsewhere, archs):
        if other is not None:
            frame = frame.join(other, on="arch", how="left", maintain_order="left", validate="1:1")
    texts |= others | {name: _joined(f'store.scan_archs("{benchmark}").select("arch", "{name}")') for name in encoding}
    columns = tuple(
        Column(name, _title(name, asked, others), frame.schema[name].is_numeric(), texts[name])
        for name in frame.columns
        if name not in _NAMES
    )
    return Table(
        asked, _origin(store.manifest(benchmark)), frame, columns, tuple(encoding), space, source.curves(frame["arch"])
    )


class _Source:
    """Results of a store that were asked for, and the same of its other datasets and splits."""

    def __init__(self, store: Store, asked: QueryTable, budget: int | None) -> None:
        self._store, self._asked = store, asked
        self._last = expr.final() if budget is None else expr.budget(budget)
        self._last_text = "nbf.final()" if budget is None else f"nbf.budget({budget})"

    def ranked(self, metrics: pl.DataFrame | pl.LazyFrame | None) -> tuple[pl.DataFrame, dict[str, str]]:
        """Mean, rank and costs of every architecture, and the expression of each column."""
        asked, store = self._asked, self._store
        rows = store.scan(asked.benchmark).filter(*self._measured(), asked.where(store), self._last)
        runs = store.scan_runs(asked.benchmark).collect() if store.manifest(asked.benchmark).rows("runs") else None
        frame = best_archs(rows.collect(), k=_ALL, runs=runs, metrics=metrics, maximise=asked.better != "min")
        frame = frame.select(
            name
            for name, dtype in frame.schema.items()
            if name == "arch" or (dtype.is_numeric() and name not in ("n", "budget", "schedule"))
        )
        if asked.better is None:
            frame = frame.drop("rank").sort("arch")
        costs = "" if runs is None else f', runs=store.scan_runs("{asked.benchmark}").collect()'
        costs += "" if metrics is None else ", metrics=metrics"
        rows_text = f"{self._rows(asked.dataset, asked.split)}.collect()"
        text = f"nbf.with_costs({rows_text}{costs})" if costs else f"nbf.best_archs({rows_text}, k={_ALL})"
        return frame, dict.fromkeys(frame.columns, f"frame = {text}")

    def elsewhere(self) -> tuple[pl.DataFrame | None, dict[str, str]]:
        """Means of the same metric on other datasets and splits: a column each, and its expression."""
        asked, store = self._asked, self._store
        pairs = meant_pairs(store, asked.benchmark, asked.metric)
        if ("cifar10", "val") in pairs:
            pairs = [pair for pair in pairs if pair != ("cifar10-valid", "val")]
        beside, texts = None, {}
        for dataset, split in pairs:
            if (dataset, split) == (asked.dataset, asked.split) or split == "train":
                continue
            name = f"{dataset}_{split}"
            rows = store.scan(asked.benchmark).filter(*self._measured(), _protocol(store, dataset, split), self._last)
            means = rows.group_by("arch").agg(expr.seed_mean().alias(name)).collect()
            if means.is_empty():
                continue
            beside = means if beside is None else beside.join(means, on="arch", how="full", coalesce=True)
            texts[name] = _joined(f'{self._rows(dataset, split)}.group_by("arch").agg(nbf.seed_mean().alias("{name}"))')
        return beside, texts

    def curves(self, archs: pl.Series) -> pl.DataFrame | None:
        """Mean over seeds at up to 24 budgets, one row an architecture in the order given; None if there is one budget only."""
        asked, store = self._asked, self._store
        rows = store.scan(asked.benchmark).filter(*self._measured(), asked.where(store))
        budgets = rows.select(pl.col("budget").unique().sort()).collect()["budget"].to_list()
        if len(budgets) < 2:
            return None
        means = rows.filter(pl.col("budget").is_in(_thinned(budgets))).group_by("arch", "budget").agg(expr.seed_mean())
        wide = means.sort("budget").collect().pivot("budget", index="arch", values="value")
        return archs.to_frame().join(wide, on="arch", how="left", maintain_order="left").drop("arch")

    def _measured(self) -> tuple[pl.Expr, pl.Expr]:
        return self._store.metric(self._asked.metric), expr.schedule(self._asked.schedule)

    def _rows(self, dataset: str, split: str) -> str:
        asked = self._asked
        pair = f'nbf.on("{dataset}", "{split}")'
        if not _has_protocol(dataset, split):
            pair = f'store.dataset("{dataset}"), nbf.split("{split}")'
        return (
            f'store.scan("{asked.benchmark}").filter(store.metric("{asked.metric}"), {pair}, '
            f"nbf.schedule({asked.schedule}), {self._last_text})"
        )


def _joined(rows: str) -> str:
    return f'frame = frame.join({rows}.collect(), on="arch", how="left")'


def _has_protocol(dataset: str, split: str) -> bool:
    return (dataset, split) in benchmarks.pairs() and dataset != "cifar10-valid"


def _protocol(store: Store, dataset: str, split: str) -> pl.Expr:
    if _has_protocol(dataset, split):
        return expr.on(dataset, split)
    return store.dataset(dataset) & expr.split(split)


def _thinned(budgets: Sequence[int]) -> list[int]:
    if len(budgets) <= _MOST_BUDGETS:
        return list(budgets)
    last = len(budgets) - 1
    return [budgets[round(k * last / (_MOST_BUDGETS - 1))] for k in range(_MOST_BUDGETS)]


def _archs(store: Store, benchmark: str) -> tuple[pl.DataFrame | None, list[str], Space | None]:
    """Strings, hashes and encodings of architectures, and their space, as far as they are known."""
    known = benchmarks.find(benchmark)
    space = spaces.resolve(known.space) if known and known.space else None
    if not store.manifest(benchmark).rows("archs"):
        return None, [], space
    archs = store.scan_archs(benchmark)
    there = archs.collect_schema()
    encoding = [name for name in (space.ENCODING if space else ()) if _is_choice(there.get(name))]
    named = [name for name in _NAMES if name in there]
    return archs.select(*named, *encoding).collect(), encoding, space


def _origin(manifest: Manifest) -> str:
    if manifest.synthetic:
        return "Source: made up by nbframes; nothing was trained."
    kind = "exported from the official files" if manifest.official else "not exported from the official files"
    return f"Source: {manifest.source['name']} ({kind}); version {manifest.version}; licence {manifest.licence or 'not known'}."


def _is_choice(dtype: Any) -> bool:
    return dtype is not None and (dtype.is_numeric() or dtype in (pl.Enum, pl.Categorical, pl.String))


def _title(name: str, asked: QueryTable, elsewhere: dict[str, str]) -> str:
    known = benchmarks.find_metric(asked.metric, asked.benchmark)
    measured = known.label if known else f"{asked.metric} ({asked.unit})"
    if name in elsewhere:
        return f"{name.replace('_', ' ')} {measured}"
    own = {"value": f"{asked.dataset} {asked.split} {measured}", "rank": "rank", "runs": "runs"}
    cost = benchmarks.find_metric(name)
    return own.get(name) or (cost.label if cost else name.replace("_", " "))


def check_numeric(column: Column, option: str) -> str:
    """Name of a column that an axis can show."""
    if not column.numeric:
        msg = f"{option}={column.name!r} is made of categories; an axis needs numbers, categories can be colour="
        raise FrameError(msg)
    return column.name
