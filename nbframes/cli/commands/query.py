"""``nbframes query``: a quick table of the best architectures, or of some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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

SUMMARY: Final = "print a quick table: the best architectures, or the values of some"
EXAMPLES: Final = (
    "nbframes query nats-tss --dataset cifar10 --split test --top 10",
    "nbframes query nb101 --metric accuracy --schedule 36 --top 5 --json",
    "nbframes query nats-tss --dataset cifar100 --split val --schedule 12 --arch 6111 9930",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from nbframes.schema import SPLITS

    add_benchmarks(parser, "a benchmark of the store", nargs=None)
    dataset = parser.add_argument(
        "--dataset", metavar="NAME", help="dataset (default: cifar10 if there are values of it)"
    )
    parser.add_argument(
        "--split", choices=SPLITS, help="split (default: the first that there is of test, valtest, val, train)"
    )
    metric = parser.add_argument("--metric", metavar="NAME", help="metric (default: accuracy if there is any)")
    for action, kind in ((dataset, "datasets"), (metric, "metrics")):
        complete(action, kind)
    parser.add_argument(
        "--schedule", type=int, metavar="EPOCHS", help="training schedule (default: the longest with such values)"
    )
    parser.add_argument(
        "--budget", type=int, metavar="EPOCHS", help="epochs completed (default: the last published value)"
    )
    parser.add_argument("--arch", type=int, nargs="+", default=[], metavar="ID", help="only these architectures")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="how many to show (default: %(default)s)")
    parser.add_argument("--best", choices=["max", "min"], help="which end is better, for a metric of your own")
    add_store(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> int:
    """Ask, and say what was asked."""
    from nbframes.analysis.query import query_table
    from nbframes.store import open_store

    answer = query_table(
        open_store(options.store),
        options.benchmark,
        dataset=options.dataset,
        split=options.split,
        metric=options.metric,
        schedule=options.schedule,
        budget=options.budget,
        archs=options.arch,
        top=options.top,
        better=options.best,
    )
    if options.json:
        print_json(answer.to_dict())
    elif options.csv:
        print_csv(answer.frame)
    else:
        print(bold(answer.title()))
        print_table(answer.frame)
    return DONE
