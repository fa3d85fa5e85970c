"""``python -m nbframes``, and what the installed program ``nbframes`` runs."""

import sys


def program() -> None:
    """Run the command line as a process of its own: Ctrl-C ends it in one line, whatever it was about to do."""
    try:
        import signal

        from nbframes.cli import main

        code = main()
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # the work is done; what Python tears down is not worth a traceback
    except KeyboardInterrupt:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        from nbframes.cli import interrupted

        code = interrupted()
    from nbframes.cli import INTERRUPTED

    if code == INTERRUPTED:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process with this code: Python would kill itself by the signal if it came while text was being executed."""
    import atexit
    import os

    atexit._run_exitfuncs()  # noqa: SLF001  # temporary folders go, as they would have
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    program()
