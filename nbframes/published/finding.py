"""How each kind of fact is found in a store: what was published, and the values of which one has to be it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from nbframes.spaces import nb101, tss

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbframes.store import Store

Fact = dict[str, Any]
Found = tuple[list[Any], list[Any]]


def _value(store: Store, fact: Fact) -> Found:
    """One value of one run, of any run, or the mean of all."""
    arch = _index(store, fact)
    if arch is None:
        return [fact["value"]], []
    by_seed = _runs(store, fact, fact["budget"]).filter(pl.col("arch") == arch).collect()
    values = dict(by_seed.select("seed", "value").sort("seed").iter_rows())
    if fact["runs"] == "any":
        return [fact["value"]], list(values.values())
    if fact["runs"] == "mean":
        return [fact["value"]], [sum(values.values()) / len(values)] if values else []
    return [fact["value"]], [values[fact["runs"]]] if fact["runs"] in values else []


def _runs(store: Store, fact: Fact, budget: int) -> pl.LazyFrame:
    """Value of each architecture and seed at a budget; times are summed where they were published epoch by epoch."""
    rows = store.scan(fact["benchmark"]).filter(
        pl.col("dataset") == fact["dataset"],
        pl.col("split") == fact["split"],
        pl.col("schedule") == fact["schedule"],
    )
    exact = rows.filter(pl.col("metric") == fact["metric"], pl.col("budget") == budget)
    if fact["metric"] != "time":
        return exact.select("arch", "seed", "value")
    epochs = rows.filter(pl.col("metric") == "epoch_time", pl.col("budget") <= budget)
    sums = epochs.group_by("arch", "seed").agg(pl.col("value").sum(), pl.len())
    # a time up to an epoch is known only if every epoch until then is
    sums = sums.filter(pl.col("len") == budget).select("arch", "seed", "value")
    return pl.concat([exact.select("arch", "seed", "value"), sums])


def _index(store: Store, fact: Fact) -> int | None:
    index: int | None = fact["arch"]
    if isinstance(fact["arch"], str):
        index = _single(store, fact["benchmark"], "hash", nb101.hash(fact["arch"]), "arch")
    return index


def _cost(store: Store, fact: Fact) -> Found:
    """A column of the runs, the mean of an architecture's."""
    runs = store.scan_runs(fact["benchmark"])
    arch = _index(store, fact)
    if arch is None or fact["column"] not in runs.collect_schema().names():
        return [fact["value"]], []
    chosen = runs.filter(
        pl.col("arch") == arch, pl.col("dataset") == fact["dataset"], pl.col("schedule") == fact["schedule"]
    )
    mean = chosen.select(pl.col(fact["column"]).mean()).collect().item()
    return [fact["value"]], [] if mean is None else [mean]


def _count(store: Store, fact: Fact) -> Found:
    """Number of architectures."""
    return [fact["value"]], [store.scan_archs(fact["benchmark"]).select(pl.len()).collect().item()]


def _count_of_runs(store: Store, fact: Fact) -> Found:
    """Number of training runs: of the whole file, or of one that is published beside it."""
    found = store.scan_runs(fact["benchmark"]).select(pl.len()).collect().item()
    return [found if found in fact["value"] else fact["value"][0]], [found]


def _isomorphism_classes(store: Store, fact: Fact) -> Found:
    """Number of topology cells that upstream's key tells apart."""
    texts = store.scan_archs(fact["benchmark"]).select("arch_str").collect()["arch_str"]
    return [fact["value"]], [tss.unique_str(texts).n_unique()]


def _arch(store: Store, fact: Fact) -> Found:
    """Text form of the architecture with an index."""
    text = _single(store, fact["benchmark"], "arch", fact["arch"], "arch_str")
    return [fact["arch_str"]], [] if text is None else [text]


def _hash(store: Store, fact: Fact) -> Found:
    """Official hash and parameters of a cell, looked up by its text or an isomorphic one."""
    archs = store.scan_archs(fact["benchmark"]).filter(pl.col("hash") == fact["hash"])
    found = archs.select("arch", "arch_str").collect()
    if found.is_empty():
        return [fact["params"], fact["hash"]], []
    arch, text = found.row(0)
    params = store.scan_runs(fact["benchmark"]).filter(pl.col("arch") == arch).select("params").head(1).collect()
    same = nb101.hash(text) == nb101.hash(fact["arch_str"])
    return [fact["params"], fact["hash"]], [*params["params"], fact["hash"] if same else nb101.hash(text)]


def _means(store: Store, fact: Fact) -> pl.DataFrame | None:
    """Mean value of every architecture under the full budget of its schedule; none unless the store has all of them."""
    means = _runs(store, fact, fact["schedule"]).group_by("arch").agg(pl.col("value").mean()).sort("arch").collect()
    return means if means.height == fact["archs"] else None


def _best(store: Store, fact: Fact) -> Found:
    """The architecture with the highest mean value, and that value where it was published."""
    means = _means(store, fact)
    expected = [fact["arch"], *([fact["value"]] if "value" in fact else [])]
    if means is None:
        return expected, []
    arch, value = means.sort("value", descending=True, maintain_order=True).row(0)
    return expected, [arch, value]


def _mean_of_all(store: Store, fact: Fact) -> Found:
    """Mean over all architectures."""
    means = _means(store, fact)
    return [fact["value"]], [] if means is None else [means["value"].mean()]


def _correlation(store: Store, fact: Fact) -> Found:
    """Pearson correlation of two columns of means over all architectures."""
    first, second = (_means(store, fact | fact[name]) for name in ("first", "second"))
    if first is None or second is None:
        return [fact["value"]], []
    pairs = first.join(second, on="arch", suffix="_second")
    return [fact["value"]], [pairs.select(pl.corr("value", "value_second")).item()]


def _single(store: Store, benchmark: str, column: str, value: Any, wanted: str) -> Any:
    found = store.scan_archs(benchmark).filter(pl.col(column) == value).select(wanted).head(1).collect()
    return found.item() if found.height else None


FINDERS: Final[dict[str, Callable[[Store, Fact], Found]]] = {
    "value": _value,
    "cost": _cost,
    "count": _count,
    "runs": _count_of_runs,
    "isomorphism classes": _isomorphism_classes,
    "arch": _arch,
    "hash": _hash,
    "best": _best,
    "mean of all": _mean_of_all,
    "correlation": _correlation,
}
