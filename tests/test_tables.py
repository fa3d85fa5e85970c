"""Tables for papers: what is printed, what is bold, and that LaTeX and HTML read back as what went in."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nbframes as nbf
from nbframes.display.printed import DASH, MINUS
from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError


def _bold(table):
    return {(row, table.header[place]) for row, place in table.best}


def _accuracies(values, **columns):
    return pl.DataFrame({"metric": ["accuracy"] * len(values), "mean": values, **columns})


def test_mean_and_std_become_one_column_with_the_unit_of_the_metric():
    table = nbf.table(_accuracies([93.456, 91.0], std=[0.123, None]))
    assert table.header == ("accuracy (%), mean ± std",)
    assert table.rows == (("93.46 ± 0.12",), ("91.00",))


def test_named_means_take_the_labels_of_their_metrics():
    frame = pl.DataFrame({"accuracy_mean": [93.0], "accuracy_std": [1.0], "val_mean": [2.0], "val_std": [1.0]})
    assert nbf.table(frame).header == ("accuracy (%), mean ± std", "val, mean ± std")


def test_the_better_end_is_that_of_the_metric_in_each_row():
    frame = pl.DataFrame(
        {"metric": ["accuracy", "accuracy", "loss", "loss", "mine", "mine"], "value": [90.0, 91.0, 0.4, 0.3, 1.0, 2.0]}
    )
    assert _bold(nbf.table(frame)) == {(1, "value"), (3, "value")}


def test_rows_that_answer_other_questions_do_not_compete():
    frame = _accuracies([90.0, 91.0, 70.0, 65.0, 12.0], dataset=["cifar10", "cifar10", "cifar100", "cifar100", "mnist"])
    assert _bold(nbf.table(frame)) == {(1, "mean accuracy (%)"), (2, "mean accuracy (%)")}


def test_values_that_are_printed_alike_are_bold_together():
    frame = _accuracies([93.456, 93.459, 93.44], std=[1.0, 2.0, 3.0])
    assert {row for row, _ in nbf.table(frame).best} == {0, 1}
    assert {row for row, _ in nbf.table(frame, digits=3).best} == {1}


@pytest.mark.parametrize("absent", [None, math.nan])
def test_missing_values_are_shown_and_never_best(absent):
    table = nbf.table(pl.DataFrame({"regret": [absent, 2.0, 1.0]}))
    assert table.rows[0] == (DASH if absent is None else "NaN",)
    assert _bold(table) == {(2, "regret")}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1.5, f"{MINUS}1.50"),
        (-0.0, "0.00"),
        (1234567.891, "1,234,567.89"),
        (3e15, "3.00e+15"),
        (0.00041, f"4.10e{MINUS}04"),
        (math.inf, "∞"),
        (-math.inf, f"{MINUS}∞"),
    ],
)
def test_numbers_are_written_for_readers(value, text):
    assert nbf.table(pl.DataFrame({"x": [value, 0.5]})).rows[0] == (text,)


@given(st.lists(st.floats(-1e11, 1e11), min_size=1), st.integers(0, 6))
def test_what_is_printed_reads_back_within_its_digits(values, digits):
    for value, (text,) in zip(values, nbf.table(pl.DataFrame({"x": values}), digits=digits).rows, strict=True):
        read = float(text.replace(",", "").replace(MINUS, "-"))
        assert read == pytest.approx(value, abs=0.5000001 * 10.0**-digits, rel=1e-12)


def test_whole_costs_have_no_digits_and_numbers_of_architectures_stand_together():
    table = nbf.table(pl.DataFrame({"arch": [15624], "n": [15625], "params": [1531546.0]}))
    assert table.header == ("arch", "n", "parameters")
    assert table.rows == (("15624", "15,625", "1,531,546"),)


def test_columns_of_small_values_keep_significant_digits():
    frame = pl.DataFrame({"latency_mean": [0.01234, 0.0051], "latency_std": [0.0004, 0.00001]})
    table = nbf.table(frame)
    assert table.header == ("latency (s), mean ± std",)
    assert table.rows == ((f"0.012 ± 4.000e{MINUS}04",), (f"0.005 ± 1.000e{MINUS}05",))


def test_time_has_the_unit_of_its_clock():
    assert nbf.table(pl.DataFrame({"time": [3.0], "clock": ["evaluations"]})).header[0] == "time (evaluations)"
    assert nbf.table(pl.DataFrame({"time": [3.0, 1.0], "clock": ["evaluations", "seconds"]})).header[0] == "time"


def test_the_best_of_the_benchmark_does_not_compete_with_the_algorithms():
    problem = nbf.search.Problem(nbf.published.store(), "nats-tss", dataset="cifar100", clock="evaluations")
    found = nbf.search.table(nbf.search.run(["random", "local"], problem, runs=3, budget=30), problem)
    table = nbf.table(found, bold={"val_mean": "max"})
    assert [text for text in table.header if "val" in text] == [
        "val accuracy (%), mean ± std",
        "valtest accuracy (%), mean ± std",
    ]
    better = 0 if found["val_mean"][0] > found["val_mean"][1] else 1
    assert {row for row, _ in table.best} == {better}
    assert table.rows[better][table.header.index("val accuracy (%), mean ± std")] == found["val"][better]


def test_bold_is_what_was_asked_for():
    frame = pl.DataFrame({"regret": [2.0, 1.0], "own": [1.0, 3.0]})
    assert _bold(nbf.table(frame)) == {(1, "regret")}
    assert _bold(nbf.table(frame, bold=None)) == set()
    assert _bold(nbf.table(frame, bold={"own": "max"})) == {(1, "own")}


def test_synthetic_numbers_are_called_so_if_the_frame_tells():
    frame = pl.DataFrame({"origin": ["official", "synthetic"], "n": [1, 2]})
    assert nbf.table(frame, caption="Counts").caption.startswith("SYNTHETIC")
    assert nbf.table(frame[:1], caption="Counts").caption == "Counts"


def test_latex_is_escaped():
    hostile = r"\input{x} $a_b^c$ 50% #1 & ~|<>\\"
    latex = nbf.table(pl.DataFrame({"a_b": [hostile], "x": [-1.0]}), caption="50% & more").to_latex()
    assert r"\caption{50\% \& more}" in latex
    assert (
        r"\textbackslash{}input\{x\} \$a\_b\textasciicircum{}c\$ 50\% \#1 \& \textasciitilde{}\textbar{}\textless{}\textgreater{}"
        in latex
    )
    assert "$-$1.00" in latex
    assert re.search(r"(?<!\\)[%#]", latex) is None
    row = latex.split("\\midrule\n")[1].split("\n")[0]
    assert len(re.findall(r"(?<!\\)&", row)) == 1


def test_latex_has_the_rules_of_booktabs_and_bold_pairs():
    latex = nbf.table(_accuracies([1.0, 2.0], std=[0.5, 0.25], algorithm=["a", "[b]"])).to_latex()
    assert [latex.count(rule) for rule in ("\\toprule", "\\midrule", "\\bottomrule")] == [1, 1, 1]
    assert "\\begin{tabular}{rl}" in latex
    assert "\\textbf{2.00 $\\pm$ 0.25} & {[}b{]} \\\\" in latex


class _Cells(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.scopes, self.strong = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "th":
            self.scopes.append(dict(attrs)["scope"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.texts.append(data)
        if "strong" in self.open:
            self.strong.append(data)


def test_html_reads_back_as_what_went_in():
    table = nbf.table(pl.DataFrame({"name": ["<b>&'", "y"], "regret": [2.0, 1.0]}), caption="<i>")
    cells = _Cells(table.to_html())
    assert cells.open == []
    assert cells.texts == ["<b>&'", "2.00", "y", "1.00"]
    assert cells.scopes == ["col", "col"]
    assert cells.strong == ["1.00"]
    assert "<caption>&lt;i&gt;</caption>" in table.to_html()
    assert table._repr_html_() == table.to_html()


def test_lazy_frames_are_collected_and_texts_are_aligned():
    table = nbf.table(pl.LazyFrame({"name": ["x", "longer"], "n": [1, 1000]}), caption="Counts")
    assert repr(table) == "Counts\nname        n\nx           1\nlonger  1,000"


@pytest.mark.parametrize("frame", [pl.DataFrame(), pl.DataFrame({"x": []})])
def test_empty_frames_are_refused(frame):
    with pytest.raises(FrameError, match="nothing to print"):
        nbf.table(frame)


def test_what_cannot_be_used_is_said():
    frame = pl.DataFrame({"regret": [1.0], "name": ["x"]})
    with pytest.raises(FrameError, match="expected a frame, got dict"):
        nbf.table({"regret": [1.0]})
    with pytest.raises(InvalidArgumentError, match="digits"):
        nbf.table(frame, digits=-1)
    with pytest.raises(InvalidArgumentError, match="not 'worst'"):
        nbf.table(frame, bold="worst")
    with pytest.raises(UnknownNameError, match="did you mean 'regret'"):
        nbf.table(frame, bold={"regrets": "min"})
    with pytest.raises(UnknownNameError, match="'name'"):
        nbf.table(frame, bold={"name": "min"})
    with pytest.raises(InvalidArgumentError, match="'max' or 'min', not 'low'"):
        nbf.table(frame, bold={"regret": "low"})
