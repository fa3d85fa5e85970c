"""``nbframes report``: one page about a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_store, complete

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "write one self-contained page about a store"
EXAMPLES: Final = ("nbframes report --store benchmarks --out report.html",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    out = parser.add_argument(
        "--out", metavar="FILE", default="report.html", help="file to write (default: %(default)s)"
    )
    complete(out, "files")
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from nbframes.report import write
    from nbframes.store import open_store

    print(write(open_store(options.store), options.out))
    return DONE
