"""NAS-Bench-301: run logs in a folder, a zip or tar of it, or NASBenchAPI's pickle.

All of them give the same tables. Architectures are numbered by the paths of their runs, and one architecture may have runs far
apart, so the source is read once in whatever order suits it, curves go to a temporary file, and batches follow at the end.
"""

from __future__ import annotations

import re
import tempfile
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from nbframes.errors import SourceError
from nbframes.export.nb301 import sources
from nbframes.export.nb301.tables import batches, in_order, release_root
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy
from nbframes.export.source_files import described

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from nbframes.export.nb301.chunk import Chunk
    from nbframes.export.nb301.sources import ReadRuns
    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

_NOT_EXPORTED: Final = [
    "final_metric_score (the negative best validation accuracy)",
    "info: the *_final copies (float32 of the best-epoch values; those that are not are listed under notes)",
    "learning_curves: Train/model_parameters (the parameter count again, once per epoch)",
]


_FOLDER_OF_RELEASE: Final = re.compile(r"nb_?301|nas.?bench.?301", re.IGNORECASE)


class _RunReader(ABC):
    """What the readers share; each says where its parts come from."""

    benchmark = "nb301"
    path: Path
    total: int
    unit: str

    def __init__(self, probe: Probe) -> None:
        self.path = probe.path
        self.report = Report(version=self.path.name, not_exported=list(_NOT_EXPORTED))
        self.report.notes = {"unknown_curves": [], "differing_copies": []}

    @abstractmethod
    def _parts(self, jobs: int) -> Iterator[ReadRuns]:
        """Give the runs part by part."""

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        policy = SkipPolicy(self.path, self.report, on_error)
        nothing = pl.DataFrame()
        frames: list[pl.DataFrame] = []
        length = 0
        with tempfile.TemporaryFile() as spool:
            for chunk, files, progress in self._parts(jobs):
                self._note(chunk, policy)
                self.report.files += files
                frames.append(chunk.runs.with_columns(pl.col("offset") + length))
                length += len(chunk.values)
                spool.write(chunk.values.data)
                yield Batch([], nothing, nothing, progress)
            if not any(frame.height for frame in frames):
                first = "".join(f": {entry['record']!r}: {entry['reason']}" for entry in self.report.skipped[:1])
                msg = f"{self.path} holds no run of NAS-Bench-301 that can be read{first}"
                raise SourceError(msg)
            spool.flush()
            runs = self._ordered(pl.concat(frames))
            del frames
            yield from batches(runs, np.memmap(spool, np.float64, "r") if length else np.empty(0))

    def _note(self, chunk: Chunk, policy: SkipPolicy) -> None:
        for record, reason in chunk.broken:
            policy.leave_out(record, reason)
        self.report.notes["differing_copies"] += chunk.differing_copies
        self.report.notes["unknown_curves"] = sorted({*self.report.notes["unknown_curves"], *chunk.unknown_curves})

    def _ordered(self, runs: pl.DataFrame) -> pl.DataFrame:
        """Put the runs in order, and complete the report by what only all of them tell."""
        root = release_root(runs["path"])
        runs = in_order(runs, [entry["record"] for entry in self.report.skipped], root)
        notes = self.report.notes
        for entry in notes["differing_copies"]:
            entry["record"] = entry["record"].removeprefix(root)
        self._note_findings(runs)
        notes["runs"] = runs.height
        notes["failed_runs"] = runs.filter("failed")["path"].to_list()
        notes["unknowable_epochs"] = runs.filter("unknowable")["path"].to_list()
        folders = [folder for folder in root.split("/") if _FOLDER_OF_RELEASE.search(folder)]
        self.report.version = folders[-1] if folders else self.path.name
        return runs

    def _note_findings(self, runs: pl.DataFrame) -> None:
        findings = self.report.findings
        twice = runs.filter(pl.col("path").is_duplicated())["path"].unique(maintain_order=True)
        if len(twice):
            findings.note("paths that more than one run has", *twice.head(3), count=len(twice))
        if unknown := self.report.notes["unknown_curves"]:
            findings.note("learning curves that the tables do not hold", *unknown[:3], count=len(unknown))


class FolderReader(_RunReader):
    """Reads a folder of run JSONs, however deep they lie."""

    accepts = "NAS-Bench-301: the folder of run logs (results_<n>.json)"
    unit = "run"

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe)
        self._paths = sources.run_files(probe.files)
        self.total = len(self._paths)

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether there is a JSON file below a folder."""
        return any(map(sources.is_run_file, probe.files))

    def _parts(self, jobs: int) -> Iterator[ReadRuns]:
        return sources.folder_parts(self.path, self._paths, jobs)


class ZipReader(_RunReader):
    """Reads a zip of run JSONs."""

    accepts = "NAS-Bench-301: a zip of that folder"
    unit = "run"

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe)
        self._members = sources.run_members(probe.members)
        self.total = len(self._members)

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a zip holds a JSON file."""
        return probe.kind == "zip" and any(map(sources.is_run_file, probe.members))

    def _parts(self, jobs: int) -> Iterator[ReadRuns]:
        self.report.files = [described(self.path)]
        return sources.zip_parts(self.path, self._members, jobs)


class TarReader(_RunReader):
    """Reads a tar of run JSONs, compressed or not."""

    accepts = "NAS-Bench-301: a tar of that folder, compressed or not"
    unit = "B"

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe)
        self.total = self.path.stat().st_size

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a tar holds a JSON file."""
        return probe.kind in ("tar", "compressed tar") and any(map(sources.is_run_file, probe.members))

    def _parts(self, jobs: int) -> Iterator[ReadRuns]:
        self.report.files = [described(self.path)]
        return sources.tar_parts(self.path, jobs)


class PickleReader(_RunReader):
    """Reads NASBenchAPI's pickle of the release, through the allow-list unpickler."""

    accepts = "NAS-Bench-301: NASBenchAPI's pickle of it"
    unit = "B"

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe)
        self.total = self.path.stat().st_size

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a pickle holds a list of entries."""
        return isinstance(probe.pickled, dict) and sources.ENTRIES in probe.pickled

    def _parts(self, jobs: int) -> Iterator[ReadRuns]:  # noqa: ARG002  a pickle can only be read from its beginning
        self.report.files = [described(self.path)]
        return sources.pickle_parts(self.path)


READERS: Final = (FolderReader, ZipReader, TarReader, PickleReader)
"""The readers of NAS-Bench-301."""
