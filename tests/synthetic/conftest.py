"""The synthetic files of all benchmarks, written once."""

from __future__ import annotations

import bz2
import pickle

import pytest

from nbframes import synthetic


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return synthetic.write(tmp_path_factory.mktemp("sample"))


def load(path):
    with bz2.open(path) as file:
        return pickle.load(file)


def records(folder):
    return [load(path) for path in sorted(folder.glob("0*.pickle.pbz2"))]


def layout(value):
    """Types and keys of nested containers, without what differs from architecture to architecture."""
    if isinstance(value, dict):
        return type(value), [(key, layout(item)) for key, item in value.items()]
    if isinstance(value, list):
        return type(value), [layout(item) for item in value]
    return type(value)


@pytest.fixture(scope="module")
def topology(sources):
    return records(sources["nats-tss"])


@pytest.fixture(scope="module")
def size(sources):
    return records(sources["nats-sss"])


def final(record, schedule, dataset, set_):
    """Accuracy of every run at its last epoch."""
    return {
        seed: result["eval_acc1es"][f"{set_}@{result['epochs'] - 1}"]
        for (name, seed), result in record[schedule]["all_results"].items()
        if name == dataset
    }
