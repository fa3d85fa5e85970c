"""``nbframes publish``: a public copy of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, complete

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "write a public copy of a store: its files, their checksums and a page for data hubs"
EXAMPLES: Final = (
    "nbframes publish benchmarks --to public",
    "nbframes publish benchmarks --to public --title NAS-benchmarks",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    store = parser.add_argument("store", metavar="STORE", help="folder of the store")
    complete(store, "files")
    folder = parser.add_argument("--to", metavar="DIR", required=True, help="folder of the copy, absent or empty")
    complete(folder, "files")
    parser.add_argument(
        "--title", default="", help="heading of the page (default: made of the names of the benchmarks)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the copy."""
    from nbframes.published import publish

    copy = publish(options.store, to=options.to, title=options.title)
    print(f"{copy}: check it with `cd {copy} && sha256sum -c store.sha256`; its page is {copy / 'README.md'}")
    return DONE
