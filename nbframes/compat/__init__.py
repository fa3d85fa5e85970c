"""The calls of other tabular benchmark APIs, answered from a store.

`install` makes ``import nats_bench``, ``nas_201_api``, ``nasbenchapi`` and ``nasbench.api`` mean the modules of this package in
the whole process, and ``python -m nbframes.compat SCRIPT`` runs a script in such a process: code written for them runs without
an edit. Or import a module from here by name::

    from nbframes.compat import nats_bench

`nbframes.compat.naslib` has NASLib's forms of architectures and its questions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbframes.compat.hook import PACKAGES, install, uninstall

if TYPE_CHECKING:
    from nbframes.compat import nas_201_api, nasbench, nasbenchapi, naslib, nats_bench

__all__ = ["install", "nas_201_api", "nasbench", "nasbenchapi", "naslib", "nats_bench", "uninstall"]


def __getattr__(name: str) -> Any:
    if name in {*PACKAGES, "naslib"}:
        return import_module(f"{__name__}.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
