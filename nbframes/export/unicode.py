"""Texts that UTF-8 cannot write: lone surrogates, which JSON, pickles and names of files may hold."""

from __future__ import annotations

from typing import Any


def is_unicode(text: str) -> bool:
    r"""Whether UTF-8 can write a text.

    Examples
    --------
    >>> is_unicode("naïve"), is_unicode("\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(value: Any) -> Any:
    r"""Return a JSON value in whose texts lone surrogates are escaped.

    Examples
    --------
    >>> storable({"record": ["a\udcff.json"]})
    {'record': ['a\\udcff.json']}
    """
    if isinstance(value, str):
        return value if value.isascii() or is_unicode(value) else value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list | tuple) else value
