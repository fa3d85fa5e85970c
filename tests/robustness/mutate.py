"""Seeded damage: to bytes, and to the objects inside them."""

from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np

HOSTILE = (
    None,
    True,
    False,
    0,
    -1,
    1,
    256,
    1 << 31,
    1 << 63,
    (1 << 64) + 1,
    -(1 << 70),
    1 << 4000,
    0.0,
    -0.0,
    0.5,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "x",
    "0",
    "12",
    "\ud800",
    "é\u0000",
    "x-valid@0",
    "1" * 5000,
    b"",
    b"\xff\x00",
    [],
    {},
    (),
    [[]],
    [{}],
    {0: 1.5},
    {"0": 1.5},
    {1.5: None},
    [1.0, "x", None],
    (1, 2),
    {"a", "b"},
    OrderedDict(a=1),
    np.float64(0.25),
    np.float32(0.1),
    np.int64(7),
    np.array(3.5),
    np.array([]),
    np.array([1.0, 2.0]),
    np.zeros((2, 2)),
    np.zeros((0, 3)),
    np.array(["a"]),
    np.array([True]),
)
"""What may stand where something else should."""

TEXTUAL = tuple(
    value
    for value in HOSTILE
    if value is None
    or (
        type(value) in (bool, int, float, str, list, dict)
        and not (type(value) is dict and any(type(key) is not str for key in value))
    )
)
"""Those of them that JSON can write."""


def bend_bytes(data, rng):
    """Flip, overwrite, insert, delete, repeat or cut some bytes."""
    data = bytearray(data)
    for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
        if not data:
            return bytes(rng.integers(0, 256, 8, np.uint8))
        at = int(rng.integers(len(data)))
        size = int(rng.choice([1, 1, 1, 2, 4, 8, 64]))
        match int(rng.integers(7)):
            case 0:
                data[at] ^= 1 << int(rng.integers(8))
            case 1:
                data[at : at + size] = rng.integers(0, 256, size, np.uint8).tobytes()
            case 2:
                data[at:at] = rng.integers(0, 256, size, np.uint8).tobytes()
            case 3:
                del data[at : at + size]
            case 4:
                data[at:at] = data[at : at + 16 * size]
            case 5:
                data[at : at + size] = bytes([int(rng.choice([0, 0xFF, 0x7F, 0x80]))]) * size
            case 6 if rng.random() < 0.3:
                del data[at:]
    return bytes(data)


def bend_object(root, rng, hostile=HOSTILE):
    """Return a copy in which one or two places hold something else, are absent, renamed, repeated or exchanged."""
    root = copy.deepcopy(root)
    for _ in range(int(rng.choice([1, 1, 1, 2]))):
        places = list(_places(root))
        if not places:
            return root
        # Every depth is as likely as any other: otherwise nearly all damage would hit single numbers of curves.
        depth = rng.choice(sorted({depth for depth, _, _ in places}))
        among = [(holder, key) for at, holder, key in places if at == depth]
        holder, key = among[int(rng.integers(len(among)))]
        value = copy.deepcopy(hostile[int(rng.integers(len(hostile)))])
        match int(rng.integers(8)):
            case 0 | 1 | 2 | 3:
                holder[key] = value
            case 4:
                del holder[key]
            case 5 if isinstance(holder, dict):
                new = value if _is_key(value) and not (hostile is TEXTUAL and type(value) is not str) else f"{key}x"
                holder[new] = holder.pop(key)
            case 5:
                holder.insert(key, copy.deepcopy(holder[key]))
            case 6:
                other, there = among[int(rng.integers(len(among)))]
                holder[key], other[there] = other[there], holder[key]
            case 7:
                holder[key] = [holder[key]]
    return root


def _is_key(value):
    try:
        hash(value)
    except TypeError:
        return False
    return not isinstance(value, np.generic)


def _places(value, depth=0):
    """Every place in nested dicts and lists: depth, holder, key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield depth, value, key
        yield from _places(inner, depth + 1)
