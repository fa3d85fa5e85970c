"""A benchmark as one pickle of all its architectures: 30 GB of Python objects, read as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from nbframes.errors import SourceError
from nbframes.export.containers.pickle_file import Pickled, PickleFile
from nbframes.export.nats.names import space_of, version_of
from nbframes.export.nats.record import NATS, NOT_EXPORTED, Dialect
from nbframes.export.nats.records import Records
from nbframes.export.nats.tables import batch, checked_arch_frame
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy

if TYPE_CHECKING:
    from collections.abc import Generator

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError
    from nbframes.spaces.base import Space

INFOS: Final = "arch2infos"


class StatesReader:
    """Reads ``{"meta_archs", "total_archs", "arch2infos": {index: {schedule: state}}, "evaluated_indexes"}`` as a stream.

    Parameters
    ----------
    probe
        The source.
    container
        How the pickle is wrapped.
    benchmark, space
        The benchmark and its search space.
    report
        What is known of the source so far.
    """

    unit = "B"
    dialect: ClassVar[Dialect] = NATS

    def __init__(self, probe: Probe, container: type[Pickled], benchmark: str, space: Space, report: Report) -> None:
        self.path = probe.path
        self.benchmark = benchmark
        self.total = self.path.stat().st_size
        self.report = report
        self._container = container
        self._space = space

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        where, shown = str(self.path), 0
        policy = SkipPolicy(self.path, self.report, on_error)
        with self._container(self.path, jobs=jobs) as source:
            records = Records(where, policy, self.report.findings, dialect=self.dialect)
            for part in records.parts(source, **source.options):
                indices, strings = [record.arch for record in part], [record.arch_str for record in part]
                archs = checked_arch_frame(indices, strings, self._space, where)
                yield batch(part, archs, source.position - shown)
                shown = source.position
            file, md5 = source.finish()
        self.report.files = [file]
        self.report.notes["md5"] = md5
        self.report.notes["architectures"] = records.count


class MonolithReader(StatesReader):
    """Reads the pickles of NATS-Bench that hold all architectures, in bz2 or plain."""

    accepts = "NATS-Bench: the file NATS-[ts]ss-....pickle.pbz2"

    def __init__(self, probe: Probe) -> None:
        benchmark, space = space_of(_some_strings(probe.pickled), str(probe.path))
        report = Report(version_of(probe.path, benchmark), not_exported=list(NOT_EXPORTED))
        report.notes["format"] = "NATS-Bench, one pickle of all architectures"
        super().__init__(probe, PickleFile, benchmark, space, report)

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
