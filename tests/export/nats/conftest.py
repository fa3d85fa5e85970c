"""Real records of both spaces, and three made-up ones."""

from __future__ import annotations

import pytest

from nbframes.export.containers import bz2_parallel
from tests.export.nats.files import (
    FOLDERS,
    dump,
    load,
)
from tests.export.nats.made import STRINGS, make_result


@pytest.fixture(scope="module", params=FOLDERS)
def real(request, data):
    folder = data / "nats" / FOLDERS[request.param]
    return request.param, folder, {int(path.name[:6]): load(path) for path in sorted(folder.glob("0*"))}


@pytest.fixture
def small(tmp_path):
    """A folder of three size-space records, whole."""
    folder = tmp_path / "small"
    strings = STRINGS[True][:3]
    dump(
        {"meta_archs": strings, "total_archs": 3, "arch2infos": None, "evaluated_indexes": set()},
        folder / "meta.pickle.pbz2",
    )
    for arch, text in enumerate(strings):
        shape = {"size": True, "top5": True, "last_only": (), "latencies": 1, "times": True}
        result = make_result("cifar100", "3", 777, text, lambda arch=arch: arch + 0.25, **shape)
        state = {
            "arch_index": arch,
            "arch_str": text,
            "all_results": {("cifar100", 777): result},
            "dataset_seed": {"cifar100": [777]},
        }
        dump({"3": {**state, "clear_net_done": True}}, folder / f"{arch:06d}.pickle.pbz2")
    return folder


@pytest.fixture
def on_all_cores(monkeypatch):
    pytest.importorskip("indexed_bzip2")
    monkeypatch.setattr(bz2_parallel, "SMALLEST", 0)
