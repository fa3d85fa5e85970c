"""Records at random are read whole by either path, alone and in a monolith."""

from __future__ import annotations

import pickle
import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbframes.export.nats import record_reader
from nbframes.export.nats.record_reader import RecordReader
from tests.export.nats.files import (
    MonolithReader,
    Tables,
    costs,
    load,
    numbers,
)
from tests.export.nats.made import STRINGS, as_read, costs_as_read, make_result, records


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(records(), min_size=1, max_size=3), st.sampled_from([2, 3, 4, 5]))
def test_random_records_are_read_whole_by_either_path(made, protocol):
    reader = RecordReader()
    for record in (*made, *made):  # the second time every one of them has a layout
        state = next(iter(record.values()))
        data = pickle.dumps(record, protocol)
        found = reader.read(data, "x", arch=state["arch_index"], arch_str=state["arch_str"])
        assert as_read(found) == numbers(pickle.loads(data))
        assert costs_as_read(found) == costs(record)


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.lists(records(size=True), min_size=1, max_size=4), st.sampled_from([2, 4]), st.randoms(use_true_random=False))
def test_random_records_survive_the_monolith(tmp_path_factory, made, protocol, rng):
    path = tmp_path_factory.mktemp("monolith") / "x.pickle"
    infos = {next(iter(record.values()))["arch_index"]: record for record in made}
    top = {
        "meta_archs": STRINGS[True],
        "total_archs": len(STRINGS[True]),
        "arch2infos": dict(sorted(infos.items())),
        "evaluated_indexes": set(infos),
    }
    keys = list(top)
    rng.shuffle(keys)
    path.write_bytes(pickle.dumps({key: top[key] for key in keys}, protocol))
    tables = Tables(MonolithReader(path), on_error="skip")
    assert tables.numbers() == {arch: numbers(record) for arch, record in infos.items()}
    assert tables.costs() == {arch: costs(record) for arch, record in infos.items()}


def test_a_record_like_one_before_is_gathered_without_being_loaded(real, monkeypatch):
    _, folder, records = real
    strings = load(folder / "meta.pickle.pbz2")["meta_archs"]
    first = records[0]
    reader = RecordReader()
    reader.read(pickle.dumps(first, 4), "x", arch=0, arch_str=strings[0])
    monkeypatch.setattr(record_reader, "flatten", None)
    text = pickle.dumps(first, 4)
    for changed in (
        text,
        text.replace(
            struct.pack(">d", first[next(iter(first))]["all_results"]["cifar10", seed_of(first)]["flop"]), b"\x3f" * 8
        ),
    ):
        found = reader.read(changed, "x", arch=0, arch_str=strings[0])
        assert as_read(found) == numbers(pickle.loads(changed))
        assert costs_as_read(found) == costs(pickle.loads(changed))


def seed_of(record):
    return next(seed for dataset, seed in next(iter(record.values()))["all_results"] if dataset == "cifar10")


def test_an_own_index_and_string_do_not_keep_a_record_from_being_gathered(monkeypatch):
    def record(arch):
        text = STRINGS[False][arch]
        shape = {"size": False, "top5": True, "last_only": (), "latencies": 1, "times": True}
        result = make_result("cifar10", "3", 777, text, lambda: arch / 7, **shape)
        state = {
            "arch_index": arch,
            "arch_str": text,
            "all_results": {("cifar10", 777): result},
            "dataset_seed": {"cifar10": [777]},
        }
        return {hp: {**state, "clear_net_done": True} for hp in ("3",)}

    reader = RecordReader()
    for arch in (300, 5):
        reader.read(pickle.dumps(record(arch), 4), "x", arch=arch, arch_str=STRINGS[False][arch])
    monkeypatch.setattr(record_reader, "flatten", None)
    for arch in (0, 11, 255, 256, 257, 399):
        found = reader.read(pickle.dumps(record(arch), 4), "x", arch=arch, arch_str=STRINGS[False][arch])
        assert as_read(found) == numbers(record(arch))
    assert len(reader._layouts) == 1
