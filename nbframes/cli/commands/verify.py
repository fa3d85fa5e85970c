"""``nbframes verify``: whether a store is what its manifests say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import (
    DONE,
    FAILED,
    add_benchmarks,
    add_formats,
    add_store,
    bold,
    print_csv,
    print_json,
    print_table,
)
from nbframes.display.text import printable

if TYPE_CHECKING:
    import argparse

    import polars as pl

    from nbframes.store import Store

SUMMARY: Final = "check every file of a store; finish or clear what an interrupted writer left"
EXAMPLES: Final = (
    "nbframes verify --store benchmarks",
    "nbframes verify nb101 --space",
    "nbframes verify --against",
)

_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_benchmarks(parser, "only these")
    parser.add_argument(
        "--space", action="store_true", help="nb101: enumerate the search space and name the cells that are missing"
    )
    parser.add_argument(
        "--against",
        metavar="FACTS",
        nargs="?",
        const="",
        help="also compare with numbers published about the official files: those that come with nbframes, or a JSON file like them",
    )
    add_store(parser)
    add_formats(parser)


def run(options: argparse.Namespace) -> int:
    """Check, and fail if anything is wrong or missing."""
    from nbframes.store import open_store
    from nbframes.store.verify import coverage, missing_cells

    store = open_store(options.store)
    problems = store.verify(*options.benchmarks, progress=True)
    covered = coverage(store.catalogue, *options.benchmarks)
    missing = missing_cells(store.catalogue, progress=True) if options.space else None
    absent = 0 if missing is None else missing.height
    checked = None if options.against is None else _checked(store, options)
    differing = 0 if checked is None else checked.filter(verdict="differs").height
    if options.json:
        document = {"store": store.root, "problems": problems.to_dicts(), "coverage": covered.to_dicts()}
        document |= {} if missing is None else {"missing": missing.to_dicts()}
        print_json(document | ({} if checked is None else {"facts": checked.to_dicts()}))
    elif options.csv:
        print_csv(problems)
    else:
        for benchmark, path, problem in problems.iter_rows():
            print(f"{bold(printable(benchmark))} {printable(path)}: {printable(problem)}")
        print_table(covered)
        if missing is not None:
            print_table(missing.head(_SHOWN))
        if checked is not None:
            _print_facts(checked)
        print(_verdict(problems.height, absent))
    return FAILED if problems.height or absent or differing else DONE


def _checked(store: Store, options: argparse.Namespace) -> pl.DataFrame:
    from nbframes.published.check import FACTS, check_facts

    return check_facts(store, *options.benchmarks, against=options.against or FACTS)


def _print_facts(checked: pl.DataFrame) -> None:
    from nbframes.published.check import verdict

    print_table(checked.filter(verdict="differs").head(_SHOWN))
    for (benchmark,), facts in checked.group_by("benchmark", maintain_order=True):
        print(f"{bold(printable(benchmark))} {verdict(facts)}")


def _verdict(problems: int, absent: int) -> str:
    found = [f"{problems:,} problem{'' if problems == 1 else 's'}"] if problems else []
    found += [f"incomplete: {absent:,} cells of the published space are not in the store"] if absent else []
    return "; ".join(found) or "sound"
