"""The pickle machine builds what pickle builds."""

from __future__ import annotations

import bz2
import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.export.containers import pickles
from tests.export.pickles.values import PROTOCOLS, WHERE, curves, plain, same, values


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
