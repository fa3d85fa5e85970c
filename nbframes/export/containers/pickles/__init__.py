"""Read pickles that others made: plain data only, never a program.

`load` reads a pickle whole, `stream_items` reads one container of a huge one item by item in little memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.errors import SourceError
from nbframes.export.containers.pickles.globals import ALLOWED, Global, Opaque
from nbframes.export.containers.pickles.machine import Item, Machine
from nbframes.export.containers.pickles.runs import NumberDict, Run
from nbframes.export.containers.pickles.stream import StreamMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from typing import BinaryIO

__all__ = [
    "ALLOWED",
    "Global",
    "Item",
    "NumberDict",
    "Opaque",
    "Run",
    "items_of",
    "load",
    "load_prefix",
    "stream_items",
]


def load(
    source: bytes | BinaryIO,
    where: str,
    *,
    allowed: Mapping[tuple[str, str], Global] = ALLOWED,
    persistent: Callable[[Any], Any] | None = None,
    numbers: bool = False,
    unread: Callable[[bytes], object] | None = None,
) -> Any:
    """Object of one pickle of protocols 2 to 5.

    Parameters
    ----------
    source
        The pickle, or a file that is read up to its STOP (and possibly further).
    where
        File and record, for messages.
    allowed
        Globals that may be named, by (module, name); extend `ALLOWED` for formats that need more.
    persistent
        Turns persistent ids into objects. Without it they are refused.
    numbers
        Make every dict a `NumberDict`, in which runs of numbers stay arrays.
    unread
        Is given the bytes that were read beyond the end of the pickle; without it there must be none.

    Raises
    ------
    UnsafePickleError
        If the pickle names or calls anything else; nothing of it was run.
    SourceError
        If it is truncated, corrupt, or no such pickle.

    Examples
    --------
    >>> import pickle
    >>> load(pickle.dumps({"epochs": 12, "accuracy": [28.5, 36.25]}), "example")
    {'epochs': 12, 'accuracy': [28.5, 36.25]}
    >>> load(pickle.dumps(print), "example")
    Traceback (most recent call last):
    nbframes.errors.UnsafePickleError: example: the pickle names the global 'builtins.print', which is not among the allowed ones ...
    """
    machine = Machine(_reader(source), where, allowed=allowed, persistent=persistent, numbers=numbers)
    for _ in machine.run():
        pass
    if unread is not None:
        unread(machine.rest)
    elif machine.rest:
        msg = f"{where}: {len(machine.rest):,} bytes follow the end of the pickle"
        raise SourceError(msg)
    return machine.result


def load_prefix(source: bytes, where: str) -> Any:
    """Return what the first bytes of a pickle build: unfinished dicts and lists hold the items read by then.

    Examples
    --------
    >>> import pickle
    >>> load_prefix(pickle.dumps({"format": "x", "entries": ["a", "b", "c"]})[:-6], "example")
    {'format': 'x', 'entries': ['a', 'b']}
    """
    machine = Machine(_reader(source), where)
    try:
        for _ in machine.run():
            pass
    except SourceError:
        if not machine.cut_off:
            raise
        return machine.partial()
    return machine.result


def stream_items(
    source: BinaryIO,
    where: str,
    key: str,
    *,
    allowed: Mapping[tuple[str, str], Global] = ALLOWED,
    persistent: Callable[[Any], Any] | None = None,
    numbers: bool = False,
    unread: Callable[[bytes], object] | None = None,
) -> Generator[Item, None, Any]:
    """Items of the dict or list under ``key`` of the pickled dict, each as soon as it is complete.

    An item is forgotten once it is yielded: memory stays that of a few items however large the pickle is. The generator returns the
    rest of the top-level dict, in which the container under ``key`` is empty.

    Parameters
    ----------
    source, where, allowed, persistent, numbers, unread
        As for `load`.
    key
        Key of the container in the top-level dict.

    Yields
    ------
    Item
        Key (in a list: position) and value.

    Examples
    --------
    >>> import io, pickle
    >>> source = io.BytesIO(pickle.dumps({"total": 2, "infos": {7: {"seed": 777}, 8: {"seed": 888}}}))
    >>> for item in stream_items(source, "example", "infos"):
    ...     print(item.key, item.value)
    7 {'seed': 777}
    8 {'seed': 888}
    """
    machine = StreamMachine(source.read, where, key=key, allowed=allowed, persistent=persistent, numbers=numbers)
    return (yield from items_of(machine, source, where, unread))


def items_of(
    machine: StreamMachine, source: BinaryIO, where: str, unread: Callable[[bytes], object] | None = None
) -> Generator[Item, None, Any]:
    """Items that a machine finds in a source; see `stream_items`."""
    yield from machine.run()
    if unread is not None:
        unread(machine.rest)
    elif machine.rest or source.read(1):
        msg = f"{where}: other data follows the end of the pickle"
        raise SourceError(msg)
    return machine.result


def _reader(source: bytes | BinaryIO) -> Callable[[int], bytes]:
    if not isinstance(source, bytes):
        return source.read
    whole = iter((source,))
    return lambda _size: next(whole, b"")
