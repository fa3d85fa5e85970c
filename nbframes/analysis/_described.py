"""Parameters that mean the same in many functions, described once: `described` writes them into the docstrings."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_SECTION: Final = re.compile(r"\n\n(?=\w[\w ]*\n---)")
_ENTRY: Final = re.compile(r"\n(?=\S)")

_SHARED: Final = """\
ax
    Axes to draw on; by default those of a new figure.
by
    Columns to group by. By default all that tell unlike results apart: those of benchmark, metric, dataset, split,
    schedule and budget (and config) that the frame has.
frame
    Results in long format. Rows whose value is null are left out; a NaN, as of a run that diverged, makes its architecture
    NaN, which is the last in every ranking.
maximise
    Whether the largest value is the best; by default what its metric says, so that a loss is minimised, and True of metrics
    that nobody registered.
objectives
    More objectives whose direction their metric says: an accuracy is maximised; a loss, ``params`` or a registered cost is
    minimised; ``value`` follows the column ``metric``.
space
    Search space of ``archs``: a name, ``"module:object"`` or a space; by default that of the ``benchmark``, if it is registered.
tie
    Least gap in sorted order between two values that do not tie, 0 for equal values only; by default that of the metric: 1e-5
    for accuracies in percent, and where the frame does not say what was measured, else 0.
value
    Column that is used, for example ``"train_time"``.
"""
_PARAMETERS: Final = {entry.partition("\n")[0]: entry.rstrip() for entry in _ENTRY.split(_SHARED)}
_RETURNS: Final = {"Axes": "Axes\n    The axes drawn on."}
"""By the annotation of the function."""
_RAISES: Final = {
    "FrameError": "FrameError\n    If the frame lacks a column.",
    "UnknownNameError": "UnknownNameError\n    If ``visuals`` names another artist.",
}
"""Of functions that draw."""


def described(function: F) -> F:
    """Write into the docstring of a function what it leaves to the shared descriptions: parameters, axes returned, errors of drawing."""
    if function.__doc__ is None:  # as under `python -OO`
        return function
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    summary, *rest = _SECTION.split(inspect.cleandoc(function.__doc__))
    sections = {part.partition("\n")[0]: part.split("\n", 2)[2] for part in rest}
    own = _entries(sections["Parameters"])
    told = {"Parameters": "\n".join(dict.fromkeys(own.get(name) or _PARAMETERS[name] for name in names))}
    told["Returns"] = sections.get("Returns") or _RETURNS[function.__annotations__["return"]]
    if errors := (_RAISES if "visuals" in names else {}) | _entries(sections.get("Raises", "")):
        told["Raises"] = "\n".join(errors.values())
    whole = [f"{title}\n{'-' * len(title)}\n{text}" for title, text in (told | (sections | told)).items()]
    function.__doc__ = "\n\n".join([summary, *whole])
    return function


def _entries(section: str) -> dict[str, str]:
    """Entries of a section by each name that they are of."""
    return {
        name.strip(): entry for entry in _ENTRY.split(section) if entry for name in entry.partition("\n")[0].split(",")
    }
