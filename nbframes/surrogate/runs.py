"""What a surrogate is fitted to: runs of one setting, and the parts that are held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import polars as pl

from nbframes.errors import FrameError
from nbframes.spaces import darts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbframes.store import Store

Target = Literal["best", "final", "curve"]
TARGETS: Final = ("best", "final", "curve")
HELD_OUT: Final = -1
_SETTING: Final = ("dataset", "schedule", "budget", "layers", "init_channels", "config")
_KEY: Final = ("arch", "dataset", "schedule", "seed")


def runs_of(store: Store, benchmark: str, target: Target) -> pl.DataFrame:
    """One row per run: architecture, setting, optimizer, ``accuracy`` at the ``budgets`` (lists), and ``time`` up to the last."""
    archs = store.scan_archs(benchmark).drop("benchmark").collect()
    if "arch_str" not in archs.columns:
        raise FrameError.missing_columns(
            ["arch_str"], archs.columns, "a surrogate needs the architectures of the DARTS space"
        )
    archs = archs.select("arch", "arch_str", pl.col("^(layers|init_channels)$")).with_columns(
        darts.hash(archs["arch_str"])
    )
    runs = _best(store, benchmark) if target == "best" else _measured(store, benchmark, final=target == "final")
    return runs.join(archs, on="arch", maintain_order="left")


def _best(store: Store, benchmark: str) -> pl.DataFrame:
    runs = store.scan_runs(benchmark)
    names = runs.collect_schema().names()
    if missing := [name for name in ("best_val_accuracy", "train_time") if name not in names]:
        hint = "target='final' takes the last validation accuracy of each run instead, target='curve' all of them"
        raise FrameError.missing_columns(missing, names, hint)
    return (
        runs.filter(pl.col("best_val_accuracy").is_not_nan())
        .sort("arch", "seed")
        .select(
            "arch",
            "dataset",
            "schedule",
            pl.col("schedule").alias("budget"),
            pl.col("^(optimizer|config)$"),
            budgets=pl.concat_list("schedule"),
            accuracy=pl.concat_list("best_val_accuracy"),
            time="train_time",
        )
        .collect()
    )


def _measured(store: Store, benchmark: str, *, final: bool) -> pl.DataFrame:
    """Runs with their published values: the last ones, or all of the curve."""
    rows = store.scan(benchmark)
    accuracy = rows.filter((pl.col("metric") == "accuracy") & (pl.col("split") == "val") & pl.col("value").is_not_nan())
    curves = (
        (accuracy.filter(pl.col("final")) if final else accuracy)
        .select(*_KEY, "budget", "value")
        .sort(*_KEY, "budget")
        .group_by(_KEY, maintain_order=True)
        .agg(pl.col("budget").last(), budgets="budget", accuracy="value")
    )
    time = rows.filter((pl.col("metric") == "time") & (pl.col("split") == "train") & pl.col("final"))
    runs = curves.join(time.select(*_KEY, time="value", of="budget"), on=_KEY, how="left", maintain_order="left")
    # A time of the whole training is that of its last epoch, the curve may end before: epochs are equally long.
    found = runs.with_columns(time=pl.col("time") * pl.col("budget") / pl.col("of")).drop("of").collect()
    if not found.height:
        msg = f"{benchmark} has no validation accuracy to fit to"
        raise FrameError(msg)
    if "runs" not in store.manifest(benchmark).tables:
        return found
    told = store.scan_runs(benchmark).select(*_KEY, pl.col("^(optimizer|config)$")).collect()
    return found.join(told, on=_KEY, how="left", maintain_order="left")


def of_one_setting(runs: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any], int]:
    """Runs of the most frequent setting and of its most frequent budgets, that setting, and how many other runs there are."""
    names = [name for name in _SETTING if name in runs.columns]
    grid = pl.col("budgets").list.eval(pl.element().cast(pl.String)).list.join(" ")
    found = runs.with_columns(pl.col("dataset").cast(pl.String), grid=grid)
    settings = (
        found.group_by(*names, "grid").len().sort("len", *names, "grid", descending=[True] + [False] * (len(names) + 1))
    )
    chosen = found.join(settings.head(1), on=[*names, "grid"], how="semi", nulls_equal=True, maintain_order="left")
    return chosen.drop("grid"), settings.select(names).row(0, named=True), runs.height - chosen.height


def folds(runs: pl.DataFrame, members: int, test_fraction: float, seed: int) -> NDArray[np.int64]:
    """Part of each run: -1 held out, otherwise the member that stops early on it. Isomorphic architectures share theirs."""
    optimizer = pl.col("optimizer") if "optimizer" in runs.columns else pl.lit(None, dtype=pl.String)
    groups = runs.group_by("hash").agg(optimizer=optimizer.min()).sort("hash")
    shuffled = groups[np.random.default_rng(seed).permutation(groups.height)].sort("optimizer", maintain_order=True)
    quota = np.floor(np.arange(groups.height + 1) * test_fraction)
    held_out = quota[1:] > quota[:-1]
    fold = np.where(held_out, HELD_OUT, (np.cumsum(~held_out) - 1) % members)
    parts = shuffled.select("hash", fold=pl.Series(fold))
    return runs.select("hash").join(parts, on="hash", how="left", maintain_order="left")["fold"].to_numpy()


def smallest_part(fold: NDArray[np.int64], members: int) -> int:
    """Runs in the smallest part."""
    return int(np.bincount(fold - HELD_OUT, minlength=members + 1).min())
