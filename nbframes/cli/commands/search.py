"""``nbframes search``: simulate search algorithms on a benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbframes.cli.figures import check_figure
from nbframes.cli.terminal import (
    DONE,
    add_benchmarks,
    add_formats,
    add_store,
    bold,
    complete,
    print_csv,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    import argparse

    import polars as pl

    from nbframes.search import Problem
    from nbframes.store import Store

SUMMARY: Final = "simulate many runs of search algorithms, print what they find and draw when"
EXAMPLES: Final = (
    "nbframes search nats-tss --dataset cifar100 --algorithms random,evolution,reinforce --runs 500 --budget 1000000",
    "nbframes search nats-tss --dataset cifar10 --schedule 12 --algorithms random,evolution,bohb --budget 20000",
    "nbframes search nb101 --clock evaluations --budget 300 --figure nb101.pdf --out queries.parquet",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_benchmarks(parser, "a benchmark of the store whose search space can be enumerated", nargs=None)
    complete(
        parser.add_argument("--dataset", metavar="NAME", default="cifar10", help="dataset (default: %(default)s)"),
        "datasets",
    )
    parser.add_argument(
        "--algorithms",
        metavar="NAMES",
        default="random,evolution,local",
        help="of random, evolution, local, reinforce, halving, hyperband, bohb; with commas (default: %(default)s)",
    )
    parser.add_argument("--runs", type=int, default=500, metavar="N", help="runs of each (default: %(default)s)")
    parser.add_argument(
        "--budget", type=float, required=True, metavar="X", help="simulated seconds or evaluations of each run"
    )
    parser.add_argument(
        "--clock",
        choices=("seconds", "evaluations"),
        default="seconds",
        help="what queries cost (default: %(default)s)",
    )
    parser.add_argument(
        "--schedule",
        type=int,
        nargs="+",
        metavar="EPOCHS",
        help="schedule that searches see (default: the full one); several are fidelities",
    )
    parser.add_argument("--split", metavar="NAME", default="val", help="split that searches see (default: %(default)s)")
    parser.add_argument(
        "--report", metavar="SPLIT", help="split that is reported (default: test, or valtest where there is no test)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all random numbers (default: %(default)s)")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (default: as many as pay)")
    for option, text in (
        ("--figure", "where to draw mean regret over time (PNG, PDF, SVG)"),
        ("--out", "Parquet file for all queries"),
    ):
        complete(parser.add_argument(option, metavar="FILE", help=text), "files")
    parser.set_defaults(figure="search.png")
    add_store(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> int:
    """Search, print the table and draw."""
    from nbframes.search import run as simulate
    from nbframes.store import open_store

    check_figure(options.figure)
    problem = _problem(options, open_store(options.store))
    names = [name for name in options.algorithms.split(",") if name]
    frame = simulate(names, problem, runs=options.runs, budget=options.budget, seed=options.seed, jobs=options.jobs)
    table = _table(frame, problem)
    if options.json:
        facts = {"problem": repr(problem).splitlines(), "synthetic": problem.synthetic, "budget": options.budget}
        print_json(facts | {"table": table.to_dicts()})
    elif options.csv:
        print_csv(table)
    else:
        print(bold(repr(problem)))
        print(f"  budget   {options.budget:,.0f} {problem.clock}, {options.runs} runs")
        print_table(table.select("algorithm", "runs", "queries", *_texts(table), "regret"))
    if options.out:
        frame.write_parquet(options.out)
    _draw(frame, options.figure, synthetic=problem.synthetic)
    if not (options.json or options.csv):
        print(f"figure: {options.figure}" + (f", queries: {options.out}" if options.out else ""))
    return DONE


def _problem(options: argparse.Namespace, store: Store) -> Problem:
    from nbframes.search import Problem

    observe: dict[str, Any] = {"split": options.split}
    if options.schedule:
        observe["schedule"] = options.schedule[0] if len(options.schedule) == 1 else options.schedule
    return Problem(
        store,
        options.benchmark,
        dataset=options.dataset,
        observe=observe,
        report={"split": options.report} if options.report else None,
        clock=options.clock,
    )


def _table(frame: pl.DataFrame, problem: Problem) -> pl.DataFrame:
    """What the found architectures are worth, with the mean number of queries and the mean regret."""
    import polars as pl

    from nbframes.search import final, table

    ends = final(frame).group_by(pl.col("algorithm").cast(pl.String), maintain_order=True)
    means = ends.agg(pl.col("queries").mean().round(1), pl.col("regret").mean().round(3))
    return table(frame, problem).join(means, on="algorithm", how="left", maintain_order="left")


def _texts(table: pl.DataFrame) -> list[str]:
    """Columns that hold mean ± standard deviation."""
    return [name.removesuffix("_mean") for name in table.columns if name.endswith("_mean")]


def _draw(frame: pl.DataFrame, path: str, *, synthetic: bool) -> None:
    from nbframes.plot import anytime as draw
    from nbframes.plot._save import save
    from nbframes.search import anytime

    save(draw(anytime(frame)), path, synthetic=synthetic)
