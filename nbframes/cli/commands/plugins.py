"""``nbframes plugins``: packages that bring benchmarks."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_formats, print_csv, print_json, print_table

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "list the installed packages that bring benchmarks, and why one could not be used"
EXAMPLES: Final = ("nbframes plugins", "nbframes plugins --json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_formats(parser)


def run(options: argparse.Namespace) -> int:
    """List them."""
    import polars as pl

    from nbframes import benchmarks
    from nbframes.errors import PluginWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PluginWarning)  # the reason stands in the table
        plugins = benchmarks.plugins()
    names = list(benchmarks.Plugin._fields)
    types = [pl.List(pl.String) if name == "benchmarks" else pl.String for name in names]
    table = pl.DataFrame(plugins, schema=dict(zip(names, types, strict=True)), orient="row")
    if options.json:
        print_json(table.to_dicts())
    elif options.csv:
        print_csv(table)
    elif table.is_empty():
        print(f"no installed package brings benchmarks (entry points of the group {benchmarks.GROUP!r})")
    else:
        print_table(table)
    return DONE
