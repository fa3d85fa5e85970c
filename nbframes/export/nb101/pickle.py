"""NASBenchAPI's NAS-Bench-101 pickle as blocks of records in the form of the official file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from nbframes.errors import SourceError
from nbframes.export.containers.inflate import Inflated, inflated
from nbframes.export.nb101.entries import ENTRIES, Entry, EntryMachine
from nbframes.export.nb101.record import HASH
from nbframes.export.nb101.runs import DERIVED, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_RECORDS: Final = 5000
_TAIL: Final = 1 << 20
_COUNT = re.compile(rb"num_records(?:\x94|q.|r.{4})(?:K(.)|M(..)|J(.{4}))", re.DOTALL)


class PickleBlock(NamedTuple):
    """Some cells with all their records."""

    data: bytes
    length: NDArray[np.int64]
    """Bytes of each row in ``data``."""
    cell: NDArray[np.int64]
    """Position in ``hashes`` of each record's cell."""
    hashes: list[str]
    derived: NDArray[np.float64]
    """As in `nbframes.export.nb101.runs.Records`."""
    size: int

    def load(self) -> Records:
        """Get the records."""
        stop = np.cumsum(self.length)
        return Records(self.data, stop - self.length, stop, self.cell, self.hashes, self.derived)

    def place(self, record: int) -> str:
        """Where in the pickle one record stands, for messages."""
        cell = int(self.cell[record])
        return f"{ENTRIES}[{self.hashes[cell]!r}][{record - int(np.searchsorted(self.cell, cell))}]"


def read_blocks(path: Path, leave_out: Callable[[str, str], None]) -> Iterator[PickleBlock]:
    """Stream the records of a pickle, plain or compressed with bz2.

    Parameters
    ----------
    path
        The pickle.
    leave_out
        Is told about what is no list of records, or not as long as the pickle says: where, and why.

    Raises
    ------
    SourceError
        If the pickle cannot be read to its end.
    """
    with inflated(path) as source:
        machine = EntryMachine(source.read, str(path))
        records = 0
        for block in _blocks(machine, source, leave_out):
            records += len(block.length)
            yield block
        told = _told_by_end(machine, source, path) if machine.ended else _told_by_rest(machine.rest, source, path)
        for count in told:
            if count != records:
                leave_out("num_records", f"says {count!r}, but there are {records} records")


def _blocks(machine: EntryMachine, source: Inflated, leave_out: Callable[[str, str], None]) -> Iterator[PickleBlock]:
    rows: list[bytes] = []
    derived: list[tuple[float, ...]] = []
    cell: list[int] = []
    hashes: list[str] = []
    met: set[bytes] = set()
    begin = 0
    for hash, found in machine.entries():
        if not isinstance(hash, str) or not HASH.fullmatch(hash) or not isinstance(found, list):
            leave_out(f"{ENTRIES}[{hash!r}]", "not a module_hash of 32 hexadecimal digits with a list of records")
            continue
        if bytes.fromhex(hash) in met:
            leave_out(f"{ENTRIES}[{hash!r}]", "the hash occurs a second time")
            continue
        met.add(bytes.fromhex(hash))
        entries = list(map(Entry.of, found))
        rows.extend(entry.row(hash) for entry in entries)
        derived.extend(entry.derived for entry in entries)
        cell.extend([len(hashes)] * len(entries))
        hashes.append(hash)
        if len(rows) >= _RECORDS:
            end = source.position
            yield _block(rows, cell, hashes, derived, end - begin)
            rows, derived, cell, hashes, begin = [], [], [], [], end
    yield _block(rows, cell, hashes, derived, source.position - begin)


def _block(
    rows: list[bytes], cell: list[int], hashes: list[str], derived: list[tuple[float, ...]], size: int
) -> PickleBlock:
    length = np.array(list(map(len, rows)), np.int64)
    told = np.array(derived, np.float64).reshape(len(rows), len(DERIVED)).T
    return PickleBlock(b"".join(rows), length, np.array(cell, np.int64), hashes, told, size)


def _told_by_end(machine: EntryMachine, source: Inflated, path: Path) -> list[Any]:
    """How many records a pickle says it has that was read to its end, where nothing else may follow."""
    if machine.rest or source.read(1):
        msg = f"{path}: other data follows the end of the pickle"
        raise SourceError(msg)
    top = machine.result
    return [top["num_records"]] if isinstance(top, dict) and "num_records" in top else []


def _told_by_rest(rest: bytes, source: Inflated, path: Path) -> list[int]:
    """How many records a pickle says it has in what follows its entries; that is only looked through."""
    tail = rest
    while part := source.read(_TAIL):
        tail = tail[-_TAIL:] + part
    if not tail.endswith(b"."):
        msg = f"{path}: the pickle is cut short behind its records"
        raise SourceError(msg)
    return [int.from_bytes(next(filter(None, found.groups())), "little") for found in _COUNT.finditer(tail)]
