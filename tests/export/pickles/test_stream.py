"""Pickles read item by item."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.errors import SourceError
from nbframes.export.containers import pickles
from tests.export.pickles.values import PROTOCOLS, WHERE, curves, plain, plain_atoms, same


def streamed(data, key="infos", **options):
    items = pickles.stream_items(io.BytesIO(data), WHERE, key, **options)
    found = []
    while True:
        try:
            found.append(next(items))
        except StopIteration as end:
            return found, end.value


states = st.dictionaries(st.text(max_size=5), curves | plain_atoms, max_size=4)


records = st.dictionaries(st.sampled_from(["12", "200"]), states, max_size=2)


@settings(deadline=None, max_examples=80)
@given(
    st.dictionaries(st.integers(0, 99999), records, max_size=6) | st.lists(records, max_size=6),
    st.sampled_from(PROTOCOLS),
    st.booleans(),
    st.booleans(),
)
def test_a_stream_gives_every_item_and_the_rest(container, protocol, first, numbers):
    around = {"total": 3, "names": ["a", "b"]}
    top = {"infos": container, **around} if first else {**around, "infos": container}
    data = pickle.dumps(top, protocol)
    found, rest = streamed(data, numbers=numbers)
    expected = pickle.loads(data)["infos"]
    pairs = list(expected.items() if isinstance(expected, dict) else enumerate(expected))
    assert [item.key for item in found] == [key for key, _ in pairs]
    assert all(same(plain(item.value), plain(value)) for item, (_, value) in zip(found, pairs, strict=True))
    assert {key: rest[key] for key in around} == around
    assert not rest["infos"]


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 2001])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_stream_survives_the_batches_of_picklers(count, protocol):
    for container in ({k: {"v": k} for k in range(count)}, [{"v": k} for k in range(count)]):
        found, rest = streamed(pickle.dumps({"infos": container, "end": True}, protocol))
        assert [(item.key, item.value) for item in found] == [(k, {"v": k}) for k in range(count)]
        assert rest["end"] is True


def test_items_may_share_names_and_keys_across_a_stream():
    name, key = "train_acc1es" * 2, ("cifar10", 777)
    infos = {k: {key: {name: {0: k / 3, 1: 0.5}, "x": f"own {k}"}} for k in range(300)}
    for protocol in PROTOCOLS:
        found, _ = streamed(pickle.dumps({"infos": infos}, protocol), numbers=True)
        assert [plain(item.value) for item in found] == list(infos.values())


def test_a_container_shared_by_two_items_is_refused_rather_than_lost():
    shared = {"curve": [0.5]}
    with pytest.raises(SourceError, match="cannot be read as a stream"):
        streamed(pickle.dumps({"infos": {k: {"own": {}, "shared": shared} for k in range(3)}}, 4))


def test_a_stream_forgets_what_it_has_given():
    def record(k):
        return {name: {f"x-valid@{epoch}": epoch + k / 7 for epoch in range(200)} for name in "abcdef"}

    def peak(count):
        data = io.BytesIO(pickle.dumps({"infos": {k: record(k) for k in range(count)}}, 4))
        tracemalloc.start()
        for item in pickles.stream_items(data, WHERE, "infos", numbers=True):
            assert len(item.value) == 6
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    few, many = peak(150), peak(450)
    assert many < few + 300 * 2000, "an item of 1,200 numbers may leave some pointers behind, not its contents"


def test_a_prefix_gives_what_was_complete():
    whole = pickle.dumps({"names": ["a", "b", "c"], "total": 3, "infos": {0: {"12": {"x": 1}}, 1: {"12": {"x": 2}}}}, 4)
    seen = [pickles.load_prefix(whole[:size], WHERE) for size in range(60, len(whole) + 1)]
    assert seen[-1] == pickle.loads(whole)
    assert all(math.isclose(len(found.get("names", [])), 3) for found in seen[20:])
    assert any(found.get("infos") == {0: {"12": {"x": 1}}} for found in seen)


def test_opcodes_left_out_are_the_text_ones_and_out_of_band_buffers():
    texts = {"INT", "LONG", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "FLOAT", "PUT", "GET"}
    unknown = set()
    for opcode in pickletools.opcodes:
        with pytest.raises(SourceError) as error:
            pickles.load(b"\x80\x04" + opcode.code.encode("latin1"), WHERE)
        if f"opcode {ord(opcode.code):#x} does not belong" in str(error.value):
            unknown.add(opcode.name)
    assert unknown == texts | {"NEXT_BUFFER", "READONLY_BUFFER", "PROTO"}
