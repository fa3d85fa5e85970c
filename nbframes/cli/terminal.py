"""What every command shares: its parser's look, and what it prints."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from nbframes.display import table_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

DONE, FAILED, WRONG_CALL = 0, 1, 2
"""Exit codes."""


def command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, *examples: str
) -> argparse.ArgumentParser:
    """Add a command with its examples; ``run`` takes the parsed options and returns the exit code."""
    epilog = "examples:\n" + "\n".join(f"  {example}" for example in examples)
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(run=run)
    return parser


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the store."""
    parser.add_argument("--store", metavar="DIR", help="folder or s3:// URL of the store")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option for machine-readable output."""
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")


def print_json(document: Any) -> None:
    """Print a document as indented JSON."""
    import orjson

    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def print_table(table: pl.DataFrame) -> None:
    """Print a frame as aligned columns, numbers to the right."""
    if table.is_empty():
        return
    head, *rows = table_lines(table)
    print(bold(head), *rows, sep="\n")


def bold(text: str) -> str:
    """Emphasise text on a terminal that wants colour."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\033[1m{text}\033[0m" if coloured else text


def complain(message: str, code: int) -> int:
    """Print an error and hand back the exit code."""
    print(f"nbframes: {message}", file=sys.stderr)
    return code
