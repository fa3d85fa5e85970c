"""Imports of other APIs answered by nbframes, in one process, with nothing changed on disk."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from nbframes.compat import sources
from nbframes.store import open_store

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from types import ModuleType

    from nbframes.store import Store

PACKAGES: Final = ("nats_bench", "nas_201_api", "nasbench", "nasbenchapi")
"""What is imported from here, under its own name, while the hook is installed."""


def install(store: Store | str | os.PathLike[str] | None = None) -> None:
    """Make ``import nats_bench`` and the other APIs mean nbframes' from now on in this process.

    The originals may be installed or not; nothing on disk is changed, and `uninstall` undoes it. Modules that were imported
    before are replaced in `sys.modules` and put back by `uninstall`, but names that a program has bound already stay the
    original's: there is a warning then.

    Parameters
    ----------
    store
        The store that answers wherever a script names one of the official files, or none; by default the one that
        `nbframes.open_store` finds when it is first needed.

    Raises
    ------
    StoreError
        If there is no store at the given place.

    Warns
    -----
    UserWarning
        If one of the originals was imported before.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.compat.install(nbf.synthetic.store())
    >>> import nats_bench
    >>> api = nats_bench.create("/no/such/folder/NATS-tss-v1_0-3ffb9-simple", "tss", fast_mode=True, verbose=False)
    >>> api.query_index_by_arch(api.arch(11))
    11
    >>> nbf.compat.uninstall()
    """
    sources.use(None if store is None else open_store(store))
    if _finder in sys.meta_path:
        return
    _finder.originals = _withdrawn()
    sys.meta_path.insert(0, _finder)
    for name in _finder.originals:
        if _exists(f"{__package__}.{name}"):
            import_module(name)
    if _finder.originals:
        packages = sorted({name.partition(".")[0] for name in _finder.originals})
        msg = (
            f"imported before nbframes.compat.install(): {', '.join(packages)}. New imports give nbframes' modules; names "
            "that were bound before stay the original's. Install first"
        )
        warnings.warn(msg, stacklevel=2)


def uninstall() -> None:
    """Undo `install`: the names mean the originals again, and those imported before it are put back.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.compat.uninstall()
    """
    sources.use(None)
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    _withdrawn()
    sys.modules.update(_finder.originals)
    _finder.originals = {}


def _withdrawn() -> dict[str, ModuleType]:
    """Take the modules of all these packages out of `sys.modules`."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in PACKAGES}


class _StandIn(Loader):
    """Puts one of our modules in the place of the empty one that the import system made."""

    def __init__(self, real: str) -> None:
        self._real = real

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self._real)


class _Finder(MetaPathFinder):
    """Finds our module for a name of one of the packages; their other names do not exist while it is installed."""

    originals: dict[str, ModuleType]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        real = f"{__package__}.{fullname}"
        if _exists(real):
            return ModuleSpec(fullname, _StandIn(real))
        msg = f"nbframes.compat has no counterpart of {fullname!r}; call nbframes.compat.uninstall() to import the original"
        raise ModuleNotFoundError(msg, name=fullname)


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


_finder = _Finder()
_finder.originals = {}
