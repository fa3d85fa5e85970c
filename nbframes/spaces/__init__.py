"""What an architecture is in each search space, loaded on first use: one protocol for all, see `nbframes.spaces.base`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from nbframes import benchmarks
from nbframes.errors import InvalidArgumentError, UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from nbframes.spaces import darts, nb101
    from nbframes.spaces.base import Space
    from nbframes.spaces.codes import Codes
    from nbframes.spaces.grid import GridSpace
    from nbframes.spaces.nats import sss, tss

    _OBEYING: tuple[Space, ...] = (darts, nb101, sss, tss)

__all__ = ["Codes", "GridSpace", "Space", "darts", "nb101", "resolve", "sss", "tss"]

_OFFICIAL: Final = ("darts", "nb101", "sss", "tss")
_HOMES: Final = {"Codes": "codes", "GridSpace": "grid", "Space": "base", "sss": "nats", "tss": "nats"}


def resolve(space: str | Space, /) -> Space:
    """Find a search space by its name.

    Parameters
    ----------
    space
        One of ``darts``, ``nb101``, ``sss`` and ``tss``; ``"module:object"``; or a space, which is returned.

    Returns
    -------
    Space
        What the name stands for.

    Raises
    ------
    UnknownNameError
        If no space has the name.
    InvalidArgumentError
        If ``"module:object"`` cannot be imported, or is not a search space.

    Examples
    --------
    >>> import nbframes as nbf
    >>> nbf.spaces.resolve("nbframes.spaces:tss") is nbf.spaces.resolve("tss") is nbf.spaces.tss
    True
    """
    found = _imported(space) if isinstance(space, str) else space
    from nbframes.spaces.base import Space

    if not isinstance(found, Space):
        lacking = [name for name in vars(Space) if name[0] != "_" and not hasattr(found, name)]
        msg = f"{space!r} is not a search space: it lacks {', '.join(sorted(lacking))}"
        raise InvalidArgumentError(msg)
    return found


def of_benchmark(benchmark: str, /) -> Space | None:
    """Search space of a registered benchmark.

    Parameters
    ----------
    benchmark
        Its name.

    Returns
    -------
    Space or None
        None if nobody registered the benchmark, or it has no space.

    Raises
    ------
    InvalidArgumentError
        If the space that it names cannot be imported, or is none.

    Examples
    --------
    >>> from nbframes.spaces import of_benchmark, tss
    >>> of_benchmark("nats-tss") is tss
    True
    """
    known = benchmarks.find(benchmark)
    return resolve(known.space) if known is not None and known.space else None


def _imported(name: str) -> Any:
    if ":" in name:
        return benchmarks.resolve(name)
    if name not in _OFFICIAL:
        raise UnknownNameError.of("search space", name, _OFFICIAL, "other spaces are named 'module:object'")
    return __getattr__(name)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}{did_you_mean(name, __all__)}"
        raise AttributeError(msg)
    home = _HOMES.get(name)
    return getattr(import_module(f"{__name__}.{home}"), name) if home else import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return list(__all__)
