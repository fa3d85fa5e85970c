"""``nbframes report``: one page about a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_store, complain, complete

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nbframes.store import Store

SUMMARY: Final = "write one self-contained page about a store"
EXAMPLES: Final = (
    "nbframes report --store benchmarks --out report.html",
    "nbframes report --store benchmarks --out report.html --interactive",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    out = parser.add_argument(
        "--out", metavar="FILE", default="report.html", help="file to write (default: %(default)s)"
    )
    complete(out, "files")
    parser.add_argument(
        "--interactive",
        action="store_true",
        help="write a page to explore each benchmark beside it, report-nats-tss.html and so on",
    )
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Write the pages and say where they are."""
    from nbframes.report import write
    from nbframes.store import open_store

    store = open_store(options.store)
    print(write(store, options.out))
    if options.interactive:
        for page in _explorers(store, Path(options.out)):
            print(page)
    return DONE


def _explorers(store: Store, report: Path) -> Iterator[Path]:
    """Write a page for every benchmark that has values, and say which have none."""
    from nbframes.errors import InvalidArgumentError
    from nbframes.report.explorer import explore

    for name in store.benchmarks():
        try:
            explorer = explore(store, name)
        except InvalidArgumentError as error:
            complain(f"no page of {name}: {error}", DONE)
            continue
        yield explorer.save(report.with_name(f"{report.stem}-{name}.html"))
