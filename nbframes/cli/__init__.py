"""The command line: ``nbframes demo|download|export|info|query|verify|report``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from nbframes.cli.bring import add_demo, add_download, add_export
from nbframes.cli.look import add_completion, add_info, add_query, add_report, add_verify
from nbframes.cli.terminal import DONE, FAILED, WRONG_CALL, complain
from nbframes.errors import InvalidArgumentError, NBFramesError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 the work failed, 2 wrong call.

    Parameters
    ----------
    arguments
        Words after the program's name; by default those of the process.
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return complain("interrupted; nothing was left half-done", FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if options.debug:
            raise
        if isinstance(error, InvalidArgumentError):
            return complain(str(error), WRONG_CALL)
        if isinstance(error, (NBFramesError, OSError)):
            return complain(str(error), FAILED)
        return complain(f"{type(error).__name__}: {error}\n\nHint: run again with --debug for the traceback", FAILED)


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line."""
    from nbframes import __version__

    parser = argparse.ArgumentParser(
        prog="nbframes",
        description="Tabular NAS benchmarks as Polars frames: export once to Parquet, query in milliseconds.",
        epilog="The store is --store, else $NBFRAMES_STORE, else the platform's data folder.",
    )
    parser.add_argument("--version", action="version", version=f"nbframes {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (add_demo, add_download, add_export, add_info, add_query, add_verify, add_report, add_completion):
        add(commands)
    return parser
