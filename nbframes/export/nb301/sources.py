"""Where the runs of NAS-Bench-301 lie: in a folder, an archive or NASBenchAPI's pickle. Runs come as chunks."""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.errors import SourceError
from nbframes.export import limits
from nbframes.export.containers import tar, zips
from nbframes.export.nb301.chunk import Chunk, Record, collect
from nbframes.export.source_files import described_content
from nbframes.export.workers import Task, results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from tarfile import TarInfo
    from zipfile import ZipFile

_CHUNK = 512
ENTRIES: Final = "entries"
"""Key of the runs in NASBenchAPI's pickle."""


class ReadRuns(NamedTuple):
    """Some runs, the source files that they came from, and the progress made."""

    chunk: Chunk
    files: list[dict[str, Any]]
    progress: int


def is_run_file(path: str) -> bool:
    """Whether a path names a JSON file that is not hidden."""
    return path.endswith(".json") and not any(
        part.startswith((".", "__MACOSX")) for part in path.split("/") if part != "."
    )


# --- folder -------------------------------------------------------------------------------------------------------


def run_files(paths: Iterable[str]) -> list[str]:
    """Paths of run files, in bytewise order."""
    return sorted(filter(is_run_file, paths), key=os.fsencode)


def folder_parts(folder: Path, paths: list[str], jobs: int) -> Iterator[ReadRuns]:
    """Read the files of a folder in worker processes."""
    chunks = (paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK))
    yield from results((Task(_read_files, (str(folder), chunk)) for chunk in chunks), jobs)  # type: ignore[misc]


def _read_files(folder: str, paths: list[str]) -> ReadRuns:
    files: list[dict[str, Any]] = []

    def records() -> Iterator[Record]:
        for path in paths:
            try:
                content = _content(f"{folder}/{path}")
            except (OSError, SourceError) as error:
                yield Record(path, SourceError(f"it cannot be read ({error})"))
                continue
            files.append(described_content(path, content))
            yield Record(path, _checked_size(content))

    return ReadRuns(collect(records()), files, len(paths))


def _content(path: str) -> bytes:
    """Bytes of a regular file, and one too many if it is larger than a run may be; a pipe would wait for ever."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status, most = os.fstat(descriptor), limits.current().record_bytes + 1
        if not stat.S_ISREG(status.st_mode):
            msg = "it is a pipe or a device"
            raise SourceError(msg)
        # Room for the largest run takes as long to get as the file takes to be read.
        content = file.read(min(status.st_size + 1, most))
        return content if len(content) <= status.st_size else content + file.read(most - len(content))


# --- archives -----------------------------------------------------------------------------------------------------


def run_members(names: list[str]) -> list[int]:
    """Positions of the JSON members among all of a zip's, in bytewise order of their names."""
    chosen = [place for place, name in enumerate(names) if is_run_file(name)]
    return sorted(chosen, key=lambda place: os.fsencode(names[place]))


def zip_parts(path: Path, members: list[int], jobs: int) -> Iterator[ReadRuns]:
    """Read the members of a zip in worker processes."""
    chunks = (members[start : start + _CHUNK] for start in range(0, len(members), _CHUNK))
    try:
        yield from results((Task(_read_members, (str(path), chunk)) for chunk in chunks), jobs)  # type: ignore[misc]
    finally:
        _opened.cache_clear()


def _read_members(path: str, members: list[int]) -> ReadRuns:
    archive = _opened(path)
    infos = archive.infolist()

    def records() -> Iterator[Record]:
        for k in members:
            name = infos[k].filename
            try:
                with archive.open(infos[k]) as member:
                    yield Record(name, _checked_size(member.read(limits.current().record_bytes + 1)))
            except zips.CORRUPT as error:
                yield Record(name, SourceError(f"it cannot be unpacked ({error})"))

    return ReadRuns(collect(records()), [], len(members))


@lru_cache(maxsize=1)
def _opened(path: str) -> ZipFile:
    """Keep the archive of this process open: its directory is long."""
    return zips.opened(Path(path))


def tar_parts(path: Path, jobs: int) -> Iterator[ReadRuns]:
    """Unpack a tar in this process, read its members in worker processes."""
    yield from results(_tar_tasks(path), jobs)  # type: ignore[misc]


def _tar_tasks(path: Path) -> Iterator[Task]:
    with tar.members(path) as members:
        records = (_unpacked(members, member) for member in members if member.isfile() and is_run_file(member.name))
        done = 0
        while chunk := list(islice(records, _CHUNK)):
            yield Task(_read_records, (chunk, members.position - done))
            done = members.position
    tar.check_end(path)


def _unpacked(members: tar.Members, member: TarInfo) -> Record:
    content = members.read(member, limits.current().record_bytes)
    if member.size > len(content):
        return Record(member.name.removeprefix("./"), SourceError(_too_large()))
    return Record(member.name.removeprefix("./"), content)


def _checked_size(content: bytes) -> bytes | SourceError:
    return content if len(content) <= limits.current().record_bytes else SourceError(_too_large())


def _too_large() -> str:
    return limits.exceeded("record_bytes", "it holds more bytes")


def _read_records(records: list[Record], progress: int) -> ReadRuns:
    return ReadRuns(collect(records), [], progress)


# --- pickle -------------------------------------------------------------------------------------------------------


def pickle_parts(path: Path) -> Iterator[ReadRuns]:
    """Read NASBenchAPI's pickle entry by entry."""
    from nbframes.export.containers.pickles import stream_items

    with path.open("rb") as file:
        items = stream_items(file, str(path), ENTRIES)
        done = 0
        while records := [_entry(item.key, item.value) for item in islice(items, _CHUNK)]:
            yield ReadRuns(collect(records), [], file.tell() - done)
            done = file.tell()


def _entry(number: int, entry: Any) -> Record:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str) or "parsed" not in entry:
        error = SourceError("it is not an entry of NASBenchAPI's pickle: it lacks 'path' or 'parsed'")
        return Record(f"entry {number}", error, number)
    return Record(entry["path"].replace("\\", "/"), entry["parsed"], number)
