"""What an architecture is in each search space: ``nb101``, ``tss``, ``sss`` and ``darts``, loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from nbframes.errors import did_you_mean

if TYPE_CHECKING:
    from types import ModuleType

    from nbframes.spaces import darts, nb101, sss, tss

__all__ = ["darts", "nb101", "sss", "tss"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}{did_you_mean(name, __all__)}"
        raise AttributeError(msg)
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return [*__all__, *globals()]
