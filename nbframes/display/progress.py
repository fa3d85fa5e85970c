"""Progress with rate and remaining time: a bar on a terminal or in a notebook, silence elsewhere."""

from __future__ import annotations

import sys
from typing import Any


def bar(title: str, *, total: int | None, unit: str, show: bool = True) -> Any:
    """Make a progress bar; a context manager with ``update(n)``.

    Parameters
    ----------
    title
        What is going on.
    total
        Units altogether, None if unknown.
    unit
        Name of the unit; ``"B"`` is shown with SI prefixes.
    show
        Whether to show it at all; it never shows when the error stream is not a terminal, except in a notebook.
    """
    if in_notebook := _in_notebook():
        from tqdm.auto import tqdm
    else:
        from tqdm import tqdm  # of the same name, without asyncio

    visible = show and (in_notebook or sys.stderr.isatty())
    scaled = unit == "B"
    return tqdm(desc=title, total=total, unit=unit, unit_scale=scaled, disable=not visible, dynamic_ncols=True)


def note(text: str, *, show: bool = True) -> None:
    """Say what is waited for, where a bar would show.

    Parameters
    ----------
    text
        One line.
    show
        Whether to say it at all.
    """
    if show and (sys.stderr.isatty() or _in_notebook()):
        sys.stderr.write(f"{text}\n")


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, rather than one that merely has the package for it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and hasattr(shell, "kernel")
