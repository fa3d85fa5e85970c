"""NATS-Bench in fast-mode layout: one small file for each architecture, in a folder or a tar."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from contextlib import closing
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from nbframes.errors import InvalidArchitectureError, SourceError, UnsafePickleError, listed
from nbframes.export.containers import pickles
from nbframes.export.containers.bz2_source import decompressed
from nbframes.export.nats.exchange import Exchange, put
from nbframes.export.nats.layout import RecordReader
from nbframes.export.nats.record import NOT_EXPORTED
from nbframes.export.nats.tables import arch_frame, batch
from nbframes.export.reader import Batch, Report
from nbframes.export.workers import Task, results
from nbframes.store.storage import file_sha256

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from types import ModuleType

    from nbframes.export.nats.record import Record
    from nbframes.export.reader import OnError

META: Final = "meta.pickle.pbz2"
RECORD: Final = re.compile(r"(\d{6})\.pickle\.pbz2")
_META_KEYS: Final = {"meta_archs", "total_archs", "arch2infos", "evaluated_indexes"}
_ARCHS_A_TASK: Final = 64


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


class FolderReader:
    """Reads a ``-simple`` folder: ``meta.pickle.pbz2`` and one ``%06d.pickle.pbz2`` for each architecture."""

    unit = "arch"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places, self._others = self._index()
        if META not in self._places:
            msg = f"{path}: {META} is missing; it says which architectures there are"
            raise SourceError(msg)
        self._strings = _meta_strings(self._places[META].read(), self._where(META))
        self.benchmark, self._space = space_of(self._strings, self._where(META))
        self._present = _present(self._places, len(self._strings), path)
        self.total = len(self._present)
        self.report = Report(version_of(path, self.benchmark), not_exported=list(NOT_EXPORTED))
        self.report.notes["format"] = f"NATS-Bench fast mode, {self._kind}"
        if self._others:
            self.report.notes["ignored"] = self._others

    _kind = "folder"

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch, None, None]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        self._report_missing(on_error)
        archs = _checked_archs(self._strings, self._space, self._where(META))
        files = [_file_entry(META, self._places[META].read())]
        with Exchange(jobs) as exchange:
            parts = results(chain(self._tasks(on_error, exchange), self._file_tasks()), jobs)
            with closing(cast("Generator[object, None, None]", parts)):
                for part in parts:
                    if not isinstance(part, _Part):
                        files = cast("list[dict[str, Any]]", part)
                        continue
                    if part.error is not None:
                        raise part.error
                    files.extend(part.files)
                    self.report.skipped.extend(part.skipped)
                    if records := exchange.fetched(part.records):
                        indices = [record.arch for record in records]
                        yield batch(records, archs[indices], len(records) + len(part.skipped))
        self.report.files = files
        self.report.notes["architectures"] = len(self._strings)

    def _index(self) -> tuple[dict[str, Place], list[str]]:
        """Places of the files by name, and the names of what does not belong here."""
        places, others = {}, []
        with os.scandir(self.path) as found:
            for entry in sorted(found, key=lambda entry: entry.name):
                if _belongs(entry.name) and entry.is_file():
                    places[entry.name] = Place(entry.path, 0, entry.stat().st_size)
                else:
                    others.append(entry.name)
        return places, others

    def _where(self, name: str) -> str:
        return str(self.path / name)

    def _tasks(self, on_error: OnError, exchange: Exchange) -> Iterator[Task]:
        for start in range(0, len(self._present), _ARCHS_A_TASK):
            part = self._present[start : start + _ARCHS_A_TASK]
            yield Task(_read_part, ([self._entry(arch) for arch in part], on_error, exchange.place(start)))

    def _file_tasks(self) -> list[Task]:
        """Tasks that describe the source's files, where the records' own tasks do not."""
        return []

    def _entry(self, arch: int) -> _Entry:
        name = _record_name(arch)
        return _Entry(arch, self._strings[arch], name, self._where(name), self._places[name])

    def _report_missing(self, on_error: OnError) -> None:
        spans = list(ranges(sorted(set(range(len(self._strings))) - set(self._present))))
        if not spans:
            return
        if on_error == "raise":
            count = sum(len(span) for span in spans)
            msg = (
                f"{self.path}: {count:,} of {len(self._strings):,} records are missing, the first is {_record_name(spans[0][0])}. "
                "Complete the download, or export what is there with on_error='skip'"
            )
            raise SourceError(msg)
        self.report.skipped.extend({"record": _span_text(span), "reason": "missing in the source"} for span in spans)


class TarReader(FolderReader):
    """Reads a ``-simple`` folder inside a tar, record by record where it lies; nothing is extracted."""

    _kind = "tar"

    def _index(self) -> tuple[dict[str, Place], list[str]]:
        places, others = {}, []
        for member in tar_members(self.path):
            name = member.name.rsplit("/", 1)[-1]
            if _belongs(name) and member.isreg():
                places[name] = Place(str(self.path), member.offset_data, member.size)
            elif not member.isdir():
                others.append(member.name)
        return places, others

    def _where(self, name: str) -> str:
        return f"{self.path} ({name})"

    def _file_tasks(self) -> list[Task]:
        return [Task(_file_entries, (str(self.path),))]


def tar_members(path: Path) -> list[tarfile.TarInfo]:
    """Members of an uncompressed tar.

    Raises
    ------
    SourceError
        If the tar is truncated or corrupt.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            return tar.getmembers()
    except (tarfile.TarError, OSError, EOFError) as error:
        msg = f"{path}: the tar is truncated or corrupt: {error}"
        raise SourceError(msg) from error


def space_of(strings: Sequence[str], where: str) -> tuple[str, ModuleType]:
    """Benchmark and search space of a list of architecture strings.

    Raises
    ------
    SourceError
        If the first of them is of neither space.
    """
    from nbframes.spaces import sss, tss

    for benchmark, space in (("nats-tss", tss), ("nats-sss", sss)):
        if strings and type(strings[0]) is str and space.is_valid(strings[0]):
            return benchmark, space
    msg = f"{where}: {listed(strings[:1])} is an architecture of neither the topology space nor the size space of NATS-Bench"
    raise SourceError(msg)


def version_of(path: Path, benchmark: str) -> str:
    """Upstream's version from the name of the source; the files themselves do not say."""
    found = re.match(r"NATS-[ts]ss-v\d+_\d+-[0-9a-f]+", path.name)
    return (
        found[0]
        if found
        else f"NATS-{benchmark.removeprefix('nats-')}, version unknown (the source is called {path.name!r})"
    )


# --------------------------------------------------------------------------------------------- in the worker processes


class _Entry(NamedTuple):
    arch: int
    arch_str: str
    name: str
    where: str
    place: Place


class _Part(NamedTuple):
    records: list[Record]
    files: list[dict[str, Any]]
    skipped: list[dict[str, str]]
    error: SourceError | None


@cache
def _record_reader() -> RecordReader:
    """Return the reader of this process: what it learns serves all its tasks."""
    return RecordReader()


def _read_part(entries: Iterable[_Entry], on_error: OnError, place: str | None) -> _Part:
    part = _records_of(entries, on_error)
    return part if place is None else part._replace(records=put(part.records, place))


def _records_of(entries: Iterable[_Entry], on_error: OnError) -> _Part:
    part = _Part([], [], [], None)
    for entry in entries:
        try:
            raw = _read(entry)
            data = decompressed(raw, entry.where)
            part.records.append(_record_reader().read(data, entry.where, arch=entry.arch, arch_str=entry.arch_str))
        except SourceError as error:
            if on_error == "raise" or isinstance(error, UnsafePickleError):
                return part._replace(error=error)
            part.skipped.append({"record": entry.name, "reason": str(error)})
            continue
        part.files.append(_file_entry(entry.name, raw))
    return part


def _read(entry: _Entry) -> bytes:
    try:
        raw = entry.place.read()
    except OSError as error:
        msg = f"{entry.where}: {error}"
        raise SourceError(msg) from error
    if len(raw) < entry.place.size:
        msg = f"{entry.where}: it is truncated"
        raise SourceError(msg)
    return raw


def _file_entry(name: str, raw: bytes) -> dict[str, Any]:
    return {"path": name, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _file_entries(path: str) -> list[dict[str, Any]]:
    return [{"path": Path(path).name, "size": Path(path).stat().st_size, "sha256": file_sha256(Path(path))}]


# ------------------------------------------------------------------------------------------------------ names and meta


def _belongs(name: str) -> bool:
    return name == META or RECORD.fullmatch(name) is not None


def _record_name(arch: int) -> str:
    return f"{arch:06d}.pickle.pbz2"


def _present(places: Iterable[str], count: int, path: Path) -> list[int]:
    present = sorted(int(found[1]) for name in places if (found := RECORD.fullmatch(name)))
    if present and present[-1] >= count:
        msg = f"{path}: {_record_name(present[-1])} is beyond the {count:,} architectures that {META} names"
        raise SourceError(msg)
    return present


def _meta_strings(raw: bytes, where: str) -> list[str]:
    meta = pickles.load(decompressed(raw, where), where)
    fine = (
        isinstance(meta, dict)
        and meta.keys() == _META_KEYS
        and type(meta["meta_archs"]) is list
        and all(type(text) is str for text in meta["meta_archs"])
        and meta["total_archs"] == len(meta["meta_archs"])
        and not meta["arch2infos"]
        and not meta["evaluated_indexes"]
    )
    if not fine:
        msg = f"{where}: it is not the meta file of NATS-Bench's fast mode (meta_archs, total_archs, no records)"
        raise SourceError(msg)
    strings: list[str] = meta["meta_archs"]
    return strings


def _checked_archs(strings: list[str], space: ModuleType, where: str) -> Any:
    try:
        return arch_frame(range(len(strings)), strings, space)
    except InvalidArchitectureError as error:
        msg = f"{where}: {error}"
        raise SourceError(msg) from error


def ranges(numbers: list[int]) -> Iterator[range]:
    """Ranges of consecutive numbers in an ascending list."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield range(numbers[start], numbers[place - 1] + 1)
            start = place


def _span_text(span: range) -> str:
    first, last = _record_name(span[0]), _record_name(span[-1])
    return first if len(span) == 1 else f"{first} ... {last} ({len(span):,} records)"
