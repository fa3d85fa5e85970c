"""NAS-Bench-201 from its ``.pth`` files and from NASBenchAPI's pickle, architecture by architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.export.containers.torch_file import LegacyFile, PickleFile, ZippedFile
from nbframes.export.nats.monolith import schedules_of
from nbframes.export.nats.record import Dialect
from nbframes.export.nats.records import Records
from nbframes.export.nats.tables import batch, checked_arch_frame
from nbframes.export.reader import Batch, Report
from nbframes.export.skipping import SkipPolicy

if TYPE_CHECKING:
    from collections.abc import Generator

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

SCHEDULES: Final = {"less": 12, "full": 200}
"""Epochs of upstream's two kinds of training."""

NOT_EXPORTED: Final = (
    "basestr: the same in all files (C16-N5)",
    "arch_config: the same constants in every record (channel 16, 5 cells), checked",
    "net_state_dict: None in the published files; weights that other files hold are not read",
    "name, eval_names, dataset_seed, arch_index: repeat the keys of the record, checked",
    "clear_net_done: whether the weights were taken out",
)
"""What a file holds and the tables do not, for the manifest."""

_RELEASES: Final = {"e61699": "v1_0", "096897": "v1_1"}
"""Published versions by the end of the MD5 of their file, which is part of its name."""

_LEGACY: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files of old ``torch.save`` begin: the pickle of its magic number."""

_DIALECT: Final = Dialect(
    schedules=SCHEDULES,
    optional=frozenset({"latency", "train_acc5es", "train_times", "eval_times", "net_state_dict"}),
    weights=True,
)


class _Reader:
    """Reads ``{"meta_archs", "arch2infos": {index: {"full": state, "less": state}}, ...}`` as a stream."""

    benchmark = "nb201"
    unit = "B"

    def __init__(self, probe: Probe, container: type[PickleFile | ZippedFile]) -> None:
        self.path = probe.path
        self._container = container
        self.total = self.path.stat().st_size
        self.report = Report(version_of(self.path.name), not_exported=list(NOT_EXPORTED))
        self.report.notes["format"] = f"NAS-Bench-201, {container.kind}"

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:  # noqa: ARG002 -- one stream, one reader
        """Read the source once; see `nbframes.export.reader.Reader`."""
        from nbframes.spaces import tss

        where, shown = str(self.path), 0
        with self._container(self.path) as source:
            records = Records(where, SkipPolicy(self.path, self.report, on_error), dialect=_DIALECT)
            for part in records.parts(source, **source.options):
                archs = checked_arch_frame(
                    [record.arch for record in part], [record.arch_str for record in part], tss, where
                )
                yield batch(part, archs, source.position - shown)
                shown = source.position
            file, md5 = source.finish()
        self.report.files = [file]
        self.report.version = version_of(self.path.name, md5)
        self.report.notes["md5"] = md5
        self.report.notes["architectures"] = records.count


class TorchReader(_Reader):
    """Reads a ``.pth`` in either format of ``torch.save``."""

    accepts = "NAS-Bench-201: NAS-Bench-201-....pth"

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe, ZippedFile if probe.kind == "zip" else LegacyFile)

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a file begins as torch wrote, or is a zip with an object of torch."""
        if probe.kind == "zip":
            return any(name.rsplit("/", 1)[-1] == "data.pkl" for name in probe.members)
        return probe.kind == "pickle" and probe.head.startswith(_LEGACY)


class PickleReader(_Reader):
    """Reads NASBenchAPI's pickle of a ``.pth``."""

    accepts = "NAS-Bench-201: NASBenchAPI's pickle of it"

    def __init__(self, probe: Probe) -> None:
        super().__init__(probe, PickleFile)

    @classmethod
    def recognises(cls, probe: Probe) -> bool:
        """Whether a pickle holds records with schedules ``full`` and ``less``."""
        hps = schedules_of(probe.pickled) if isinstance(probe.pickled, dict) else []
        return bool(hps) and all(type(hp) is str and hp in SCHEDULES for hp in hps)


READERS: Final = (TorchReader, PickleReader)
"""The readers of NAS-Bench-201."""


def version_of(name: str, md5: str = "") -> str:
    """Upstream's version of a file; the content does not say, but the MD5 of a published file does.

    Parameters
    ----------
    name
        Of the file. Copies in other formats keep the published version and digits in their names.
    md5
        Of the file, if known.

    Examples
    --------
    >>> version_of("nb201.pth", md5="55e847143ce1f7c2d89b676f6b096897")
    'NAS-Bench-201-v1_1-096897'
    >>> version_of("nasbench201_v1_0-e61699.pkl")
    'NAS-Bench-201-v1_0-e61699'
    >>> version_of("nb201.pth")
    "NAS-Bench-201, version unknown (the source is called 'nb201.pth')"
    """
    found = [digits for digits in _RELEASES if md5.endswith(digits)]
    found = found or [digits for digits, version in _RELEASES.items() if f"{version}-{digits}" in name]
    if not found:
        return f"NAS-Bench-201, version unknown (the source is called {name!r})"
    return f"NAS-Bench-201-{_RELEASES[found[0]]}-{found[0]}"
