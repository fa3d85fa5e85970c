"""Damaged sources of every format end in words, in time, and with no row that they do not hold.

The long run: ``NBFRAMES_FUZZ=20000 pytest tests/robustness/test_fuzz.py``, or ``python -m tests.robustness.fuzz``.
"""

from __future__ import annotations

import os

import pytest

from tests.robustness import fuzz, sources

COUNT = int(os.environ.get("NBFRAMES_FUZZ", "360"))
SEED = 7


@pytest.mark.parametrize("name", sources.FORMATS)
def test_the_undamaged_source_is_read_whole(name, tmp_path):
    form = sources.FORMATS[name]
    form.write(form.content, tmp_path / "source", sources.kept)
    facts, found = form.facts(tmp_path / "source"), fuzz.rows_of(tmp_path / "source", "raise")
    assert sum(found.values()) == sum(facts.values()) > 40
    assert found == facts


@pytest.mark.parametrize("name", sources.FORMATS)
def test_no_damage_gets_anything_but_words_out_of_a_reader(name):
    outcomes = [fuzz.run(case) for case in fuzz.cases(COUNT, SEED) if case.format == name]
    bad = [outcome for outcome in outcomes if outcome.result not in fuzz.GOOD]
    assert not bad, f"{len(bad)} of {len(outcomes)}: {bad[0]}"
    assert any(outcome.result == "read" for outcome in outcomes), "some damage leaves records whole"
