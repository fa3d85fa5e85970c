"""What every command shares: options, and what it prints."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from nbframes.display.text import table_lines

if TYPE_CHECKING:
    import argparse

    import polars as pl

DONE, FAILED, WRONG_CALL = 0, 1, 2
"""Exit codes."""


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the store."""
    action = parser.add_argument("--store", metavar="DIR", help="folder or URL of the store")
    complete(action, "files")


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Add the options for output that programs read."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print JSON")
    formats.add_argument("--csv", action="store_true", help="print the table as CSV")


def add_benchmarks(parser: argparse.ArgumentParser, help: str, *, nargs: str | None = "*") -> None:
    """Add the names of benchmarks of the store."""
    name = "benchmark" if nargs is None else "benchmarks"
    complete(parser.add_argument(name, nargs=nargs, metavar="BENCHMARK", help=help), "benchmarks")


def complete(action: argparse.Action, kind: str) -> argparse.Action:
    """Say what the shell may complete a word with: ``"files"``, or names that ``nbframes completion --list`` knows."""
    action.complete = kind  # type: ignore[attr-defined]
    return action


def print_json(document: Any) -> None:
    """Print a document as indented JSON."""
    import orjson

    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def print_csv(table: pl.DataFrame) -> None:
    """Print a frame as CSV; lists become texts."""
    import polars as pl

    lists = [name for name, dtype in table.schema.items() if isinstance(dtype, pl.List)]
    print(table.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(" ")).write_csv(), end="")


def print_table(table: pl.DataFrame) -> None:
    """Print a frame as aligned columns, numbers to the right, within the width of the terminal if there is one."""
    if table.is_empty():
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    head, *rows = table_lines(table, width)
    print(bold(head), *rows, sep="\n")


def bold(text: str) -> str:
    """Emphasise text on a terminal that wants colour."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\033[1m{text}\033[0m" if coloured else text


def complain(message: str, code: int) -> int:
    """Print an error and hand back the exit code."""
    print(f"nbframes: {message}", file=sys.stderr)
    return code
