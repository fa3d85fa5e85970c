"""Values that pickles of benchmarks hold, at random, and how they are compared."""

from __future__ import annotations

import collections
import struct

import numpy as np
from hypothesis import strategies as st

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
