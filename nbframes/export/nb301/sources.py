"""Where the runs of NAS-Bench-301 lie: in a folder, an archive or NASBenchAPI's pickle. Runs come as chunks."""

from __future__ import annotations

import hashlib
import lzma
import os
import tarfile
import zipfile
import zlib
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nbframes.errors import SourceError
from nbframes.export.nb301.chunk import Chunk, Record, collect
from nbframes.export.workers import Task, results
from nbframes.store.storage import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_CHUNK = 512
_LARGEST_RUN = 1 << 24
"""Bytes of a run: a thousand times those of a published one. More would be memory that an archive claims by a few bytes."""
_TAR_BLOCK = 512
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_CORRUPT = (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


class Part(NamedTuple):
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


def list_folder(folder: Path) -> list[str]:
    """Paths of the JSON files below a folder, relative to it, in bytewise order."""
    paths = []
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not _leads_upwards(root, name)]
        below = Path(root).relative_to(folder).as_posix()
        paths += [name if below == "." else f"{below}/{name}" for name in names]
    return sorted(filter(is_run_file, paths), key=os.fsencode)


def _leads_upwards(root: str, name: str) -> bool:
    """Whether a folder is a link to one that it lies in."""
    path = Path(root, name)
    return path.is_symlink() and Path(root).resolve().is_relative_to(path.resolve())


def folder_parts(folder: Path, paths: list[str], jobs: int) -> Iterator[Part]:
    """Read the files of a folder in worker processes."""
    chunks = (paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK))
    yield from results((Task(_read_files, (str(folder), chunk)) for chunk in chunks), jobs)  # type: ignore[misc]


def _read_files(folder: str, paths: list[str]) -> Part:
    files: list[dict[str, Any]] = []

    def records() -> Iterator[Record]:
        for path in paths:
            try:
                with open(f"{folder}/{path}", "rb", buffering=0) as file:  # noqa: PTH123  building a Path costs as much as reading
                    content = file.read(_LARGEST_RUN + 1)
            except OSError as error:
                yield Record(path, SourceError(f"it cannot be read ({error})"))
                continue
            files.append({"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
            yield Record(path, _checked_size(content))

    return Part(collect(records()), files, len(paths))


# --- archives -----------------------------------------------------------------------------------------------------


def list_zip(path: Path) -> list[int]:
    """Positions of the JSON members of a zip, in bytewise order of their names."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except _CORRUPT as error:
        msg = f"{path} cannot be read as a zip archive ({error}); download it again"
        raise SourceError(msg) from error
    chosen = [k for k, member in enumerate(members) if is_run_file(member.filename)]
    return sorted(chosen, key=lambda k: members[k].filename.encode())


def zip_parts(path: Path, members: list[int], jobs: int) -> Iterator[Part]:
    """Read the members of a zip in worker processes."""
    chunks = (members[start : start + _CHUNK] for start in range(0, len(members), _CHUNK))
    try:
        yield from results((Task(_read_members, (str(path), chunk)) for chunk in chunks), jobs)  # type: ignore[misc]
    finally:
        _opened.cache_clear()


def _read_members(path: str, members: list[int]) -> Part:
    archive = _opened(path)
    infos = archive.infolist()

    def records() -> Iterator[Record]:
        for k in members:
            name = infos[k].filename
            try:
                with archive.open(infos[k]) as member:
                    yield Record(name, _checked_size(member.read(_LARGEST_RUN + 1)))
            except _CORRUPT as error:
                yield Record(name, SourceError(f"it cannot be unpacked ({error})"))

    return Part(collect(records()), [], len(members))


@lru_cache(maxsize=1)
def _opened(path: str) -> zipfile.ZipFile:
    """Keep the archive of this process open: its directory is long."""
    return zipfile.ZipFile(path)


def tar_parts(path: Path, jobs: int) -> Iterator[Part]:
    """Unpack a tar in this process, read its members in worker processes."""
    with path.open("rb") as file:
        yield from results(_tar_tasks(path, file), jobs)  # type: ignore[misc]


def _tar_tasks(path: Path, file: BinaryIO) -> Iterator[Task]:
    try:
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            members = (member for member in archive if member.isfile() and is_run_file(member.name))
            records = (_unpacked(archive, member) for member in members)
            done = 0
            while chunk := list(islice(records, _CHUNK)):
                yield Task(_read_records, (chunk, file.tell() - done))
                done = file.tell()
        _check_end(path, file)
    except _CORRUPT as error:
        msg = f"{path} cannot be read as a tar archive ({error}); download it again"
        raise SourceError(msg) from error


def _unpacked(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Record:
    content = archive.extractfile(member).read(_LARGEST_RUN + 1)  # type: ignore[union-attr]
    return Record(member.name.removeprefix("./"), _checked_size(content))


def _checked_size(content: bytes) -> bytes | SourceError:
    if len(content) <= _LARGEST_RUN:
        return content
    return SourceError(f"it has more than {_LARGEST_RUN:,} bytes, a thousand times those of a published run")


def _check_end(path: Path, file: BinaryIO) -> None:
    """Refuse a tar that is not compressed and lacks the zeros at its end: `tarfile` does not miss them."""
    file.seek(_TAR_MAGIC_AT)
    plain = file.read(len(_TAR_MAGIC)) == _TAR_MAGIC
    file.seek(-_TAR_BLOCK, os.SEEK_END)
    if plain and any(file.read()):
        msg = f"{path} ends in the middle; download it again"
        raise SourceError(msg)


def _read_records(records: list[Record], progress: int) -> Part:
    return Part(collect(records), [], progress)


# --- pickle -------------------------------------------------------------------------------------------------------


def pickle_parts(path: Path) -> Iterator[Part]:
    """Read NASBenchAPI's pickle entry by entry."""
    from nbframes.export.containers.pickles import stream_items

    with path.open("rb") as file:
        items = stream_items(file, str(path), "entries")
        done = 0
        while records := [_entry(item.key, item.value) for item in islice(items, _CHUNK)]:
            yield Part(collect(records), [], file.tell() - done)
            done = file.tell()


def _entry(number: int, entry: Any) -> Record:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str) or "parsed" not in entry:
        error = SourceError("it is not an entry of NASBenchAPI's pickle: it lacks 'path' or 'parsed'")
        return Record(f"entry {number}", error, number)
    return Record(entry["path"].replace("\\", "/"), entry["parsed"], number)


def source_file(path: Path) -> list[dict[str, Any]]:
    """Manifest's line for a source that is one file."""
    return [{"path": path.name, "size": path.stat().st_size, "sha256": file_sha256(path)}]
