"""Tabular NAS benchmarks as Polars frames: export once to Parquet, query in milliseconds.

The public names and where they come from stand in ``__init__.pyi``, for people, type checkers and the interpreter alike; each is
loaded on first use.
"""

from typing import Any

import lazy_loader

__version__ = "0.2.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name in __all__:
        return _load(name)
    from nbframes.errors import did_you_mean

    msg = f"module 'nbframes' has no attribute {name!r}{did_you_mean(name, __all__)}"
    raise AttributeError(msg)
