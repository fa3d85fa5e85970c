"""What is explored: one row an architecture, and for each column how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes import expr, spaces
from nbframes.analysis import best_archs
from nbframes.analysis.protocols import has_protocol, meant, meant_pairs, partitions_of, protocol
from nbframes.analysis.query import QueryTable, quantity, query_table
from nbframes.display.text import redacted
from nbframes.errors import FrameError, UnknownNameError, did_you_mean, listed
from nbframes.store.access import PACKAGED

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nbframes.spaces.base import Space
    from nbframes.store import Store
    from nbframes.store.manifest import Manifest

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
    """Architectures of a benchmark, what their columns are, and which more there could be."""

    asked: QueryTable
    origins: tuple[str, ...]
    opening: str
    frame: pl.DataFrame
    columns: tuple[Column, ...]
    encoding: tuple[str, ...]
    space: Space | None
    curves: pl.DataFrame | None
    more: tuple[str, ...]

    def column(self, name: str) -> Column:
        """Find a column that a view can show."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            names = [*(column.name for column in self.columns), *self.more]
            msg = f"the explorer has no column {name!r}{did_you_mean(name, names)}; there are {listed(names)}"
            raise UnknownNameError(msg)
        return found

    @property
    def drawable(self) -> bool:
        """Whether every architecture has a string that its space reads."""
        return self.space is not None and "arch_str" in self.frame.columns and not self.frame["arch_str"].null_count()

    def defaults(self) -> tuple[str, str]:
        """Two columns that vary to set against the value: costs first, then values elsewhere, the rank, the encoding, the runs."""
        own = (*_RANKED, *self.encoding)
        numbers = [c.name for c in self.columns if c.numeric and self.frame[c.name].n_unique() > 1]
        beside = [name for name in numbers if name not in own]
        others = [name for name in ("rank", *self.encoding, "runs", "value") if name in numbers]
        first, second, *_ = [*beside, *others, "value", "value"]
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
    wanted: Sequence[str],
) -> Table:
    """Put the means, costs, values elsewhere and encodings of all architectures beside each other, and metrics that are wanted."""
    asked = query_table(
        store, benchmark, dataset=dataset, split=split, metric=metric, schedule=schedule, budget=budget, top=1
    )
    source = _Source(store, asked, budget)
    frame, texts = source.ranked(metrics, wanted)
    elsewhere, others = source.elsewhere()
    archs, encoding, space = _archs(store, benchmark)
    for other in (elsewhere, archs):
        if other is not None:
            frame = frame.join(other, on="arch", how="left", maintain_order="left", validate="1:1")
    texts |= others | {
        name: _joined(f'store.scan_archs("{benchmark}").select("arch", {_quoted(name)})') for name in encoding
    }
    titles = _titles(store, asked, frame.columns, others)
    columns = tuple(
        Column(name, titles[name], frame.schema[name].is_numeric(), texts[name])
        for name in frame.columns
        if name not in _NAMES
    )
    return Table(
        asked,
        tuple(map(_origin, source.manifests(frame.columns))),
        _opening(store),
        frame,
        columns,
        tuple(encoding),
        space,
        source.curves(frame["arch"]),
        tuple(name for name in source.attached() if name not in frame.columns),
    )


class _Source:
    """Results of a store that were asked for, and the same of its other datasets and splits."""

    def __init__(self, store: Store, asked: QueryTable, budget: int | None) -> None:
        self._store, self._asked = store, asked
        self._last = expr.final() if budget is None else expr.budget(budget)
        self._last_text = "nbf.final()" if budget is None else f"nbf.budget({budget})"

    def ranked(
        self, metrics: pl.DataFrame | pl.LazyFrame | None, wanted: Sequence[str]
    ) -> tuple[pl.DataFrame, dict[str, str]]:
        """Mean, rank and costs of every architecture, and the expression of each column."""
        asked, store = self._asked, self._store
        rows = store.scan(asked.benchmark).filter(*self._measured(), asked.where(store), self._last)
        runs = store.scan_runs(asked.benchmark).collect() if store.manifest(asked.benchmark).rows("runs") else None
        options = "" if runs is None else f', runs=store.scan_runs("{asked.benchmark}").collect()'
        if metrics is not None:
            options += ", metrics=metrics"
        elif attached := [
            name for name in self.attached() if name in wanted and (runs is None or name not in runs.columns)
        ]:
            metrics = store.scan(asked.benchmark).filter(store.metric(*attached), expr.split("none"), expr.final())
            named = ", ".join(map(_quoted, attached))
            options += f', metrics=store.scan("{asked.benchmark}").filter(store.metric({named}), nbf.split("none"), nbf.final())'
        maximise = asked.better != "min"
        frame = best_archs(rows.collect(), k=max(asked.archs, 1), runs=runs, metrics=metrics, maximise=maximise)
        frame = frame.select(
            name
            for name, dtype in frame.schema.items()
            if name == "arch" or (dtype.is_numeric() and name not in ("n", "budget", "schedule"))
        )
        text = (
            f"frame = nbf.best_archs({self._rows(asked.dataset, asked.split)}.collect(), "
            f"k={max(asked.archs, 1)}{options}, maximise={maximise})"
        )
        if asked.better is None:
            frame, text = frame.drop("rank").sort("arch"), f'{text}.drop("rank").sort("arch")'
        return frame, dict.fromkeys(frame.columns, text)

    def attached(self) -> list[str]:
        """Metrics that were measured without training, as hardware costs are."""
        there = self._store.describe(self._asked.benchmark).select(pl.col("metric", "split").cast(pl.String))
        return sorted(set(there.filter(pl.col("split") == "none")["metric"]) - {self._asked.metric})

    def manifests(self, names: Sequence[str]) -> list[Manifest]:
        """What is known of the benchmark, and of the attachments that own some metrics or the values themselves."""
        shown = {*names, self._asked.metric}
        return [
            manifest
            for manifest in self._store.catalogue.manifests(self._asked.benchmark)
            if not manifest.attachment or shown & set(manifest.metrics)
        ]

    def elsewhere(self) -> tuple[pl.DataFrame | None, dict[str, str]]:
        """Means of the same metric on other datasets and splits: a column each, and its expression."""
        asked, store = self._asked, self._store
        pairs = meant_pairs(partitions_of(store.catalogue.manifests(asked.benchmark)), asked.metric)
        pairs = [pair for pair in pairs if len(meant(*pair)) == 1]
        beside, texts = None, {}
        for dataset, split in pairs:
            if (dataset, split) == (asked.dataset, asked.split) or split == "train":
                continue
            name = f"{dataset}_{split}"
            rows = store.scan(asked.benchmark).filter(*self._measured(), protocol(store, dataset, split), self._last)
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
        if not has_protocol(dataset, split):
            pair = f'store.dataset("{dataset}"), nbf.split("{split}")'
        return (
            f'store.scan("{asked.benchmark}").filter(store.metric("{asked.metric}"), {pair}, '
            f"nbf.schedule({asked.schedule}), {self._last_text})"
        )


def _joined(rows: str) -> str:
    return f'frame = frame.join({rows}.collect(), on="arch", how="left", maintain_order="left")'


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _opening(store: Store) -> str:
    """Python that opens the store, from the folder that it lies in."""
    if store.root == str(PACKAGED):
        return "store = nbf.published.store()"
    root = redacted(store.root) if "://" in store.root else PurePath(store.root).name
    return f"store = nbf.open_store({_quoted(root)})"


def _thinned(budgets: Sequence[int]) -> list[int]:
    if len(budgets) <= _MOST_BUDGETS:
        return list(budgets)
    last = len(budgets) - 1
    return [budgets[round(k * last / (_MOST_BUDGETS - 1))] for k in range(_MOST_BUDGETS)]


def _archs(store: Store, benchmark: str) -> tuple[pl.DataFrame | None, list[str], Space | None]:
    """Strings, hashes and encodings of architectures, and their space, as far as they are known."""
    space = spaces.of_benchmark(benchmark)
    if not store.manifest(benchmark).rows("archs"):
        return None, [], space
    archs = store.scan_archs(benchmark)
    there = archs.collect_schema()
    encoding = [name for name in (space.ENCODING if space else ()) if _is_choice(there.get(name))]
    named = [name for name in _NAMES if name in there]
    return archs.select(*named, *encoding).collect(), encoding, space


def _origin(manifest: Manifest) -> str:
    of = f"Attached {manifest.attachment}" if manifest.attachment else "Source"
    if manifest.synthetic:
        return f"{of}: made up by nbframes; nothing was trained."
    licence = f"licence {manifest.licence or 'not known'}"
    if manifest.attachment:
        return f"{of}: {', '.join(manifest.metrics)}; {licence}."
    kind = "exported from the official files" if manifest.official else "not exported from the official files"
    return f"{of}: {manifest.source['name']} ({kind}); version {manifest.version}; {licence}."


def _is_choice(dtype: Any) -> bool:
    return dtype is not None and (dtype.is_numeric() or isinstance(dtype, (pl.Enum, pl.Categorical, pl.String)))


def _titles(store: Store, asked: QueryTable, names: Sequence[str], elsewhere: Collection[str]) -> dict[str, str]:
    """What stands on the axis of each column."""
    manifests = store.catalogue.manifests(asked.benchmark)
    measured = _label(manifests, asked.metric)
    own = {name: f"{name.replace('_', ' ')} {measured}" for name in elsewhere}
    own["value"] = f"{asked.dataset} {asked.split} {measured}"
    return {name: own.get(name) or _label(manifests, name) for name in names}


def _label(manifests: Sequence[Manifest], name: str) -> str:
    """Label of a metric or cost, as its benchmark defines it or else the store; other names stand for themselves."""
    known = quantity(manifests, name)
    return known.label if known is not None else name.replace("_", " ")


def check_numeric(column: Column, option: str) -> str:
    """Name of a column that an axis can show."""
    if not column.numeric:
        msg = f"{option}={column.name!r} holds categories, but an axis needs numbers; show categories with colour="
        raise FrameError(msg)
    return column.name
