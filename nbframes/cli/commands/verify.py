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
from nbframes.display import printable

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "check every file of a store; finish or clear what an interrupted writer left"
EXAMPLES: Final = (
    "nbframes verify --store benchmarks",
    "nbframes verify nb101 --space",
)

_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_benchmarks(parser, "only these")
    parser.add_argument(
        "--space", action="store_true", help="nb101: enumerate the search space and name the cells that are missing"
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
    if options.json:
        document = {"store": store.root, "problems": problems.to_dicts(), "coverage": covered.to_dicts()}
        print_json(document | ({} if missing is None else {"missing": missing.to_dicts()}))
    elif options.csv:
        print_csv(problems)
    else:
        for benchmark, path, problem in problems.iter_rows():
            print(f"{bold(printable(benchmark))} {printable(path)}: {printable(problem)}")
        print_table(covered)
        if missing is not None:
            print_table(missing.head(_SHOWN))
        print(_verdict(problems.height, absent))
    return FAILED if problems.height or absent else DONE


def _verdict(problems: int, absent: int) -> str:
    found = [f"{problems:,} problem{'' if problems == 1 else 's'}"] if problems else []
    found += [f"incomplete: {absent:,} cells of the published space are not in the store"] if absent else []
    return "; ".join(found) or "sound"
