"""Synthetic NAS-Bench-101: records that upstream reads, of valid cells with their hashes."""

from __future__ import annotations

import base64
import json
import struct
from collections import Counter

import numpy as np
import polars as pl
import pytest

from nbframes.spaces import nb101
from nbframes.synthetic import nb101 as nb101_sample

stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def rows(sources):
    """JSON rows of the TFRecord file, its frames and some checksums checked by the way."""
    content, rows = sources["nb101"].read_bytes(), []
    while content:
        (length,) = struct.unpack_from("<Q", content)
        payload = content[12 : 12 + length]
        assert masked_crc(content[:8]) == content[8:12]
        if len(rows) % 10 == 0:
            assert masked_crc(payload) == content[12 + length : 16 + length]
        rows.append(json.loads(payload))
        content = content[16 + length :]
    return rows


def masked_crc(content):
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def message(row):
    """Fixed layout of the protobuf message, read by position: upstream's field tags at upstream's places."""
    content = base64.b64decode(row[4], validate=True)
    evaluations = [struct.unpack_from("<BBBdBdBdBdBd", content, 47 * step) for step in range(3)]
    assert all(evaluation[:2] == (0x0A, 45) for evaluation in evaluations)
    assert all(evaluation[2::2] == (9, 17, 25, 33, 41) for evaluation in evaluations)
    assert (content[141], content[-9]) == (0x10, 0x19)
    params = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(content[142:-9]))
    return [evaluation[3::2] for evaluation in evaluations], params


def test_every_cell_has_three_runs_of_every_schedule(rows):
    assert set(Counter((row[0], row[1]) for row in rows).values()) == {3}
    assert {row[1] for row in rows} == {4, 12, 36, 108}
    assert [row[1] for row in rows[:12]] == [4] * 3 + [12] * 3 + [36] * 3 + [108] * 3


def test_cells_are_valid_pruned_and_hashed(rows):
    cells = pl.DataFrame({"hash": [row[0] for row in rows], "cell": ["|".join(row[2:4]) for row in rows]}).unique()
    assert cells["hash"].n_unique() == len(cells)
    assert nb101.is_valid(cells["cell"]).all()
    assert nb101.prune(cells["cell"]).to_list() == cells["cell"].to_list()
    assert nb101.hash(cells["cell"]).to_list() == cells["hash"].to_list()


def test_messages_hold_what_upstream_reads(rows):
    for row in rows[::25]:
        (untrained, halfway, end), params = message(row)
        assert params == nb101.params("|".join(row[2:4]))
        assert (untrained[0], halfway[0], end[0]) == (0, row[1] / 2, row[1])
        assert 0 < halfway[1] < end[1]
        for share in (*halfway[2:], *end[2:]):
            assert share == np.float32(round(share * 9984) / 9984)


def test_better_cells_are_those_that_really_are(data):
    """Rank correlation with the published accuracies of a few real cells."""
    real = json.loads((data / "nb101" / "nasbench_sample.json").read_text())
    real = [cell for cell in real if "108" in cell["metrics"]]
    texts = [nb101.format(nb101.Cell(cell["module_adjacency"], cell["module_operations"])) for cell in real]
    accuracy = [np.mean([run["final_validation_accuracy"] for run in cell["metrics"]["108"]]) for cell in real]
    assert stats.spearmanr(nb101_sample.quality(pl.Series(texts)), accuracy).statistic > 0.5
