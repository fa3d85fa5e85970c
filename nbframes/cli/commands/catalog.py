"""``nbframes catalog``: a Delta log over the results of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.cli.terminal import DONE, add_store
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import argparse

SUMMARY: Final = "write a log over the results of a store, for engines that read tables by their log"
EXAMPLES: Final = ("nbframes catalog --delta --store benchmarks",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--delta", action="store_true", help="a Delta log, which every later commit keeps true")
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Write the log and say its version."""
    from nbframes import write_delta_log

    if not options.delta:
        msg = "say which kind of log: --delta"
        raise InvalidArgumentError(msg)
    print(f"the Delta log of results is at version {write_delta_log(options.store)}")
    return DONE
