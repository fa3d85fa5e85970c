"""``nbframes import``: a table that a TOML describes becomes a benchmark or an attachment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_store, complete
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "make a benchmark or an attachment of a CSV or Parquet table that a TOML describes"
EXAMPLES: Final = (
    "nbframes import --template > table.toml",
    "nbframes import table.toml --store benchmarks",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    source = parser.add_argument("description", nargs="?", metavar="TOML", help="the description, beside its table")
    complete(source, "files")
    add_store(parser)
    parser.add_argument("--template", action="store_true", help="print a description to fill in")
    parser.add_argument("--overwrite", action="store_true", help="replace what the store has under that name")


def run(options: argparse.Namespace) -> int:
    """Import, or print the template."""
    from nbframes import import_table
    from nbframes.export.attachments import TEMPLATE

    if options.template:
        print(TEMPLATE, end="")
        return DONE
    if options.description is None:
        msg = "no description: name a TOML file; `nbframes import --template` prints one to fill in"
        raise InvalidArgumentError(msg)
    print(import_table(options.description, options.store, overwrite=options.overwrite))
    return DONE
