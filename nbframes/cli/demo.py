"""The main job on the embedded sample: write it, export it, query it, plot it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbframes import expr
from nbframes.display import table_lines

if TYPE_CHECKING:
    import os

    import polars as pl

    from nbframes.store import Store

_TOP = 5


def demo(out: str | os.PathLike[str] = "nbframes-demo") -> Path:
    """Write the synthetic sample of all benchmarks, export it to a store, print a summary and draw figures.

    Parameters
    ----------
    out
        Folder to write to: ``upstream/`` gets the sample, ``store/`` the store, ``figures/`` the figures.

    Returns
    -------
    Path
        Folder of the figures.
    """
    folder, start = Path(out), time.perf_counter()
    store = _make_store(folder)
    print(f"{store}\n\nSYNTHETIC numbers: the sample shows what nbframes does, not what the benchmarks say.\n")
    summary = summarise(store)
    for title, table in summary.items():
        print(f"{title}\n{_text(table)}\n")
    figures = draw(store, summary, folder / "figures")
    print("figures:", *(f"  {figure}" for figure in figures), sep="\n")
    print(f"\ndone in {time.perf_counter() - start:.1f} s; look further with: nbframes info --store {folder / 'store'}")
    return folder / "figures"


def _make_store(folder: Path) -> Store:
    from nbframes import synthetic
    from nbframes.export import export
    from nbframes.store import open_store

    print(f"writing the synthetic sample in upstream's formats to {folder / 'upstream'}")
    for name, source in synthetic.write(folder / "upstream").items():
        started = time.perf_counter()
        manifest = export(source, folder / "store", benchmark=name, overwrite=True, progress=False)
        print(f"exported {name}: {manifest.rows():,} values in {time.perf_counter() - started:.1f} s")
    return open_store(folder / "store")


def summarise(store: Store) -> dict[str, pl.DataFrame]:
    """Make the tables of the demo: best architectures, 12 against 200 epochs, accuracy against parameters."""
    import polars as pl

    from nbframes.analysis import best_archs, pareto_front, rank_correlation, summarize, with_costs

    accuracy = store.scan("nats-tss").filter(expr.metric("accuracy"), expr.final())
    test = accuracy.filter(expr.on("cifar10", "test"))
    full = test.filter(expr.schedule("full"))
    costs = with_costs(full, store.scan_runs("nats-tss"))
    all_test = store.scan().filter(
        expr.metric("accuracy"), expr.on("cifar10", "test"), expr.schedule("full"), expr.final()
    )
    return {
        "Final test accuracy on CIFAR-10, percent": summarize(all_test)
        .select("benchmark", "n", "mean", "std", "min", "max")
        .collect(),
        f"NATS-Bench topology: the {_TOP} best": best_archs(full, k=_TOP)
        .join(store.scan_archs("nats-tss").select("arch", "arch_str"), on="arch", how="left", maintain_order="left")
        .collect(),
        "12 epochs against 200: rank correlation": rank_correlation(test, ("schedule", "budget"))
        .select("schedule_a", "schedule_b", "n", pl.col("correlation").alias("Kendall's tau-b"))
        .collect(),
        "Pareto front: accuracy against parameters": pareto_front(costs, maximise="value", minimise="params").collect(),
    }


def draw(store: Store, summary: dict[str, pl.DataFrame], folder: Path) -> list[Path]:
    """Draw the figures of the demo into a folder."""
    from nbframes import plot
    from nbframes.analysis import ecdf, learning_curves, with_costs
    from nbframes.plot._save import save_png

    folder.mkdir(parents=True, exist_ok=True)
    tss = store.scan("nats-tss").filter(expr.metric("accuracy"))
    curves = learning_curves(tss.filter(expr.on("cifar100", "valtest")), over=("seed", "arch"), quantiles=(0.25, 0.75))
    every = store.scan().filter(
        expr.metric("accuracy"), expr.on("cifar10", "test"), expr.schedule("full"), expr.final()
    )
    full = tss.filter(expr.on("cifar10", "test"), expr.schedule("full"), expr.final())
    costs = with_costs(full, store.scan_runs("nats-tss")).collect()
    front = summary["Pareto front: accuracy against parameters"]
    axes = {
        "learning_curves": plot.learning_curves(curves.collect()),
        "ecdf": plot.ecdf(ecdf(every).collect()),
        "pareto_front": plot.pareto_front(front, maximise="value", minimise="params", cloud=costs),
    }
    paths = []
    for name, ax in axes.items():
        ax.set_title("synthetic sample", loc="right", fontsize="small")
        paths.append(folder / f"{name}.png")
        save_png(ax, paths[-1], dpi=150)
    return paths


def _text(table: pl.DataFrame) -> str:
    """A table as text, without the columns that say the same in every row."""
    kept = [column.name for column in table if table.height == 1 or column.n_unique() > 1]
    return "\n".join(f"  {line}" for line in table_lines(table.select(kept)))
