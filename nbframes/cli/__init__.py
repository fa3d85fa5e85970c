"""The command line: ``nbframes COMMAND``, one file for each command in ``commands/``."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import FrameType

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 the work failed, 2 wrong call, 130 interrupted.

    Parameters
    ----------
    arguments
        Words after the program's name; by default those of the process.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    SystemExit
        Where the words only ask for help or the version, or cannot be parsed.

    Examples
    --------
    >>> from nbframes.cli import main
    >>> main(["info", "nats-sss", "--store", "nowhere"])
    1
    """
    interrupts = _Interrupts()
    try:
        with interrupts:
            from nbframes.cli.program import run

            return run(arguments)
    except BaseException:
        # compiled modules that are interrupted while they are imported raise what they like
        if not interrupts.came:
            raise
    return interrupted()


def interrupted() -> int:
    """Say that Ctrl-C came, and return the exit code for it."""
    print("nbframes: interrupted; nothing was left half-done", file=sys.stderr)
    return INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line."""
    from nbframes.cli.program import make_parser

    return make_parser()


class _Interrupts:
    """Notes that Ctrl-C came, and raises KeyboardInterrupt as Python does."""

    def __init__(self) -> None:
        self.came = False
        self._watched = False

    def __enter__(self) -> None:
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if usual and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._note)
            self._watched = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.came |= kind is not None and issubclass(kind, KeyboardInterrupt)
        if self._watched:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt
