"""One cost for each architecture, dataset and schedule: from the costs of its runs, or from metrics that were measured once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self, get_args

import polars as pl

from nbframes import benchmarks
from nbframes.analysis._frames import Groups, as_lazy, constant, require
from nbframes.analysis._means import Rows, refuse_repeated
from nbframes.analysis._memory import check_fits
from nbframes.analysis._options import one_of
from nbframes.errors import FrameError, InvalidArgumentError, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

CostRule = Literal["mean", "upstream"]

_KEY: Final = ("benchmark", "arch", "dataset", "schedule")
_NO_COST: Final = frozenset(("seed", "budget", "entry", "position"))
_RESULT: Final = "best_"
"""Begin of the columns of NAS-Bench-301's runs that are results, no costs."""
_OUTPUT: Final = ("rank", "value", "runs", "n")

_PRINTED_PER: Final = {"params": 1e6, "mflops": 1.0}
"""Unit in which the official API compares the runs."""

_TRUSTED_SEED: Final = 888


class Costs(NamedTuple):
    """Cost columns beside the values of architectures."""

    table: Callable[[], pl.DataFrame]
    """Makes the table of costs, one row for each combination of the keys."""
    keys: tuple[str, ...]
    """Columns by which they are found."""
    columns: tuple[str, ...]

    @classmethod
    def of_runs(
        cls, runs: pl.DataFrame | pl.LazyFrame, used: Iterable[str], caps: Iterable[str], rule: CostRule
    ) -> Self:
        """Costs of each group of runs that the columns ``used`` tell apart: published ones and columns of the caller's own."""
        one_of("costs", rule, get_args(CostRule))
        lazy = as_lazy(runs)
        schema = lazy.collect_schema()
        require(lazy, ["arch", *caps, *(["seed"] if rule == "upstream" else [])])
        published = [cost.name for cost in benchmarks.COSTS if cost.name in schema]
        own = [
            name
            for name, dtype in schema.items()
            if dtype.is_numeric() and name not in {*_KEY, *_NO_COST, *published} and not name.startswith(_RESULT)
        ]
        columns = (*published, *own)
        if unfit := [name for name in caps if name not in columns]:
            msg = f"at_most names {listed(unfit)}, which are not costs; the costs of the runs are {listed(columns)}"
            raise FrameError(msg)
        keys = [name for name in _KEY if name in schema]
        shared = tuple(name for name in keys if name in used)
        groups = Groups(shared, tuple(name for name in keys if name not in shared))
        settings = ["config"] if "config" in schema else []
        chosen = lazy.select(*keys, *(["seed"] if "seed" in schema else []), *settings, *columns)
        check_fits(runs, chosen)

        def averaged() -> pl.DataFrame:
            rows = chosen.collect()
            found = _means(rows, keys, [name for name in ("seed", *settings) if name in rows.columns], columns)
            if rule == "upstream":
                found = _upstream(rows, keys, columns)
            groups.check(found)
            return found[[*shared, *columns]]

        return cls(averaged, shared, columns)

    @classmethod
    def of_metrics(cls, frame: pl.DataFrame | pl.LazyFrame, used: Iterable[str]) -> Self:
        """Metrics of another frame of results, each a column: its mean over seeds where it has several."""
        require(as_lazy(frame), ["metric", "arch", "value"])
        rows = Rows.of(frame, value="value", by=None, unit=["arch"])
        check_fits(frame, rows.frame)
        means = _also_held_out(rows.means(rows.frame.collect()))
        shared = tuple(name for name in ("benchmark", "dataset", "arch") if name in means.columns and name in used)
        wide = means.with_columns(pl.col("metric").cast(pl.String))
        if wide.select(*shared, "metric").is_duplicated().any():
            apart = [name for name in rows.groups.keys if name not in (*shared, "metric")]
            mixed = [name for name in apart if wide.get_column(name).n_unique() > 1]
            msg = f"metrics has several values for the same {listed(shared)} and metric\n\nHint: filter it to one {listed(mixed or apart)}"
            raise FrameError(msg)
        table = wide.pivot("metric", index=list(shared), values="value", maintain_order=True)
        return cls(lambda: table, shared, tuple(name for name in table.columns if name not in shared))

    def check(self, taken: Collection[str]) -> None:
        """Raise if a cost has the name of another column of the result."""
        if clash := [name for name in self.columns if name in taken or name in _OUTPUT]:
            msg = f"the costs {listed(clash)} have names that the result uses itself: rename them first"
            raise InvalidArgumentError(msg)

    def beside(self, means: pl.DataFrame) -> pl.DataFrame:
        """Add the columns to means, by the keys of both."""
        table = self.table()
        if "dataset" in self.keys and not constant(table.get_column("dataset")):
            wanted = means.get_column("dataset").unique().cast(pl.String)
            table = table.filter(pl.col("dataset").cast(pl.String).is_in(wanted.implode(), nulls_equal=True))
        if other := [name for name in self.keys if table.schema[name] != means.schema[name]]:
            table = table.with_columns(pl.col(name).cast(means.schema[name]) for name in other)
        apart = [name for name in self.keys if not (constant(means[name]) and constant(table[name]))]
        same = all(means[name].head(1).equals(table[name].head(1)) for name in self.keys if name not in apart)
        table = table if same else table.clear()
        if all(means[name].equals(table[name]) for name in apart):
            return pl.concat([means, table.select(self.columns)], how="horizontal")
        return means.join(
            table.select(*apart, *self.columns), on=apart, how="left", nulls_equal=True, maintain_order="left"
        )


def _also_held_out(means: pl.DataFrame) -> pl.DataFrame:
    """Give what was measured without training, of which no split exists, to the runs that hold out a part of the dataset."""
    if not {"dataset", "split"} <= set(means.columns):
        return means
    means = means.with_columns(pl.col("dataset", "split", "metric").cast(pl.String))
    for held_out, whole in benchmarks.HELD_OUT.items():
        own = means.filter(pl.col("dataset") == held_out).get_column("metric").unique()
        lent = means.filter(
            pl.col("dataset") == whole, pl.col("split") == "none", ~pl.col("metric").is_in(own.implode())
        )
        means = pl.concat([means, lent.with_columns(dataset=pl.lit(held_out))])
    return means


def _means(rows: pl.DataFrame, keys: Sequence[str], apart: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    """Means of the costs of each key, over the runs that the columns ``apart`` tell apart; null where no run has the cost."""
    import numpy as np

    from nbframes.analysis._keys import FrameKeys

    units = FrameKeys.of(rows, [*keys, *apart]).sorted()
    if units.repeated:
        refuse_repeated(rows, [*keys, *apart])
    runs = units.reduced(apart, np.zeros(rows.height), spread=False)
    found = units.unpacked(runs.starts, keys)
    for name in columns:
        column = rows.get_column(name).cast(pl.Float64)
        mean = pl.Series(name, runs.means(units.in_order(column.fill_null(0.0).to_numpy())), dtype=pl.Float64)
        if column.null_count():
            has = column.is_not_null().to_numpy().astype(np.float64)
            part = pl.Series(runs.means(units.in_order(has)), dtype=pl.Float64)
            mean = pl.select(pl.when(part > 0).then(mean / part)).to_series().alias(name)
        found.append(mean)
    return pl.DataFrame(found)


def _upstream(rows: pl.DataFrame, keys: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    """Costs as the official API of NATS-Bench gives them."""
    printed = [
        pl.col(name).map_batches(partial(_printed, unit), pl.String, is_elementwise=True).alias(f"_{name}")
        for name, unit in _PRINTED_PER.items()
        if name in columns
    ]
    return rows.with_columns(printed).group_by(keys).agg(map(_upstream_cost, columns))


def _upstream_cost(name: str) -> pl.Expr:
    """Rule of ``ArchResults.get_compute_costs`` in nats_bench 1.8.

    Parameters and operations are means, unless the runs disagree when printed in millions with five decimals: then seed 888
    counts alone, and there is no cost without it (where the official API raises). Latencies count if they are positive.
    """
    value = pl.col(name)
    if name in _PRINTED_PER:
        agree = pl.col(f"_{name}").drop_nulls().n_unique() == 1
        return pl.when(agree).then(value.mean()).otherwise(value.filter(pl.col("seed") == _TRUSTED_SEED).first())
    return value.filter(value > 0).mean() if name == "latency" else value.mean()


def _printed(unit: float, values: pl.Series) -> pl.Series:
    """Texts with five decimals, correctly rounded as Python's.

    The division is numpy's: that of Polars by a number multiplies by its inverse, which can differ in the last bit.
    """
    import numpy as np

    texts = pl.Series(np.char.mod("%.5f", values.cast(pl.Float64).to_numpy() / unit), dtype=pl.String)
    return texts.set(values.is_null(), None)
