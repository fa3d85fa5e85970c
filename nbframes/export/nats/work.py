"""What worker processes do with the small files of NATS-Bench: read a part of them, hand over numbers."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.containers.bz2_source import decompressed
from nbframes.export.findings import Findings
from nbframes.export.nats.exchange import put
from nbframes.export.nats.record_reader import RecordReader
from nbframes.export.skipping import reason_of
from nbframes.export.source_files import described, described_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbframes.export.nats.record import Record

_TOGETHER: Final = 16
"""Records that take each step together: decompression drives everything else out of the processor's caches."""


class Place(NamedTuple):
    """Where the bytes of a file lie."""

    path: str
    offset: int
    size: int

    def read(self) -> bytes:
        """Those bytes."""
        with Path(self.path).open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


class Entry(NamedTuple):
    """A record that should be there."""

    arch: int
    arch_str: str
    name: str
    where: str
    place: Place


class Part(NamedTuple):
    """Some records, in order."""

    records: list[Record]
    files: list[dict[str, Any]]
    broken: list[tuple[str, str]]
    """Names of records that cannot be exported, and why."""
    findings: Findings
    unsafe: UnsafePickleError | None = None


def read_part(entries: Iterable[Entry], place: str | None) -> Part:
    """Read some records; their numbers stay at a place, if one is given."""
    part = Part([], [], [], Findings())
    waiting = iter(entries)
    while together := list(islice(waiting, _TOGETHER)):
        raws = [_tried(_read, entry) for entry in together]
        contents = [_tried(_decompressed, raw, entry) for raw, entry in zip(raws, together, strict=True)]
        for entry, raw, content in zip(together, raws, contents, strict=True):
            record = _tried(_record, content, entry)
            if isinstance(record, UnsafePickleError):
                return part._replace(unsafe=record)
            if isinstance(record, Exception):
                part.broken.append((entry.name, reason_of(record)))
                continue
            part.records.append(record)
            part.files.append(described_content(entry.name, raw))
            note_oddities(record, entry.name, part.findings)
    return part if place is None else part._replace(records=put(part.records, place))


def note_oddities(record: Record, name: str, findings: Findings) -> None:
    """Count what a record says otherwise than the published ones; a kind counts once a record."""
    first = {oddity.what: oddity.example for oddity in reversed(record.oddities)}
    for what, example in first.items():
        findings.note(what, f"{name}, {example}")


def file_entries(path: str) -> list[dict[str, Any]]:
    """Manifest's lines for a source that is one file; a task of its own."""
    return [described(path)]


@cache
def _record_reader() -> RecordReader:
    """Return the reader of this process: what it learns serves all its tasks."""
    return RecordReader()


def _tried(step: Callable[..., Any], *arguments: Any) -> Any:
    """Result of a step, or what a hostile record breaks in it, which is a reason to leave the record out."""
    if isinstance(arguments[0], Exception):
        return arguments[0]
    try:
        return step(*arguments)
    except Exception as error:  # noqa: BLE001
        return error


def _read(entry: Entry) -> bytes:
    raw = entry.place.read()
    if len(raw) < entry.place.size:
        msg = f"{entry.where}: it is truncated"
        raise SourceError(msg)
    return raw


def _decompressed(raw: bytes, entry: Entry) -> bytes:
    return decompressed(raw, entry.where)


def _record(content: bytes, entry: Entry) -> Record:
    return _record_reader().read(content, entry.where, arch=entry.arch, arch_str=entry.arch_str)
