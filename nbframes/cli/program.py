"""From the words of a call to its exit code: the parser, the command, and errors in the shell's terms."""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from nbframes.cli import commands
from nbframes.cli.messages import shell_words
from nbframes.cli.terminal import DONE, FAILED, WRONG_CALL, complain
from nbframes.errors import InvalidArgumentError, NBFramesError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType


def run(arguments: Sequence[str] | None) -> int:
    """Parse the words and run the command; see `nbframes.cli.main`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    parser = make_parser(words)
    options = parser.parse_args([word for word in words if word != "--debug"])
    if options.run is None:
        parser.print_help()
        return DONE
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn  # type: ignore[assignment]  # typeshed names the arguments
            return int(options.run(options))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if debug:
            raise
        code = WRONG_CALL if isinstance(error, InvalidArgumentError) else FAILED
        if isinstance(error, (NBFramesError, OSError)):
            return complain(shell_words(error), code)
        return complain(f"{type(error).__name__}: {error}\n\nHint: run again with --debug for the traceback", FAILED)


def make_parser(words: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the parser of the whole command line; of a call, only the commands named in it know their arguments."""
    from nbframes import __version__

    parser = _Parser(
        prog="nbframes",
        description="Tabular NAS benchmarks as Polars frames: export once to Parquet, query in milliseconds.",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=16),
        epilog="The store is --store, else $NBFRAMES_STORE, else the platform's data folder. "
        "--debug, with any command, shows the traceback of an error.",
    )
    parser.add_argument("--version", action="version", version=f"nbframes {__version__}")
    parser.set_defaults(run=None)
    kinds = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for name, module in modules():
        command = _add(kinds, name, module)
        if words is None or name in words:
            module.add_arguments(command)
    return parser


def modules() -> Iterator[tuple[str, ModuleType]]:
    """Commands by name; a trailing underscore keeps a module's name from being a keyword of Python."""
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda module: module.name):
        yield module.name.removesuffix("_"), import_module(f"{commands.__name__}.{module.name}")


def _warn(message: Warning | str, *_: object) -> None:
    complain(f"warning: {message}", DONE)


def _add(kinds: Any, name: str, module: ModuleType) -> argparse.ArgumentParser:
    summary, examples = module.SUMMARY, module.EXAMPLES
    parser: argparse.ArgumentParser = kinds.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=module.run)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that names the nearest command where one is misspelt."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            near = did_you_mean(value, action.choices)
            valid = ", ".join(map(str, action.choices))
            what = "command" if isinstance(action, argparse._SubParsersAction) else "value"  # noqa: SLF001
            msg = f"unknown {what} {value!r}{near}\n\nValid: {valid}"
            raise argparse.ArgumentError(None if what == "command" else action, msg)

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_CALL, f"nbframes: {message}\n\nHint: {self.prog} --help\n")
