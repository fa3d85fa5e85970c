"""``nbframes demo``: the main job on a synthetic sample (write it, export it, query it, plot it), then answers on published values."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import nbframes as nbf
from nbframes.cli import published_answers
from nbframes.cli.figures import save_figures
from nbframes.cli.terminal import DONE, bold, complete, print_table
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import argparse
    import os

    import polars as pl

    from nbframes.store import Store

SUMMARY: Final = "write a synthetic sample, export it, query it, plot it; then answer on published values"
EXAMPLES: Final = ("nbframes demo --out demo",)

_MARKER: Final = "NBFRAMES-DEMO.txt"
_MARKED: Final = (
    "`nbframes demo` made this folder and replaces what is in it. Its numbers are SYNTHETIC: nothing was trained.\n"
    "Only the figures called published_* show measured values.\n"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    out = parser.add_argument(
        "--out", metavar="DIR", default="nbframes-demo", help="folder to write to (default: %(default)s)"
    )
    complete(out, "files")


def run(options: argparse.Namespace) -> int:
    """Run the demo."""
    demo(options.out)
    return DONE


def demo(out: str | os.PathLike[str] = "nbframes-demo") -> Path:
    """Write the synthetic sample of all benchmarks, export it to a store, summarise and draw it; then do so with published values.

    Parameters
    ----------
    out
        Folder to write to: ``upstream/`` gets the sample, ``store/`` the store, ``figures/`` the figures. It must be new, empty,
        or made by an earlier demo.

    Returns
    -------
    Path
        Folder of the figures.

    Raises
    ------
    InvalidArgumentError
        If the folder holds anything that no demo made.
    """
    folder, start = Path(out), time.perf_counter()
    _claim(folder)
    figures = _answer_synthetic(folder) + _answer_published(folder)
    print("figures:", *(f"  {figure}" for figure in figures), sep="\n")
    print(f"\ndone in {time.perf_counter() - start:.1f} s; look further with: nbframes info --store {folder / 'store'}")
    return folder / "figures"


def _answer_synthetic(folder: Path) -> list[Path]:
    store = _make_store(folder)
    print(f"{store}\n\nSYNTHETIC numbers: the sample shows what nbframes does, not what the benchmarks say.\n")
    summary = summarise(store)
    _print_tables(summary)
    return draw(store, summary, folder / "figures")


def _answer_published(folder: Path) -> list[Path]:
    from nbframes import published

    store = published.store()
    print(
        f"{store}\n\nPUBLISHED numbers, measured by the benchmarks' authors: a part of each benchmark, see `nbframes info`.\n"
    )
    summary = published_answers.summarise(store)
    _print_tables(summary)
    return published_answers.draw(store, summary, folder / "figures")


def _print_tables(summary: dict[str, pl.DataFrame]) -> None:
    for title, table in summary.items():
        print(bold(title))
        print_table(_telling(table))
        print()


def _claim(folder: Path) -> None:
    """Mark the folder as the demo's, which replaces everything in it."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        msg = f"{str(folder)!r} holds files that no demo wrote, and they might be replaced\n\nHint: choose a new folder with --out"
        raise InvalidArgumentError(msg)
    _check_synthetic(folder / "store")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).write_text(_MARKED, encoding="utf-8")


def _check_synthetic(root: Path) -> None:
    from nbframes.store import Store

    if not (root / "manifests").is_dir():
        return
    store = Store(root)
    if real := [name for name in store.benchmarks() if not store.manifest(name).synthetic]:
        msg = f"{str(root)!r} holds {real[0]!r}, which is not synthetic, and might be replaced\n\nHint: choose a new folder with --out"
        raise InvalidArgumentError(msg)


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

    from nbframes.analysis import pareto_front, rank_correlation, summarize, with_costs
    from nbframes.analysis.query import query_table

    test = store.scan().filter(nbf.metric("accuracy"), nbf.on("cifar10", "test"), nbf.final())
    tss = test.filter(pl.col("benchmark") == "nats-tss")
    costs = with_costs(tss.filter(nbf.schedule("full")), store.scan_runs("nats-tss"))
    best = query_table(store, "nats-tss", dataset="cifar10", split="test", top=5)
    return {
        "Final test accuracy on CIFAR-10, percent": summarize(test.filter(nbf.schedule("full")))
        .select("benchmark", "n", "mean", "std", "min", "max")
        .collect(),
        best.title(): best.frame,
        "12 epochs against 200: rank correlation": rank_correlation(tss, ("schedule", "budget"))
        .select("schedule_a", "schedule_b", "n", pl.col("correlation").alias("Kendall's tau-b"))
        .collect(),
        "Pareto front: accuracy against parameters": pareto_front(costs, maximise="value", minimise="params").collect(),
    }


def draw(store: Store, summary: dict[str, pl.DataFrame], folder: Path) -> list[Path]:
    """Draw the figures of the demo into a folder."""
    from nbframes import plot
    from nbframes.analysis import ecdf, learning_curves, with_costs

    tss = store.scan("nats-tss").filter(nbf.metric("accuracy"))
    curves = learning_curves(tss.filter(nbf.on("cifar100", "valtest")), over=("seed", "arch"), quantiles=(0.25, 0.75))
    every = store.scan().filter(nbf.metric("accuracy"), nbf.on("cifar10", "test"), nbf.schedule("full"), nbf.final())
    full = tss.filter(nbf.on("cifar10", "test"), nbf.schedule("full"), nbf.final())
    costs = with_costs(full, store.scan_runs("nats-tss")).collect()
    front = summary["Pareto front: accuracy against parameters"]
    axes = {
        "learning_curves": plot.learning_curves(curves.collect()),
        "ecdf": plot.ecdf(ecdf(every).collect()),
        "pareto_front": plot.pareto_front(front, maximise="value", minimise="params", cloud=costs),
    }
    return save_figures(axes, folder, synthetic=True)


def _telling(table: pl.DataFrame) -> pl.DataFrame:
    """The table without the columns that say the same in every row."""
    return table.select(column.name for column in table if table.height == 1 or column.n_unique() > 1)
