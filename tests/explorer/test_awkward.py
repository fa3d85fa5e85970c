"""Tables that are not as one wishes them: values that are missing, equal or alone, texts that are long or hostile."""

from __future__ import annotations

import math
import shutil

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nbframes as nbf
from nbframes.errors import UnknownNameError
from tests.explorer.browser import code, errors, note, opened, press, selected, until

HOSTILE = "</script><img src=x onerror=\"document.title='taken'\">'\"§x`${1}&amp;"


def _store(root, values, *, metric="accuracy", archs=None, runs=None):
    frame = pl.DataFrame({"value": values}, schema={"value": pl.Float64}).with_columns(
        arch=pl.int_range(len(values), dtype=pl.Int32),
        dataset=pl.lit("mnist"),
        split=pl.lit("test"),
        metric=pl.lit(metric),
        schedule=5,
        budget=5,
        seed=1,
    )
    if runs is not None:
        runs = runs.with_columns(
            arch=pl.int_range(len(values), dtype=pl.Int32), dataset=pl.lit("mnist"), schedule=5, seed=1
        )
    if archs is not None:
        archs = archs.with_columns(arch=pl.int_range(len(values), dtype=pl.Int32))
    nbf.write_results(frame, root, benchmark="mine", archs=archs, runs=runs)
    return nbf.open_store(root)


def _check_expressions(explorer, store):
    """The expressions of all columns, one after the other, make the frame."""
    scope = {"store": store, "nbf": nbf, "pl": pl}
    for text in dict.fromkeys(column.expression for column in explorer._table.columns):
        exec(text, scope)
    columns = [column.name for column in explorer._table.columns]
    assert_frame_equal(scope["frame"].select("arch", *columns), explorer.frame.select("arch", *columns))


def _page(browser, explorer, folder):
    opened(browser, explorer.save(folder / "page.html"))
    assert not errors(browser)


def test_values_that_diverged_are_in_no_selection(browser, tmp_path):
    values = [90.0, math.nan, 80.0, 70.0, math.nan, 60.0]
    costs = pl.DataFrame({"energy": [1.0, 2.0, None, 4.0, 5.0, math.inf]})
    store = _store(tmp_path / "store", values, runs=costs)
    explorer = nbf.explore(store, "mine", x="energy")
    _check_expressions(explorer, store)
    _page(browser, explorer, tmp_path)
    text = browser.find_element("id", "explorer").text
    assert "2 architectures have no mnist test accuracy (%)" in text
    assert "2 architectures have no energy" in text
    browser.find_element("name", "low").send_keys("65")
    until(lambda: selected(browser) == "3")
    expression = browser.find_element("css selector", ".body > div:nth-child(2) pre").text
    found = eval(expression, {"frame": explorer.frame, "pl": pl})
    assert found["arch"].to_list() == [0, 2, 3]
    assert explorer._answers.inside([{"column": "value", "low": 65, "high": None}]).equals(found)
    press(browser, "zoom to the selection")
    until(lambda: note(browser) == "3 of 6 architectures, each a point.")
    assert not errors(browser)


@pytest.mark.parametrize("values", [[70.0], [70.0] * 50, [math.nan] * 3], ids=["one", "equal", "none known"])
def test_there_need_be_nothing_to_compare(browser, tmp_path, values):
    store = _store(tmp_path / "store", values)
    explorer = nbf.explore(store, "mine")
    assert explorer.frame.height == len(values)
    _check_expressions(explorer, store)
    _page(browser, explorer, tmp_path)
    assert note(browser) == f"{len(values)} of {len(values)} architectures, each a point."


def test_a_metric_of_which_no_end_is_better_is_not_ranked(browser, tmp_path):
    store = _store(tmp_path / "store", [3.0, 1.0, 2.0], metric="curvature")
    explorer = nbf.explore(store, "mine")
    assert explorer.frame["arch"].to_list() == [0, 1, 2]
    assert "rank" not in explorer.frame.columns
    _check_expressions(explorer, store)
    _page(browser, explorer, tmp_path)


def test_texts_of_others_are_shown_and_not_obeyed(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    texts = [HOSTILE, "conv " * 2_000, *(f"cell {k}" for k in range(8))]
    archs, costs = pl.DataFrame({"arch_str": texts}), pl.DataFrame({HOSTILE: [float(k) for k in range(10)]})
    store = _store(tmp_path / HOSTILE.replace("/", ""), [90.0 + k / 10 for k in range(10)], archs=archs, runs=costs)
    explorer = nbf.explore(store, "mine", x=HOSTILE)
    _page(browser, explorer, tmp_path)
    title = browser.title
    browser.find_element("name", "find").send_keys(HOSTILE, Keys.ENTER)
    assert HOSTILE in until(lambda: browser.find_elements("css selector", ".card"))[0].text
    browser.find_element("name", "find").clear()
    browser.find_element("name", "find").send_keys("1", Keys.ENTER)
    until(lambda: len(browser.find_elements("css selector", ".card")) == 2)
    browser.find_element("name", "low").send_keys("90.05")
    until(lambda: selected(browser) == "9")
    size = browser.find_elements("css selector", ".body ol li")[-1].rect["height"]
    assert size < 100
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.title == title
    scope = {}
    text = code(browser)
    opening = next(line for line in text.splitlines() if line.startswith("store ="))
    exec(text.replace(opening, f"store = nbf.open_store({store.root!r})"), scope)
    assert scope["x"][HOSTILE].to_list() == explorer.frame[HOSTILE].to_list()
    assert not errors(browser)


def test_colours_beyond_seven_are_one(browser, page):
    opened(browser, page)
    told = """
    const rows = { value: (name, row) => (row === 99 ? null : `kind ${Math.min(row % 12, 9)}`) };
    const colour = nbframesCategory(rows, "kind", [...Array(100).keys()]);
    return [colour.domain, colour.range, colour(9), colour(99), colour(1)];
    """
    domain, colours, common, none, rare = browser.execute_script(told)
    assert len(domain) == len(colours) == 8
    assert domain[-2:] == ["4 others", "no value"]
    assert len(set(colours)) == 7
    assert common == "kind 9"
    assert none == "no value"
    assert rare in {*domain[:-2], "4 others"}


@pytest.fixture(scope="module")
def page(tss, tmp_path_factory):
    return tss.save(tmp_path_factory.mktemp("explorer") / "tss.html")


def test_attached_metrics_are_columns_by_their_name(tmp_path, told):
    root = tmp_path / "store"
    shutil.copytree(nbf.synthetic.store().root, root)
    meter = pl.DataFrame({"arch": range(128), "energy": [float(k % 7) for k in range(128)]}).cast({"arch": pl.Int32})
    meter = meter.join(pl.DataFrame({"dataset": ["cifar10", "cifar100"]}), how="cross")
    energy = nbf.Metric("energy", "mJ", better="min")
    nbf.attach(meter, root, to="nats-tss", name="meter", metrics=energy, licence="CC0-1.0")
    store = nbf.open_store(root)
    explorer = nbf.explore(store, "nats-tss", x="energy", dataset="cifar100", split="test", progress=False)
    archs = explorer.frame["arch"].to_list()
    assert explorer.frame["energy"].to_list() == [arch % 7 for arch in archs]
    assert explorer._table.column("energy").title == "energy (mJ)"
    assert told(explorer)["facts"][2] == "Attached meter: energy; licence CC0-1.0."
    assert len(told(nbf.explore(store, "nats-tss", progress=False))["facts"]) == 2
    _check_expressions(explorer, store)
    with pytest.raises(UnknownNameError, match="did you mean 'energy'"):
        nbf.explore(store, "nats-tss", x="enrgy", progress=False)
