"""TFRecord framing: the real file's frames, checksums that see every flipped bit, truncation anywhere, resynchronisation."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbframes.export.containers.tfrecord import find_frame, frame, masked_crc32c, pieces, read_range, scan

PAYLOADS = [b"first", b"", b'["second", 2]', b"x" * 40, b"last"]
DATA = b"".join(map(frame, PAYLOADS))


def payloads(data):
    frames, damages = scan(data)
    return [data[start + 12 : start + 12 + length] for start, length in zip(*map(list, frames), strict=True)], damages


def test_frames_of_the_real_file_hold_its_json_rows(data):
    source = (data / "nb101" / "nasbench_sample.tfrecord").read_bytes()
    found, damages = payloads(source)
    assert not damages
    assert len(found) == 108
    assert {len(json.loads(payload)) for payload in found} == {5}
    assert b"".join(map(frame, found)) == source


def test_the_masked_checksum_is_the_one_in_the_real_file(data):
    head = (data / "nb101" / "nasbench_sample.tfrecord").read_bytes()[:12]
    assert struct.unpack("<I", head[8:])[0] == masked_crc32c(head[:8])


@given(st.lists(st.binary(max_size=400), max_size=12))
def test_what_is_framed_is_found_again(written):
    assert payloads(b"".join(map(frame, written))) == (written, [])


@pytest.mark.parametrize("bit", range(len(DATA) * 8))
def test_every_flipped_bit_is_seen(bit):
    broken = bytearray(DATA)
    broken[bit // 8] ^= 1 << bit % 8
    found, damages = payloads(bytes(broken))
    lost = [payload for payload in PAYLOADS if payload not in found]
    assert len(damages) == len(lost) == 1
    assert [payload for payload in PAYLOADS if payload in found] == found
    (damage,) = damages
    assert damage.start <= bit // 8 < damage.stop
    assert DATA[damage.start : damage.stop] == frame(lost[0])
    assert "checksum" in damage.reason or "cut short" in damage.reason


@pytest.mark.parametrize("size", range(len(DATA)))
def test_truncation_at_every_position_is_seen(size):
    found, damages = payloads(DATA[:size])
    assert PAYLOADS[: len(found)] == found
    whole = sum(len(frame(payload)) for payload in found)
    if whole == size:
        assert not damages
    else:
        assert [(damage.start, damage.stop) for damage in damages] == [(whole, size)]
        assert "cut short" in damages[0].reason


def test_reading_goes_on_behind_garbage():
    found, damages = payloads(frame(b"a") + b"\x00" * 1000 + b"garbage" + frame(b"b") + b"tail")
    assert found == [b"a", b"b"]
    assert [(damage.start, damage.stop) for damage in damages] == [(17, 1024), (1041, 1045)]


def test_a_frame_is_found_only_where_both_checksums_hold():
    broken_payload = bytearray(frame(b"payload"))
    broken_payload[14] ^= 1
    data = b"xx" + bytes(broken_payload) + frame(b"good")
    assert find_frame(data) == 2 + len(broken_payload)
    assert find_frame(data, 2 + len(broken_payload) + 1) is None
    assert find_frame(b"") is None


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_pieces_cover_the_file_and_begin_with_frames(tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(DATA * 5)
    ranges = list(pieces(path, size=size))
    assert b"".join(read_range(path, *piece) for piece in ranges) == DATA * 5
    found = [payload for piece in ranges for payload in payloads(read_range(path, *piece))[0]]
    assert found == PAYLOADS * 5
