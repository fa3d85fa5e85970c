"""Errors of the library in the words of the shell."""

from __future__ import annotations

import re
from typing import Final

from nbframes.display.text import printable

_SWITCH: Final = re.compile(r"\b([a-z]\w*)=True\b")
_LIMIT: Final = re.compile(r"\blimits=nbf\.Limits\((\w+)=\.\.\.\)")
_CALLS: Final = {"open_store(path)": "--store DIR"}
"""What has no keyword argument to be an option."""
_NESTED: Final = re.compile(r"\b(report|observe)=\{'(\w+)': '?([^'}]*)'?\}")
"""Options of a search problem that stand in a dict."""
_OPTION: Final = re.compile(r"\b([a-z]\w*)=(['\"])([\w.-]+)\2")


def shell_words(error: Exception) -> str:
    """Say what went wrong without Python's spelling: a keyword argument becomes the option of the same name.

    Parameters
    ----------
    error
        An error of nbframes or of the system.

    Returns
    -------
    str
        Text for the terminal, control characters escaped.

    Examples
    --------
    >>> from nbframes.cli.messages import shell_words
    >>> shell_words(ValueError("it is there; pass overwrite=True"))
    'it is there; pass --overwrite'
    >>> shell_words(FileNotFoundError(2, "No such file or directory", "a.tar"))
    'a.tar: no such file or directory'
    """
    text = _of_system(error) if isinstance(error, OSError) and error.strerror else str(error)
    for call, option in _CALLS.items():
        text = text.replace(call, option)
    text = _NESTED.sub(lambda found: f"--{'report' if found[1] == 'report' else found[2]} {found[3]}", text)
    text = _LIMIT.sub(r"--limit \1=NUMBER", text)
    text = _SWITCH.sub(lambda found: f"--{found[1].replace('_', '-')}", text)
    text = _OPTION.sub(lambda found: f"--{found[1].replace('_', '-')} {found[3]}", text)
    return "\n".join(map(printable, text.split("\n")))


def _of_system(error: OSError) -> str:
    reason = error.strerror or ""
    reason = reason[:1].lower() + reason[1:]
    return f"{error.filename}: {reason}" if error.filename is not None else reason
