"""``nbframes download``: fetch the official files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli import INTERRUPTED
from nbframes.cli.terminal import DONE, add_store, complain, complete

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "fetch the official files, resuming and checking them"
EXAMPLES: Final = (
    "nbframes download nb101 --export",
    "nbframes download nb101 --variant only108 --to data",
    "nbframes download nats-tss --from NATS-tss-v1_0-3ffb9-simple.tar",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from nbframes.downloads.registry import sources

    names = ", ".join(sources())
    complete(parser.add_argument("benchmark", metavar="BENCHMARK", help=names), "official")
    parser.add_argument(
        "--variant",
        metavar="NAME",
        help="which of its published files (default: the whole benchmark; a wrong name lists them)",
    )
    folder = parser.add_argument(
        "--to",
        metavar="DIR",
        help="folder to put the file into (default: a folder of downloads beside the default store)",
    )
    by_hand = parser.add_argument(
        "--from", dest="from_file", metavar="FILE", help="a file fetched by hand, to be checked and put into the folder"
    )
    parser.add_argument("--export", action="store_true", help="export it to the store afterwards, or attach it")
    parser.add_argument("--overwrite", action="store_true", help="with --export: replace what is there")
    for action in (folder, by_hand):
        complete(action, "files")
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Download, and export if that was asked for."""
    from nbframes import attach, download, export
    from nbframes.benchmarks import find

    try:
        path = download(options.benchmark, variant=options.variant, to=options.to, from_file=options.from_file)
    except KeyboardInterrupt:
        return complain("interrupted; what has arrived is kept, and the same call goes on from there", INTERRUPTED)
    print(path)
    if options.export:
        if find(options.benchmark) is None:
            print(attach(path, options.store, overwrite=options.overwrite))
        else:
            print(export(path, options.store, benchmark=options.benchmark, overwrite=options.overwrite))
    return DONE
