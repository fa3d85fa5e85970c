"""Broken and hostile pickles are refused in words, in little memory."""

from __future__ import annotations

import collections
import contextlib
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.errors import SourceError
from nbframes.export.containers import pickles
from tests.export.pickles.values import PROTOCOLS, WHERE

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
