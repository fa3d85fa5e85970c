"""Synthetic NAS-Bench-201: a ``.pth`` file in the legacy layout of ``torch.save``, without torch."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Final

from nbframes.export.containers.torch_file import MAGIC, PROTOCOL
from nbframes.synthetic.nats import TSS, tss_subjects
from nbframes.synthetic.nats_record import record

if TYPE_CHECKING:
    from pathlib import Path

_CELLS: Final = 64
_SYSTEM: Final = {
    "protocol_version": PROTOCOL,
    "little_endian": True,
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}


def write(folder: Path, seed: int) -> Path:
    """Write the file."""
    subjects = tss_subjects(_CELLS, seed + 1)
    infos = {}
    for subject in subjects:
        states = record(subject, TSS, seed + 1)
        infos[subject.number] = {"full": states["200"], "less": states["12"]}
    content = {
        "meta_archs": [subject.arch_str for subject in subjects],
        "total_archs": len(subjects),
        "arch2infos": infos,
        "evaluated_indexes": list(infos),
    }
    parts: list[Any] = [MAGIC, PROTOCOL, _SYSTEM, content, []]
    path = folder / "NAS-Bench-201-synthetic.pth"
    with path.open("wb") as file:
        for part in parts:
            pickle.dump(part, file, protocol=2)
    return path
