"""NAS-Bench-201 from its ``.pth`` files and from NASBenchAPI's pickle, architecture by architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.export.containers.pickle_file import Pickled, PickleFile
from nbframes.export.containers.torch_file import LegacyFile, ZippedFile
from nbframes.export.nats.monolith import StatesReader, schedules_of
from nbframes.export.nats.record import Dialect
from nbframes.export.reader import Batch, Report

if TYPE_CHECKING:
    from collections.abc import Generator

    from nbframes.export.probe import Probe
    from nbframes.export.reader import OnError

SCHEDULES: Final = {"less": 12, "full": 200}
"""Epochs of upstream's two kinds of training."""

NOT_EXPORTED: Final = (
    "basestr: the same in all files (C16-N5)",
    "arch_config: the same constants in every record (channel 16, 5 cells)",
    "net_state_dict: None in the published files; weights that other files hold are not read",
    "name, eval_names, dataset_seed, arch_index: repeat the keys of the record",
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


class _Reader(StatesReader):
    """Reads states with the schedules ``full`` and ``less``."""

    dialect = _DIALECT

    def __init__(self, probe: Probe, container: type[Pickled]) -> None:
        from nbframes.spaces import tss

        report = Report(version_of(probe.path.name), not_exported=list(NOT_EXPORTED))
        report.notes["format"] = f"NAS-Bench-201, {container.kind}"
        super().__init__(probe, container, "nb201", tss, report)

    def batches(self, *, jobs: int, on_error: OnError) -> Generator[Batch]:
        """Read the source once; see `nbframes.export.reader.Reader`."""
        yield from super().batches(jobs=jobs, on_error=on_error)
        self.report.version = version_of(self.path.name, self.report.notes["md5"])


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
