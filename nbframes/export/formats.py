"""Which reader a source is for: each recognises its own, by what is in it and never by its name."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from nbframes import benchmarks
from nbframes.errors import SourceError
from nbframes.export.probe import Probe

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from nbframes.export.reader import Reader


def detect(source: str | os.PathLike[str], benchmark: str | None = None) -> Reader:
    """Reader of a source.

    Parameters
    ----------
    source
        File or folder.
    benchmark
        The benchmark that it must hold.

    Returns
    -------
    Reader
        Of the first class that recognises the source; those of plug-ins are asked when no other does.

    Raises
    ------
    SourceError
        If there is no such source, if no reader recognises it, or if it holds another benchmark.
    UnsafePickleError
        If the beginning of a pickle already names a global that is not on the allow-list.
    """
    probe = Probe(source)
    reader = next((kind(probe) for kind in _readers() if kind.recognises(probe)), None)
    if reader is None:
        known = "\n".join(f"- {kind.accepts}" for kind in _readers())
        msg = f"{source}: {probe.describe()}, which no reader recognises\n\nnbframes reads\n{known}"
        raise SourceError(msg)
    if benchmark is not None and reader.benchmark != benchmark:
        msg = f"{source}: holds {reader.benchmark!r}, not {benchmark!r}"
        raise SourceError(msg)
    return reader


def _readers() -> Iterator[type[Reader]]:
    """Classes of all readers, each once; plug-ins are looked for when those before them have been asked."""
    known = benchmarks.names()
    yield from dict.fromkeys(_of(known))
    benchmarks.load_plugins()
    yield from dict.fromkeys(_of(name for name in benchmarks.names() if name not in known))


def _of(names: Iterable[str]) -> Iterator[type[Reader]]:
    found = (benchmarks.get(name).reader for name in names)
    return chain.from_iterable(_classes(reader) for reader in found if reader is not None)


def _classes(reference: str) -> tuple[type[Reader], ...]:
    """Reader classes that ``module:object`` names: one of them or a tuple."""
    found: Any = benchmarks.resolve(reference)
    return cast("tuple[type[Reader], ...]", found if isinstance(found, tuple) else (found,))
