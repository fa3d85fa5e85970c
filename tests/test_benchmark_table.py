"""The benchmarks' own table: which rows are beyond their budgets, and that every script is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import __main__ as runner
from tests.benchmarks.table import MISSED, Row, print_table

SCRIPTS = sorted(path.name for path in Path(runner.__file__).parent.glob("bench_*.py"))


@pytest.mark.parametrize(
    ("budget", "unit", "met", "beyond"),
    [
        ("<= 0.7", "ms", 70, 71),
        ("<= 1.05", "us", 105, 106),
        ("<= 10 ms", "ms", 10, 10.1),
        ("<= 1,000 MB", "MB", 1_000, 1_001),
        ("<= 0.25 us", "us", 0.25, 0.26),
        ("<= +40 ms", "ms", 140, 141),
        ("", "s", 1e9, None),
    ],
)
def test_every_form_of_budget_is_understood(budget, unit, met, beyond):
    assert not Row("work", met, 100, "peer", budget, unit).missed
    if beyond is not None:
        assert Row("work", beyond, 100, "peer", budget, unit).missed


@pytest.mark.parametrize(
    ("budget", "peer", "said"),
    [
        ("0.7", 1.0, "is none of"),
        ("< 0.7", 1.0, "is none of"),
        ("10 ms", None, "is none of"),
        ("tss <= 740", 1.0, "is none of"),
        ("<= 120 MB", None, "is not in the row's unit, 'ms'"),
        ("<= +40", 1.0, "is not in the row's unit"),
        ("<= 0.7", None, "needs a peer's figure"),
        ("<= +40 ms", None, "needs a peer's figure"),
    ],
)
def test_other_forms_are_refused_when_the_row_is_made(budget, peer, said):
    with pytest.raises(ValueError, match=said):
        Row("work", 1.0, peer, "peer", budget)


def test_what_is_missed_is_said_below_the_table(capsys):
    print_table("title", [Row("quick", 1, 2, "them", "<= 0.5"), Row("slow", 3, 2, "them", "<= 0.5")])
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith(MISSED)]
    assert said == ["missed: slow: 3.00 ms, 1.500 x them, budget <= 0.5"]


def test_every_script_is_planned():
    assert sorted({plan.script for plan in runner.PLANS}) == SCRIPTS


def test_results_list_what_a_script_says_it_missed(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "PLANS", (runner.Plan("bench_nats_spaces.py", ("--repeat", "1"), ()),))
    monkeypatch.setattr("sys.argv", ["benchmarks", "--quick", "--out", str(tmp_path / "RESULTS.md")])
    printed = runner.subprocess.CompletedProcess([], 0, f"table\n{MISSED}one: 2 ms\n", "")
    monkeypatch.setattr(runner.subprocess, "run", lambda *_, **__: printed)
    runner.main()
    text = (tmp_path / "RESULTS.md").read_text()
    assert text.endswith("```text\ntable\n```\n\n- missed: one: 2 ms\n")
