"""Decoding in bulk and record by record give the same, whatever mixture of shapes stands in a block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbframes.errors import SourceError
from nbframes.export.containers.protobuf import fields, varint
from nbframes.export.nb101.bulk import SEPARATOR, Decoder
from nbframes.export.nb101.record import decode_base64, parse_metrics, parse_row
from tests.export.nb101 import files as made

NUMBERS = st.integers(0, 9984).map(made.accuracy) | st.sampled_from([0.5, float("nan"), float("inf"), 0.3, -0.0, 1e300])
EXTRAS = st.sampled_from(
    [b"", made.double(9, 2.5), made.text(6, b"path"), made.text(6, b"other"), b"\x0f", made.varint(72) + b"\x01"]
)
CELLS = st.sampled_from([made.CHAIN, made.FORK])


@st.composite
def records(draw):
    epochs = draw(st.sampled_from([4, 12, 36, 108]))
    numbers = [draw(st.fixed_dictionaries({}, optional=dict.fromkeys((2, 3, 4, 5), NUMBERS))) for _ in range(2)]
    steps = [epochs / 2, epochs]
    if draw(st.integers(0, 9)) == 0:
        steps[draw(st.integers(0, 1))] += draw(st.sampled_from([0.4, 0.5, 3.0]))
    return made.Run(
        cell=draw(CELLS),
        epochs=epochs,
        halfway={1: steps[0]} | numbers[0],
        final={1: steps[1]} | numbers[1],
        params=draw(st.sampled_from([None, 5, 300, 2_000_000, 40_000_000, 2**31])),
        extra=draw(EXTRAS),
        breaks=draw(st.sampled_from([0, 0, 0, 76])),
    )


@st.composite
def payloads(draw):
    base = draw(records())
    kind = draw(st.sampled_from(["whole", "whole", "like", "like", "cut", "changed", "spaced"]))
    payload = base.payload
    if kind == "like":
        return [
            made.run(base.epochs, seed=seed, params=base.params, cell=base.cell).payload
            for seed in range(draw(st.integers(1, 4)))
        ]
    if kind == "cut":
        return [payload[: draw(st.integers(0, len(payload)))]]
    if kind == "changed":
        place = draw(st.integers(0, len(payload) - 1))
        return [payload[:place] + bytes([draw(st.integers(32, 126))]) + payload[place + 1 :]]
    return [payload.replace(b", ", b",") if kind == "spaced" else payload]


def carefully(payload):
    row = parse_row(payload)
    metrics = parse_metrics(decode_base64(row.metrics), row.epochs)
    cell = row.adjacency.encode() + SEPARATOR + row.operations.encode()
    return row.epochs, metrics.params, np.array(metrics.values), cell


@settings(deadline=None, max_examples=120)
@given(st.lists(payloads(), min_size=1, max_size=12))
def test_bulk_and_careful_decoding_agree(groups):
    rows = [payload for group in groups for payload in group]
    stop = np.cumsum([len(payload) for payload in rows])
    start = stop - [len(payload) for payload in rows]
    data = b"".join(rows)
    decoder = Decoder()
    decoder.decode(data, start, stop)
    for decoded in (decoder.decode(data, start, stop), Decoder().decode(data, start, stop)):
        for record, payload in enumerate(rows):
            try:
                epochs, params, values, cell = carefully(payload)
            except SourceError:
                differs = record not in decoded.broken
                assert not differs or not_json_in_the_cell(payload)
                continue
            assert record not in decoded.broken
            assert (decoded.epochs[record], decoded.params[record]) == (epochs, params)
            np.testing.assert_array_equal(decoded.values[:, record].view(np.int64), values.view(np.int64))
            left, right = decoded.text[:, record]
            assert decoded.odd_texts.get(record, data[left:right]) == cell


def not_json_in_the_cell(payload):
    """Whether a changed character stands in the hash or the cell, which the index and the search space check."""
    repaired = payload[:2] + b"0" * 32 + payload[34:]
    head = repaired.index(b'"', 37) + 1
    tail = repaired.rindex(SEPARATOR)
    try:
        carefully(repaired[:head] + b'0", "x' + repaired[tail:])
    except SourceError:
        return False
    return True


@given(
    st.lists(st.tuples(st.integers(1, 2**29 - 1), st.sampled_from([0, 1, 2, 5]), st.binary(min_size=8, max_size=20)))
)
def test_fields_are_found_by_number_and_wire_type(written):
    message, expected = b"", []
    for number, wire, content in written:
        value = {0: made.varint(int.from_bytes(content[:8], "little")), 1: content[:8], 2: content, 5: content[:4]}[
            wire
        ]
        message += made.varint(number << 3 | wire) + (made.varint(len(content)) if wire == 2 else b"")
        expected.append((number, wire, value))
        message += value
    assert [(field.number, field.wire, message[field.start : field.stop]) for field in fields(message)] == expected


@given(st.integers(0, 2**64 - 1), st.binary(max_size=4))
def test_varints_come_back(number, behind):
    written = made.varint(number)
    assert varint(written + behind, 0, len(written + behind)) == (number, len(written))
    with pytest.raises(SourceError):
        varint(written[:-1], 0, len(written) - 1)


@pytest.mark.parametrize(
    "message",
    [b"\x00", b"\x0c", b"\x0e", b"\x07", b"\x0a\x05abc", b"\x09abc", b"\x0d", b"\x0b\x08\x01", b"\x08" + b"\xff" * 11],
)
def test_what_is_not_in_the_wire_format_is_refused(message):
    with pytest.raises(SourceError):
        list(fields(message))
