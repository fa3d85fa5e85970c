"""NATS-Bench as one pickle of all architectures: 30 GB of Python objects, read as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbframes.errors import SourceError
from nbframes.export.containers.bz2_source import Stream
from nbframes.export.nats.names import space_of, version_of
from nbframes.export.nats.record import NOT_EXPORTED
from nbframes.export.nats.records import Records
from nbframes.export.nats.tables import batch, checked_arch_frame
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy

if TYPE_CHECKING:
    from collections.abc import Generator

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

INFOS: Final = "arch2infos"


class MonolithReader:
    """Reads ``{"meta_archs", "total_archs", "arch2infos": {index: {hp: state}}, "evaluated_indexes"}``, bz2 or plain."""

    accepts = "NATS-Bench: the file NATS-[ts]ss-....pickle.pbz2"
    unit = "B"

    def __init__(self, probe: Probe) -> None:
        self.path = probe.path
        self.benchmark, self._space = space_of(_some_strings(probe.pickled), str(self.path))
        self.total = self.path.stat().st_size
        self.report = Report(version_of(self.path, self.benchmark), not_exported=list(NOT_EXPORTED))
        self.report.notes["format"] = "NATS-Bench, one pickle of all architectures"

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a pickle holds records by numbers of epochs; one file of a folder is refused."""
        top = probe.pickled
        if not isinstance(top, dict):
            return False
        hps = schedules_of(top)
        if hps and all(type(hp) is str and hp.isdigit() for hp in hps):
            return True
        states = (value for value in top.values() if isinstance(value, dict))
        if (INFOS not in top and any("all_results" in state for state in states)) or ("meta_archs" in top and not hps):
            msg = f"{probe.path}: one file of a NATS-Bench folder; name the folder"
            raise SourceError(msg)
        return False

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:  # noqa: ARG002 -- one stream, one reader
        """Read the source once; see `nbframes.export.reader.Reader`."""
        where, shown = str(self.path), 0
        with Stream(self.path) as stream:
            records = Records(where, SkipPolicy(self.path, self.report, on_error))
            for part in records.parts(stream):
                archs = checked_arch_frame(
                    [record.arch for record in part], [record.arch_str for record in part], self._space, where
                )
                yield batch(part, archs, stream.position - shown)
                shown = stream.position
            stream.exhaust()
            self.report.files = [stream.file()]
            self.report.notes["architectures"] = records.count


def schedules_of(top: dict[Any, Any]) -> list[Any]:
    """Keys of the first record of a benchmark that has been read in part; none if there is no record."""
    infos = top.get(INFOS)
    record = next(iter(infos.values()), None) if isinstance(infos, dict) else None
    return list(record) if isinstance(record, dict) else []


def _some_strings(top: dict[str, Any]) -> list[Any]:
    """At least one architecture string: of the index if it comes first, else of the first record."""
    index = top.get("meta_archs")
    if isinstance(index, list) and index:
        return index
    states = next(iter(top[INFOS].values())).values()
    return [state.get("arch_str") for state in states if isinstance(state, dict)]
