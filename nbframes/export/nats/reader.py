"""NATS-Bench in fast-mode layout: one small file for each architecture, in a folder or a tar."""

from __future__ import annotations

import os
import re
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from nbframes.errors import SourceError, listed
from nbframes.export.containers import pickles, tar
from nbframes.export.containers.bz2_source import decompressed
from nbframes.export.nats.exchange import Exchange
from nbframes.export.nats.monolith import MonolithReader
from nbframes.export.nats.names import gaps, space_of, version_of
from nbframes.export.nats.record import NOT_EXPORTED
from nbframes.export.nats.tables import batch, checked_arch_frame
from nbframes.export.nats.work import Entry, Part, Place, file_entries, read_part
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy
from nbframes.export.source_files import described_content
from nbframes.export.workers import Task, results

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

META: Final = "meta.pickle.pbz2"
RECORD: Final = re.compile(r"(\d{6})\.pickle\.pbz2", re.ASCII)
_META_KEYS: Final = {"meta_archs", "total_archs", "arch2infos", "evaluated_indexes"}
_ARCHS_A_TASK: Final = 128
_INCOMPLETE: Final = "complete the download, or export what is there with on_error='skip'"


class FolderReader:
    """Reads a ``-simple`` folder: ``meta.pickle.pbz2`` and one ``%06d.pickle.pbz2`` for each architecture."""

    accepts = "NATS-Bench: the folder NATS-[ts]ss-...-simple"
    unit = "arch"
    _kind = "folder"

    def __init__(self, probe: Probe) -> None:
        self.path = probe.path
        self._twice: list[str] = []
        self._places, others = self._index()
        if META not in self._places:
            msg = f"{self.path}: {META} is missing; it says which architectures there are"
            raise SourceError(msg)
        self._strings = _meta_strings(self._places[META].read(), self._where(META))
        self.benchmark, self._space = space_of(self._strings, self._where(META))
        self._present = self._indices()
        self.total = len(self._present)
        self.report = Report(version_of(self.path, self.benchmark), not_exported=list(NOT_EXPORTED))
        self.report.notes["format"] = f"NATS-Bench fast mode, {self._kind}"
        if others:
            self.report.notes["ignored"] = others

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a folder holds records; one of such folders is refused with their names."""
        if any(map(_belongs, probe.names)):
            return True
        if inside := [name for name in probe.names if (probe.path / name / META).is_file()]:
            msg = f"{probe.path}: holds the sources {listed(inside)}; name one of them"
            raise SourceError(msg)
        return False

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        policy = SkipPolicy(self.path, self.report, on_error)
        self._leave_out_missing(policy)
        archs = checked_arch_frame(range(len(self._strings)), self._strings, self._space, self._where(META))
        files = [described_content(META, self._places[META].read())]
        with Exchange(jobs) as exchange:
            parts = results(chain(self._tasks(exchange), self._file_tasks()), jobs)
            with closing(cast("Generator[object, None, None]", parts)):
                for part in parts:
                    if not isinstance(part, Part):
                        files = cast("list[dict[str, Any]]", part)
                        continue
                    if part.unsafe is not None:
                        raise part.unsafe
                    for name, reason in part.broken:
                        policy.leave_out(name, reason)
                    self.report.findings.merge(part.findings)
                    files.extend(part.files)
                    if records := exchange.fetched(part.records):
                        indices = [record.arch for record in records]
                        yield batch(records, archs[indices], len(records) + len(part.broken))
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

    def _indices(self) -> list[int]:
        """Architectures that have a record."""
        present = sorted(int(found[1]) for name in self._places if (found := RECORD.fullmatch(name)))
        count = len(self._strings)
        if present and present[-1] >= count:
            msg = f"{self.path}: {_record_name(present[-1])} is beyond the {count:,} architectures that {META} names"
            raise SourceError(msg)
        return present

    def _where(self, name: str) -> str:
        return str(self.path / name)

    def _tasks(self, exchange: Exchange) -> Iterator[Task]:
        for start in range(0, len(self._present), _ARCHS_A_TASK):
            part = self._present[start : start + _ARCHS_A_TASK]
            yield Task(read_part, ([self._entry(arch) for arch in part], exchange.place(start)))

    def _file_tasks(self) -> list[Task]:
        """Tasks that describe the source's files, where the records' own tasks do not."""
        return []

    def _entry(self, arch: int) -> Entry:
        name = _record_name(arch)
        return Entry(arch, self._strings[arch], name, self._where(name), self._places[name])

    def _leave_out_missing(self, policy: SkipPolicy) -> None:
        for name in self._twice:
            policy.leave_out(name, "occurs twice in the source, and nothing says which one counts")
        absent = sorted(set(range(len(self._strings))) - {*self._present, *map(_index_of, self._twice)})
        for span, reason in gaps(absent, len(self._strings)):
            policy.leave_out(_span_text(span), reason, hint=_INCOMPLETE)


class TarReader(FolderReader):
    """Reads a ``-simple`` folder inside a tar, record by record where it lies; nothing is extracted."""

    accepts = "NATS-Bench: the same folder as .tar"
    _kind = "tar"

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a tar holds records; a compressed one is refused."""
        if not any(_belongs(name.rsplit("/", 1)[-1]) for name in probe.members) or probe.kind == "zip":
            return False
        if probe.kind == "compressed tar":
            msg = (
                f"{probe.path}: a compressed tar of NATS-Bench; decompress it first: its records are compressed already"
            )
            raise SourceError(msg)
        return True

    def _index(self) -> tuple[dict[str, Place], list[str]]:
        places: dict[str, Place] = {}
        others: list[str] = []
        with tar.members(self.path) as members:
            for member in members:
                name = member.name.rsplit("/", 1)[-1]
                if _belongs(name) and member.isreg():
                    if name in places:
                        self._twice.append(name)
                    places[name] = Place(str(self.path), member.offset_data, member.size)
                elif not member.isdir():
                    others.append(member.name)
        if META in self._twice:
            msg = f"{self.path}: {META} occurs twice"
            raise SourceError(msg)
        self._twice = sorted(set(self._twice))
        return {name: place for name, place in places.items() if name not in self._twice}, others

    def _where(self, name: str) -> str:
        return f"{self.path} ({name})"

    def _file_tasks(self) -> list[Task]:
        return [Task(file_entries, (str(self.path),))]


READERS: Final = (FolderReader, TarReader, MonolithReader)
"""The readers of NATS-Bench."""


def _belongs(name: str) -> bool:
    return name == META or RECORD.fullmatch(name) is not None


def _record_name(arch: int) -> str:
    return f"{arch:06d}.pickle.pbz2"


def _index_of(name: str) -> int:
    return int(name[:6])


def _meta_strings(raw: bytes, where: str) -> list[str]:
    meta = pickles.load(decompressed(raw, where), where)
    fine = (
        isinstance(meta, dict)
        and meta.keys() >= _META_KEYS
        and type(meta["meta_archs"]) is list
        and all(type(text) is str for text in meta["meta_archs"])
        and type(meta["total_archs"]) is int
        and meta["total_archs"] == len(meta["meta_archs"])
        and not any(len(meta[key]) for key in ("arch2infos", "evaluated_indexes") if hasattr(meta[key], "__len__"))
    )
    if not fine:
        msg = f"{where}: it is not the meta file of NATS-Bench's fast mode (meta_archs, total_archs, no records)"
        raise SourceError(msg)
    strings: list[str] = meta["meta_archs"]
    return strings


def _span_text(span: range) -> str:
    first, last = _record_name(span[0]), _record_name(span[-1])
    return first if len(span) == 1 else f"{first} ... {last} ({len(span):,} records)"
