"""Texts and tables that objects show of themselves, in terminals and in notebooks."""

from __future__ import annotations

from html.parser import HTMLParser

import polars as pl
import pytest

import nbframes as nbf
from nbframes.display.text import html_facts, html_table, shortened
from nbframes.export.findings import Findings


class _Cells(HTMLParser):
    """Texts of the cells, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th", "caption"):
            self.cells.append(data)


def _shown():
    store = nbf.synthetic.store()
    lookup = nbf.lookup(store, benchmark="nats-tss", dataset="cifar100", split="valtest", schedule=200)
    lookup.mean(store.scan_archs("nats-tss").select("arch").first().collect().item(), 200)
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100")
    return {
        "Store": (store, "SYNTHETIC"),
        "Manifest": (store.manifest("nats-tss"), "records"),
        "Lookup": (lookup, "architectures"),
        "Problem": (problem, "15,625 architectures"),
        "Comparison": (nbf.compare(store.scan(), store.scan_runs()), "median"),
        "Table": (nbf.table(nbf.search.table(nbf.search.run("random", problem, runs=2, budget=50_000), problem)), "±"),
    }


SHOWN = _shown()


@pytest.mark.parametrize("name", SHOWN)
def test_what_people_get_shows_itself_in_notebooks(name):
    thing, word = SHOWN[name]
    cells = _Cells(thing._repr_html_()).cells
    assert word in " ".join(cells)
    assert len(cells) > 2


def test_a_comparison_has_one_line_a_benchmark():
    comparison, _ = SHOWN["Comparison"]
    _, head, *lines = repr(comparison).splitlines()
    assert "architectures" in head
    assert {line.split()[0] for line in lines} == {"nats-sss", "nats-tss", "nb101", "nb201", "nb301"}
    line = next(line for line in lines if line.startswith("nats-sss"))
    part = comparison.distribution.filter(benchmark="nats-sss")
    assert f"{part['value'].max():.4f}" in line
    assert line.endswith(f"{comparison.agreement.filter(benchmark='nats-sss')['correlation'][0]:.4f}")


def test_facts_are_escaped_and_without_control_characters():
    assert _Cells(html_facts("a<b", [("c", "<script>\x1b")])).cells == ["a<b", "c", "<script>\\x1b"]


def test_long_texts_keep_both_ends():
    text = "|nor_conv_3x3~0|+" * 10 + "the end"
    assert shortened("short") == "short"
    assert len(shortened(text, 40)) == 40
    assert shortened(text, 40).startswith("|nor_conv")
    assert shortened(text, 40).endswith("the end")
    found = Findings()
    found.note("odd cells", text)
    assert len(found.lines()[0]) < 100
    assert found.listed()[0]["examples"] == [text]  # the manifest keeps all of it


def test_a_column_is_written_with_the_same_digits():
    frame = pl.DataFrame({"std": [0.17, 0.05605, 0.0004], "small": [0.05605, 0.0051, None]})
    page = html_table(frame)
    assert [text for text in _Cells(page).cells[2:] if text.strip()] == [
        "0.17",
        "0.05605",
        "0.06",
        "0.0051",
        "0.0004",
        "-",
    ]
