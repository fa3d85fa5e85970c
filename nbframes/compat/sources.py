"""Which store stands in for the file that a script names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbframes.errors import InvalidArgumentError, SourceError, StoreError, UnknownNameError
from nbframes.store import Store, open_store

if TYPE_CHECKING:
    import os

_FILES: Final = {
    "nats-tss": re.compile(r"nats-tss-v1|nas-bench-201-v", re.IGNORECASE),
    "nats-sss": re.compile(r"nats-sss-v1", re.IGNORECASE),
    "nb201": re.compile(r"nas-?bench-?201|nb201", re.IGNORECASE),
    "nb101": re.compile(r"nasbench_(full|only108)|nas-?bench-?101|nb101", re.IGNORECASE),
    "nb301": re.compile(r"nas-?bench-?301|nb301", re.IGNORECASE),
}
"""How the official files and folders of a benchmark are called."""

SINGLE_READS: Final = 8
"""Architectures that are read one by one before everything is read into memory."""

COSTS: Final = ("params", "mflops", "train_time")
"""What the APIs of NATS-Bench and NAS-Bench-201 tell of every run."""

_installed: Store | None = None


def use(store: Store | None) -> None:
    """Answer from this store wherever a script names an official file, or none."""
    global _installed  # noqa: PLW0603  one store stands in for the files of a whole process
    _installed = store


def find_store(given: Store | str | os.PathLike[str] | None, *benchmarks: str) -> tuple[Store, str]:
    """Open the store that answers for what was passed, and say which of the benchmarks it holds.

    Parameters
    ----------
    given
        A store, its path, an official file's path (which need not exist), or None.
    *benchmarks
        Benchmarks that can answer, the preferred first.

    Returns
    -------
    tuple
        The store and the name of the benchmark.

    Raises
    ------
    SourceError
        If a file is given that is none of those.
    UnknownNameError
        If the store does not hold the benchmark.
    InvalidArgumentError
        If the file is another benchmark's.
    """
    store = given if isinstance(given, Store) else _stands_in(given, benchmarks)
    held = store.benchmarks()
    for name in benchmarks:
        if name in held:
            return store, name
    hint = "export the official file once: nbframes export FILE --store STORE"
    kind = f"benchmark of the store {store.root!r},"
    raise UnknownNameError.of(kind, benchmarks[0], held, hint)


def find_records(
    given: Store | str | os.PathLike[str] | None, *benchmarks: str, columns: tuple[str, ...] = ("params",)
) -> tuple[Store, str]:
    """Open a store as `find_store` does, for an API that needs whole records: runs with these columns beside accuracies.

    Raises
    ------
    StoreError
        If the store has only some values, as the published ones that come with nbframes.
    """
    store, benchmark = find_store(given, *benchmarks)
    try:
        whole = set(columns) <= set(store.scan_runs(benchmark).collect_schema().names())
    except StoreError:
        whole = False
    if not whole:
        msg = (
            f"the store {store.root!r} has some values of {benchmark}, not the records that this API tells of\n\n"
            "Hint: export the official file (`nbframes export FILE --store STORE`) and name that store, by argument or by "
            "$NBFRAMES_STORE; single values come from nbframes.lookup()"
        )
        raise StoreError(msg)
    return store, benchmark


def names_official_file(path: str | os.PathLike[str]) -> list[str]:
    """Benchmarks whose official file or folder is called like this."""
    return [name for name, pattern in _FILES.items() if pattern.search(Path(path).name)]


def _stands_in(given: str | os.PathLike[str] | None, benchmarks: tuple[str, ...]) -> Store:
    if given is None:
        return _installed or open_store()
    path = Path(given)
    if "://" in str(given) or (path / "manifests").is_dir():
        return open_store(given)
    named = names_official_file(given)
    if named and not set(named) & set(benchmarks):
        msg = f"{str(given)!r} is a file of {named[0]}, not of {benchmarks[0]}"
        raise InvalidArgumentError(msg)
    if named and _installed:
        return _installed
    try:
        return open_store(None if named else given)
    except StoreError as error:
        if not path.exists():
            raise
        msg = (
            f"{str(given)!r} is not a store, but maybe upstream's data\n\n"
            f"Hint: export it once with nbframes.export({str(given)!r}, STORE) and give STORE, "
            f"or nothing if it is the default store; nbframes.download({benchmarks[0]!r}) gets the official file"
        )
        raise SourceError(msg) from error
