"""Synthetic NAS-Bench-201: torch's legacy container around real layouts."""

from __future__ import annotations

import pickle

import pytest

from nbframes.synthetic import nb201 as nb201_sample
from tests.synthetic.conftest import layout, load


@pytest.fixture(scope="module")
def torch_file(tmp_path_factory):
    return nb201_sample.write(tmp_path_factory.mktemp("nb201"), 0)


def test_the_legacy_container_holds_five_pickles(torch_file):
    with torch_file.open("rb") as file:
        magic, protocol, system, content, storages = (pickle.load(file) for _ in range(5))
        assert not file.read()
    assert (magic, protocol, storages) == (0x1950A86A20F9469CFC6C, 1001, [])
    assert system["little_endian"]
    assert list(content) == ["meta_archs", "total_archs", "arch2infos", "evaluated_indexes"]
    assert list(content["arch2infos"]) == content["evaluated_indexes"] == list(range(content["total_archs"]))


def test_its_states_have_the_layout_of_real_records(data, torch_file):
    real = load(data / "nats" / "NATS-tss-v1_0-3ffb9-simple" / "000284.pickle.pbz2")
    with torch_file.open("rb") as file:
        content = [pickle.load(file) for _ in range(4)][3]
    for index, info in content["arch2infos"].items():
        assert list(info) == ["full", "less"]
        assert layout(info["less"]) == layout(real["12"])
        assert info["full"]["arch_str"] == content["meta_archs"][index]


def test_torch_reads_it(torch_file):
    torch = pytest.importorskip("torch")
    assert "arch2infos" in torch.load(torch_file, weights_only=False)
