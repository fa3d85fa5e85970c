"""The pickle machine builds what pickle builds, and runs nothing."""

from __future__ import annotations

import bz2
import collections
import contextlib
import copyreg
import io
import math
import os
import pickle
import pickletools
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.errors import SourceError, UnsafePickleError
from nbframes.export.containers import pickles

PROTOCOLS = (2, 3, 4, 5)
WHERE = "benchmark.pickle (record 7)"

plain_atoms = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
atoms = plain_atoms | st.binary(max_size=20)
keys = st.one_of(st.text(max_size=8), st.integers(0, 1 << 20), st.tuples(st.text(max_size=4), st.integers(0, 999)))
curves = st.one_of(
    st.dictionaries(st.integers(0, 400), st.floats()),
    st.dictionaries(st.text(max_size=12), st.floats()),
    st.dictionaries(st.integers(0, 400), st.floats()).map(collections.OrderedDict),
    st.lists(st.floats()),
    st.lists(st.tuples(st.integers(0, 300), st.floats())),
)
values = st.recursive(
    atoms | curves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(keys, inner, max_size=5),
        st.tuples(inner, inner),
        st.sets(st.integers() | st.text(max_size=5), max_size=5),
        st.frozensets(st.integers(), max_size=5),
    ),
    max_leaves=12,
)


def plain(value):
    """The same value with number dicts made plain, for comparison."""
    if isinstance(value, pickles.NumberDict):
        value = value.settled()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    return value


def same(left, right):
    """Equal in value and type, NaN and negative zero by their bits."""
    if type(left) is not type(right) and not (isinstance(left, dict) and isinstance(right, dict)):
        return False
    if isinstance(left, (float, np.floating)):
        return struct.pack("d", left) == struct.pack("d", right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


# ------------------------------------------------------------------------------------------------ what pickle would build


@settings(deadline=None, max_examples=150)
@given(values, st.sampled_from(PROTOCOLS), st.booleans())
def test_any_plain_value_is_what_pickle_loads(value, protocol, numbers):
    data = pickle.dumps(value, protocol)
    found = pickles.load(data, WHERE, numbers=numbers)
    assert same(plain(found), plain(pickle.loads(data)))


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.text(max_size=6), curves, max_size=4), st.integers(0, 100))
def test_shared_objects_and_python_picklers_make_no_difference(value, twice):
    shared = [value, value, {"again": value, "twice": [twice, twice]}]
    buffer = io.BytesIO()
    pickle._Pickler(buffer, 4).dump(shared)
    found = pickles.load(buffer.getvalue(), WHERE)
    assert same(found, pickle.loads(buffer.getvalue()))
    assert found[0] is found[1]


def test_real_records_are_what_pickle_loads(data):
    for path in sorted((data / "nats").glob("*/*.pbz2")):
        raw = bz2.decompress(path.read_bytes())
        for protocol in PROTOCOLS:
            again = pickle.dumps(pickle.loads(raw), protocol)
            assert pickles.load(again, str(path)) == pickle.loads(raw)
            assert plain(pickles.load(again, str(path), numbers=True)) == plain(pickle.loads(raw))


def test_curves_longer_than_a_frame_and_a_batch_stay_whole():
    curve = {f"x-valid@{epoch}": epoch / 7 for epoch in range(9000)}
    value = {"first": curve, "second": dict.fromkeys(curve, 0.5), "third": dict(enumerate(curve.values()))}
    for protocol in PROTOCOLS:
        found = pickles.load(pickle.dumps(value, protocol), WHERE, numbers=True)
        run = found["third"].numbers()
        assert run.keys == tuple(range(9000))
        assert run.values.tolist() == list(curve.values())
        assert plain(found) == value


class Dripping:
    """A file that returns few bytes at a time, whatever is asked for."""

    def __init__(self, data, most):
        self._file = io.BytesIO(data)
        self._sizes = np.random.default_rng(most)
        self._most = most

    def read(self, _size=-1):
        return self._file.read(int(self._sizes.integers(1, self._most + 1)))


@pytest.mark.parametrize("most", [9, 700, 70_000])
def test_frames_may_be_cut_anywhere_and_interrupted_by_large_values(most):
    curve = {f"x-valid@{epoch}": epoch / 7 for epoch in range(900)}
    few = (
        [curve, "tail" * 50]
        if most < 10
        else [curve, dict(enumerate(curve.values())), "tail" * 20_000, list(curve.values())] * 3
    )
    value = {"a": few, "large": b"\x95" * (1 << 17), "b": few, "c": [b"." * (1 << 16), curve]}
    for protocol in (4, 5):
        data = pickle.dumps(value, protocol)
        for numbers in (True, False):
            assert plain(pickles.load(Dripping(data, most), WHERE, numbers=numbers)) == value


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1.5),
        np.int64(-3),
        np.bool_(True),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(["a", "bcd"]),
        np.array([], np.uint8),
        np.array(2.5),
    ],
    ids=repr,
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpy_values_are_rebuilt(value, protocol):
    data = pickle.dumps([value], protocol)
    found = pickles.load(data, WHERE)[0]
    assert type(found) is type(value)
    assert found.dtype == pickle.loads(data)[0].dtype
    np.testing.assert_array_equal(found, value)


def test_numpy_values_are_rebuilt_under_the_old_module_names():
    new = pickle.dumps({"scalar": np.float64(0.1), "array": np.arange(3.0)}, 2)
    old = new.replace(b"cnumpy._core.", b"cnumpy.core.")
    found = pickles.load(old, WHERE)
    assert old != new
    assert found["scalar"] == np.float64(0.1)
    assert found["array"].tolist() == [0.0, 1.0, 2.0]


def test_a_dtype_keeps_its_byte_order_and_shared_dtypes_stay_apart():
    found = pickles.load(pickle.dumps([np.array([1], ">i2"), np.array([1], "<i2")], 4), WHERE)
    assert [array.tolist() for array in found] == [[1], [1]]
    assert np.dtype("i2").isnative


# ------------------------------------------------------------------------------------------------------ nothing ever runs


class Evil:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def programs(path):
    """Pickles that make a folder when pickle loads them."""
    call = short(str(path)) + b"\x85R"
    module, name = os.mkdir.__module__, "mkdir"
    yield "reduce", pickle.dumps(Evil(path), 4)
    yield "reduce in protocol 2", pickle.dumps(Evil(path), 2)
    yield "nested in a record", pickle.dumps({"200": {"all_results": {("cifar10", 777): {"latency": [Evil(path)]}}}}, 4)
    yield "behind a curve", pickle.dumps([dict.fromkeys(range(200), 0.5), Evil(path)], 4)
    yield (
        "names from the memo",
        b"\x80\x04" + short(name) + b"\x94" + short(module) + b"\x94000"[:2] + b"0" + b"h\x01h\x00\x93" + call + b".",
    )
    yield "text global", b"\x80\x02c" + f"{module}\n{name}\n".encode() + call + b"."
    yield "INST", b"\x80\x02(" + short(str(path)) + b"i" + f"{module}\n{name}\n".encode() + b"."
    yield "OBJ", b"\x80\x02(c" + f"{module}\n{name}\n".encode() + short(str(path)) + b"o."
    yield "a qualified name", pickle_of_attribute(path)


def pickle_of_attribute(path):
    return (
        b"\x80\x04"
        + short("os")
        + short("sys.modules")
        + b"\x930"
        + short(os.mkdir.__module__)
        + short("mkdir")
        + b"\x93"
        + short(str(path))
        + b"\x85R."
    )


@pytest.mark.parametrize("kind", [kind for kind, _ in programs("x")])
def test_programs_do_not_run(kind, tmp_path):
    folder = tmp_path / "ran"
    data = dict(programs(folder))[kind]
    pickle.loads(data)
    assert folder.is_dir(), "the payload must work where nothing stops it"
    folder.rmdir()
    for attempt in (pickles.load, pickles.load_prefix):
        with pytest.raises(UnsafePickleError, match="nothing of it was run"):
            attempt(data, WHERE)
    with pytest.raises(UnsafePickleError):
        list(pickles.stream_items(io.BytesIO(data), WHERE, "arch2infos"))
    assert not folder.exists()


def test_the_refusal_names_global_file_and_record():
    with pytest.raises(UnsafePickleError, match=r"benchmark\.pickle \(record 7\).*'posix\.mkdir'"):
        pickles.load(pickle.dumps(Evil("x"), 4), WHERE)


@pytest.mark.parametrize(
    ("low", "opcode"), [(0xF0, b"\x82\xf0"), (0xF00, b"\x83\x00\x0f"), (0xF0000, b"\x84\x00\x00\x0f\x00")]
)
def test_extension_codes_are_refused_even_when_registered_and_cached(low, opcode, tmp_path):
    folder = tmp_path / "ran"
    data = b"\x80\x02" + opcode + short(str(folder)) + b"\x85R."
    copyreg.add_extension(os.mkdir.__module__, "mkdir", low)
    try:
        pickle.loads(data)
        folder.rmdir()
        with pytest.raises(UnsafePickleError, match="extension code"):
            pickles.load(data, WHERE)
    finally:
        copyreg.remove_extension(os.mkdir.__module__, "mkdir", low)
    assert not folder.exists()


class State:
    pass


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pickle.dumps(State(), 4), "State"),
        (pickle.dumps(print, 4), "builtins.print"),
        (pickle.dumps(np.array([{}], object), 4), "plain"),
        (b"\x80\x02cnumpy\nload\n.", "numpy.load"),
        (b"\x80\x04" + short("collections") + short("OrderedDict.fromkeys") + b"\x93.", "OrderedDict.fromkeys"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "instance of a class.*collections.OrderedDict"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}" + short("__class__") + short("x") + b"sb.", "no state to set"),
        (b"\x80\x02cnumpy\ndtype\n" + short("O") + b"\x85R.", "plain numeric"),
        (
            b"\x80\x02cnumpy\ndtype\n"
            + short("f8")
            + b"\x85R(K\x03"
            + short("<")
            + b"}NNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.",
            "plain numeric",
        ),
        (b"\x80\x02cnumpy\nndarray\nK\x05\x85R.", "_reconstruct only"),
        (b"\x80\x02c_codecs\nencode\n" + short("x") + short("zip") + b"\x86R.", "latin1 only"),
        (b"\x80\x02" + short("x") + b"Q.", "object outside itself"),
        (b"\x80\x02Px\n.", "object outside itself"),
        (b"\x80\x02}(K\x01K\x02uK\x03\x85R.", "calls a dict"),
    ],
)
def test_what_is_not_plain_data_is_refused(data, reason):
    with pytest.raises(SourceError, match=reason):
        pickles.load(data, WHERE)


def test_a_format_may_allow_more_and_understand_persistent_ids():
    allowed = {**pickles.ALLOWED, ("torch", "Size"): pickles.Global("torch.Size", tuple)}
    assert pickles.load(b"\x80\x02ctorch\nSize\n]K\x03a\x85R.", WHERE, allowed=allowed) == (3,)
    assert pickles.load(b"\x80\x02K\x07Q.", WHERE, persistent=lambda identifier: identifier + 1) == 8


# ----------------------------------------------------------------------------------------------------- broken and hostile


RECORD = pickle.dumps(
    collections.OrderedDict(
        {
            "12": {
                "curve": dict.fromkeys(range(40), 0.25),
                "sets": {f"x@{k}": 1.5 for k in range(40)},
                "n": np.float64(3),
            }
        }
    ),
    4,
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_truncated_pickle_says_so(protocol):
    whole = pickle.dumps(pickle.loads(RECORD), protocol)
    for size in range(0, len(whole), 7):
        with pytest.raises(SourceError, match=r"benchmark\.pickle \(record 7\).*truncated"):
            pickles.load(whole[:size], WHERE)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(RECORD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_pickle_gives_a_value_or_a_source_error(changes):
    damaged = bytearray(RECORD)
    for place, byte in changes:
        damaged[place] = byte
    with contextlib.suppress(SourceError):
        pickles.load(bytes(damaged), WHERE, numbers=True)


@pytest.mark.parametrize(
    "claim",
    [
        b"\x8d" + (1 << 60).to_bytes(8, "little"),
        b"\x8e" + (1 << 40).to_bytes(8, "little"),
        b"\x96" + (1 << 62).to_bytes(8, "little"),
        b"X" + (1 << 31).to_bytes(4, "little"),
        b"B" + (0xFFFFFFFF).to_bytes(4, "little"),
        b"\x8b" + (0x7FFFFFFF).to_bytes(4, "little"),
        b"\x95" + (1 << 60).to_bytes(8, "little"),
        b"c" + b"x" * 5000,
        pickle.dumps(np.zeros(3), 4)[2:-1].replace(
            b"K\x03\x85", b"\x8a\x07" + (1 << 50).to_bytes(7, "little") + b"\x85"
        ),
    ],
)
def test_a_length_field_claims_no_memory(claim):
    tracemalloc.start()
    try:
        with pytest.raises(SourceError):
            pickles.load(b"\x80\x04" + claim + b"N.", WHERE)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_nesting_costs_no_recursion():
    depth = 50_000
    found = pickles.load(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".", WHERE)
    for _ in range(depth - 1):
        (found,) = found
    assert found == []


def test_a_key_that_is_expensive_to_hash_is_refused():
    doubled = b"K\x01" + b"\x85\x94" + b"".join(b"2\x86\x94" for _ in range(60))
    with pytest.raises(SourceError, match="cannot be a key"):
        pickles.load(b"\x80\x04}" + doubled + b"Ns.", WHERE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"not a pickle",
        b"\x80\x01N.",
        b"\x80\x06N.",
        b"(dp0\n.",
        b"\x80\x04N",
        b"\x80\x04N(.",
        b"\x80\x04a.",
    ],
)
def test_what_is_no_pickle_of_protocol_2_to_5_is_refused(data):
    with pytest.raises(SourceError, match=r"the pickle cannot be read at byte \d+"):
        pickles.load(data, WHERE)


# ------------------------------------------------------------------------------------------------------------ item by item


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
